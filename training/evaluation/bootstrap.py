"""How sure a mean is: percentile bootstrap intervals, drawn again from patients rather than films.

Films of one patient are alike, so that drawing films one by one would make the intervals too narrow. All figures here
are ratios of sums over cases, which makes a resample a weighted sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.evaluation.overlap import Scores, Values
from training.overlap import pooled_dice

RESAMPLES = 2000
LEVEL = 0.95


def intervals(scores: Scores, seed: int = 0) -> dict[str, Any]:
    """Return for dice, miou and dice_global the bounds that hold 95 % of the resamples, in percent.

    Empty where there are no cases. The same seed gives the same bounds.
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
        "resampled": f"{weights.shape[1]} patients, or films where a name tells no patient",
        "dice": _bounds(dice / n),
        "miou": _bounds(iou / n),
        "dice_global": _bounds(pooled_dice(*pooled)),
    }


def difference(scores: Scores, reference: Scores, seed: int = 0) -> dict[str, Any]:
    """Return by how much the mean Dice of the cases of `scores` lies above that of the same cases in `reference`.

    Returns:
        "dice": the difference in points; "interval": its bounds, from resamples of the pairs. Empty without cases.

    Raises:
        KeyError: if a case is not in the reference.
    """
    if not len(scores):
        return {}
    own = dict(zip(reference.names, reference.dice, strict=True))
    gap = scores.dice - np.array([own[name] for name in scores.names])
    weights, groups = _draw(scores.patients(), seed)
    total, n = _by_group(np.stack([gap, np.ones_like(gap)]), groups) @ weights.T
    return {"dice": round(100 * float(gap.mean()), 2), "interval": _bounds(total / n)}


def _draw(patients: list[str], seed: int) -> tuple[Values, list[int]]:
    """Return how often each resample draws each patient, resamples x patients, and each case's patient as a number."""
    number = {patient: index for index, patient in enumerate(dict.fromkeys(patients))}
    size = len(number)
    weights = np.random.default_rng(seed).multinomial(size, np.full(size, 1 / size), RESAMPLES)
    return weights.astype(np.float64), [number[patient] for patient in patients]


def _by_group(values: Values, groups: list[int]) -> Values:
    """Add up values, k x n, by group: k x groups."""
    return np.stack([np.bincount(groups, row) for row in values])


def _bounds(resamples: Values) -> list[float]:
    rest = (1 - LEVEL) / 2
    return [round(100 * float(bound), 2) for bound in np.quantile(resamples, (rest, 1 - rest))]
