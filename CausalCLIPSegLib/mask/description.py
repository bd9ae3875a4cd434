"""Describe a mask as a note would, and compare a mask with a note.

Thresholds are fitted on the training split of QaTa-COV19 (`lung_extent.json`): how much of each zone the mask must
cover for the zone to be named, and how large an area must be to count.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES, Side, side_in_image
from CausalCLIPSegLib.mask.components import Components
from CausalCLIPSegLib.mask.lung_extent import LungExtent, default_extent, fitted_parameters
from CausalCLIPSegLib.mask.sides import on_viewers_left
from CausalCLIPSegLib.notes.expression import ZONES, ReferringExpression, Zone

Mask = npt.NDArray[np.bool_]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def describe(mask: Mask, extent: LungExtent | None = None, *, mirrored: bool = False) -> ReferringExpression:
    """Return the location of a mask as a note would describe it; `to_prompt` turns it into a prompt.

    A zone is named if the mask covers enough of it. The zone with the most pixels of the mask is always named. A
    connected area that reaches from the upper to the lower zone is also in the middle zone. All three zones are the
    whole lung, as in the published notes.

    Args:
        mask: bool, rows x columns, of a frontal radiograph.
        extent: the rows of the lungs, as from `lung_extent`; None for `default_extent()`.
        mirrored: the radiograph shows the patient's right on the viewer's right.

    Returns:
        The patient's sides, their zones, whole lungs and the number of connected areas, without areas that are too
        small to count. The sides are empty if no area is left.
    """
    extent = extent or default_extent()
    components = Components.of(mask)
    counts = components.sizes >= fitted_parameters()["smallest_area"] * mask.size
    areas, left = components.paint(counts), on_viewers_left(components, mask.shape[1])
    zones = {}
    for side in SIDES:
        lung_mask = areas & (left if side_in_image(side, mirrored) == "left" else ~left)
        if lung_mask.any():
            zones[side] = _zones(lung_mask, components.box[0].start, mask.shape, extent)
    return ReferringExpression(
        sides=tuple(zones),
        zones=zones,
        whole=tuple(side for side, side_zones in zones.items() if side_zones == ZONES),
        count=int(counts.sum()) or None,
    )


def disagreements(
    expression: ReferringExpression, mask: Mask, extent: LungExtent | None = None, *, mirrored: bool = False
) -> list[str]:
    """Return the differences between a note and a mask, in sentences for a person; all sides are the patient's.

    A side, a zone or a number that the note does not state agrees with any mask.

    Args:
        expression: the meaning of the note.
        mask: bool, rows x columns, of a frontal radiograph.
        extent: the rows of the lungs, as from `lung_extent`; None for `default_extent()`.
        mirrored: the radiograph shows the patient's right on the viewer's right.
    """
    described = describe(mask, extent, mirrored=mirrored)
    if not described.sides:
        return [f"The note says {_sides(expression.sides)}, the outline is empty."] if expression.sides else []
    if not expression.sides:
        return [f"The note names nothing to outline, but the outline is {_sides(described.sides)}."]
    differences = []
    if not expression.weak and expression.sides != described.sides:
        differences.append(f"The note says {_sides(expression.sides)}, the outline is {_sides(described.sides)}.")
    for side in described.sides:
        note_zones, mask_zones = expression.zones.get(side), described.zones[side]
        if note_zones and note_zones != mask_zones:
            subject = "The" if len(described.sides) == 1 else f"On the {side} the"
            differences.append(
                f"{subject} note says {_zone_names(note_zones)}, the outline is {_zone_names(mask_zones)}."
            )
    if expression.count is not None and described.count is not None and expression.count != described.count:
        differences.append(f"The note says {_areas(expression.count)}, the outline has {_number(described.count)}.")
    return differences


def zones_of(lung_mask: Mask, extent: LungExtent) -> tuple[Zone, ...]:
    """Return the zones of the part of a mask in one lung, bool, rows x columns, from the top; at least one."""
    return _zones(lung_mask, 0, lung_mask.shape, extent)


def _zones(part: Mask, top: int, shape: tuple[int, ...], extent: LungExtent) -> tuple[Zone, ...]:
    """Return the zones of a mask in one lung, of which `part` begins in row `top` of a radiograph of `shape`."""
    borders = extent.zone_borders(shape[0])
    pixels = _pixels_by_zone(np.count_nonzero(part, axis=1), top, borders)
    named = pixels >= _min_zone_pixels(shape, extent)
    named[np.argmax(pixels)] = True
    if named[0] and named[2] and not named[1] and _has_area_across(part, top, borders):
        named[1] = True
    return tuple(zone for zone, is_named in zip(ZONES, named, strict=True) if is_named)


def _pixels_by_zone(rows: npt.NDArray[np.integer], top: int, borders: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return the number of pixels in the upper, middle and lower zone, from the number in each row from `top` on.

    The upper and the lower zone extend to the edges of the image.
    """
    middle, lower = (max(0, border - top) for border in borders)
    return np.array([rows[:middle].sum(), rows[middle:lower].sum(), rows[lower:].sum()], dtype=np.int64)


def _min_zone_pixels(shape: tuple[int, ...], extent: LungExtent) -> npt.NDArray[np.float64]:
    """Return how many pixels each zone needs to be named: shares of a third of a lung half the image wide."""
    rows, columns = shape
    shares = fitted_parameters()["zone_share"]
    return np.array([shares[zone] for zone in ZONES]) * rows * (extent.bottom - extent.top) / 3 * columns / 2


def _has_area_across(part: Mask, top: int, borders: tuple[int, int]) -> bool:
    """Whether one connected area reaches from the upper to the lower zone."""
    middle, lower = borders
    return any(top + first < middle and top + stop > lower for first, stop in Components.of(part).row_ranges())


def _sides(sides: Sequence[Side]) -> str:
    return "on both sides" if len(sides) == len(SIDES) else sides[0]


def _zone_names(zones: Sequence[Zone]) -> str:
    if tuple(zones) == ZONES:
        return "the whole lung"
    return " and ".join(zones)


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _areas(count: int) -> str:
    return f"{_number(count)} area{'' if count == 1 else 's'}"
