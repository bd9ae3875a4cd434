"""Images are turned upright as their files say, and the segmentation lies where ITK and Slicer load the same file."""

from __future__ import annotations

import io
import itertools
import struct
import zlib

import nibabel
import nrrd
import numpy as np
import pytest
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage
from slicer_core_calls import Slicer

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.radiograph.array import radiograph_from_array
from CausalCLIPSegLib.radiograph.orientation import LOOKS_UPSIDE_DOWN, OBLIQUE, UNKNOWN, UPSIDE_DOWN, Turn
from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment
from CausalCLIPSegLib.terminology import CATEGORY, OPACITY

QUICK = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
TURNS = [Turn(*flags) for flags in itertools.product((False, True), repeat=3)]
SPACING = (0.2, 0.3)  # rows, columns


@pytest.fixture(scope="module")
def chest():
    """Return 12-bit values, 60 x 44, that resemble an upright radiograph: dark lungs, bright heart and abdomen."""
    row, column = np.mgrid[:60, :44] / np.array([60, 44]).reshape(2, 1, 1)
    lungs = np.exp(-(((row - 0.4) / 0.25) ** 2)) * (
        np.exp(-(((column - 0.25) / 0.13) ** 2)) + np.exp(-(((column - 0.76) / 0.12) ** 2))
    )
    heart = np.exp(-(((row - 0.62) / 0.16) ** 2 + ((column - 0.58) / 0.15) ** 2))
    values = 0.5 + 0.5 * row**2 - 0.7 * lungs + 0.3 * heart
    values += ndimage.gaussian_filter(np.random.default_rng(1).normal(0, 0.1, values.shape), 1)
    return np.round(4095 * (values - values.min()) / np.ptp(values)).astype(np.int16)


def stored_as(turn, upright):
    return np.ascontiguousarray(turn.stored(upright))


def affine_of(turn, plane, origin=(10, -20, 30)):
    """Return the affine (LPS, file axes column, row, slice) of an image that becomes upright by a turn."""
    down = np.array([0, 0, -1.0]) if plane == "coronal" else np.array([0, 1.0, 0])
    left = np.array([1.0, 0, 0])
    normal = np.cross(left, down)
    across = -left if turn.columns_reversed else left
    along = -down if turn.rows_reversed else down
    axes = np.column_stack([along, across, normal] if turn.transposed else [across, along, normal])
    affine = np.eye(4)
    affine[:3, :3] = axes * (SPACING[1], SPACING[0], 1)
    affine[:3, 3] = origin
    return affine


def save_nifti(path, stored, affine_lps, codes=(1, 1), kind=nibabel.Nifti1Image):
    """Write rows x columns as NIfTI."""
    image = kind(stored.T[:, :, np.newaxis], LPS @ affine_lps)
    image.set_qform(LPS @ affine_lps, code=codes[0])
    image.set_sform(LPS @ affine_lps, code=codes[1])
    nibabel.save(image, path)
    return path


SPACES = {
    "left-posterior-superior": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "RAS": (-1, -1, 1),
    "LPS": (1, 1, 1),
}


def save_nrrd(path, stored, affine_lps, space="left-posterior-superior", **fields):
    factors = np.array(SPACES[space])
    header = {
        "space": space,
        "space directions": (affine_lps[:3, :3] * factors[:, np.newaxis]).T,
        "space origin": affine_lps[:3, 3] * factors,
        **fields,
    }
    nrrd.write(str(path), stored.T[:, :, np.newaxis], header)
    return path


def itk_image(path):
    """Return ITK's pixels, rows x columns, and its matrix from (column, row, slice, 1) to millimeters."""
    image = SimpleITK.ReadImage(str(path))
    values = SimpleITK.GetArrayFromImage(image).astype(float)
    dimension = image.GetDimension()
    values = values if image.GetNumberOfComponentsPerPixel() == 1 else values[..., 1]
    matrix = np.eye(4)
    axes = np.reshape(image.GetDirection(), (dimension, dimension)) * image.GetSpacing()
    matrix[:dimension, :dimension] = axes
    matrix[:dimension, 3] = image.GetOrigin()
    return values.reshape(values.shape[-2:]), matrix, dimension


