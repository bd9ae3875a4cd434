"""Statements about places, and areas outside of them, in result.json, in the picture, and not in the segmentations."""

from dataclasses import replace

import nrrd
import numpy as np
import pytest
from made_results import hill, make_candidate, make_radiograph, make_result

from CausalCLIPSegLib.colors import NOT_IN_NOTE, to_uint8_rgb
from CausalCLIPSegLib.export import describe_result, write_dicom_seg, write_seg_nrrd
from CausalCLIPSegLib.export.overlay import draw_overlay
from CausalCLIPSegLib.export.report import ResultDocument
from CausalCLIPSegLib.mask import Place
from CausalCLIPSegLib.mask.presence import PlaceStatement
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg

SHAPE = (90, 70)
AREA = hill(SHAPE, 0.3, 0.75) >= 0.5
EMPTY = PlaceStatement(Place("right", "upper"), present=False, highest=0.129)
SEEN = PlaceStatement(Place("right", "lower"), present=True, highest=0.95, calibrated=0.8)


@pytest.fixture
def result(small_radiograph):
    made = make_result(small_radiograph, hill(SHAPE, 0.7, 0.25))
    return replace(made, places=(EMPTY, SEEN), candidates=(make_candidate(AREA, denied=True),))


def yellow(picture):
    pixels = np.asarray(picture).astype(int)
    return np.abs(pixels - to_uint8_rgb(NOT_IN_NOTE)).max(axis=2) < 40


@pytest.mark.parametrize(("mirrored", "viewers_right"), [(None, "left"), (True, "right")])
def test_result_json_holds_both_directions(result, mirrored, viewers_right):
    result = replace(result, radiograph=replace(result.radiograph, mirrored=mirrored))
    document = describe_result(result).model_dump(mode="json")
    assert document["places"] == [
        {
            "place": "right upper zone",
            "side_patient": "right",
            "side_viewer": viewers_right,
            "zone": "upper",
            "present": False,
            "highest_probability": 0.129,
            "calibrated_probability": None,
            "sentence": "Note: right upper zone. Nothing there reaches the threshold (highest probability 0.12).",
        },
        {
            "place": "right lower zone",
            "side_patient": "right",
            "side_viewer": viewers_right,
            "zone": "lower",
            "present": True,
            "highest_probability": 0.95,
            "calibrated_probability": 0.8,
            "sentence": "Note: right lower zone. Something there reaches the threshold "
            "(highest probability 0.95, calibrated 80 %).",
        },
    ]
    assert document["not_in_note"] == [
        {
            "id": "not_in_note_1",
            "place": "left upper zone",
            "side_patient": "left",
            "side_viewer": "left" if viewers_right == "right" else "right",
            "zones": ["upper"],
            "area_mm2": pytest.approx(3.0 * AREA.sum()),
            "area_fraction": pytest.approx(AREA.mean()),
            "components": 1,
            "highest_probability": 0.819,
            "denied": True,
            "sentence": "Not in the note: left upper zone, which the note calls clear (highest probability 0.81).",
        }
    ]
    assert document["area_fraction"] == pytest.approx(result.mask.mean()), "the areas are not part of the mask"


def test_a_document_of_an_earlier_version_can_be_read(result):
    document = describe_result(result).model_dump(exclude={"places", "not_in_note"})
    assert ResultDocument.model_validate(document).not_in_note == []


def test_segmentations_hold_only_what_the_note_asked_for(result, real_result, tmp_path):
    write_seg_nrrd(result, tmp_path / "a.seg.nrrd")
    labels, header = nrrd.read(str(tmp_path / "a.seg.nrrd"))
    assert [header[key] for key in header if key.endswith("_ID")] == ["infection_right"]
    assert (labels > 0).sum() == result.mask.sum()
    elsewhere = np.zeros_like(real_result.mask)
    elsewhere[100:400, 1000:1400] = True
    write_dicom_seg(replace(real_result, candidates=(make_candidate(elsewhere),)), tmp_path / "a.dcm")
    segments = read_dicom_seg(tmp_path / "a.dcm").segments
    assert [int(segment.mask.sum()) for segment in segments] == [int(real_result.mask.sum())]


def test_the_picture_has_a_dashed_outline_around_the_area(result):
    drawn = yellow(draw_overlay(result))
    assert not yellow(draw_overlay(replace(result, candidates=()))).any()
    y, x = np.nonzero(drawn)
    middle = (y.min() + y.max()) / 2, (x.min() + x.max()) / 2
    degrees = np.degrees(np.arctan2(y - middle[0], x - middle[1])).astype(int) % 360
    drawn_degrees = np.zeros(360, bool)
    drawn_degrees[degrees] = True
    dashes = int((np.diff(drawn_degrees.astype(int)) == 1).sum())
    assert dashes >= 8
    assert 0.4 < drawn_degrees.mean() < 0.9, "gaps are shorter than dashes"


def test_the_outline_surrounds_the_area(small_radiograph):
    square = np.zeros(SHAPE, bool)
    square[20:50, 40:60] = True
    made = replace(make_result(small_radiograph, np.zeros(SHAPE)), candidates=(make_candidate(square),))
    pixels = yellow(draw_overlay(made))
    y, x = np.nonzero(pixels)
    assert (y.max() - y.min()) / (x.max() - x.min()) == pytest.approx(1.5, rel=0.05)


def test_the_caption_explains_empty_places_and_dashes(result, texts):
    draw_overlay(result)
    caption = " ".join(texts)
    assert EMPTY.sentence in caption
    assert SEEN.sentence not in caption, "what is seen is outlined"
    assert result.candidates[0].sentence in caption
    assert {"Empty", "Dashed"} <= set(texts)
    texts.clear()
    draw_overlay(replace(result, places=(SEEN,), candidates=()))
    assert not {"Empty", "Dashed"} & set(texts)


def test_areas_of_any_size_can_be_drawn():
    for shape in ((1, 7), (3, 3), (700, 90)):
        made = make_result(make_radiograph(np.zeros(shape)), np.zeros(shape))
        mask = np.zeros(shape, bool)
        mask[0, -1] = True
        draw_overlay(replace(made, candidates=(make_candidate(mask),)))
