"""Radiographs from arrays of pixel values."""

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom.data import get_testdata_file
from scipy import ndimage

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.radiograph.array import load_values, radiograph_from_array

REAL_FILE = str(get_testdata_file("RG1_UNCR.dcm", download=False))


def make(values, **arguments):
    return radiograph_from_array(values, **{"spacing": None, "affine": np.eye(4), **arguments})


@pytest.fixture
def ramp():
    return np.arange(40 * 50, dtype=np.int16).reshape(40, 50)


def test_8_bits_are_divided_by_255():
    values = np.arange(1600, dtype=np.uint8).reshape(40, 40)
    np.testing.assert_array_equal(make(values).pixels, values / np.float32(255))


def test_other_values_are_stretched(ramp):
    pixels = make(ramp).pixels
    assert (pixels.min(), pixels.max()) == (0, 1)
    assert (np.diff(pixels.ravel()) >= 0).all()


def test_window_is_applied_and_rejected_without_width(ramp):
    pixels = make(ramp, window=(500, 1500)).pixels
    np.testing.assert_allclose(pixels, np.clip((ramp - 500) / 1000, 0, 1), atol=1e-6)
    with pytest.raises(RadiographError, match="window"):
        make(ramp, window=(5, 5))


def test_inverted_values_are_inverted_once(ramp):
    np.testing.assert_allclose(make(ramp, inverted=True).pixels, 1 - make(ramp).pixels)


@pytest.mark.parametrize("shape", [(1, 40, 50), (40, 50)])
def test_slice_axis_is_removed(ramp, shape):
    np.testing.assert_array_equal(make(ramp.reshape(shape)).pixels, make(ramp).pixels)


def test_channels_are_read_as_gray_and_color_is_rejected():
    gray = np.arange(1600, dtype=np.uint8).reshape(40, 40)
    for channels in (3, 4):
        values = np.repeat(gray[..., None], channels, axis=2)
        values[..., 3:] = 255
        np.testing.assert_allclose(make(values).pixels, gray / 255, atol=1e-6)
        np.testing.assert_allclose(make(values[None]).pixels, gray / 255, atol=1e-6)
    color = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    with pytest.raises(RadiographError, match="color"):
        make(color)


def test_radiograph_has_the_given_spacing_affine_and_name(ramp):
    affine = np.diag([0.2, 0.3, 1.0, 1.0])
    radiograph = make(ramp, spacing=(0.3, 0.2), affine=affine, name="volume")
    assert (radiograph.spacing, radiograph.name, radiograph.header, radiograph.mirrored) == (
        (0.3, 0.2),
        "volume",
        None,
        None,
    )
    np.testing.assert_array_equal(radiograph.affine, affine)


@pytest.fixture(scope="module")
def slicers_values():
    """Return the pixel values that Slicer reads from the file. GDCM has inverted MONOCHROME1."""
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    from vtk.util import numpy_support

    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    scene.AddNode(storage)
    storage.SetSingleFile(1)
    storage.SetFileName(REAL_FILE)
    assert storage.ReadData(node) == 1
    image = node.GetImageData()
    return numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]).copy()


def test_unchanged_values_of_slicer_give_the_radiograph_of_the_file(slicers_values):
    expected = read_radiograph(REAL_FILE)
    affine = np.diag([2.0, 3.0, 1.0, 1.0])
    radiograph = make(slicers_values, header=REAL_FILE, affine=affine, name="image")
    np.testing.assert_array_equal(radiograph.pixels, expected.pixels)
    assert radiograph.header.SOPInstanceUID == expected.header.SOPInstanceUID
    assert (radiograph.mirrored, radiograph.warnings) == (expected.mirrored, expected.warnings)
    assert (radiograph.spacing, radiograph.name) == (expected.spacing, "image")
    np.testing.assert_array_equal(radiograph.affine, affine)
    without_header = make(slicers_values)
    inside = (expected.pixels > 0) & (expected.pixels < 1) & (without_header.pixels > 0) & (without_header.pixels < 1)
    assert inside.mean() > 0.8
    np.testing.assert_allclose(np.corrcoef(without_header.pixels[inside], expected.pixels[inside]), 1, atol=1e-4)


def flipped(values):
    return values[:, :, ::-1]


def shifted(values):
    return np.roll(values, 1, axis=2)


def smoothed(values):
    return ndimage.uniform_filter(values[0].astype(np.float32), 3)


def negative(values):
    return values.max() - values


def painted(values):
    changed = values.copy()
    changed[0, 500:700, 500:700] = 20_000
    return changed


@pytest.mark.parametrize("change", [flipped, shifted, smoothed, negative, painted])
def test_changed_values_are_not_replaced_by_those_of_the_file(slicers_values, change):
    values = change(slicers_values)
    radiograph = make(values, header=REAL_FILE)
    np.testing.assert_array_equal(radiograph.pixels, make(values).pixels)
    assert radiograph.header is not None


def test_rescaled_values_give_the_radiograph_of_the_file(slicers_values):
    expected = read_radiograph(REAL_FILE)
    radiograph = make(slicers_values.astype(np.float64) * 0.5 - 1000, header=REAL_FILE)
    np.testing.assert_array_equal(radiograph.pixels, expected.pixels)


def test_cropped_values_keep_the_orientation_but_not_the_header(ramp, tmp_path):
    dataset = pydicom.dcmread(REAL_FILE)
    dataset.PatientOrientation = ["R", "F"]
    dataset.save_as(tmp_path / "mirrored.dcm")
    cropped = make(ramp, header=tmp_path / "mirrored.dcm")
    assert cropped.header is None
    assert cropped.mirrored is True


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((40, 40), bool),
        np.zeros((40, 40), complex),
        np.zeros(40),
        np.zeros((2, 40, 40)),
        np.zeros((40, 40, 5), np.uint8),
        np.zeros((40, 40, 3), np.int16),
        np.zeros((1, 1, 40, 40)),
        np.zeros((0, 40)),
        np.zeros((5, 40)),
        np.ones((40, 40)),
        np.full((40, 40), np.nan),
        np.ones((40, 40), np.uint8),
    ],
    ids=lambda values: f"{values.dtype}{values.shape}",
)
def test_rejects_arrays_that_are_not_a_radiograph(values):
    with pytest.raises(RadiographError):
        make(values)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.one_of(hnp.floating_dtypes(endianness="="), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes()),
        (33, 34),
    )
)
def test_any_numbers_give_a_radiograph_or_an_error(values):
    try:
        pixels = make(values).pixels
    except RadiographError:
        return
    assert pixels.dtype == np.float32
    assert np.isfinite(pixels).all()
    assert pixels.min() >= 0
    assert pixels.max() <= 1


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00\x10\x00{'descr': '|O'}"])
def test_rejects_a_file_without_an_array(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(RadiographError, match=r"a\.npy"):
        load_values(tmp_path / "a.npy")


def test_python_objects_are_not_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(RadiographError):
        load_values(tmp_path / "a.npy")
    with pytest.raises(RadiographError):
        load_values(tmp_path / "missing.npy")


def test_rejects_an_invalid_header(ramp, tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"hello")
    for path in (tmp_path / "a.dcm", tmp_path / "missing.dcm"):
        with pytest.raises(RadiographError):
            make(ramp, header=path)
