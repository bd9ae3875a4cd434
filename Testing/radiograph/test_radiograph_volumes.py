"""Reading NRRD and NIfTI files of one slice."""

import struct

import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from CausalCLIPSegLib.radiograph import read_radiograph

QUICK = settings(deadline=None, max_examples=25)
ENDINGS = ["nrrd", "nii", "nii.gz"]
ELEMENTS = {np.float32: st.floats(-(2.0**127), 2.0**127, width=32, allow_subnormal=False)}
SHAPES = st.tuples(st.integers(32, 50), st.integers(32, 50))


def write(path, values, spacing=None, origin=None, direction=None):
    image = SimpleITK.GetImageFromArray(values)
    if spacing:
        image.SetSpacing(spacing)
    if origin:
        image.SetOrigin(origin)
    if direction:
        image.SetDirection(direction)
    SimpleITK.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("ending", ENDINGS)
@QUICK
@given(data=st.data())
def test_values_keep_their_order(folder, ending, data):
    dtype = data.draw(st.sampled_from([np.uint8, np.int16, np.uint16, np.int32, np.float32]))
    values = data.draw(hnp.arrays(dtype, SHAPES, elements=ELEMENTS.get(dtype)).filter(lambda a: np.unique(a).size > 1))
    radiograph = read_radiograph(write(folder / f"image.{ending}", values))
    pixels = radiograph.turn.stored(radiograph.pixels)  # an image that is bright at the top is turned upside down
    assert pixels.shape == values.shape
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() < pixels.max() <= 1
    if dtype == np.uint8:
        assert np.array_equal(pixels, values / np.float32(255))
    assert (np.diff(pixels.ravel()[np.argsort(values, axis=None, kind="stable")]) >= 0).all()


def test_nan_is_black(tmp_path, stored):
    values = stored.astype(np.float32)
    values[3, 4] = np.nan
    assert read_radiograph(write(tmp_path / "image.nrrd", values)).pixels[3, 4] == 0


def test_pixels_of_a_neighboring_file_are_not_read(tmp_path, stored):
    # ITK would read the pixels of image.nii.
    write(tmp_path / "image.nii", stored[::-1].copy())
    path = write(tmp_path / "image.nii.gz", stored)
    separate = write(tmp_path / "separate.nii.gz", stored)
    assert np.array_equal(read_radiograph(path).pixels, read_radiograph(separate).pixels)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("dimension", [2, 3])
def test_affine_equals_that_of_itk(tmp_path, stored, ending, dimension):
    geometry = {"spacing": (0.3, 0.2), "origin": (-30.0, 40.0)}
    values = stored
    if dimension == 3:
        geometry = {"spacing": (0.3, 0.2, 2), "origin": (-30.0, 40.0, 5), "direction": (1, 0, 0, 0, 0, 1, 0, -1, 0)}
        values = stored[None]
    path = write(tmp_path / f"image.{ending}", values, **geometry)
    radiograph = read_radiograph(path)
    image = SimpleITK.ReadImage(str(path))
    for index in [(0, 0), (7, 0), (0, 11), (13, 5)]:  # column, row
        point = image.TransformIndexToPhysicalPoint((*index, 0)[:dimension])
        assert np.allclose((radiograph.affine @ (*index, 0, 1))[:dimension], point, atol=1e-4)
    assert radiograph.spacing == pytest.approx((0.2, 0.3))
    assert np.linalg.det(radiograph.affine) != 0


@pytest.mark.parametrize("ending", ENDINGS)
def test_spacing_of_1_mm_counts_as_unknown(tmp_path, stored, ending):
    radiograph = read_radiograph(write(tmp_path / f"image.{ending}", stored))
    assert radiograph.spacing is None
    assert np.allclose(radiograph.affine, np.eye(4))


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_reads_a_slice_along_any_axis(tmp_path, stored, ending, axis):
    path = write(tmp_path / f"image.{ending}", np.expand_dims(stored, axis), spacing=(0.1, 0.2, 0.3))
    radiograph = read_radiograph(path)
    plain = read_radiograph(write(tmp_path / f"plain.{ending}", stored))
    assert np.array_equal(radiograph.pixels, plain.pixels)
    image = SimpleITK.ReadImage(str(path))
    column, row = 17, 5
    index = [0, 0, 0]
    column_axis, row_axis = [a for a in range(3) if a != 2 - axis]
    index[column_axis], index[row_axis] = column, row
    assert np.allclose((radiograph.affine @ (column, row, 0, 1))[:3], image.TransformIndexToPhysicalPoint(index))
    assert radiograph.spacing == pytest.approx((image.GetSpacing()[row_axis], image.GetSpacing()[column_axis]))


