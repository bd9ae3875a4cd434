"""Places on a frontal radiograph that a note can name: two lungs, and three zones of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES, Side, side_in_image
from CausalCLIPSegLib.mask.lung_extent import LungExtent
from CausalCLIPSegLib.notes.expression import ZONES, ReferringExpression, Zone

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """A lung of the patient, or one zone of it.

    Attributes:
        side: the patient's lung.
        zone: one zone of it; None for the whole lung.
    """

    side: Side
    zone: Zone | None = None

    @property
    def name(self) -> str:
        """The name of the place in a sentence, for example "right lung" or "left upper zone"."""
        return place_name(self.side, () if self.zone is None else (self.zone,))

    @property
    def expression(self) -> ReferringExpression:
        """A note that names only this place."""
        return ReferringExpression(sides=(self.side,), zones={} if self.zone is None else {self.side: (self.zone,)})


PLACES = tuple(Place(side, zone) for side in SIDES for zone in (None, *ZONES))
"""All eight places: for each side the lung, then its zones from the top."""


def place_name(side: Side, zones: Sequence[Zone]) -> str:
    """Return zones of a lung in words, for example "right upper and middle zones"; no or all zones are the lung."""
    if not zones or len(zones) == len(ZONES):
        return f"{side} lung"
    return f"{side} {' and '.join(zones)} zone{'s' if len(zones) > 1 else ''}"


def place_window(
    place: Place, shape: tuple[int, int], extent: LungExtent, *, mirrored: bool = False, margin: float = 0.0
) -> tuple[slice, slice]:
    """Return the rows and the columns of a place; `place_mask` explains the arguments."""
    rows, columns = shape
    on_left = side_in_image(place.side, mirrored) == "left"
    half = slice(0, columns // 2) if on_left else slice(columns // 2, columns)
    middle, lower = extent.zone_borders(rows)
    borders: dict[Zone | None, tuple[int, int]] = {
        None: (0, rows),
        "upper": (0, middle),
        "middle": (middle, lower),
        "lower": (lower, rows),
    }
    first, last = borders[place.zone]
    added = round(margin * (extent.bottom - extent.top) * rows)
    return slice(max(0, first - added), min(rows, last + added)), half


def place_mask(
    place: Place, shape: tuple[int, int], extent: LungExtent, *, mirrored: bool = False, margin: float = 0.0
) -> Mask:
    """Return the part of a radiograph that belongs to a place.

    A lung is a half of the image, because a lesion may reach beyond the estimated extent. The upper zone therefore
    begins at the upper edge of the image, and the lower zone ends at the lower edge.

    Args:
        place: the place.
        shape: rows and columns of the radiograph.
        extent: where the lungs lie on it.
        mirrored: the image shows the patient's right on the viewer's right.
        margin: how far the zone reaches beyond its upper and lower border, as a share of the lung's height. The
            midline never has a margin, so a whole lung is the same with any margin.

    Returns:
        Bool, rows x columns.
    """
    mask = np.zeros(shape, dtype=bool)
    mask[place_window(place, shape, extent, mirrored=mirrored, margin=margin)] = True
    return mask
