"""Split a mask into the patient's right and left lung."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.mask.components import Components

_MIN_SHARE_TO_CUT = 0.1
"""A component is cut at the midline if each half of the image holds at least this share of its pixels."""


def split_by_side(mask: npt.NDArray[np.bool_], *, mirrored: bool = False) -> dict[Side, npt.NDArray[np.bool_]]:
    """Split a mask of a frontal radiograph at the midline of the image.

    A component that extends only slightly across the midline is not cut.

    Args:
        mask: bool, rows x columns.
        mirrored: the radiograph shows the patient's right on the viewer's right.

    Returns:
        For each side of the patient a bool mask of the same shape. The two are disjoint, and their union is `mask`.
    """
    components = Components.of(mask)
    left = on_viewers_left(components, mask.shape[1])
    viewers_left, viewers_right = np.zeros_like(mask), mask.copy()
    viewers_left[components.box] = left
    viewers_right[components.box] &= ~left
    if mirrored:
        return {"right": viewers_right, "left": viewers_left}
    return {"right": viewers_left, "left": viewers_right}


def on_viewers_left(components: Components, columns: int) -> npt.NDArray[np.bool_]:
    """Return the part of a mask that belongs to the lung on the viewer's left; see `split_by_side`.

    Args:
        components: of the mask.
        columns: of the radiograph.

    Returns:
        Bool, of the size of `components.box`.
    """
    half = max(0, columns // 2 - components.box[1].start)  # in columns of the box
    on_left = components.sums(np.minimum(components.stops, half) - np.minimum(components.starts, half))
    share_on_left = on_left / components.sizes
    left = components.paint(share_on_left > 1 - _MIN_SHARE_TO_CUT)
    left[:, :half] |= components.paint(share_on_left >= _MIN_SHARE_TO_CUT)[:, :half]
    return left
