"""Compare the arms of a study: the mean of each measure, and its difference to the reference for each seed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Result:
    """What a run achieved on validation.

    Attributes:
        dice: Dice with the own note after the last epoch, on the whole split, in percent.
        measures: further measures by name, in percent.
    """

    dice: float
    measures: dict[str, float] = field(default_factory=dict)


def summarize(results: dict[str, dict[int, Result]], reference: str) -> dict[str, Any]:
    """Return the mean Dice of each arm, and its difference to the reference for each seed that both have.

    Args:
        results: by arm and seed.
        reference: the arm of reference.

    Returns:
        For each arm "dice", the mean; "seeds", each value by seed; and "differences", in the order of the seeds. If
        the runs have further measures, "measures" holds the same for each by name, with "mean" for "dice".
    """
    return {
        arm: {
            **_summary("dice", _values(runs), _values(results.get(reference, {}))),
            **_measures(runs, results.get(reference, {})),
        }
        for arm, runs in results.items()
        if runs
    }


def _measures(runs: dict[int, Result], reference: dict[int, Result]) -> dict[str, Any]:
    names = list(dict.fromkeys(name for result in runs.values() for name in result.measures))
    if not names:
        return {}
    return {"measures": {name: _summary("mean", _values(runs, name), _values(reference, name)) for name in names}}


def _values(runs: dict[int, Result], name: str | None = None) -> dict[int, float]:
    """Return a measure of the runs that have it by seed; the Dice after the last epoch without a name."""
    values = {seed: result.dice if name is None else result.measures.get(name) for seed, result in runs.items()}
    return {seed: value for seed, value in values.items() if value is not None}


def _summary(mean: str, values: dict[int, float], reference: dict[int, float]) -> dict[str, Any]:
    return {
        mean: round(float(np.mean(list(values.values()))), 2),
        "seeds": {str(seed): round(value, 2) for seed, value in values.items()},
        "differences": [round(values[seed] - reference[seed], 2) + 0.0 for seed in values if seed in reference],
    }
