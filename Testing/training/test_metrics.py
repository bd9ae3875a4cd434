"""Dice and mIoU equal their definitions, as means over images and pooled."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra.numpy import arrays

from training.fitting.metrics import OverlapMetrics

masks = arrays(bool, (3, 1, 4, 5))


@given(predicted=masks, actual=masks)
def test_metrics_equal_their_definitions(predicted, actual):
    metrics = OverlapMetrics()
    dice, iou = [], []
    for mask, truth in zip(predicted, actual, strict=True):
        metrics.update(torch.from_numpy(mask)[None], torch.from_numpy(truth)[None])
        both, either = (mask & truth).sum(), (mask | truth).sum()
        dice.append(2 * both / (mask.sum() + truth.sum()) if either else 1)
        iou.append(both / either if either else 1)
    values = metrics.compute()
    assert values["dice"].item() == pytest.approx(100 * np.mean(dice))
    assert values["miou"].item() == pytest.approx(100 * np.mean(iou))
    total = predicted.sum() + actual.sum()
    assert values["dice_global"].item() == pytest.approx(100 * 2 * (predicted & actual).sum() / max(total, 1))


def test_pooled_dice_is_higher_if_large_lesions_are_segmented_better():
    metrics = OverlapMetrics()
    large, small = torch.ones(1, 1, 10, 10, dtype=torch.bool), torch.zeros(1, 1, 10, 10, dtype=torch.bool)
    small[..., 0, 0] = True
    metrics.update(large, large)
    metrics.update(~small & ~large, small)
    values = metrics.compute()
    assert values["dice"].item() == pytest.approx(50)
    assert values["dice_global"].item() > 99