def assert_segmentation_fits(radiograph, path, folder):
    """Assert that the bright half of the radiograph is that of the image that ITK reads, in the same place."""
    mask = radiograph.pixels > np.median(radiograph.pixels)
    segment = CodedSegment("bright", mask, CATEGORY, OPACITY)
    rows, columns = radiograph.pixels.shape
    output = folder / "a.seg.nrrd"
    write_segments([segment], (rows, columns), radiograph.affine, output, radiograph.turn)
    values, matrix, dimension = itk_image(path)
    labels, label_matrix, _ = itk_image(output)
    np.testing.assert_allclose(label_matrix[:dimension, :2], matrix[:dimension, :2], atol=1e-6, rtol=1e-5)
    np.testing.assert_allclose(label_matrix[:dimension, 3], matrix[:dimension, 3], atol=1e-4, rtol=1e-5)
    assert labels.shape == values.shape
    assert np.mean((labels > 0) == (values > np.median(values))) > 0.98


@pytest.mark.parametrize("plane", ["coronal", "axial"])
@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("kind", ["nifti", "nifti sform", "nifti qform", *SPACES])
def test_volumes_are_turned_as_their_affine_says(tmp_path, chest, kind, turn, plane):
    stored, affine = stored_as(turn, chest), affine_of(turn, plane)
    if kind.startswith("nifti"):
        codes = {"nifti": (1, 1), "nifti sform": (0, 2), "nifti qform": (1, 0)}[kind]
        path = save_nifti(tmp_path / "image.nii.gz", stored, affine, codes)
    else:
        path = save_nrrd(tmp_path / "image.nrrd", stored, affine, kind)
    radiograph = read_radiograph(path)
    assert radiograph.pixels.shape == chest.shape
    assert np.corrcoef(radiograph.pixels.ravel(), chest.ravel())[0, 1] > 0.99
    assert radiograph.turn == turn
    assert radiograph.spacing == pytest.approx(SPACING[::-1] if turn.transposed else SPACING)
    is_stated = plane == "coronal" or turn != Turn()
    assert radiograph.mirrored is (False if is_stated else None)
    assert radiograph.warnings == (() if is_stated else (UNKNOWN,))
    assert radiograph.pixels.flags.c_contiguous
    assert_segmentation_fits(radiograph, path, tmp_path)


def test_columns_that_run_to_the_right(tmp_path, chest):
    """The affine of a bug report: the first voxel is the patient's left."""
    nibabel.save(nibabel.Nifti1Image(chest.T[::-1, :, None], np.diag([0.6, -0.6, 1, 1])), tmp_path / "image.nii.gz")
    radiograph = read_radiograph(tmp_path / "image.nii.gz")
    assert np.corrcoef(radiograph.pixels.ravel(), chest.ravel())[0, 1] > 0.99
    canonical = nibabel.as_closest_canonical(nibabel.load(tmp_path / "image.nii.gz"))
    nibabel.save(canonical, tmp_path / "canonical.nii")
    again = read_radiograph(tmp_path / "canonical.nii")
    np.testing.assert_array_equal(again.pixels, radiograph.pixels)
    assert_segmentation_fits(again, tmp_path / "canonical.nii", tmp_path)


def nifti_without_codes(path, stored):
    return save_nifti(path.with_suffix(".nii"), stored, np.diag([*SPACING[::-1], 1, 1.0]), (0, 0))


def nifti_identity(path, stored):
    nibabel.save(nibabel.Nifti1Image(stored.T[:, :, None], np.eye(4)), path.with_suffix(".nii"))
    return path.with_suffix(".nii")


def nrrd_without_space(path, stored):
    nrrd.write(str(path.with_suffix(".nrrd")), stored.T)
    return path.with_suffix(".nrrd")


def nrrd_with_spacings(path, stored):
    nrrd.write(str(path.with_suffix(".nrrd")), stored.T, {"spacings": SPACING[::-1]})
    return path.with_suffix(".nrrd")


