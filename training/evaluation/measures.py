"""Every measure of a radiograph by name, and its mean over radiographs with paired differences between members.

A member is whatever is compared on the same radiographs: a checkpoint, an average of checkpoints, a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np
from pydantic.dataclasses import dataclass

from training import overlap
from training.data.studies import study_of
from training.evaluation.bootstrap import ratio_differences, ratio_intervals
from training.evaluation.case import Case
from training.evaluation.corruptions import CORRUPTIONS
from training.evaluation.note_ablations import NOTE_KINDS
from training.evaluation.referring import MEASURES, measure_name
from training.evaluation.scores import SIZES, Counts, Values

MEAN = "mean"
"""The member that averages the probabilities of the checkpoints."""
_SMALL = "under 3 %"


def _note_name(kind: str) -> str:
    return "Dice, no note" if kind == "none" else f"Dice, note: {kind}"


_ORDER = (
    *("Dice, own note", "mIoU, own note", f"Dice, area {_SMALL}"),
    *(_note_name(kind) for kind in NOTE_KINDS),
    *(f"Dice, {each.kind} {each.strength}" for each in CORRUPTIONS),
    *MEASURES,
)
"""The names of all measures."""


@dataclass(frozen=True)
class ComparedCase:
    """What was measured on one radiograph, by member; empty if its note was refused."""

    name: str
    members: dict[str, Case] = field(default_factory=dict)


def observations(case: Case) -> Iterator[tuple[str, float]]:
    """Yield name and value, in [0, 1], of everything that a radiograph shows; a name may have several values."""
    if case.own is not None:
        dice = _dice(case.own)
        yield "Dice, own note", dice
        yield "mIoU, own note", float(overlap.iou(*np.array(case.own[:3], dtype=float)))
        low, high = SIZES[_SMALL]
        if low < 100 * case.own[1] / case.own[3] <= high:
            yield f"Dice, area {_SMALL}", dice
    for kind, counts in case.notes.items():
        yield _note_name(kind), _dice(counts)
    for kind, strengths in case.corruptions.items():
        for strength, counts in strengths.items():
            yield f"Dice, {kind} {strength}", _dice(counts)
    if case.referring is not None:
        for metric, group, value in case.referring.observations():
            yield measure_name(metric, group), value


def _dice(counts: Counts) -> float:
    return float(overlap.dice(*np.array(counts[:3], dtype=float)))


class Measures:
    """The measures of several members on the same radiographs."""

    def __init__(self, cases: Sequence[ComparedCase]) -> None:
        """Sum up the values of each measure on each radiograph.

        Args:
            cases: of the radiographs; those without members are left out.
        """
        cases = [case for case in cases if case.members]
        values = [{member: list(observations(each)) for member, each in case.members.items()} for case in cases]
        self.members = list(dict.fromkeys(member for each in values for member in each))
        found = {name for each in values for row in each.values() for name, _ in row}
        self.names = [name for name in _ORDER if name in found]
        self.patients = [study_of(case.name) for case in cases]
        shape = len(self.names), len(cases)
        self._sums: dict[str, Values] = {member: np.zeros(shape) for member in self.members}
        self._numbers: dict[str, Values] = {member: np.zeros(shape) for member in self.members}
        index = {name: number for number, name in enumerate(self.names)}
        for column, each in enumerate(values):
            for member, row in each.items():
                for name, value in row:
                    self._sums[member][index[name], column] += value
                    self._numbers[member][index[name], column] += 1

    def means(self, member: str) -> dict[str, float]:
        """Return the mean of each measure that a member has, in percent."""
        sums, numbers = self._sums[member].sum(1), self._numbers[member].sum(1)
        return {
            name: round(100 * float(total / number), 2)
            for name, total, number in zip(self.names, sums, numbers, strict=True)
            if number
        }

    def compare(self, pairs: Mapping[str, tuple[str, str]] | None = None, seed: int = 0) -> dict[str, Any]:
        """Return each measure of every member with its interval, and the differences of pairs of members.

        Args:
            pairs: by name, a member and the member that is subtracted.
            seed: the same seed gives the same intervals.

        Returns:
            By measure and member "n", the number of values; "percent", their mean; and "interval", its 95 % interval
            from resampled patients. By measure and pair "difference" in percentage points and its "interval", from
            resampled pairs. A member or pair without values is missing.
        """
        result: dict[str, dict[str, Any]] = {name: {} for name in self.names}
        for member in self.members:
            sums, numbers = self._sums[member], self._numbers[member]
            bounds = ratio_intervals(sums, numbers, self.patients, seed)
            means = self.means(member)
            for name, number, interval in zip(self.names, numbers.sum(1), bounds, strict=True):
                if number:
                    result[name][member] = {"n": int(number), "percent": means[name], "interval": interval}
        for pair, (first, second) in (pairs or {}).items():
            if not self.names:
                break  # no radiograph was measured
            minuend, subtrahend = ((self._sums[member], self._numbers[member]) for member in (first, second))
            differences = ratio_differences(minuend, subtrahend, self.patients, seed)
            for name, difference in zip(self.names, differences, strict=True):
                if difference is not None:
                    result[name][pair] = difference
        return result
