"""result.json has the fields and values that other programs rely on."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from made_results import hill, make_result
from pydicom import Dataset

from CausalCLIPSegLib.export.report import ResultDocument, describe_result, write_report
from CausalCLIPSegLib.laterality import side_in_image
from CausalCLIPSegLib.maps import KNOWN
from CausalCLIPSegLib.mask.components import connected_components


def test_writes_every_field_of_the_contract(small_result, tmp_path):
    report = describe_result(small_result).model_copy(update={"files": ["overlay.png", "result.json"]})
    write_report(report, tmp_path / "result.json")
    written = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    left, right = small_result.segments[1].mask.sum(), small_result.segments[0].mask.sum()
    pixels = small_result.mask.size
    assert written == {
        "note": "Consolidation in the right lower zone.",
        "prompt": "Unilateral pulmonary infection, one infected area, lower left lung.",
        "laterality": "viewer",
        "sides": ["right", "left"],
        "sides_viewer": ["left", "right"],
        "zones": {"right": ["lower"], "left": ["lower"]},
        "checkpoint": {
            "name": "qata-lite0",
            "version": "2",
            "sha256": "3fa9bc12" * 8,
            "architecture": "causalclipseg",
        },
        "device": "cpu",
        "engine": "",
        "threshold": 0.5,
        "area_mm2": pytest.approx(3.0 * (left + right)),
        "area_fraction": pytest.approx((left + right) / pixels),
        "components": 2,
        "segments": [
            {
                "id": "infection_right",
                "name": "Opacity, right lung",
                "side_patient": "right",
                "side_viewer": "left",
                "area_mm2": pytest.approx(3.0 * right),
                "area_fraction": pytest.approx(right / pixels),
                "components": 1,
            },
            {
                "id": "infection_left",
                "name": "Opacity, left lung",
                "side_patient": "left",
                "side_viewer": "right",
                "area_mm2": pytest.approx(3.0 * left),
                "area_fraction": pytest.approx(left / pixels),
                "components": 1,
            },
        ],
        "files": ["overlay.png", "result.json"],
        "seconds": {"text": 0.02, "image": 0.4},
        "version": "0.1.0",
        "warnings": [],
        "disagreements": ["On the left the note says lower, the outline is upper."],
        "source": None,
        "places": [],
        "not_in_note": [],
        "words": [],
        "maps": [
            {"name": "probability", "title": "Probability", "low": 0, "high": 1, "worth": KNOWN["probability"].worth}
        ],
    }


def test_a_dicom_image_is_identified_by_its_uids_only(real_result, real_radiograph):
    report = describe_result(real_result)
    assert report.area_mm2 is None
    assert report.segments[0].area_mm2 is None
    assert report.source is not None
    assert report.source.sop_instance_uid == str(real_radiograph.header.SOPInstanceUID)
    assert report.source.series_instance_uid == str(real_radiograph.header.SeriesInstanceUID)
    assert report.source.study_instance_uid == str(real_radiograph.header.StudyInstanceUID)
    text = report.model_dump_json()
    assert str(real_radiograph.header.PatientName) not in text
    assert real_radiograph.header.PatientID not in text


def test_uids_that_the_header_lacks_are_null(real_result, real_radiograph):
    result = replace(real_result, radiograph=replace(real_radiograph, header=Dataset()))
    source = describe_result(result).source
    assert source is not None
    assert source.model_dump() == dict.fromkeys(("sop_instance_uid", "series_instance_uid", "study_instance_uid"))


def test_disagreements_name_the_sides_of_the_patient(small_radiograph):
    probability = hill((90, 70), 0.8, 0.75)
    for mirrored, sentences in ((None, ["The note says right, the outline is left."]), (True, [])):
        report = describe_result(make_result(replace(small_radiograph, mirrored=mirrored), probability))
        assert report.disagreements == sentences


def test_an_empty_mask_has_no_area_and_no_segments(empty_result):
    report = describe_result(empty_result)
    assert (report.area_mm2, report.area_fraction, report.components, report.segments) == (0.0, 0.0, 0, [])
    assert report.sides == ["right"]


@pytest.mark.parametrize(
    ("mirrored", "viewers_side"),
    [(None, "left"), (False, "left"), (True, "right")],
    ids=["unknown", "usual", "mirrored"],
)
def test_reports_the_sides_of_patient_and_viewer(small_radiograph, mirrored, viewers_side):
    assert side_in_image("right", mirrored) == viewers_side
    probability = hill((90, 70), 0.5, 0.25 if viewers_side == "left" else 0.75)
    report = describe_result(make_result(replace(small_radiograph, mirrored=mirrored), probability))
    assert report.sides == ["right"]
    assert report.sides_viewer == [viewers_side]
    assert [(s.side_patient, s.side_viewer) for s in report.segments] == [("right", viewers_side)]


@pytest.mark.parametrize(
    ("rows", "components"),
    [(["...", "...", "..."], 0), (["x..", ".x.", "..x"], 1), (["x.x", "...", "x.x"], 4), (["xxx", "x.x", "xxx"], 1)],
)
def test_pixels_that_touch_at_a_corner_are_connected(rows, components):
    mask = np.array([[pixel == "x" for pixel in row] for row in rows])
    assert connected_components(mask)[1] == components


@settings(deadline=None)
@given(hnp.arrays(np.bool_, hnp.array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_the_number_of_components_does_not_depend_on_the_orientation(mask):
    assert connected_components(mask)[1] == connected_components(mask[::-1])[1] == connected_components(mask.T)[1]


@settings(deadline=None)
@given(note=st.text())
def test_any_note_can_be_read_back(small_result, tmp_path_factory, note):
    path = tmp_path_factory.getbasetemp() / "result.json"
    write_report(describe_result(replace(small_result, note=note)), path)
    assert ResultDocument.model_validate_json(path.read_bytes()).note == note


def test_a_lone_surrogate_in_the_note_is_replaced(small_result):
    assert describe_result(replace(small_result, note="gr\udcf6\udcdfer")).note == "gr??er"