def nrrd_identity_in_ras(path, stored):
    return save_nrrd(path.with_suffix(".nrrd"), stored, LPS, "right-anterior-superior")


def written_by_itk(ending):
    def write(path, stored):
        image = SimpleITK.GetImageFromArray(stored)
        image.SetSpacing(SPACING[::-1])
        SimpleITK.WriteImage(image, str(path.with_suffix(ending)))
        return path.with_suffix(ending)

    return write


SILENT = {
    "NIfTI, codes 0": nifti_without_codes,
    "NIfTI, identity": nifti_identity,
    "NRRD without space": nrrd_without_space,
    "NRRD with spacings": nrrd_with_spacings,
    "NRRD, identity in RAS": nrrd_identity_in_ras,
    "NIfTI of ITK": written_by_itk(".nii"),
    "NRRD of ITK": written_by_itk(".nrrd"),
}


@pytest.mark.parametrize("kind", SILENT)
def test_a_file_that_says_nothing_gives_a_warning(tmp_path, chest, kind):
    path = SILENT[kind](tmp_path / "image", chest)
    radiograph = read_radiograph(path)
    assert np.corrcoef(radiograph.pixels.ravel(), chest.ravel())[0, 1] > 0.99
    assert radiograph.warnings == (UNKNOWN,)
    assert radiograph.mirrored is None
    assert_segmentation_fits(radiograph, path, tmp_path)


@pytest.mark.parametrize("kind", SILENT)
def test_a_picture_that_looks_upside_down_is_turned(tmp_path, chest, kind):
    """dcm2niix stores the rows of a plain radiograph upwards; an identity in RAS also means reversed columns."""
    in_ras = kind in {"NRRD, identity in RAS", "NIfTI, identity"}
    path = SILENT[kind](tmp_path / "image", chest[::-1, ::-1] if in_ras else chest[::-1])
    radiograph = read_radiograph(path)
    assert np.corrcoef(radiograph.pixels.ravel(), chest.ravel())[0, 1] > 0.99
    assert radiograph.warnings == (UPSIDE_DOWN,)
    assert_segmentation_fits(radiograph, path, tmp_path)


def test_an_affine_that_the_picture_contradicts_gives_a_warning(tmp_path, chest):
    path = save_nifti(tmp_path / "image.nii", chest[::-1], affine_of(Turn(), "coronal"))
    assert read_radiograph(path).warnings == (LOOKS_UPSIDE_DOWN,)


@pytest.mark.parametrize("save", [save_nifti, save_nrrd])
@pytest.mark.parametrize(("degrees", "expected"), [(2, ()), (20, (OBLIQUE,)), (40, (OBLIQUE,))])
def test_oblique_images_give_a_warning(tmp_path, chest, save, degrees, expected):
    angle = np.deg2rad(degrees)
    rotation = np.eye(4)
    rotation[:3, :3] = [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    path = save(
        tmp_path / ("image.nii" if save is save_nifti else "image.nrrd"),
        chest,
        rotation @ affine_of(Turn(), "coronal"),
    )
    radiograph = read_radiograph(path)
    assert radiograph.warnings == expected
    assert_segmentation_fits(radiograph, path, tmp_path)


@pytest.mark.parametrize("save", [save_nifti, save_nrrd])
def test_sagittal_images_are_rejected(tmp_path, chest, save):
    affine = affine_of(Turn(), "coronal")[[1, 0, 2, 3]]
    with pytest.raises(RadiographError, match="lateral"):
        read_radiograph(save(tmp_path / ("i.nii" if save is save_nifti else "i.nrrd"), chest, affine))


def test_two_orientations_give_a_warning(tmp_path, chest):
    image = nibabel.Nifti1Image(chest.T[:, :, None], LPS @ affine_of(Turn(), "coronal"))
    image.set_sform(LPS @ affine_of(Turn(), "coronal"), code=1)
    image.set_qform(LPS @ affine_of(Turn(columns_reversed=True), "coronal"), code=1)
    nibabel.save(image, tmp_path / "image.nii")
    radiograph = read_radiograph(tmp_path / "image.nii")
    assert any("two different orientations" in warning for warning in radiograph.warnings)
    assert_segmentation_fits(radiograph, tmp_path / "image.nii", tmp_path)


@pytest.mark.parametrize("unit", ["meter", "mm", "micron"])
def test_units_of_nifti(tmp_path, chest, unit):
    image = nibabel.Nifti1Image(chest.T[:, :, None], LPS @ affine_of(Turn(), "coronal"))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / "image.nii")
    assert_segmentation_fits(read_radiograph(tmp_path / "image.nii"), tmp_path / "image.nii", tmp_path)


