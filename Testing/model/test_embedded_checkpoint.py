"""The embedded checkpoint on real radiographs: its metrics agree with its card, and its mask follows the note."""

import pytest
import torch

from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import read_split, subsample_evenly
from training.evaluation.evaluate import evaluate
from training.fitting.metrics import OverlapMetrics


@pytest.fixture(scope="module")
def measured(qata):
    samples = subsample_evenly(read_split(qata, "val"), 150)
    return evaluate(Segmenter.from_checkpoint("default", "cpu"), samples).metrics()


def test_dice_is_close_to_the_card(measured):
    segmenter = Segmenter.from_checkpoint("default", "cpu")
    card = segmenter.card.figures["validation"]
    assert measured["n"] == 150
    assert abs(measured["dice"] - card["dice"]) < 4  # 150 of 1,429 radiographs
    assert card["dice"] >= 80


def test_the_mask_follows_the_side_of_the_note(measured):
    adherence = measured["listening"]
    assert adherence["n"] > 30
    assert adherence["area_on_named_side"] >= 95
    assert adherence["swapped_area_left_behind"] <= 5


def test_dice_is_useful_on_both_sides(measured):
    for name in ("left only", "right only", "both"):
        assert measured["by_side"][name]["dice"] > 60, name


def test_dice_is_useful_with_a_vague_note(qata):
    segmenter = Segmenter.from_checkpoint("default", "cpu")
    metrics = OverlapMetrics()
    for sample in subsample_evenly(read_split(qata, "val"), 60):
        result = segmenter.segment(read_radiograph(sample.image), "Pneumonia.")
        metrics.update(torch.from_numpy(result.mask)[None], torch.from_numpy(sample.load_mask())[None])
    assert metrics.compute()["dice"] > 60
