"""The part of a radiograph in which a mask lies: a mask covers a small part, so work on that part is faster."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def bounding_box(mask: npt.NDArray[np.bool_]) -> tuple[slice, slice]:
    """Return the rows and columns between which a mask, rows x columns, lies; both are empty for an empty mask."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not len(rows):
        return slice(0, 0), slice(0, 0)
    columns = np.flatnonzero(mask[rows[0] : rows[-1] + 1].any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)
