"""Percentile bootstrap intervals of the metrics, resampled by patient.

Radiographs of one patient are similar, so resampling single radiographs would make the intervals too narrow. All
metrics here are ratios of sums over cases, so a resample is a weighted sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.evaluation.scores import Scores, Values
from training.overlap import pooled_dice

RESAMPLES = 2000
LEVEL = 0.95


def intervals(scores: Scores, seed: int = 0) -> dict[str, Any]:
    """Return the 95 % intervals of dice, miou and dice_global, in percent; empty without cases.

    The same seed gives the same intervals.
    """
    if not len(scores):
        return {}
    predicted, actual, both, _ = scores.counts.T
    ones = np.ones(len(scores))
    weights, groups = _draw(scores.patients(), seed)
    sums = _by_group(np.stack([scores.dice, scores.iou, ones, predicted, actual, both]), groups)
    dice, iou, n, *pooled = sums @ weights.T
    return {
        "level": LEVEL,
        "resampled": f"{weights.shape[1]} patients; a radiograph whose name contains no patient counts as one",
        "dice": _bounds(dice / n),
        "miou": _bounds(iou / n),
        "dice_global": _bounds(pooled_dice(*pooled)),
    }


def difference(scores: Scores, reference: Scores, seed: int = 0) -> dict[str, Any]:
    """Compare the mean Dice of `scores` with that of the same cases in `reference`.

    Returns:
        "dice": `scores` minus `reference`, in percentage points; "interval": its 95 % interval, from resampled pairs.
        Empty without cases.

    Raises:
        KeyError: `reference` lacks a case.
    """
    if not len(scores):
        return {}
    reference_dice = dict(zip(reference.names, reference.dice, strict=True))
    differences = scores.dice - np.array([reference_dice[name] for name in scores.names])
    weights, groups = _draw(scores.patients(), seed)
    total, n = _by_group(np.stack([differences, np.ones_like(differences)]), groups) @ weights.T
    return {"dice": round(100 * float(differences.mean()), 2), "interval": _bounds(total / n)}


def ratio_intervals(
    numerators: Values, denominators: Values, patients: list[str], seed: int = 0
) -> list[list[float] | None]:
    """Return the 95 % interval of each metric that is a sum over radiographs divided by another such sum.

    Args:
        numerators, denominators: float64, metrics x radiographs.
        patients: of each radiograph.
        seed: the same seed gives the same intervals.

    Returns:
        For each metric both bounds in percent, from the resamples whose denominator is not 0; None if all are 0.
    """
    if not patients:
        return [None] * len(numerators)
    weights, groups = _draw(patients, seed)
    totals = _by_group(numerators, groups) @ weights.T
    numbers = _by_group(denominators, groups) @ weights.T
    return [
        _bounds(total[number > 0] / number[number > 0]) if number.any() else None
        for total, number in zip(totals, numbers, strict=True)
    ]


def ratio_differences(
    first: tuple[Values, Values], second: tuple[Values, Values], patients: list[str], seed: int = 0
) -> list[dict[str, Any] | None]:
    """Compare metrics that are a sum over radiographs divided by another such sum, on the same radiographs.

    Args:
        first, second: numerators and denominators, float64, metrics x radiographs.
        patients: of each radiograph.
        seed: the same seed gives the same intervals.

    Returns:
        For each metric "difference": first minus second, in percentage points; and "interval": its 95 % interval, from
        resampled pairs in which no denominator is 0. None if a denominator is 0 over all radiographs.
    """
    if not patients:
        return [None] * len(first[0])
    weights, groups = _draw(patients, seed)
    ones = np.ones((1, weights.shape[1]))
    resamples, means = (
        [[_by_group(values, groups) @ draws.T for values in each] for each in (first, second)]
        for draws in (weights, ones)
    )
    results: list[dict[str, Any] | None] = []
    for row in range(len(first[0])):
        (a, n), (b, m) = ((sums[row], numbers[row]) for sums, numbers in resamples)
        (mean_a, all_n), (mean_b, all_m) = ((sums[row, 0], numbers[row, 0]) for sums, numbers in means)
        if not all_n or not all_m:
            results.append(None)
            continue
        kept = (n > 0) & (m > 0)
        difference = round(100 * float(mean_a / all_n - mean_b / all_m), 2)
        results.append({"difference": difference, "interval": _bounds(a[kept] / n[kept] - b[kept] / m[kept])})
    return results


def _draw(patients: list[str], seed: int) -> tuple[Values, list[int]]:
    """Return draws, float64, resamples x patients: how often each patient is drawn; and each case's patient index."""
    index = {patient: number for number, patient in enumerate(dict.fromkeys(patients))}
    size = len(index)
    weights = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), RESAMPLES)
    return weights.astype(np.float64), [index[patient] for patient in patients]


def _by_group(values: Values, groups: list[int]) -> Values:
    """Sum values, k x cases, over the cases of each group: k x groups."""
    return np.stack([np.bincount(groups, row) for row in values])


def _bounds(resamples: Values) -> list[float]:
    tail = (1 - LEVEL) / 2
    return [round(100 * float(bound), 2) for bound in np.quantile(resamples, (tail, 1 - tail))]
