"""A film that another program hands over as numbers."""

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

FILM = str(get_testdata_file("RG1_UNCR.dcm", download=False))


def film(values, **said):
    return radiograph_from_array(values, **{"spacing": None, "affine": np.eye(4), **said})


@pytest.fixture
def ramp():
    return np.arange(40 * 50, dtype=np.int16).reshape(40, 50)


def test_bytes_keep_their_brightness():
    values = np.arange(1600, dtype=np.uint8).reshape(40, 40)
    np.testing.assert_array_equal(film(values).pixels, values / np.float32(255))


def test_other_values_are_stretched(ramp):
    pixels = film(ramp).pixels
    assert (pixels.min(), pixels.max()) == (0, 1)
    assert (np.diff(pixels.ravel()) >= 0).all()


def test_a_window_decides_where_one_is_given(ramp):
    pixels = film(ramp, window=(500, 1500)).pixels
    np.testing.assert_allclose(pixels, np.clip((ramp - 500) / 1000, 0, 1), atol=1e-6)
    with pytest.raises(RadiographError, match="window"):
        film(ramp, window=(5, 5))


def test_inverted_values_are_turned_round_once(ramp):
    np.testing.assert_allclose(film(ramp, inverted=True).pixels, 1 - film(ramp).pixels)


@pytest.mark.parametrize("shape", [(1, 40, 50), (40, 50)])
def test_a_slice_axis_is_left_out(ramp, shape):
    np.testing.assert_array_equal(film(ramp.reshape(shape)).pixels, film(ramp).pixels)


def test_a_grey_picture_of_three_channels_is_grey():
    grey = np.arange(1600, dtype=np.uint8).reshape(40, 40)
    for channels in (3, 4):
        values = np.repeat(grey[..., None], channels, axis=2)
        values[..., 3:] = 255
        np.testing.assert_allclose(film(values).pixels, grey / 255, atol=1e-6)
        np.testing.assert_allclose(film(values[None]).pixels, grey / 255, atol=1e-6)
    colour = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    with pytest.raises(RadiographError, match="colour"):
        film(colour)


def test_what_is_known_is_kept(ramp):
    affine = np.diag([0.2, 0.3, 1.0, 1.0])
    made = film(ramp, spacing=(0.3, 0.2), affine=affine, name="volume")
    assert (made.spacing, made.name, made.header, made.mirrored) == ((0.3, 0.2), "volume", None, None)
    np.testing.assert_array_equal(made.affine, affine)


@pytest.fixture(scope="module")
def slicers_values():
    """What Slicer holds of the film. GDCM, by which it reads, has turned MONOCHROME1 round."""
    slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
    from vtk.util import numpy_support

    scene = slicer.vtkMRMLScene()
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
    scene.AddNode(storage)
    storage.SetSingleFile(1)
    storage.SetFileName(FILM)
    assert storage.ReadData(node) == 1
    image = node.GetImageData()
    return numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1]).copy()


def test_what_slicer_holds_of_a_dicom_film_is_the_film_of_the_file(slicers_values):
    expected = read_radiograph(FILM)
    affine = np.diag([2.0, 3.0, 1.0, 1.0])
    handed = film(slicers_values, header=FILM, affine=affine, name="film")
    np.testing.assert_array_equal(handed.pixels, expected.pixels)
    assert handed.header.SOPInstanceUID == expected.header.SOPInstanceUID
    assert (handed.mirrored, handed.warnings) == (expected.mirrored, expected.warnings)
    assert (handed.spacing, handed.name) == (expected.spacing, "film")
    np.testing.assert_array_equal(handed.affine, affine)
    without = film(slicers_values)
    inside = (expected.pixels > 0) & (expected.pixels < 1) & (without.pixels > 0) & (without.pixels < 1)
    assert inside.mean() > 0.8
    np.testing.assert_allclose(np.corrcoef(without.pixels[inside], expected.pixels[inside]), 1, atol=1e-4)


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
def test_a_film_that_was_changed_is_taken_as_it_is(slicers_values, change):
    values = change(slicers_values)
    handed = film(values, header=FILM)
    np.testing.assert_array_equal(handed.pixels, film(values).pixels)
    assert handed.header is not None


def test_a_film_in_another_unit_is_still_the_film(slicers_values):
    expected = read_radiograph(FILM)
    handed = film(slicers_values.astype(np.float64) * 0.5 - 1000, header=FILM)
    np.testing.assert_array_equal(handed.pixels, expected.pixels)


def test_a_cropped_film_is_not_that_instance_any_more(ramp, tmp_path):
    dataset = pydicom.dcmread(FILM)
    dataset.PatientOrientation = ["R", "F"]
    dataset.save_as(tmp_path / "mirrored.dcm")
    cropped = film(ramp, header=tmp_path / "mirrored.dcm")
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
def test_what_is_no_film_is_refused(values):
    with pytest.raises(RadiographError):
        film(values)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        st.one_of(hnp.floating_dtypes(endianness="="), hnp.integer_dtypes(), hnp.unsigned_integer_dtypes()),
        (33, 34),
    )
)
def test_any_numbers_give_a_film_or_a_refusal(values):
    try:
        pixels = film(values).pixels
    except RadiographError:
        return
    assert pixels.dtype == np.float32
    assert np.isfinite(pixels).all()
    assert pixels.min() >= 0
    assert pixels.max() <= 1


@pytest.mark.parametrize("content", [b"", b"text", b"\x93NUMPY\x01\x00\x10\x00{'descr': '|O'}"])
def test_a_file_that_is_no_array_is_refused(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(RadiographError, match=r"a\.npy"):
        load_values(tmp_path / "a.npy")


def test_python_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(RadiographError):
        load_values(tmp_path / "a.npy")
    with pytest.raises(RadiographError):
        load_values(tmp_path / "missing.npy")


def test_a_header_that_is_none_is_refused(ramp, tmp_path):
    (tmp_path / "a.dcm").write_bytes(b"hello")
    for path in (tmp_path / "a.dcm", tmp_path / "missing.dcm"):
        with pytest.raises(RadiographError):
            film(ramp, header=path)
