"""Parts of the evaluation: scores, intervals, calibration, ablated notes, corruptions, contact sheets."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from PIL import Image

from CausalCLIPSegLib.notes import parse_note, to_prompt
from training.augmentation.notes import swap_sides_of
from training.data.splits import read_split
from training.evaluation.bootstrap import difference, intervals
from training.evaluation.calibration import Calibration
from training.evaluation.contact_sheet import Tile, draw_sheet
from training.evaluation.corruptions import CORRUPTIONS
from training.evaluation.note_ablations import (
    NOTE_KINDS,
    NoteKindError,
    ablate_note,
    most_common_note,
    parse_note_kinds,
)
from training.evaluation.scores import Scores, count
from training.fitting.metrics import OverlapMetrics

ONE_SIDED = "Unilateral pulmonary infection, one infected area, lower left lung."
TWO_SIDED = "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung."
CONSTANT = "Bilateral pulmonary infection, two infected areas, all left lung and all right lung."


def scores_of(*dice: float, names: list[str] | None = None) -> Scores:
    """Return the scores of one case for each value of `dice`: 100 pixels of truth, 100 predicted."""
    scores = Scores()
    for index, value in enumerate(dice):
        actual, predicted = np.zeros(1000, bool), np.zeros(1000, bool)
        actual[:100] = True
        predicted[100 - round(100 * value) : 200 - round(100 * value)] = True
        scores.add(names[index] if names else f"image_{index}", count(predicted[None], actual[None]))
    return scores


@settings(max_examples=30)
@given(predicted=arrays(bool, (3, 4, 5)), actual=arrays(bool, (3, 4, 5)))
def test_scores_equal_the_metrics_of_training(predicted, actual):
    scores, metrics = Scores(), OverlapMetrics()
    for index, (mask, truth) in enumerate(zip(predicted, actual, strict=True)):
        scores.add(str(index), count(mask, truth))
        metrics.update(torch.from_numpy(mask)[None, None], torch.from_numpy(truth)[None, None])
    expected = metrics.compute()
    for name in ("dice", "miou", "dice_global"):
        assert scores.metrics()[name] == pytest.approx(float(expected[name]), abs=0.006)


def test_groups_cases_by_area():
    scores = Scores()
    for percent in (0, 1, 3, 5, 10, 50):
        mask = np.zeros((10, 100), bool)
        mask.flat[: percent * 10] = True
        scores.add(f"{percent}", count(mask, mask))
    names_by_size = {size: group.names for size, group in scores.by_size().items()}
    assert names_by_size == {
        "none": ["0"],
        "under 3 %": ["1", "3"],
        "3 to 7 %": ["5"],
        "7 to 14 %": ["10"],
        "over 14 %": ["50"],
    }


def test_interval_contains_the_mean_narrows_with_n_and_is_deterministic():
    rng = np.random.default_rng(0)
    few, many = scores_of(*rng.random(20)), scores_of(*rng.random(500))
    low, high = intervals(many)["dice"]
    assert low < many.metrics()["dice"] < high
    assert high - low == pytest.approx(2 * 1.96 * 100 * many.dice.std() / np.sqrt(500), rel=0.15)
    assert np.diff(intervals(few)["dice"]) > 2 * (high - low)
    assert intervals(many) == intervals(many)
    assert intervals(many) != intervals(many, seed=1)
    assert intervals(Scores()) == {}


def test_radiographs_of_one_patient_are_resampled_together():
    values = np.random.default_rng(1).random(40)
    apart = scores_of(*np.repeat(values, 5))
    together = scores_of(*np.repeat(values, 5), names=[f"sub-S{i}_image-{k}" for i in range(40) for k in range(5)])
    ratio = np.diff(intervals(together)["dice"]) / np.diff(intervals(apart)["dice"])
    assert ratio == pytest.approx(np.sqrt(5), rel=0.2), "five copies of a case carry no more information than one"


def test_difference_compares_pairs():
    rng = np.random.default_rng(2)
    own = rng.random(100) * 0.8
    result = difference(scores_of(*(own + 0.1)), scores_of(*own))
    assert result["dice"] == pytest.approx(10, abs=0.2)
    assert np.diff(result["interval"]) < 0.5, "all pairs differ by the same amount"
    subset = scores_of(*own).where(lambda name: name.endswith("0"))
    assert difference(subset, scores_of(*own)) == {"dice": 0.0, "interval": [0.0, 0.0]}


def test_calibration_of_honest_and_overconfident_probabilities():
    rng = np.random.default_rng(3)
    probability = rng.random((400, 400), dtype=np.float32)
    truth = rng.random((400, 400)) < probability
    honest = Calibration.of(probability[:100], truth[:100]) + Calibration.of(probability[100:], truth[100:])
    overconfident = Calibration.of(np.where(probability > 0.5, 1, 0).astype(np.float32), truth)
    assert honest.metrics()["ece"] < 0.01
    assert overconfident.metrics()["ece"] == pytest.approx(0.25, abs=0.01)
    assert honest.metrics()["brier"] == pytest.approx(1 / 6, abs=0.01)
    bins = honest.metrics()["bins"]
    assert sum(row["pixels"] for row in bins) == pytest.approx(1, abs=1e-4)
    assert [row["lesion"] for row in bins] == pytest.approx(np.arange(0.05, 1, 0.1), abs=0.02)
    assert overconfident.metrics()["bins"][4]["lesion"] is None
    assert Calibration().metrics() == {}


def test_ablated_notes_have_the_expected_prompts():
    constant = parse_note(CONSTANT, "viewer")

    def prompt(kind, note):
        ablated = ablate_note(kind, parse_note(note, "viewer"), constant)
        return None if ablated is None else to_prompt(ablated, "viewer")

    assert {kind: prompt(kind, ONE_SIDED) for kind in NOTE_KINDS} == {
        "own": ONE_SIDED,
        "swapped": "Unilateral pulmonary infection, one infected area, lower right lung.",
        "constant": CONSTANT,
        "none": "Pulmonary infection.",
        "side-only": "Unilateral pulmonary infection, left lung.",
        "bilateral": None,
        "uncounted": ONE_SIDED,  # this prompt states the number that the zones imply
    }
    uncounted = ablate_note("uncounted", parse_note(ONE_SIDED, "viewer"), constant)
    prompt_of_a_place = "Unilateral pulmonary infection, lower left lung."
    assert to_prompt(uncounted, "viewer", implied_count=False) == prompt_of_a_place
    assert prompt("swapped", TWO_SIDED) == (
        "Bilateral pulmonary infection, two infected areas, lower left lung and all right lung."
    )
    assert prompt("side-only", TWO_SIDED) == prompt("bilateral", TWO_SIDED) == "Bilateral pulmonary infection."
    assert swap_sides_of(swap_sides_of(parse_note(TWO_SIDED, "viewer"))) == parse_note(TWO_SIDED, "viewer")


def test_reads_kinds_of_notes_from_a_list(lvit_folder):
    assert parse_note_kinds("") == ()
    assert parse_note_kinds("all") == NOTE_KINDS
    assert parse_note_kinds("none, own") == ("own", "none")
    with pytest.raises(NoteKindError, match="no kind of note “half”"):
        parse_note_kinds("half")
    samples = [*read_split(lvit_folder, "val")[:2], read_split(lvit_folder, "val")[3]]
    assert most_common_note(samples).sides == parse_note(samples[1].note, "viewer").sides


@pytest.mark.parametrize("corruption", CORRUPTIONS, ids=lambda corruption: f"{corruption.kind} {corruption.strength}")
def test_corruption_is_deterministic_and_leaves_its_input_unchanged(corruption):
    rng = np.random.default_rng(4)
    pixels = np.kron(rng.random((8, 10), dtype=np.float32), np.ones((12, 12), np.float32))
    mask = pixels > 0.7
    original = pixels.copy(), mask.copy()
    changed, moved = corruption(pixels, mask, "one")
    assert (pixels == original[0]).all()
    assert (mask == original[1]).all()
    assert changed.shape == pixels.shape
    assert changed.dtype == np.float32
    assert 0 <= changed.min() <= changed.max() <= 1
    assert np.abs(changed - pixels).mean() > 0.002
    again = corruption(pixels, mask, "one")
    assert (again[0] == changed).all()
    assert (again[1] == moved).all()
    if corruption.kind == "crop":
        contrast = changed[moved].mean() - changed[~moved].mean()
        expected = pixels[mask].mean() - pixels[~mask].mean()
        assert contrast == pytest.approx(expected, abs=0.08), "the ground truth moves with the image"
    else:
        assert moved is mask


def test_draws_a_contact_sheet(tmp_path):
    pixels = np.zeros((20, 30))
    mask = np.zeros((20, 30), bool)
    mask[5:9, 5:9] = True
    draw_sheet([Tile(pixels, mask, ~mask, "a")], tmp_path / "sheet.png", "title")
    with Image.open(tmp_path / "sheet.png") as picture:
        colors = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    assert (np.abs(colors.astype(int) - (0xE6, 0x9F, 0x00)).max(1) < 10).sum() > 50, "the prediction is outlined"
    assert list(tmp_path.iterdir()) == [tmp_path / "sheet.png"]


def test_writes_a_table_of_cases(tmp_path):
    scores_of(1.0, 0.5).write_csv(tmp_path / "cases.csv")
    assert (tmp_path / "cases.csv").read_text().splitlines() == [
        "name,dice,iou,predicted_area,actual_area",
        "image_0,100.00,100.00,10.00,10.00",
        "image_1,50.00,33.33,10.00,10.00",
    ]
