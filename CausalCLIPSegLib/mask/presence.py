"""Hold a note and a radiograph against each other: what is at each place that the note names, and what lies elsewhere.

Both questions are answered from probability maps. Nothing here changes the mask that the user asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from CausalCLIPSegLib.laterality import SIDES, Side
from CausalCLIPSegLib.mask.components import connected_components
from CausalCLIPSegLib.mask.lung_extent import LungExtent
from CausalCLIPSegLib.mask.places import Place, place_window
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes.expression import ZONES, ReferringExpression, Zone

Mask = npt.NDArray[np.bool_]

MARGIN = 0.1
"""How far a place reaches beyond a zone, as a share of the lung's height: readers do not agree on the borders."""

WITHOUT_LOCATION = ReferringExpression(sides=SIDES, weak=True)
"""A note without side, zone and number: "Pulmonary infection."."""

_BORDER = 0.02
"""An area that reaches no farther from the segmentation than this, as a share of the image, is only its border."""

_CORE = 1
"""Pixels around the middle of the smallest area that can count."""


@dataclass(frozen=True)
class PlaceStatement:
    """Whether something is at a place that the note names.

    Attributes:
        place: the place; it counts with its margin.
        present: the highest probability reaches the threshold of the result.
        highest: the highest probability there, in [0, 1].
        calibrated: how often a lesion lies at such a place if the probability is this high, in [0, 1]; None if the
            checkpoint is not calibrated.
    """

    place: Place
    present: bool
    highest: float
    calibrated: float | None = None

    @property
    def sentence(self) -> str:
        """The statement for a person."""
        subject = "Something" if self.present else "Nothing"
        calibrated = "" if self.calibrated is None else f", calibrated {self.calibrated:.0%}".replace("%", " %")
        values = f"highest probability {probability_text(self.highest)}{calibrated}"
        return f"Note: {self.place.name}. {subject} there reaches the threshold ({values})."


def probability_text(probability: float) -> str:
    """Return a probability with two decimals, rounded down: one below the threshold must not look equal to it."""
    return f"{math.floor(100 * probability + 1e-3) / 100:.2f}"


def named_places(expression: ReferringExpression) -> tuple[Place, ...]:
    """Return the places that a note names: each of its zones, or a lung if it names no zone or the whole lung.

    A weak expression names no place.
    """
    return (
        ()
        if expression.weak
        else tuple(Place(side, zone) for side in expression.sides for zone in _zones(expression, side))
    )


def state_places(
    probability: npt.NDArray[np.float32],
    threshold: float,
    expression: ReferringExpression,
    extent: LungExtent,
    *,
    mirrored: bool = False,
    calibrate: Callable[[float], float] | None = None,
) -> tuple[PlaceStatement, ...]:
    """State for each place that a note names whether something is there.

    Args:
        probability: the answer to the note, float32 in [0, 1], rows x columns.
        threshold: something is there if a probability reaches this value.
        expression: the note.
        extent: where the lungs lie on the radiograph.
        mirrored: the image shows the patient's right on the viewer's right.
        calibrate: turns the highest probability into a calibrated one.
    """
    statements = []
    for place in named_places(expression):
        window = place_window(place, probability.shape, extent, mirrored=mirrored, margin=MARGIN)
        highest = float(probability[window].max(initial=0))
        calibrated = None if calibrate is None else calibrate(highest)
        statements.append(PlaceStatement(place, highest >= threshold, highest, calibrated))
    return tuple(statements)


def areas_elsewhere(
    seen: Mask,
    segmented: Mask,
    expression: ReferringExpression,
    extent: LungExtent,
    *,
    smallest: float = 0.0,
    mirrored: bool = False,
) -> Iterator[tuple[Side, Mask]]:
    """Yield the areas that lie outside the places of a note and their margins, and outside of what was segmented.

    A lung without zones in the note is named as a whole. A strip along the segmentation, and the part of an area that
    extends only slightly across the midline, do not count.

    Args:
        seen: what a search without a place found, bool, rows x columns.
        segmented: what was segmented for the note, of the same shape.
        expression: the note; a weak one names no place, so nothing lies elsewhere.
        extent: where the lungs lie on the radiograph.
        smallest: the smallest area, as a share of the image.
        mirrored: the image shows the patient's right on the viewer's right.

    Yields:
        The patient's side of an area, and the area: bool, rows x columns. Right comes before left.
    """
    if expression.weak:
        return
    halves = split_by_side(seen, mirrored=mirrored)
    border = max(1, round(_BORDER * max(seen.shape)))
    far = ~_dilated(segmented, border)
    for side in SIDES:
        elsewhere = halves[side] & ~segmented
        for zone in _zones(expression, side) if side in expression.sides else ():
            rows, _ = place_window(Place(side, zone), seen.shape, extent, margin=MARGIN)
            elsewhere[rows] = False
        cores, number = connected_components(_dilated(_eroded(elsewhere & far, _CORE), _CORE))
        for core in range(1, number + 1):
            area = _dilated(cores == core, border) & elsewhere
            elsewhere &= ~area
            if area.sum() >= smallest * seen.size:
                yield side, area


def _dilated(mask: Mask, reach: int) -> Mask:
    """Return the pixels whose square of `reach` pixels in each direction meets a mask."""
    return _combined(mask, reach, np.any)


def _eroded(mask: Mask, reach: int) -> Mask:
    """Return the pixels whose square of `reach` pixels in each direction lies inside a mask, and in the image."""
    return _combined(mask, reach, np.all)


def _combined(mask: Mask, reach: int, combine: Callable[..., Mask]) -> Mask:
    for axis in (0, 1):
        padded = np.pad(mask, [(reach, reach) if axis == each else (0, 0) for each in (0, 1)])
        mask = combine(sliding_window_view(padded, 2 * reach + 1, axis=axis), axis=-1)
    return mask


def is_denied(expression: ReferringExpression, side: Side, zones: Sequence[Zone]) -> bool:
    """Return whether the note calls one of these zones of the patient's lung clear, or denies a finding there."""
    denied = [
        *expression.clear.get(side, ()),
        *(
            zone
            for finding in expression.findings
            if finding.negated and side in finding.sides
            for zone in finding.zones[side] or ZONES
        ),
    ]
    return any(zone in denied for zone in zones)


def _zones(expression: ReferringExpression, side: Side) -> tuple[Zone | None, ...]:
    """Return the zones of a side of the note; None stands for the whole lung."""
    return (None,) if side in expression.whole else expression.zones[side] or (None,)
