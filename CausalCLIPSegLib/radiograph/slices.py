"""Make an upright radiograph of one stored slice of a file that may hold a volume."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import orientation
from CausalCLIPSegLib.radiograph.grayscale import byte_pixels, percentile_normalize
from CausalCLIPSegLib.radiograph.limits import check_size
from CausalCLIPSegLib.radiograph.orientation import AS_STORED, Turn
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph
from CausalCLIPSegLib.radiograph.spacing import UNCALIBRATED, is_plausible

# Millimeters. ITK places an image also if its pixels are far from those of a radiograph.
_AXIS_LENGTHS = (1e-6, 1e6)
# Volume of the cube between the three directions; 1 if they are perpendicular.
_MIN_VOLUME = 1e-3


def slice_axes(sizes: list[int], dtype: np.dtype[Any], components: int) -> tuple[int, int]:
    """Return the axes whose index is the column and the row; reject unsuitable files by their header.

    Args:
        sizes: voxels along each axis in space and time.
        dtype: type of a value.
        components: values of a voxel.

    Raises:
        RadiographError: the file holds a volume, several images, or something else than gray or color.
    """
    axes = [axis for axis, size in enumerate(sizes) if size > 1]
    if len(axes) > 2 or any(axis > 2 for axis in axes):
        raise RadiographError("The file holds a volume or several images; give it one radiograph.")
    if len(axes) < 2:
        raise RadiographError("The file holds no image, only a line or a point.")
    if dtype.kind == "c":
        raise RadiographError("The file holds complex numbers; a radiograph has levels of gray.")
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise RadiographError("The file holds values of a kind that the program does not read.")
    if components > (4 if dtype == np.uint8 else 1):
        raise RadiographError("The file holds several values for each pixel; a radiograph holds one.")
    column_axis, row_axis = axes
    check_size(sizes[row_axis], sizes[column_axis], components * dtype.itemsize)
    return column_axis, row_axis


def read_slice(
    name: str,
    values: npt.NDArray[Any],
    axis_affine: npt.NDArray[np.float64],
    axes: tuple[int, int],
    *,
    is_stated: bool,
    is_stretched: bool = False,
    is_inverted: bool = False,
    warnings: tuple[str, ...] = (),
) -> Radiograph:
    """Return the upright radiograph of a slice.

    Args:
        name: name of the radiograph.
        values: rows x columns, optionally x components; stored order.
        axis_affine: 4 x 4, voxel of the file to millimeters, LPS, where ITK places it.
        axes: axes of the file whose index is the column and the row.
        is_stated: the file states where its axes run; otherwise its writer put what it puts if it knows nothing.
        is_stretched: stretch also values of 8 bits.
        is_inverted: small values are dense.
        warnings: about the file.

    Raises:
        RadiographError: the slice is not a frontal radiograph.
    """
    column_axis, row_axis = axes
    affine = axis_affine[:, [column_axis, row_axis, 3 - column_axis - row_axis, 3]]
    if not _is_usable(affine):
        affine, is_stated = np.eye(4), False
    if values.dtype == np.uint8 and not is_stretched:
        pixels, color_warnings = byte_pixels(values)
    else:
        pixels, color_warnings = percentile_normalize(values), ()
    if is_inverted:
        pixels = 1 - pixels
    turn, is_stated, remarks = _find_turn(pixels, affine, is_stated=is_stated)
    pixels = turn.upright(pixels)
    row_mm, column_mm = (float(length) for length in np.linalg.norm(affine[:3, [1, 0]], axis=0))
    spacing = (column_mm, row_mm) if turn.transposed else (row_mm, column_mm)
    rows, columns = pixels.shape
    if not is_plausible(spacing, (rows, columns)) and spacing != (1, 1):
        warnings = (*warnings, UNCALIBRATED)
    return checked_radiograph(
        name,
        pixels,
        spacing=spacing if spacing != (1, 1) and UNCALIBRATED not in warnings else None,
        affine=affine @ turn.to_stored((rows, columns)),
        turn=turn,
        mirrored=False if is_stated else None,
        warnings=(*warnings, *remarks, *color_warnings),
    )


def _is_usable(affine: npt.NDArray[np.float64]) -> bool:
    """Return whether a matrix is finite, and its axes have lengths and directions of their own."""
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(affine[:3, :3], axis=0)
        volume = abs(np.linalg.det(affine[:3, :3] / lengths))
    low, high = _AXIS_LENGTHS
    return bool(np.isfinite(affine).all() and low < lengths.min() and lengths.max() < high and volume > _MIN_VOLUME)


def _find_turn(
    pixels: npt.NDArray[np.float32], affine: npt.NDArray[np.float64], *, is_stated: bool
) -> tuple[Turn, bool, tuple[str, ...]]:
    """Return how the stored pixels become upright, whether the file states it, and warnings.

    If the file states nothing, the picture decides whether it is upside down. dcm2niix stores the rows of a plain
    radiograph upwards; a file with an identity matrix in RAS may mean it.
    """
    try:
        turn, says_something, is_oblique = orientation.find_turn(affine)
    except RadiographError:
        if is_stated:
            raise
        turn, says_something, is_oblique = AS_STORED, False, False
    is_stated = is_stated and says_something
    used = turn if is_stated else AS_STORED
    looks_upside_down = orientation.looks_upside_down(used.upright(pixels))
    if is_stated:
        remarks = (orientation.OBLIQUE,) if is_oblique else ()
        return turn, True, (*remarks, orientation.LOOKS_UPSIDE_DOWN) if looks_upside_down else remarks
    if looks_upside_down:
        return turn if turn.rows_reversed else Turn(rows_reversed=True), False, (orientation.UPSIDE_DOWN,)
    return AS_STORED, False, (orientation.UNKNOWN,)
