"""Referring metrics: masks whose metrics can be computed by hand, and the command."""

import json
import re
from collections import defaultdict

import numpy as np
import pytest

from CausalCLIPSegLib.mask import PLACES, LungExtent
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.notes import parse_note, to_prompt
from training.__main__ import app
from training.evaluation.case import Case
from training.evaluation.journal import Journal
from training.evaluation.referring import Referring, ReferringCounts

SHAPE = (100, 40)
EXTENT = LungExtent(0.1, 0.7)
"""The middle zone begins at row 30, the lower zone at row 50; the margin is 6 rows. The patient's right lung is in
columns 0 to 19. A lesion has at least 0.3 % of the pixels: 12."""

RIGHT_LOWER = "Consolidation in the right lower zone."


def box(first_row, last_row, first_column, last_column):
    mask = np.zeros(SHAPE, bool)
    mask[first_row:last_row, first_column:last_column] = True
    return mask


EMPTY = box(0, 0, 0, 0)
LESION = box(60, 70, 5, 15)
MASKS = {
    "right lung": LESION,
    "right upper zone": EMPTY,
    "right middle zone": box(50, 60, 0, 10),  # 60 of 100 pixels lie above row 56
    "right lower zone": box(55, 65, 5, 15),
    "left lung": EMPTY,
    "left upper zone": box(0, 1, 20, 30),
    "left middle zone": EMPTY,
    "left lower zone": box(60, 70, 10, 30),
}


def counts(masks=None, note=RIGHT_LOWER, truth=LESION, mirrored=False) -> ReferringCounts:
    """Count with a network that answers the note of a place with the mask of its name, or an empty mask."""
    own = parse_note(note)
    places = {to_prompt(place.expression, "patient"): place.name for place in PLACES}

    def predict(expression):
        mask = (MASKS if masks is None else masks).get(places[to_prompt(expression, "patient")], EMPTY)
        return mask[:, ::-1] if mirrored else mask

    return ReferringCounts.of(predict, own, truth[:, ::-1] if mirrored else truth, EXTENT, mirrored=mirrored)


def observed(case: ReferringCounts) -> dict[tuple[str, str | None], list[float]]:
    values = defaultdict(list)
    for metric, group, value in case.observations():
        values[metric, group].append(value)
    return {key: pytest.approx(sorted(value)) for key, value in values.items()}


@pytest.mark.parametrize("mirrored", [False, True])
def test_metrics_of_one_radiograph(mirrored):
    assert observed(counts(mirrored=mirrored)) == {
        ("containment", "upper"): [1],
        ("containment", "middle"): [0.6],
        ("containment", "lower"): [0.5, 1],
        ("containment", "zones"): [0.5, 0.6, 1, 1],
        ("containment", "lung"): [1],
        ("containment", "all"): [0.5, 0.6, 1, 1, 1],
        ("restricted_dice", "lower"): [0.5],
        ("restricted_dice", "zones"): [0.5],
        ("restricted_dice", "lung"): [1],
        ("restricted_dice", "all"): [0.5, 1],
        ("absence", "upper"): [0, 1],
        ("absence", "middle"): [0, 1],
        ("absence", "lower"): [0],
        ("absence", "zones"): [0, 0, 0, 1, 1],
        ("absence", "lung"): [1],
        ("absence", "all"): [0, 0, 0, 1, 1, 1],
        ("false_absence", "lower"): [0],
        ("false_absence", "zones"): [0],
        ("false_absence", "lung"): [0],
        ("false_absence", "all"): [0, 0],
        ("absence_wrong_side", None): [0],
        ("own_note_empty", None): [0],
        ("selectivity", "middle and lower"): [0, 1 / 7],
        ("selectivity", "upper and middle"): [0, 0],
    }


def test_an_empty_mask_is_right_only_if_the_place_is_empty():
    case = observed(counts(masks={}))
    assert case["absence", "all"] == [1] * 6
    assert case["false_absence", "all"] == [1, 1]
    assert case["own_note_empty", None] == [1]
    assert case["restricted_dice", "all"] == [0, 0]
    assert case["absence_wrong_side", None] == [1]
    assert not {"containment", "selectivity"} & {metric for metric, _ in case}


@pytest.mark.parametrize(
    ("truth", "absence", "false_absence"),
    [
        (box(30, 33, 0, 4), {"lower"}, "middle"),
        (box(30, 31, 0, 11), {"lower"}, None),
        (box(46, 49, 0, 4), {"upper"}, "middle"),
        (box(56, 59, 0, 4), {"upper", "middle"}, "lower"),
        (box(55, 58, 0, 4), {"upper"}, "lower"),
    ],
    ids=["lesion", "too small", "in the margin of lower", "outside the margin of middle", "in the margin of middle"],
)
def test_a_small_lesion_or_one_in_the_margin_is_neither_present_nor_absent(truth, absence, false_absence):
    """The names are those of the right zones; the left lung is empty."""
    case = observed(counts(masks={}, truth=truth))
    for zone in ("upper", "middle", "lower"):
        assert case["absence", zone] == [1] * (1 + (zone in absence)), zone
        assert case.get(("false_absence", zone)) == ([1] if zone == false_absence else None), zone


