"""Calibration of the statements about places: settings that can be computed by hand, and the command."""

import json

import numpy as np
import pytest

from CausalCLIPSegLib.mask import LungExtent
from CausalCLIPSegLib.model.card import read_card
from CausalCLIPSegLib.model.place_calibration import PlaceCalibration, PresenceCurve
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.segmenter import Segmenter
from training.__main__ import app
from training.evaluation.places import (
    MAX_AREAS,
    SIZES,
    THRESHOLDS,
    Deletion,
    PlaceCase,
    calibrate,
    fit_presence,
)

EXTENT = LungExtent(0.1, 0.7)
"""On 100 rows the middle zone begins at row 30, the lower zone at row 50."""
BOTH = "Opacities in the right lower zone and in the left upper and lower zones."


def lesion(*boxes):
    mask = np.zeros((100, 100), bool)
    for rows, columns in boxes:
        mask[slice(*rows), slice(*columns)] = True
    return mask


TRUTH = lesion(((70, 90), (10, 40)), ((5, 20), (60, 90)), ((70, 90), (60, 90)))
"""The patient's right lower zone, left upper zone and left lower zone."""


def perfect(note):
    """Answer a note with the lesions of its places, with probability 0.8."""
    mask = np.zeros_like(TRUTH)
    for side, columns in (("right", slice(0, 50)), ("left", slice(50, 100))):
        for zone in (note.zones[side] or ("upper", "lower")) if side in note.sides else ():
            mask[: 50 if zone == "upper" else 100, columns] = True
            if zone == "lower" and "upper" not in note.zones[side] and note.zones[side]:
                mask[:50, columns] = False
    return np.where(TRUTH & mask, np.float32(0.8), np.float32(0.02))


def test_a_deleted_side_and_a_deleted_zone_are_found_again():
    case = PlaceCase.of(perfect, parse_note(BOTH), TRUTH, EXTENT, threshold=0.5)
    assert [each.kind for each in case.deletions] == ["side", "zone"]
    for each in case.deletions:
        assert each.segmented == 0
        for threshold, areas in zip(THRESHOLDS, each.areas, strict=True):
            covered = sum(share for _, share in areas)
            assert covered == (pytest.approx(1) if threshold <= 0.8 else 0)
    assert set(case.areas) == {()}, "nothing lies outside the complete note"
    present = dict.fromkeys((True, False), 0)
    for highest, actual in case.presence:
        assert highest == pytest.approx(0.8 if actual else 0.02)
        present[actual] += 1
    assert present == {True: 5, False: 3}  # both lungs and three zones hold a lesion


def test_a_note_of_one_place_has_nothing_to_delete():
    case = PlaceCase.of(perfect, parse_note("Right lower zone opacity."), TRUTH, EXTENT, threshold=0.5)
    assert case.deletions == ()
    assert case.areas[0], "the other lesions lie outside of the note"


def test_the_settings_find_most_with_few_areas():
    """Small areas are noise; a deleted lesion is found up to 0.6."""
    cases = []
    for number in range(20):
        noise = tuple((0.004,) * (threshold < 0.4) for threshold in THRESHOLDS)
        areas = tuple(((0.03, 1.0),) if threshold <= 0.6 else () for threshold in THRESHOLDS)
        deletion = Deletion("side", areas, segmented=0.0)
        cases.append(PlaceCase(((0.9, True), (0.1, number % 4 == 0)), noise, (deletion,)))
    settings, metrics = calibrate(cases, threshold=0.5)
    chosen = metrics["elsewhere"]["chosen"]
    assert (chosen["found_sides"], chosen["areas_per_radiograph"], chosen["found_zones"]) == (100, 0, None)
    assert settings.search_threshold == chosen["threshold"] <= 0.6
    assert settings.smallest_area == chosen["smallest_area"]
    assert len(metrics["elsewhere"]["curve"]) == len(THRESHOLDS) * len(SIZES)
    assert all(point["areas_per_radiograph"] in (0, 1) for point in metrics["elsewhere"]["curve"])
    assert chosen["areas_per_radiograph"] <= MAX_AREAS
    presence = metrics["presence"]
    assert (presence["places"], presence["with_lesion"]) == (40, 25)
    assert (presence["reached_with_lesion"], presence["reached_without_lesion"]) == (80, 0)


def test_the_curve_gives_the_share_of_places_with_a_lesion():
    rng = np.random.default_rng(0)
    truth = PresenceCurve(slope=0.7, intercept=-1.5)
    highest = rng.random(20000)
    curve = fit_presence(highest, rng.random(20000) < [truth(each) for each in highest])
    assert (curve.slope, curve.intercept) == (pytest.approx(0.7, abs=0.05), pytest.approx(-1.5, abs=0.05))


@pytest.mark.parametrize("actual", [True, False])
def test_places_that_are_all_alike_give_a_finite_curve_that_does_not_fall(actual):
    curve = fit_presence(np.array([0.0, 0.2, 0.99, 1.0]), np.array([actual] * 4))
    values = [curve(each) for each in np.linspace(0, 1, 101)]
    assert all(0 <= each <= 1 for each in values)
    assert values == sorted(values)


def test_the_command_writes_the_settings_to_the_card(tmp_path, lvit_folder, tiny_checkpoint, capsys):
    before = read_card(tiny_checkpoint)
    assert before.places == PlaceCalibration()
    arguments = ["calibrate-places", "--data", lvit_folder, "--checkpoint", tiny_checkpoint, "--device", "cpu"]
    app([str(each) for each in [*arguments, "--json", tmp_path / "a.json"]], standalone_mode=False)
    assert read_card(tiny_checkpoint) == before
    app([str(each) for each in [*arguments, "--limit", 4, "--write-card"]], standalone_mode=False)
    card = read_card(tiny_checkpoint)
    assert card.model_copy(update={"places": PlaceCalibration()}) == before
    assert card.places.figures["radiographs"] == 4
    assert card.places.figures["command"].endswith("--limit 4")
    assert "curve" not in card.places.figures["elsewhere"]
    metrics = json.loads((tmp_path / "a.json").read_text())
    assert metrics["radiographs"] == 8
    assert metrics["settings"]["search_threshold"] == metrics["elsewhere"]["chosen"]["threshold"]
    assert "8 radiographs" in capsys.readouterr().out
    image = next((lvit_folder / "Val_Folder" / "img").iterdir())
    from CausalCLIPSegLib import read_radiograph

    result = Segmenter.from_checkpoint(tiny_checkpoint, "cpu").segment(read_radiograph(image), "Left lung opacity.")
    (statement,) = result.places
    assert statement.calibrated == card.places.presence(statement.highest)
