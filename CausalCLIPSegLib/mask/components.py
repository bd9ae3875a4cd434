"""Connected components of a mask, and its area.

A mask is a list of runs: the pieces of its rows. Runs are few, so components are found among runs and not among
pixels. SciPy would label the pixels, but importing it takes longer than reading and segmenting a small radiograph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.bounding_box import bounding_box

Mask = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Components:
    """The connected components of a mask; pixels that touch at a corner are connected.

    Attributes:
        box: rows and columns between which the mask lies; both are empty for an empty mask.
        rows: row of each run, counted from the box; runs are in the order in which a reader meets them.
        starts, stops: first column of each run, and the column after its last one, counted from the box.
        labels: component of each run, from 0, in the order of the first runs.
        number: number of components.
    """

    box: tuple[slice, slice]
    rows: Integers
    starts: Integers
    stops: Integers
    labels: Integers
    number: int

    @classmethod
    def of(cls, mask: Mask) -> Components:
        """Return the components of a mask, bool, rows x columns."""
        box = bounding_box(mask)
        height, width = (each.stop - each.start for each in box)
        width += 1  # a column that is never covered ends the runs of each row
        padded = np.zeros(1 + height * width, dtype=bool)
        padded[1:].reshape(height, width)[:, :-1] = mask[box]
        edges = np.flatnonzero(padded[1:] != padded[:-1])
        starts, stops = edges[::2], edges[1::2]
        roots, labels = np.unique(_first_connected(starts, stops, width), return_inverse=True)
        rows = starts // width
        return cls(box, rows, starts - width * rows, stops - width * rows, labels, len(roots))

    @property
    def sizes(self) -> Integers:
        """The number of pixels of each component."""
        return self.sums(self.stops - self.starts)

    def sums(self, values: Integers) -> Integers:
        """Add up a whole number of each run, for each component."""
        return np.bincount(self.labels, values, self.number).astype(np.int64)

    def row_ranges(self) -> list[tuple[int, int]]:
        """Return for each component its first row on the radiograph, and the row after its last one."""
        rows = self.rows + self.box[0].start
        first = rows[np.unique(self.labels, return_index=True)[1]]
        last = rows[::-1][np.unique(self.labels[::-1], return_index=True)[1]]
        return [(int(top), int(bottom) + 1) for top, bottom in zip(first, last, strict=True)]

    def paint(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the box as an image, with a value for the pixels of each component, and 0 outside of the mask."""
        height, width = (each.stop - each.start for each in self.box)
        places = np.stack([self.starts, self.stops], axis=1) + (self.rows * (width + 1))[:, np.newaxis]
        lengths = np.diff(places.ravel(), prepend=0, append=height * (width + 1))
        colors = np.zeros(len(lengths), values.dtype)
        colors[1::2] = values[self.labels]
        return np.repeat(colors, lengths).reshape(height, width + 1)[:, :-1]


def connected_components(mask: Mask) -> tuple[npt.NDArray[np.int32], int]:
    """Label the connected components of a mask; pixels that touch at a corner are connected.

    Args:
        mask: bool, rows x columns.

    Returns:
        The labels, int32, rows x columns, 0 outside the mask, and the number of components.
    """
    components = Components.of(mask)
    labels = np.zeros(mask.shape, np.int32)
    labels[components.box] = components.paint(np.arange(1, components.number + 1, dtype=np.int32))
    return labels, components.number


def count_components(mask: Mask) -> int:
    """Return the number of connected components of a mask, rows x columns; see `connected_components`."""
    return Components.of(mask).number


def area_mm2(mask: Mask, spacing: tuple[float, float] | None) -> float | None:
    """Return the area of a mask in mm², as measured on the detector.

    Args:
        mask: bool, rows x columns.
        spacing: distance between rows and between columns in mm; None if the radiograph is not calibrated.

    Returns:
        The area, or None without `spacing`.
    """
    return None if spacing is None else float(np.count_nonzero(mask)) * spacing[0] * spacing[1]


def area_fraction(mask: Mask) -> float:
    """Return the share of a radiograph that a mask, bool, rows x columns, covers, in [0, 1]."""
    return np.count_nonzero(mask) / mask.size


def _first_connected(starts: Integers, stops: Integers, width: int) -> Integers:
    """Return for each run the first run of its component.

    Args:
        starts, stops: first and last + 1 position of each run in an image that is read row by row.
        width: columns of that image; the last one is never covered.
    """
    # The runs of the next row that a run touches are neighbors in the list.
    after = np.searchsorted(stops, starts + width - 1, side="right")
    counts = np.searchsorted(starts, stops + width + 1, side="left") - after
    upper = np.repeat(np.arange(len(starts)), counts)
    lower = np.arange(len(upper)) + np.repeat(after - (np.cumsum(counts) - counts), counts)
    roots = np.arange(len(starts))
    while True:
        above, below = roots[upper], roots[lower]
        differs = above != below
        if not differs.any():
            return roots
        upper, lower, above, below = upper[differs], lower[differs], above[differs], below[differs]
        np.minimum.at(roots, np.maximum(above, below), np.minimum(above, below))
        while (roots[roots] != roots).any():
            roots = roots[roots]