def raster(chest, ending, dpi, orientation, unit):
    """Return the bytes of an 8-bit image with a resolution and an orientation."""
    image = Image.fromarray((chest >> 4).astype(np.uint8))
    options = {}
    if ending == "tif":
        options = {"tiffinfo": {274: orientation, 282: dpi[0], 283: dpi[1], 296: unit}}
    elif ending != "bmp":
        exif = Image.Exif()
        exif[274] = orientation
        options = {"exif": exif, "dpi": dpi}
    else:
        options = {"dpi": dpi}
    buffer = io.BytesIO()
    image.save(
        buffer,
        {"jpg": "JPEG", "tif": "TIFF"}.get(ending, ending),
        **options,
        **({"quality": 98} if ending == "jpg" else {}),
    )
    return buffer.getvalue()


@QUICK
@given(
    ending=st.sampled_from(["jpg", "tif", "png", "bmp"]),
    dpi=st.tuples(st.integers(1, 1200), st.integers(1, 1200)),
    orientation=st.integers(1, 8),
    unit=st.sampled_from([1, 2, 3]),
)
def test_segmentation_of_a_picture_lies_where_itk_loads_it(tmp_path, chest, ending, dpi, orientation, unit):
    path = tmp_path / f"image.{ending}"
    path.write_bytes(raster(chest, ending, dpi, orientation, unit))
    radiograph = read_radiograph(path)
    assert radiograph.spacing is None  # the resolution of the paper is no distance in the patient
    assert_segmentation_fits(radiograph, path, tmp_path)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("ending", ["png", "tif", "jpg", "bmp"])
def test_segmentation_lies_on_a_picture_that_itk_wrote_with_a_spacing(tmp_path, chest, ending, dtype):
    if dtype == np.uint16 and ending in {"jpg", "bmp"}:
        pytest.skip("this format has 8 bits")
    image = SimpleITK.GetImageFromArray(chest.astype(dtype) if dtype == np.uint16 else (chest >> 4).astype(dtype))
    image.SetSpacing(SPACING)
    path = tmp_path / f"image.{ending}"
    SimpleITK.WriteImage(image, str(path))
    assert_segmentation_fits(read_radiograph(path), path, tmp_path)


PNG_SCALES = {
    "meter": b"\x01.2\0.3",
    "radian": b"\x02.2\0.3",
    "exponent": b"\x011e-1\0002E1",
    "plus": b"\x01+.2\0+3",
    "unknown unit": b"\0.2\0.3",
    "zero": b"\x010\0.3",
    "negative": b"\x01-.2\0.3",
    "infinite": b"\x01inf\0.3",
    "words": b"\x01a\0b",
    "several points": b"\x01.2.3\0.3",
    "one number": b"\x01.2",
    "empty": b"",
}


@pytest.mark.parametrize("place", [33, -12], ids=["before the pixels", "behind the pixels"])
@pytest.mark.parametrize("scale", PNG_SCALES.values(), ids=PNG_SCALES)
def test_scale_of_a_png_is_read_as_itk_reads_it(tmp_path, chest, scale, place):
    path = tmp_path / "image.png"
    Image.fromarray((chest >> 4).astype(np.uint8)).save(path)
    content = path.read_bytes()
    chunk = struct.pack(">I", len(scale)) + b"sCAL" + scale + struct.pack(">I", zlib.crc32(b"sCAL" + scale))
    path.write_bytes(content[:place] + chunk + content[place:])
    assert_segmentation_fits(read_radiograph(path), path, tmp_path)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_16_bit_tiff_lies_where_itk_loads_it(tmp_path, chest, orientation):
    path = tmp_path / "image.tif"
    Image.fromarray(chest.astype(np.uint16)).save(path, tiffinfo={274: orientation, 282: 100, 283: 200, 296: 3})
    assert_segmentation_fits(read_radiograph(path), path, tmp_path)


