"""The embedded checkpoints on real radiographs: their metrics agree with their cards, their masks follow the note."""

import pytest
import torch

from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import read_split, subsample_evenly
from training.evaluation.evaluate import evaluate
from training.fitting.metrics import OverlapMetrics


@pytest.fixture(scope="module", params=["causalclipseg-lite0", "reclmis-lite0"])
def segmenter(request):
    return Segmenter.from_checkpoint(request.param, "cpu")


@pytest.fixture(scope="module")
def measured(qata, segmenter):
    return evaluate(segmenter, subsample_evenly(read_split(qata, "val"), 120)).metrics()


def test_dice_is_close_to_the_card(measured, segmenter):
    card = segmenter.card.figures["validation"]
    assert measured["n"] == 120
    assert abs(measured["dice"] - card["dice"]) < 4  # 120 of 1,429 radiographs
    assert card["dice"] >= 80
    assert card["sha256"] == segmenter.card.sha256


def test_the_mask_follows_the_side_of_the_note(measured):
    adherence = measured["listening"]
    assert adherence["n"] > 25
    assert adherence["area_on_named_side"] >= 95
    assert adherence["swapped_area_left_behind"] <= 5


def test_dice_is_useful_on_both_sides(measured):
    for name in ("left only", "right only", "both"):
        assert measured["by_side"][name]["dice"] > 55, name  # about 20 one-sided radiographs each


def test_dice_is_useful_with_a_vague_note(qata, segmenter):
    metrics = OverlapMetrics()
    for sample in subsample_evenly(read_split(qata, "val"), 40):
        result = segmenter.segment(read_radiograph(sample.image), "Pneumonia.")
        metrics.update(torch.from_numpy(result.mask)[None], torch.from_numpy(sample.load_mask())[None])
    assert metrics.compute()["dice"] > 60
