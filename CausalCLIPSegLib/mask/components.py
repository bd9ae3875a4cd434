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
    labels = np.zeros(mask.shape, np.int32)
    box = bounding_box(mask)
    return labels, int(ndimage.label(mask[box], structure=_EIGHT_NEIGHBORS, output=labels[box]))


def count_components(mask: npt.NDArray[np.bool_]) -> int:
    """Return the number of connected components of a mask, rows x columns; see `connected_components`."""
    return connected_components(mask[bounding_box(mask)])[1]


def bounding_box(mask: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns between which a mask, rows x columns, lies; both are empty for an empty mask.

    Labeling is slow, and a mask covers a small part of a radiograph.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def area_mm2(mask: npt.NDArray[np.bool_], spacing: tuple[float, float] | None) -> float | None:
    """Return the area of a mask in mm², as measured on the detector.

    Args:
        mask: bool, rows x columns.
        spacing: distance between rows and between columns in mm; None if the radiograph is not calibrated.

    Returns:
        The area, or None without `spacing`.
    """
    return None if spacing is None else float(mask.sum()) * spacing[0] * spacing[1]
