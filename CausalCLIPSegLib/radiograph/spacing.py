"""Decide whether a pixel spacing can be that of a chest radiograph."""

from __future__ import annotations

UNCALIBRATED = "The pixel spacing in the header cannot be that of a chest radiograph, so areas are not in mm²."

# Pixels of detectors and digitizers measure 0.05 to 0.2 mm; those of a reduced image more.
_MIN_SPACING_MM, _MAX_SPACING_MM = 0.02, 20.0
# The longest cassettes, which are those for the spine and the legs, measure 1,300 mm.
_MAX_SIDE_MM = 1500.0


def is_plausible(spacing: tuple[float, float], shape: tuple[int, int]) -> bool:
    """Return whether the pixels and the image have possible sizes.

    Args:
        spacing: row mm, column mm.
        shape: rows and columns.
    """
    sides = spacing[0] * shape[0], spacing[1] * shape[1]
    return min(spacing) >= _MIN_SPACING_MM and max(spacing) <= _MAX_SPACING_MM and max(sides) <= _MAX_SIDE_MM
