"""A file of a result that cannot be written costs only itself; the report says why."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from dx_images import make_dx
from header_fuzz import QUICK, VALUES
from hypothesis import given
from hypothesis import strategies as st
from made_results import hill, make_result
from pydicom import DataElement, Dataset, dcmread
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.export import directory as directory_module
from CausalCLIPSegLib.export.directory import MAPS, OUTPUTS, write_result
from CausalCLIPSegLib.export.report import describe_result
from CausalCLIPSegLib.privacy import silence_libraries

REQUIRED = ["segmentation.seg.nrrd", "result.json"]
COPIED = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber", "ReferringPhysicianName"),
    *("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "FrameOfReferenceUID", "Modality"),
    *("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing", "SpecificCharacterSet"),
    *("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod"),
)
"""Elements of a radiograph that a DICOM-SEG takes over."""


def header_with(**elements) -> Dataset:
    header = make_dx((90, 70))
    del header.PixelData
    for keyword, value in elements.items():
        header.add(DataElement(tag_for_keyword(keyword), dictionary_VR(keyword), value, validation_mode=IGNORE))
    return header


@pytest.fixture(scope="session")
def result_of(small_radiograph):
    """Return a function that makes a result of a radiograph with a DICOM header."""
    return lambda header: make_result(replace(small_radiograph, header=header), hill((90, 70), 0.6, 0.25))


ODD_VALUES = [
    {"StudyDate": "20240230"},
    {"StudyDate": "20240101-20241231"},
    {"StudyDate": ["20240101", "20240102"]},
    {"PatientBirthDate": "19700101-19701231"},
    {"PatientBirthDate": "1970.01.01"},
    {"PatientBirthDate": "00000000"},
    {"StudyTime": "250000"},
    {"StudyTime": "12:30:00"},
    {"PatientSex": "FEMALE"},
    {"PatientName": "A^B^C^D^E^F"},
    {"PatientID": "1" * 70},
    {"StudyID": "a\\b"},
    {"FrameOfReferenceUID": "1.2..3"},
    {"LossyImageCompression": "01", "LossyImageCompressionMethod": "as usual"},
]


@pytest.mark.parametrize("elements", ODD_VALUES, ids=str)
def test_odd_values_of_a_header_are_corrected_or_left_out(result_of, tmp_path, elements):
    with silence_libraries():
        written = write_result(result_of(header_with(**elements)), tmp_path)
        assert "segmentation.dcm" in written
        segmentation = dcmread(written["segmentation.dcm"])
    for keyword, value in elements.items():
        if keyword in {"PatientName", "PatientID"}:  # an archive finds the patient by these
            assert segmentation[keyword].value == value
        else:
            assert keyword == "LossyImageCompression" or segmentation.get(keyword) != value


def fail(*args, **kwargs):
    raise ValueError("a value of the header: Doe^Jane")


def fail_with_a_sentence(*args, **kwargs):
    raise SegmentationError("A DICOM-SEG cannot hold this.")


@pytest.mark.parametrize("lost", ["segmentation.dcm", "probability.dcm", "overlay.png", "maps.png"])
@pytest.mark.parametrize(
    ("write", "reason"),
    [(fail, "Something unexpected went wrong (ValueError)"), (fail_with_a_sentence, "A DICOM-SEG cannot hold this.")],
)
def test_an_optional_file_costs_only_itself(result_of, tmp_path, monkeypatch, lost, write, reason):
    outputs = tuple(output._replace(write=write) if output.name == lost else output for output in OUTPUTS)
    monkeypatch.setattr(directory_module, "OUTPUTS", outputs)
    result = result_of(header_with())
    report = describe_result(result)
    written = write_result(result, tmp_path / "out", report=report, extra=["probability.dcm", *MAPS])
    expected = [output.name for output in OUTPUTS if output.name != lost]
    assert list(written) == [*expected, "result.json"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(written)
    document = json.loads(written["result.json"].read_text())
    assert document["files"] == list(written)
    (sentence,) = (text for text in document["warnings"] if text.startswith(f"{lost} is missing: "))
    assert reason in sentence
    assert "Doe" not in sentence
    assert sentence in report.warnings, "the console, a batch and the worker show the report of the caller"


def test_without_a_required_file_there_is_no_result(result_of, tmp_path, monkeypatch):
    outputs = (OUTPUTS[0]._replace(write=fail), *OUTPUTS[1:])
    monkeypatch.setattr(directory_module, "OUTPUTS", outputs)
    with pytest.raises(ValueError, match="a value of the header"):
        write_result(result_of(header_with()), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@QUICK
@given(data=st.data())
def test_no_value_of_a_copied_element_costs_the_mask(result_of, tmp_path_factory, data):
    keyword = data.draw(st.sampled_from(COPIED))
    vr = data.draw(st.sampled_from([dictionary_VR(keyword), *VALUES]))
    one = VALUES.get(vr, st.text(max_size=80)) | st.sampled_from(["20240230", "1" * 80, "1.2..3", "a\\b", "\ud800"])
    value = data.draw(one if vr == "SQ" else one | st.lists(one, max_size=3))
    header = header_with()
    with silence_libraries():
        try:
            header.add(DataElement(tag_for_keyword(keyword), vr, value, validation_mode=IGNORE))
        except Exception:  # pydicom cannot represent every value
            return
        result = result_of(header)
        written = write_result(result, tmp_path_factory.mktemp("out"), without=["overlay.png"])
    assert set(REQUIRED) <= set(written)
    document = json.loads(written["result.json"].read_text())
    assert "segmentation.dcm" in written or any("DICOM-SEG" in text for text in document["warnings"])
