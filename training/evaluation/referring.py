"""Referring: does the mask follow the place that a note names, and is it empty if nothing is there?

On every radiograph the network is asked about each of the eight places with a note that names only that place, and
about the own note with its side swapped. A place is cut from the image as `place_mask` defines it; the same cut of the
ground truth is what the mask should show.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES, opposite
from CausalCLIPSegLib.mask import PLACES, LungExtent, Place, place_mask
from CausalCLIPSegLib.mask.presence import MARGIN
from CausalCLIPSegLib.notes import ReferringExpression
from CausalCLIPSegLib.notes.expression import ZONES, Zone
from training.augmentation.notes import swap_sides_of
from training.data.studies import study_of
from training.evaluation.bootstrap import ratio_intervals

Mask = npt.NDArray[np.bool_]

MIN_SHARE = 0.003
"""A place holds a lesion if the ground truth covers at least this share of the radiograph's pixels there."""

_PLACE_GROUPS = (*ZONES, "zones", "lung", "all")
_ZONE_PAIRS: dict[str, tuple[Zone, Zone]] = {
    "middle and lower": ("middle", "lower"),
    "upper and middle": ("upper", "middle"),
}
_GROUPS: dict[str, tuple[str, ...]] = {
    "containment": _PLACE_GROUPS,
    "restricted_dice": _PLACE_GROUPS,
    "absence": _PLACE_GROUPS,
    "false_absence": _PLACE_GROUPS,
    "absence_wrong_side": (),
    "false_absence_wrong_side": (),
    "absence_own_note": (),
    "own_note_empty": (),
    "selectivity": tuple(_ZONE_PAIRS),
}
"""The metrics, and the groups for which each is given; a metric without groups is one number."""


@dataclass(frozen=True)
class PlaceCounts:
    """Pixels of one radiograph with a note that names only one place.

    Attributes:
        predicted, predicted_inside: of the mask, and those of them in the place or its margin.
        actual, actual_with_margin: of the ground truth in the place, and in the place or its margin.
        both: of the mask and the ground truth in the place.
    """

    predicted: int
    predicted_inside: int
    actual: int
    actual_with_margin: int
    both: int


@dataclass(frozen=True)
class ReferringCounts:
    """What one radiograph shows about referring.

    Attributes:
        pixels: of the radiograph.
        places: by name of the place.
        zone_overlaps: for each pair of adjacent zones, and for each lung with a mask for one of them: pixels in both
            masks, and in either mask.
        own_note_empty: the mask with the own note is empty; None if the ground truth is.
        wrong_side_empty: the mask is empty with the own note, its side swapped; None if the note names both sides, or
            if the ground truth has a pixel on the other side, too.
        own_note_absent: the mask with the own note is empty; None if the ground truth is not.
        wrong_side_missed: the mask is empty with the own note, its side swapped; None if the note names both sides, or
            if the ground truth has no lesion on the other side.
    """

    pixels: int
    places: dict[str, PlaceCounts]
    zone_overlaps: dict[str, list[tuple[int, int]]]
    own_note_empty: bool | None
    wrong_side_empty: bool | None
    own_note_absent: bool | None = None
    wrong_side_missed: bool | None = None

    @classmethod
    def of(
        cls,
        predict: Callable[[ReferringExpression], Mask],
        own: ReferringExpression,
        truth: Mask,
        extent: LungExtent,
        *,
        mirrored: bool = False,
    ) -> ReferringCounts:
        """Ask about every place of one radiograph, and count.

        Args:
            predict: returns the mask of a note on the radiograph, bool, rows x columns.
            own: the radiograph's own note.
            truth: ground truth of the own note, bool, rows x columns.
            extent: where the lungs lie on the radiograph.
            mirrored: the image shows the patient's right on the viewer's right.
        """

        def part(place: Place, margin: float = 0.0) -> Mask:
            return place_mask(place, truth.shape, extent, mirrored=mirrored, margin=margin)

        masks = {place: predict(replace(place.expression, finding=own.finding)) for place in PLACES}
        own_empty, has_lesion = not predict(own).any(), bool(truth.any())
        wrong_empty, elsewhere = None, 0
        if len(own.sides) == 1:
            wrong_empty = not predict(swap_sides_of(own)).any()
            elsewhere = int((truth & part(Place(opposite(own.sides[0])))).sum())
        return cls(
            pixels=truth.size,
            places={
                place.name: _count(mask, truth, part(place), part(place, MARGIN)) for place, mask in masks.items()
            },
            zone_overlaps={
                name: [
                    _overlap(masks[Place(side, first)], masks[Place(side, second)])
                    for side in SIDES
                    if masks[Place(side, first)].any() or masks[Place(side, second)].any()
                ]
                for name, (first, second) in _ZONE_PAIRS.items()
            },
            own_note_empty=own_empty if has_lesion else None,
            wrong_side_empty=None if elsewhere else wrong_empty,
            own_note_absent=None if has_lesion else own_empty,
            wrong_side_missed=wrong_empty if elsewhere >= MIN_SHARE * truth.size else None,
        )

    def observations(self) -> Iterator[tuple[str, str | None, float]]:
        """Yield metric, group (None for a metric without groups) and value in [0, 1], for all that can be measured."""
        for place in PLACES:
            counts = self.places[place.name]
            groups = (place.zone, "zones", "all") if place.zone else ("lung", "all")
            for metric, value in self._of_place(counts):
                yield from ((metric, group, value) for group in groups)
        of_notes = {
            "absence_wrong_side": self.wrong_side_empty,
            "false_absence_wrong_side": self.wrong_side_missed,
            "absence_own_note": self.own_note_absent,
            "own_note_empty": self.own_note_empty,
        }
        for metric, empty in of_notes.items():
            if empty is not None:
                yield metric, None, float(empty)
        for pair, overlaps in self.zone_overlaps.items():
            for both, either in overlaps:
                yield "selectivity", pair, both / either

    def _of_place(self, counts: PlaceCounts) -> Iterator[tuple[str, float]]:
        empty = not counts.predicted
        if not empty:
            yield "containment", counts.predicted_inside / counts.predicted
        if counts.actual >= MIN_SHARE * self.pixels:
            yield "restricted_dice", 2 * counts.both / (counts.predicted + counts.actual)
            yield "false_absence", float(empty)
        if not counts.actual_with_margin:
            yield "absence", float(empty)