@pytest.mark.parametrize("ending", ["nrrd", "nii.gz"])
def test_reads_gray_in_three_channels(tmp_path, stored, ending):
    gray = (stored >> 4).astype(np.uint8)
    image = SimpleITK.GetImageFromArray(np.stack([gray] * 3, axis=-1), isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / f"image.{ending}"))
    assert np.allclose(read_radiograph(tmp_path / f"image.{ending}").pixels, gray / 255)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_reads_nifti_of_either_byte_order(tmp_path, stored, order, ending):
    nibabel = pytest.importorskip("nibabel")
    plain = read_radiograph(write(tmp_path / "plain.nii", stored)).pixels
    values = stored.T.astype(f"{order}i2")
    header = nibabel.Nifti1Header(endianness=order)
    header.set_data_dtype(values.dtype)
    path = tmp_path / f"other.{ending}"
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4), header), path)
    assert np.array_equal(read_radiograph(path).pixels, plain)


def test_reads_compressed_nrrd(tmp_path, stored):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(stored), str(tmp_path / "image.nrrd"), useCompression=True)
    plain = read_radiograph(write(tmp_path / "plain.nrrd", stored))
    assert np.array_equal(read_radiograph(tmp_path / "image.nrrd").pixels, plain.pixels)


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", ["image", "image.dcm", "image.nii"])
def test_format_does_not_depend_on_the_name(tmp_path, stored, ending, name):
    path = write(tmp_path / f"original.{ending}", stored)
    pixels = read_radiograph(path).pixels
    path = path.rename(tmp_path / name)
    assert np.array_equal(read_radiograph(path).pixels, pixels)
    assert read_radiograph(path).name == name


def test_warnings_of_itk_are_restored(tmp_path, stored):
    enabled = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    read_radiograph(write(tmp_path / "image.nrrd", stored))
    assert SimpleITK.ProcessObject.GetGlobalWarningDisplay() == enabled


VECTORS = {
    "blanks behind commas": b"space directions: (0.2, 0) (0, -0.3)\nspace origin: (5, 6)",
    "blanks around numbers": b"space directions: ( 0.2 , 0 ) ( 0 , -0.3 )\nspace origin: ( 5 ,\t6 )",
    "none": b"space directions: (0.2,0) (0,-0.3)\nspace origin: (5,6)",
}


@pytest.mark.parametrize("vectors", VECTORS.values(), ids=VECTORS)
def test_vectors_of_nrrd_may_hold_blanks(tmp_path, stored, vectors):
    path = tmp_path / "image.nrrd"
    sizes = f"{stored.shape[1]} {stored.shape[0]}".encode()
    fields = b"type: uint16\ndimension: 2\nspace dimension: 2\nendian: little\nencoding: raw\nsizes: " + sizes
    path.write_bytes(b"NRRD0004\n" + fields + b"\n" + vectors + b"\n\n" + stored.tobytes())
    radiograph = read_radiograph(path)
    assert radiograph.spacing == pytest.approx((0.3, 0.2))
    assert radiograph.turn.rows_reversed
    assert np.array_equal(radiograph.pixels[::-1], read_radiograph(write(tmp_path / "plain.nrrd", stored)).pixels)


@pytest.mark.parametrize("slices", [0, -1])
def test_nifti_may_have_no_slices(tmp_path, stored, slices):
    path = write(tmp_path / "image.nii", stored[None])
    plain = read_radiograph(path)
    content = bytearray(path.read_bytes())
    struct.pack_into("<h", content, 46, slices)  # dim[3]
    path.write_bytes(content)
    assert SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))).size == stored.size
    assert np.array_equal(read_radiograph(path).pixels, plain.pixels)
