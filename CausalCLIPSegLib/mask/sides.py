"""Part a mask into what lies in the patient's right and left lung."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.mask.components import connected_components

_ACROSS = 0.1
"""A component with more than this share in either half is cut at the middle of the picture."""


def split_by_side(mask: npt.NDArray[np.bool_], *, mirrored: bool = False) -> dict[Side, npt.NDArray[np.bool_]]:
    """Part a mask of a frontal film at the middle of the picture, without cutting what reaches over it a little.

    Args:
        mask: bool, rows x columns.
        mirrored: the film shows the patient's right on the viewer's right.

    Returns:
        For each side of the patient a mask of the same shape; the two are disjoint and add up to the mask.
    """
    labels, number = connected_components(mask)
    half = mask.shape[1] // 2
    pixels, on_viewers_left = (
        np.bincount(part.ravel(), minlength=number + 1)[1:] for part in (labels, labels[:, :half])
    )
    share = on_viewers_left / pixels
    viewers_left = np.concatenate([[False], share > 1 - _ACROSS])[labels]
    viewers_left[:, :half] |= np.concatenate([[False], share >= _ACROSS])[labels[:, :half]]
    viewers_right = mask & ~viewers_left
    return (
        {"right": viewers_right, "left": viewers_left} if mirrored else {"right": viewers_left, "left": viewers_right}
    )
