"""Connected components of a mask, and its area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

_EIGHT_NEIGHBORS = np.ones((3, 3), dtype=bool)


def connected_components(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int32], int]:
    """Label the connected components of a mask; pixels that touch at a corner are connected.

    Args:
        mask: bool, rows x columns.

    Returns:
        The labels, int32, rows x columns, 0 outside the mask, and the number of components.
    """
    labels, number = ndimage.label(mask, structure=_EIGHT_NEIGHBORS)
    return labels, int(number)


def area_mm2(mask: npt.NDArray[np.bool_], spacing: tuple[float, float] | None) -> float | None:
    """Return the area of a mask in mm², as measured on the detector.

    Args:
        mask: bool, rows x columns.
        spacing: distance between rows and between columns in mm; None if the radiograph is not calibrated.

    Returns:
        The area, or None without `spacing`.
    """
    return None if spacing is None else float(mask.sum()) * spacing[0] * spacing[1]
