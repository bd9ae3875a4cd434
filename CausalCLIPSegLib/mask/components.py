"""Measures of a mask: its connected areas, and their size."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=bool)


def connected_components(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int32], int]:
    """Number the areas of a mask, bool rows x columns; pixels that touch by a corner belong together.

    Returns:
        the labels, int32 rows x columns, 0 outside the mask; how many areas there are.
    """
    labels, number = ndimage.label(mask, structure=_EIGHT_NEIGHBOURS)
    return labels, int(number)


def area_mm2(mask: npt.NDArray[np.bool_], spacing: tuple[float, float] | None) -> float | None:
    """Return the area of a mask, rows x columns, in mm² of the detector plane; None when there is no calibration."""
    return None if spacing is None else float(mask.sum()) * spacing[0] * spacing[1]
