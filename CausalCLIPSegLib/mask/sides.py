"""Split a mask into the patient's right and left lung."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.mask.components import bounding_box, connected_components

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
    rows, columns = bounding_box(mask)
    labels, number = connected_components(mask[rows, columns])
    half = max(0, mask.shape[1] // 2 - columns.start)  # in columns of the box
    pixels = np.bincount(labels.ravel(), minlength=number + 1)[1:]
    pixels_on_left = np.bincount(labels[:, :half].ravel(), minlength=number + 1)[1:]
    share_on_left = pixels_on_left / pixels
    viewers_left, viewers_right = np.zeros_like(mask), mask.copy()
    left = viewers_left[rows, columns]
    left[:] = np.concatenate([[False], share_on_left > 1 - _MIN_SHARE_TO_CUT])[labels]
    left[:, :half] |= np.concatenate([[False], share_on_left >= _MIN_SHARE_TO_CUT])[labels[:, :half]]
    viewers_right[rows, columns] &= ~left
    if mirrored:
        return {"right": viewers_right, "left": viewers_left}
    return {"right": viewers_left, "left": viewers_right}
