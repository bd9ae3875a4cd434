"""Dice and mIoU: the mean over images and the pooled one, against their definitions."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra.numpy import arrays

from training.fitting.metrics import OverlapMetrics

masks = arrays(bool, (3, 1, 4, 5))


@given(predicted=masks, actual=masks)
def test_against_the_definition(predicted, actual):
    metrics = OverlapMetrics()
    for one, other in zip(predicted, actual, strict=True):
        metrics.update(torch.from_numpy(one)[None], torch.from_numpy(other)[None])
    dice, iou = [], []
    for one, other in zip(predicted, actual, strict=True):
        both, either = (one & other).sum(), (one | other).sum()
        dice.append(2 * both / (one.sum() + other.sum()) if either else 1)
        iou.append(both / either if either else 1)
    values = metrics.compute()
    assert values["dice"].item() == pytest.approx(100 * np.mean(dice))
    assert values["miou"].item() == pytest.approx(100 * np.mean(iou))
    total = predicted.sum() + actual.sum()
    assert values["dice_global"].item() == pytest.approx(100 * 2 * (predicted & actual).sum() / max(total, 1))


def test_the_two_averages_differ_where_large_lesions_are_found_better():
    metrics = OverlapMetrics()
    large, small = torch.ones(1, 1, 10, 10, dtype=torch.bool), torch.zeros(1, 1, 10, 10, dtype=torch.bool)
    small[..., 0, 0] = True
    metrics.update(large, large)
    metrics.update(~small & ~large, small)
    values = metrics.compute()
    assert values["dice"].item() == pytest.approx(50)
    assert values["dice_global"].item() > 99