@QUICK
@given(
    turn=st.sampled_from(TURNS),
    plane=st.sampled_from(["coronal", "axial"]),
    origin=st.tuples(*[st.floats(-500, 500)] * 3),
    kind=st.sampled_from(["nii", "nii.gz", *SPACES]),
    codes=st.sampled_from([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2), (1, 3)]),
)
def test_segmentation_of_a_volume_lies_where_itk_loads_it(tmp_path, chest, turn, plane, origin, kind, codes):
    stored, affine = stored_as(turn, chest), affine_of(turn, plane, origin)
    if kind in SPACES:
        path = save_nrrd(tmp_path / "image.nrrd", stored, affine, kind)
    else:
        # ITK would take the pixels of image.nii.gz from image.nii.
        path = save_nifti(tmp_path / f"{len(kind)}.{kind}", stored, affine, codes)
    assert_segmentation_fits(read_radiograph(path), path, tmp_path)


@pytest.mark.parametrize("turn", TURNS)
def test_two_dimensional_nrrd_lies_where_itk_loads_it(tmp_path, chest, turn):
    affine = affine_of(turn, "axial")
    path = tmp_path / "image.nrrd"
    nrrd.write(
        str(path),
        stored_as(turn, chest).T,
        {"space dimension": 2, "space directions": affine[:2, :2].T, "space origin": affine[:2, 3]},
    )
    radiograph = read_radiograph(path)
    assert np.corrcoef(radiograph.pixels.ravel(), chest.ravel())[0, 1] > 0.99
    assert_segmentation_fits(radiograph, path, tmp_path)


def test_segmentation_lies_where_slicer_loads_the_file(tmp_path, chest):
    """slicer-core has no readers for pictures; Slicer reads them with ITK, like all files."""
    slicer = Slicer()
    turn = Turn(transposed=True, rows_reversed=True)
    paths = [
        save_nifti(tmp_path / "a.nii", stored_as(turn, chest), affine_of(turn, "coronal")),
        save_nrrd(tmp_path / "a.nrrd", stored_as(turn, chest), affine_of(turn, "coronal"), "RAS"),
    ]
    for path in paths:
        radiograph = read_radiograph(path)
        segment = CodedSegment("s", radiograph.pixels > 0.5, CATEGORY, OPACITY, tracking_id="s")
        rows, columns = radiograph.pixels.shape
        write_segments([segment], (rows, columns), radiograph.affine, tmp_path / "s.seg.nrrd", radiograph.turn)
        volume = slicer.volume(path)
        node = slicer.segmentation(tmp_path / "s.seg.nrrd")
        expected = slicer.matrix(volume, "GetIJKToRASMatrix")
        np.testing.assert_allclose(slicer.label_matrix(node, "s"), expected, atol=1e-4)
        assert slicer.reference_geometry(node)[1] == volume.GetImageData().GetExtent()


@pytest.mark.parametrize("turn", TURNS)
def test_turns_are_undone(turn):
    upright = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(turn.upright(turn.stored(upright)), upright)
    matrix = turn.to_stored(upright.shape)
    for row, column in np.ndindex(upright.shape):
        x, y, _, _ = (matrix @ (column, row, 0, 1)).astype(int)
        assert turn.stored(upright)[y, x] == upright[row, column]


def test_arrays_of_other_programs(chest):
    """Slicer hands over the stored image with its matrix."""

    def make(turn, plane="coronal"):
        return radiograph_from_array(stored_as(turn, chest), spacing=None, affine=affine_of(turn, plane))

    assert make(Turn()).mirrored is False
    assert make(Turn(columns_reversed=True)).mirrored is True
    for turn in (Turn(rows_reversed=True), Turn(transposed=True)):
        with pytest.raises(RadiographError, match="upright"):
            make(turn)
