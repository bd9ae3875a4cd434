"""Spacing, affine, orientation and warnings from a DICOM header; patient data do not leak from it."""

import logging
import warnings

import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread, uid

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.radiograph.spacing import UNCALIBRATED

CR = uid.ComputedRadiographyImageStorage
DX = uid.DigitalXRayImageStorageForPresentation
SC = uid.SecondaryCaptureImageStorage


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ({}, None),
        ({"PixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        ({"ImagerPixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        ({"NominalScannedPixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        ({"PixelSpacing": [0.1, 0.1], "ImagerPixelSpacing": [0.2, 0.3]}, (0.1, 0.1)),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        ({"PixelSpacing": [0, 0], "ImagerPixelSpacing": [0, 1], "NominalScannedPixelSpacing": [1, 1]}, (1, 1)),
        ({"PixelSpacing": None}, None),
        ({"PixelSpacing": ""}, None),
        ({"PixelSpacing": 0.2}, None),
        ({"PixelSpacing": [0.2, 0]}, None),
        ({"PixelSpacing": [-0.2, -0.2]}, None),
        ({"PixelSpacing": ["nan", "nan"]}, None),
        ({"PixelSpacing": ["inf", "inf"]}, None),
        ({"PixelSpacing": [0.2, 0.2, 0.2]}, None),
        ({"PixelSpacing": [600, 600], "ImagerPixelSpacing": [0.2, 0.3]}, (0.2, 0.3)),
        ({"ImagerPixelSpacing": [600, 600]}, None),
        ({"PixelSpacing": [1e-6, 1e-6]}, None),
        ({"PixelSpacing": [40, 0.1]}, None),
        ({"PixelSpacing": [100000, 100000]}, None),
        ({"ImagerPixelSpacing": [0.2, 0.2], "EstimatedRadiographicMagnificationFactor": 2}, (0.2, 0.2)),
    ],
    ids=str,
)
def test_spacing_is_the_first_valid_one(stored, make_dataset, tmp_path, elements, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom warns about some of these values
        dataset = make_dataset(stored)
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        path = tmp_path / "image.dcm"
        dataset.save_as(path, enforce_file_format=False)
    assert read_radiograph(path).spacing == expected


@pytest.mark.parametrize("keyword", ["PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"])
@pytest.mark.parametrize("value", [[600, 600], [1e-6, 1e-6], [-0.2, -0.2], [0.1, 90]])
def test_warns_about_a_spacing_beyond_belief(stored, write_dicom, keyword, value):
    radiograph = read_radiograph(write_dicom(stored, **{keyword: value}))
    assert (radiograph.spacing, radiograph.warnings) == (None, (UNCALIBRATED,))


def test_the_size_of_the_image_bounds_the_spacing(write_dicom):
    rows, columns = np.mgrid[:1600, :40]
    path = write_dicom((rows + columns).astype(np.uint16), PixelSpacing=[1, 1])
    assert read_radiograph(path).spacing is None  # the image would be 1.6 m long


@pytest.mark.parametrize("value", [[0, 0], ""])
def test_a_spacing_of_zero_is_a_missing_one(stored, write_dicom, value):
    assert read_radiograph(write_dicom(stored, PixelSpacing=value)).warnings == ()


def test_warns_about_pixels_that_are_not_square(stored, write_dicom):
    (warning,) = read_radiograph(write_dicom(stored, PixelAspectRatio=[2, 1])).warnings
    assert "not square" in warning
    assert read_radiograph(write_dicom(stored, PixelAspectRatio=[2, 1], PixelSpacing=[0.2, 0.1])).warnings == ()


FIRST_ELEMENTS = {
    "meta information without its length": ("", False),
    "the patient, explicit": ("group 8", False),
    "the patient, implicit": ("group 8", True),
    "the study": ("group 8, patient", True),
}


@pytest.mark.parametrize("name", FIRST_ELEMENTS)
def test_reads_a_data_set_without_preamble_whatever_it_begins_with(stored, make_dataset, write_dicom, tmp_path, name):
    removed, implicit = FIRST_ELEMENTS[name]
    dataset = make_dataset(stored, StudyID="1", PatientID="1", BurnedInAnnotation="NO")
    if removed:
        del dataset.file_meta
        for tag in [element.tag for element in dataset if element.tag.group == 8]:
            del dataset[tag]
    if "patient" in removed:
        del dataset.PatientName, dataset.PatientID
        del dataset[0x00280301]
    path = tmp_path / "IM000001"
    with path.open("wb") as file:
        if removed:
            dataset.save_as(file, implicit_vr=implicit, little_endian=True)
        else:
            dataset.save_as(file)
    radiograph = read_radiograph(path)
    np.testing.assert_array_equal(radiograph.pixels, read_radiograph(write_dicom(stored)).pixels)
    assert any("does not say what the image is" in text for text in radiograph.warnings) is bool(removed)


GEOMETRIES = [
    {},
    {"PixelSpacing": [0.2, 0.3]},
    {"ImagerPixelSpacing": [0.2, 0.3]},
    {"NominalScannedPixelSpacing": [0.2, 0.3]},
    {"PixelSpacing": [0.4, 0.5], "ImagerPixelSpacing": [0.2, 0.3]},
    {"PixelSpacing": [0.4, 0.5], "NominalScannedPixelSpacing": [0.2, 0.3]},
    {"PixelSpacing": [0, 0], "NominalScannedPixelSpacing": [0.2, 0.3]},
    {"ImagerPixelSpacing": [0, 0]},
    {"ImagerPixelSpacing": [0.2, 0]},
    {"ImagerPixelSpacing": [0.2]},
    {"PixelSpacing": [0.2, -0.3], "ImagerPixelSpacing": [0.2, -0.3]},
    {"ImagePositionPatient": [5, 6, 7]},
    {"ImageOrientationPatient": [1, 0, 0, 0, 0, -1], "ImagePositionPatient": [5, 6, 7]},
    {"ImageOrientationPatient": [-1, 0, 0, 0, 0, -1], "ImagePositionPatient": [5, 6, 7]},
    {"ImageOrientationPatient": [1, 0, 0, 0, 0.999, 0.02], "ImagerPixelSpacing": [0.2, 0.3]},
    {"ImageOrientationPatient": [2, 0, 0, 0, 2, 0]},
    {"ImageOrientationPatient": [1, 0, 0, 0, 0, 0]},
]


def affine_of(image):
    """Return the matrix from (column, row, slice, 1) to millimeters that SimpleITK uses."""
    origin = np.array(image.TransformIndexToPhysicalPoint([0] * image.GetDimension()))
    affine = np.eye(4)
    for axis in range(image.GetDimension()):
        step = [int(axis == other) for other in range(image.GetDimension())]
        affine[: len(origin), axis] = np.array(image.TransformIndexToPhysicalPoint(step)) - origin
    affine[: len(origin), 3] = origin
    return affine


@pytest.mark.parametrize("kind", [CR, DX, SC], ids=["CR", "DX", "SC"])
@pytest.mark.parametrize("elements", GEOMETRIES, ids=str)
def test_affine_equals_that_of_itk(stored, write_dicom, kind, elements):
    path = write_dicom(stored, SOPClassUID=kind, **elements)
    image = SimpleITK.ReadImage(str(path))
    radiograph = read_radiograph(path)
    assert np.allclose(radiograph.affine, affine_of(image), atol=1e-6)
    assert SimpleITK.GetArrayFromImage(image)[0].shape == radiograph.pixels.shape


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG3_J2KR.dcm"])
def test_affine_of_real_files_equals_that_of_itk(real_file, name):
    path = real_file(name)
    image = SimpleITK.ReadImage(str(path))
    radiograph = read_radiograph(path)
    assert np.allclose(radiograph.affine, affine_of(image))
    # The same orientation and polarity as in Slicer, because GDCM inverts MONOCHROME1 too.
    values = SimpleITK.GetArrayViewFromImage(image)[0]
    assert np.corrcoef(values[::20, ::20].ravel(), radiograph.pixels[::20, ::20].ravel())[0, 1] > 0.99


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(["L", "F"], False), (["R", "F"], True), (["RA", "F"], True), ("L", False), ("", None), (None, None)],
)
def test_mirrored_is_read_from_patient_orientation(stored, write_dicom, orientation, expected):
    elements = {} if orientation is None else {"PatientOrientation": orientation}
    assert read_radiograph(write_dicom(stored, **elements)).mirrored is expected


PLANES = {
    "coronal": ([1, 0, 0, 0, 0, -1], False),
    "coronal, mirrored": ([-1, 0, 0, 0, 0, -1], True),
    "coronal, tilted": ([1, 0, 0, 0, 0.17, -0.98], False),
    "axial": ([1, 0, 0, 0, 1, 0], None),
    "nearly axial": ([1, 0, 0, 0, 0.999, 0.02], None),
    "axial, mirrored": ([-1, 0, 0, 0, 1, 0], True),
    "zeros": ([0, 0, 0, 0, 0, 0], None),
}


@pytest.mark.parametrize("kind", [CR, DX, SC], ids=["CR", "DX", "SC"])
@pytest.mark.parametrize(("plane", "expected"), PLANES.values(), ids=PLANES)
def test_mirrored_is_read_from_the_plane(stored, write_dicom, kind, plane, expected):
    """Other programs write the geometry of a volume into a DICOM file."""
    assert read_radiograph(write_dicom(stored, SOPClassUID=kind, ImageOrientationPatient=plane)).mirrored is expected


@pytest.mark.parametrize(
    ("plane", "word"),
    [
        ([1, 0, 0, 0, 0, 1], "upside down"),
        ([1, 0, 0, 0, -1, 0], "upside down"),
        ([0, 0, -1, 1, 0, 0], "on its side"),
        ([0, 1, 0, 1, 0, 0], "on its side"),
        ([0, 1, 0, 0, 0, -1], "lateral"),
    ],
    ids=str,
)
def test_a_plane_that_is_not_upright_and_frontal_is_rejected(stored, write_dicom, plane, word):
    with pytest.raises(RadiographError, match=word):
        read_radiograph(write_dicom(stored, ImageOrientationPatient=plane))
    # Patient Orientation, which is meant for radiographs, decides if both are there.
    path = write_dicom(stored, ImageOrientationPatient=plane, PatientOrientation=["L", "F"])
    assert read_radiograph(path).mirrored is False


@pytest.mark.parametrize("name", ["CHEST", "THORAX", "TORAX AP", "LUNGE", "CXR", "PECHO", "POUMONS", "UNKNOWN", ""])
def test_names_of_the_chest_give_no_warning(stored, write_dicom, name):
    assert read_radiograph(write_dicom(stored, BodyPartExamined=name)).warnings == ()


def test_complete_header_gives_no_warnings(stored, write_dicom):
    path = write_dicom(
        stored,
        BodyPartExamined="CHEST",
        ViewPosition="PA",
        PatientOrientation=["L", "F"],
        PatientSpeciesDescription="Homo sapiens",
    )
    assert read_radiograph(path).warnings == ()


@pytest.mark.parametrize(
    ("elements", "word"),
    [
        ({"BurnedInAnnotation": "YES"}, "burned"),
        ({"BurnedInAnnotation": None}, "burned"),
        ({"PatientSpeciesDescription": "Canine"}, "animal"),
        ({"PatientBreedDescription": "Beagle"}, "animal"),
        ({"BodyPartExamined": "KNEE"}, "body part"),
        ({"ViewPosition": "RAO"}, "oblique"),
    ],
    ids=str,
)
def test_warns_about_a_questionable_header(stored, write_dicom, elements, word):
    (warning,) = read_radiograph(write_dicom(stored, **elements)).warnings
    assert word in warning
    assert warning.endswith(".")
    assert "Doe" not in warning


def test_warns_about_few_levels_of_gray(write_dicom):
    mask = np.zeros((48, 40), np.uint16)
    mask[10:20, 10:20] = 1
    assert any("levels of gray" in warning for warning in read_radiograph(write_dicom(mask)).warnings)


@pytest.mark.parametrize("view", ["AP", "PA", "LLD", "LAT DECUBITUS", ""])
def test_reads_frontal_views(stored, write_dicom, view):
    assert read_radiograph(write_dicom(stored, ViewPosition=view)).pixels.shape == stored.shape


def write_odd_file(stored, make_dataset, path):
    """Write a readable file with invalid values, which pydicom quotes in warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = make_dataset(stored, PatientID="Secret" * 20, PatientBirthDate="19700101", PatientSex="F")
        dataset.save_as(path, enforce_file_format=False)
    path.write_bytes(path.read_bytes().replace(b"19700101", b"DoeJane!"))
    return path


def test_values_do_not_leak_to_logs_or_warnings(stored, make_dataset, tmp_path, caplog, capfd):
    path = write_odd_file(stored, make_dataset, tmp_path / "image.dcm")
    caplog.clear()
    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        header = read_radiograph(path).header
        list(header.iterall())  # all values are converted already
    assert caplog.text == ""
    assert [str(warning.message) for warning in caught] == []
    assert capfd.readouterr() == ("", "")


def test_log_levels_are_restored(stored, write_dicom):
    logger = logging.getLogger("pydicom")
    before = logger.level
    read_radiograph(write_dicom(stored))
    assert logger.level == before


def test_values_that_cannot_be_converted_are_omitted(stored, write_dicom):
    path = write_dicom(stored, KVP="12.345", ExposureTime="10")
    # Six bytes are not a multiple of the four bytes of a float.
    path.write_bytes(path.read_bytes().replace(b"DS\x06\x0012.345", b"FL\x06\x0012.345"))
    header = read_radiograph(path).header
    assert "KVP" not in header
    assert header.ExposureTime == 10


def test_header_is_complete(stored, write_dicom):
    path = write_dicom(stored, StudyDescription="Thorax")
    header = read_radiograph(path).header
    assert {element.tag for element in header} == {element.tag for element in dcmread(path, stop_before_pixels=True)}
    assert header.file_meta.TransferSyntaxUID == uid.ExplicitVRLittleEndian
    assert header.StudyDescription == "Thorax"