class Referring:
    """The referring metrics of a checkpoint, added radiograph by radiograph."""

    def __init__(self) -> None:
        self._cases: dict[str, ReferringCounts] = {}

    def add(self, name: str, counts: ReferringCounts) -> None:
        """Add a radiograph."""
        self._cases[name] = counts

    def metrics(self, seed: int = 0) -> dict[str, Any]:
        """Return each metric by group; a metric without groups is not nested.

        Each has "n", the number of values; "percent", their mean; and "interval", the 95 % interval of the mean from
        resampled patients. Without values only "n" is there.
        """
        rows = [(metric, group) for metric, groups in _GROUPS.items() for group in groups or (None,)]
        index = {row: number for number, row in enumerate(rows)}
        sums, numbers = np.zeros((2, len(rows), len(self._cases)))
        for column, case in enumerate(self._cases.values()):
            for metric, group, value in case.observations():
                sums[index[metric, group], column] += value
                numbers[index[metric, group], column] += 1
        bounds = ratio_intervals(sums, numbers, [study_of(name) for name in self._cases], seed)
        result: dict[str, Any] = {}
        for (metric, group), total, number, interval in zip(rows, sums.sum(1), numbers.sum(1), bounds, strict=True):
            summary: dict[str, Any] = {"n": int(number)}
            if number:
                summary |= {"percent": round(100 * float(total / number), 2), "interval": interval}
            if group is None:
                result[metric] = summary
            else:
                result.setdefault(metric, {})[group] = summary
        return result


def rows_of(metrics: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the key, the group ("" for a metric without groups) and the values of each of `Referring.metrics`.

    A metric that an evaluation of an earlier version lacks has no values.
    """
    for metric, groups in _GROUPS.items():
        if groups:
            yield from ((metric, group, metrics[metric][group]) for group in groups)
        else:
            yield metric, "", metrics.get(metric, {"n": 0})


def measure_name(metric: str, group: str | None) -> str:
    """Return the name of a metric for people."""
    return f"{metric.replace('_', ' ')} {group or ''}".strip()


MEASURES = tuple(measure_name(metric, group) for metric, groups in _GROUPS.items() for group in groups or (None,))
"""The names of all metrics, in the order of `Referring.metrics`."""


def _count(mask: Mask, truth: Mask, part: Mask, part_with_margin: Mask) -> PlaceCounts:
    return PlaceCounts(
        predicted=int(mask.sum()),
        predicted_inside=int((mask & part_with_margin).sum()),
        actual=int((truth & part).sum()),
        actual_with_margin=int((truth & part_with_margin).sum()),
        both=int((mask & truth & part).sum()),
    )


def _overlap(first: Mask, second: Mask) -> tuple[int, int]:
    return int((first & second).sum()), int((first | second).sum())
