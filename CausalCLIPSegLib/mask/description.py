"""The other way round: a mask -> what a note would say of it, and where a note and a mask do not agree.

What counts as a zone, and the smallest area that counts, are fitted on QaTa-COV19's training split
(`lung_extent.json`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CausalCLIPSegLib.laterality import SIDES, Side
from CausalCLIPSegLib.mask.components import connected_components
from CausalCLIPSegLib.mask.lung_extent import LungExtent, default_extent, fitted
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes.expression import ZONES, ReferringExpression, Zone

Mask = npt.NDArray[np.bool_]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")


def describe(mask: Mask, extent: LungExtent | None = None, *, mirrored: bool = False) -> ReferringExpression:
    """Return where a mask lies, as a note would say it; `say` makes the sentence of it.

    A zone is named when the mask takes enough of it, and in any case the one that it takes most of; one area that
    reaches from the upper to the lower zone is in the middle one too. All three zones are the whole lung, as in the
    published notes.

    Args:
        mask: bool, rows x columns, of a frontal film.
        extent: where the lungs lie on it, as from `lung_extent`; without it the usual place on a film.
        mirrored: the film shows the patient's right on the viewer's right.

    Returns:
        sides of the patient, zones, whole lungs and the number of connected areas; specks do not count, and a mask
        with nothing else has no sides.
    """
    kept, number = _without_specks(mask)
    thirds = (extent or default_extent()).thirds(mask.shape[0])
    zones = {
        side: _zones(part, thirds, extent or default_extent())
        for side, part in split_by_side(kept, mirrored=mirrored).items()
        if part.any()
    }
    return ReferringExpression(
        sides=tuple(zones),
        zones=zones,
        whole=tuple(side for side, named in zones.items() if named == ZONES),
        count=number or None,
    )


def disagreements(
    expression: ReferringExpression, mask: Mask, extent: LungExtent | None = None, *, mirrored: bool = False
) -> list[str]:
    """Return where a note and a mask do not agree, in sentences for a person; all sides are the patient's.

    What the note leaves open agrees with everything: a side or a zone that it does not name, a number that it does not
    give.

    Args:
        expression: what the note means.
        mask: bool, rows x columns, of a frontal film.
        extent: where the lungs lie on it; without it the usual place on a film.
        mirrored: the film shows the patient's right on the viewer's right.
    """
    outline = describe(mask, extent, mirrored=mirrored)
    if not outline.sides:
        return [f"The note says {_sides(expression.sides)}, the outline is empty."] if expression.sides else []
    if not expression.sides:
        return [f"The note names nothing to outline, the outline is {_sides(outline.sides)}."]
    found = []
    if not expression.weak and expression.sides != outline.sides:
        found.append(f"The note says {_sides(expression.sides)}, the outline is {_sides(outline.sides)}.")
    found += [
        f"{_on(side, outline.sides)} note says {_extent(wanted)}, the outline is {_extent(outline.zones[side])}."
        for side in outline.sides
        if (wanted := expression.zones.get(side)) and wanted != outline.zones[side]
    ]
    if expression.count is not None and outline.count is not None and expression.count != outline.count:
        found.append(f"The note says {_areas(expression.count)}, the outline has {_number(outline.count)}.")
    return found


def _without_specks(mask: Mask) -> tuple[Mask, int]:
    """Return the mask without areas that are too small to count, and how many areas are left."""
    labels, number = connected_components(mask)
    sizes = np.bincount(labels.ravel(), minlength=number + 1)
    large = sizes >= fitted()["smallest_area"] * mask.size
    large[0] = False
    return large[labels], int(large.sum())


def _zones(part: Mask, thirds: tuple[int, int], extent: LungExtent) -> tuple[Zone, ...]:
    """Return the zones of one lung that a mask is in; at least one."""
    pixels = count_by_zone(part.sum(axis=1), thirds)
    named = pixels >= zone_pixels(part.shape, extent)
    named[np.argmax(pixels)] = True
    if named[0] and named[2] and not named[1] and _reaches_across(part, thirds):
        named[1] = True
    return tuple(zone for zone, is_named in zip(ZONES, named, strict=True) if is_named)


def count_by_zone(rows: npt.NDArray[np.integer], thirds: tuple[int, int]) -> npt.NDArray[np.int64]:
    """Return the pixels in the upper, middle and lower zone, from those in each row; the end zones reach beyond."""
    middle, lower = thirds
    return np.array([rows[:middle].sum(), rows[middle:lower].sum(), rows[lower:].sum()], dtype=np.int64)


def zone_pixels(shape: tuple[int, ...], extent: LungExtent) -> float:
    """Return how many pixels of a zone make it count: a share of a third of the lung's height, half the film wide."""
    rows, columns = shape
    return float(fitted()["zone_share"]) * rows * (extent.bottom - extent.top) / 3 * columns / 2


def _reaches_across(part: Mask, thirds: tuple[int, int]) -> bool:
    labels, number = connected_components(part)
    middle, lower = thirds
    rows = [where[0] for where in ndimage.find_objects(labels, number)]
    return any(where.start < middle and where.stop > lower for where in rows)


def _sides(sides: Sequence[Side]) -> str:
    return "on both sides" if len(sides) == len(SIDES) else sides[0]


def _on(side: Side, sides: Sequence[Side]) -> str:
    return "The" if len(sides) == 1 else f"On the {side} the"


def _extent(zones: Sequence[Zone]) -> str:
    if tuple(zones) == ZONES:
        return "the whole lung"
    return " and ".join(zones)


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _areas(count: int) -> str:
    return f"{_number(count)} area{'' if count == 1 else 's'}"
