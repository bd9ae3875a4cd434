"""Resample from the radiograph's grid to the network's square grid, and back.

Pillow's bilinear filter is that of PyTorch with antialiasing: a triangle, as wide as a pixel of the coarser grid.
Antialiasing makes a radiograph of 4,000 columns and one of 255 columns look alike to the network.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

FloatArray = npt.NDArray[np.float32]


def to_network_grid(pixels: FloatArray, size: int) -> FloatArray:
    """Resample a radiograph to the network's square input; its aspect ratio is not kept.

    Args:
        pixels: float32 in [0, 1], rows x columns.
        size: rows and columns of the input.

    Returns:
        float32 in [0, 1], size x size.
    """
    return _resample(pixels, size, size).clip(0, 1)


def to_radiograph_grid(network_map: FloatArray, rows: int, columns: int) -> FloatArray:
    """Resample a map on the network's grid, h x w, to the radiograph's grid: float32, rows x columns."""
    return _resample(network_map, rows, columns)


def _resample(image: FloatArray, rows: int, columns: int) -> FloatArray:
    source = Image.fromarray(np.ascontiguousarray(image, dtype=np.float32))
    return np.asarray(source.resize((columns, rows), Image.Resampling.BILINEAR), dtype=np.float32)


def interpolate(maps: FloatArray, size: int) -> FloatArray:
    """Interpolate square maps, ... x h x h, bilinearly and without antialiasing: float32, ... x size x size."""
    matrix = _interpolation(maps.shape[-1], size)
    return np.asarray(matrix @ maps @ matrix.T, dtype=np.float32)


@lru_cache(maxsize=64)
def _interpolation(size: int, new_size: int) -> FloatArray:
    """Return the matrix of a linear interpolation along one axis, new_size x size."""
    places = ((np.arange(new_size) + 0.5) * size / new_size - 0.5).clip(0, size - 1)
    return (1 - abs(places[:, None] - np.arange(size))).clip(0).astype(np.float32)