@pytest.mark.parametrize(
    ("note", "truth", "expected"),
    [
        (RIGHT_LOWER, LESION, {"own_note_empty": 0, "absence_wrong_side": 1}),
        (RIGHT_LOWER, LESION | box(60, 61, 30, 31), {"own_note_empty": 0}),
        (RIGHT_LOWER, LESION | box(60, 63, 30, 34), {"own_note_empty": 0, "false_absence_wrong_side": 1}),
        (RIGHT_LOWER, EMPTY, {"absence_own_note": 0, "absence_wrong_side": 1}),
        ("Left lower zone.", LESION, {"own_note_empty": 1, "false_absence_wrong_side": 0}),
        ("Left lower zone.", EMPTY, {"absence_own_note": 1, "absence_wrong_side": 0}),
    ],
    ids=[
        *("one side", "a pixel on the other side", "a lesion on the other side", "no lesion"),
        *("note of the wrong side", "no lesion and an empty mask"),
    ],
)
def test_own_note_and_wrong_side_need_a_ground_truth_that_decides(note, truth, expected):
    case = counts(masks={"right lower zone": LESION}, note=note, truth=truth)
    found = {metric: value for metric, group, value in case.observations() if metric in OF_NOTES}
    assert found == expected


OF_NOTES = ("absence_wrong_side", "false_absence_wrong_side", "absence_own_note", "own_note_empty")


def test_a_note_of_both_sides_has_no_wrong_side():
    def predict(expression):
        return LESION

    case = ReferringCounts.of(predict, parse_note("Bilateral consolidation."), LESION, EXTENT)
    assert {metric for metric, _, _ in case.observations() if metric in OF_NOTES} == {"own_note_empty"}


def test_metrics_are_means_over_masks_with_intervals_over_patients():
    referring = Referring()
    for number in range(30):
        referring.add(f"image_{number}", counts() if number < 20 else counts(masks={}))
    metrics = referring.metrics()
    assert metrics["containment"]["middle"] == {"n": 20, "percent": 60.0, "interval": [60.0, 60.0]}
    assert metrics["containment"]["lower"]["n"] == 40
    assert metrics["containment"]["lower"]["percent"] == 75.0
    false_absence = metrics["false_absence"]["lower"]
    assert (false_absence["n"], false_absence["percent"]) == (30, 33.33)
    low, high = false_absence["interval"]
    assert high - low == pytest.approx(2 * 1.96 * 100 * np.sqrt(1 / 3 * 2 / 3 / 30), rel=0.15)
    assert metrics["restricted_dice"]["all"]["percent"] == 50.0
    assert metrics["absence"]["all"]["percent"] == pytest.approx((20 * 3 + 10 * 6) / 180 * 100, abs=0.01)
    assert metrics["absence_wrong_side"]["percent"] == 33.33
    assert metrics["own_note_empty"]["percent"] == 33.33
    assert metrics["selectivity"]["middle and lower"]["percent"] == pytest.approx(100 / 14, abs=0.01)
    assert metrics["false_absence"]["upper"] == {"n": 0}
    assert metrics == referring.metrics()


def test_radiographs_of_one_patient_are_resampled_together():
    apart, together = Referring(), Referring()
    for number in range(60):
        case = counts() if number % 20 < 10 else counts(masks={})
        apart.add(f"image_{number}", case)
        together.add(f"sub-S{number % 20}_image-{number // 20}", case)
    narrow, wide = (np.diff(each.metrics()["own_note_empty"]["interval"])[0] for each in (apart, together))
    assert wide == pytest.approx(np.sqrt(3) * narrow, rel=0.2)


def test_metrics_without_radiographs_are_counts_of_zero():
    metrics = Referring().metrics()
    assert metrics["own_note_empty"] == metrics["containment"]["all"] == {"n": 0}


def test_counts_survive_the_journal(tmp_path):
    cases = [Case("a", referring=counts()), Case("b", referring=counts(masks={}, truth=EMPTY)), Case("c")]
    journal = Journal(tmp_path / "journal", "mark", Case)
    for case in cases:
        journal.add(case)
    assert list(Journal(tmp_path / "journal", "mark", Case).cases.values()) == cases


def test_the_command_writes_and_prints_the_metrics(tmp_path, lvit_folder, tiny_checkpoint, monkeypatch, capsys):
    encoded = []
    encode_image = CausalCLIPSeg.encode_image

    def counting(self, *arguments, **options):
        encoded.append(1)
        return encode_image(self, *arguments, **options)

    monkeypatch.setattr(CausalCLIPSeg, "encode_image", counting)
    arguments = ["evaluate", "--data", lvit_folder, "--checkpoint", tiny_checkpoint, "--engine", "torch"]
    arguments += ["--json", tmp_path / "metrics.json"]
    app([str(argument) for argument in [*arguments, "--referring"]], standalone_mode=False)
    assert len(encoded) == 8, "each radiograph must be encoded once"
    referring = json.loads((tmp_path / "metrics.json").read_text())["referring"]
    assert list(referring) == [
        *("containment", "restricted_dice", "absence", "false_absence"),
        *(*OF_NOTES, "selectivity"),
    ]
    # Every radiograph has a lesion in one lung, and the other lung is empty.
    assert referring["false_absence"]["lung"]["n"] == referring["absence"]["lung"]["n"] == 8
    assert referring["restricted_dice"]["lung"]["n"] == 8
    assert referring["absence_wrong_side"]["n"] == referring["own_note_empty"]["n"] == 8
    assert referring["false_absence_wrong_side"] == referring["absence_own_note"] == {"n": 0}
    printed = capsys.readouterr().out
    for name, row in (("lung", referring["absence"]["lung"]), ("", referring["own_note_empty"])):
        low, high = row["interval"]
        assert re.search(rf"│ {name} +│ +8 │ +{row['percent']:.2f} │ +{low:.2f} to {high:.2f} │", printed)

    app([str(argument) for argument in arguments], standalone_mode=False)
    assert "referring" not in json.loads((tmp_path / "metrics.json").read_text())
    assert "containment" not in capsys.readouterr().out
