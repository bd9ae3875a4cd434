"""Resample from the radiograph's grid to the network's square grid, and back, or to the size of a picture.

The filters are those of Pillow; the triangle is also that of PyTorch with antialiasing. A filter is as wide as a pixel
of the coarser grid. This makes a radiograph of 4,000 columns and one of 255 columns look alike to the network.
A few rows of the result depend on a few rows of the image, so each axis is filtered by products of small matrices.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

Window = tuple[slice, slice]
"""Rows and columns."""

_LEAST_ROWS, _MOST_ROWS = 4, 32  # of the result in one product
_SERIAL_OPERATIONS = 1 << 18
"""The largest product that OpenBLAS computes in one thread; threads that wait for each other take more time here."""


@dataclass(frozen=True)
class Kernel:
    """A filter along one axis.

    Attributes:
        weight: the weight at a distance, in units of `width`; 0 from `support` on.
        support: the largest distance with a weight, in units of `width`.
        width: in pixels of the image.
    """

    weight: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
    support: float
    width: float = 1.0

    @property
    def reach(self) -> float:
        """The largest distance with a weight, in pixels of the image."""
        return self.support * self.width

    def widened(self, scale: float) -> Kernel:
        """Return the filter for an image that becomes smaller by a factor, or larger if that is below 1."""
        return replace(self, width=max(scale, 1.0))

    def weights(self, distances: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the weights of pixels at some distances, whose sum along the last axis is 1."""
        weights = self.weight(abs(distances) / self.width)
        weights /= weights.sum(axis=-1, keepdims=True)  # at the edges, a part of the filter is outside of the image
        return weights


def _triangle(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (1 - distance).clip(0)


def _cubic(distance: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    near = (1.5 * distance - 2.5) * distance**2 + 1
    far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
    return np.where(distance < 1, near, np.where(distance < 2, far, 0))


BILINEAR = Kernel(_triangle, 1)
BICUBIC = Kernel(_cubic, 2)


def to_network_grid(pixels: FloatArray, size: int) -> FloatArray:
    """Resample a radiograph to the network's square input; its aspect ratio is not kept.

    Args:
        pixels: float32 in [0, 1], rows x columns.
        size: rows and columns of the input.

    Returns:
        float32 in [0, 1], size x size.
    """
    return np.ascontiguousarray(resample(pixels, size, size, BILINEAR).clip(0, 1))


def to_radiograph_grid(network_map: FloatArray, rows: int, columns: int, window: Window | None = None) -> FloatArray:
    """Resample a map on the network's grid, h x w, to the radiograph's grid.

    Args:
        network_map: float32, h x w.
        rows, columns: of the radiograph.
        window: rows and columns to compute; None: all.

    Returns:
        float32, of the size of the window.
    """
    return resample(network_map, rows, columns, BILINEAR, window)


def reached_window(box: Window, network_shape: tuple[int, ...], rows: int, columns: int) -> Window:
    """Return the rows and columns of the radiograph whose values depend on a box of the network's grid, h x w."""
    first, second = (
        _reached(each, size, length) for each, size, length in zip(box, network_shape, (rows, columns), strict=True)
    )
    return first, second


def _reached(covered: slice, size: int, length: int) -> slice:
    scale = size / length
    reach = max(scale, 1.0)
    start = math.floor((covered.start - reach + 0.5) / scale - 0.5)
    stop = math.ceil((covered.stop - 1 + reach + 0.5) / scale - 0.5) + 1
    return slice(max(0, start), min(length, stop))


def resample(image: FloatArray, rows: int, columns: int, kernel: Kernel, window: Window | None = None) -> FloatArray:
    """Resample an image to `rows` x `columns`, and return a window of the result, or all of it: float32."""
    height, width = image.shape
    in_rows, in_columns = window or (slice(0, rows), slice(0, columns))
    if rows * columns <= height * width:  # rows first: turning a small image is faster than turning a large one
        return _resample_rows(_resample_rows(image, rows, in_rows, kernel).T, columns, in_columns, kernel).T
    return _resample_rows(_resample_rows(image.T, columns, in_columns, kernel).T, rows, in_rows, kernel)


def _resample_rows(image: FloatArray, rows: int, window: slice, kernel: Kernel) -> FloatArray:
    """Resample an image, h x w, along its first axis to `rows` rows, and return those of a window, float32."""
    scale = len(image) / rows
    centers = (np.arange(window.start, window.stop) + 0.5) * scale - 0.5
    return filter_rows(image, centers, kernel.widened(scale))


def filter_rows(image: npt.NDArray[Any], centers: npt.NDArray[np.float64], kernel: Kernel) -> FloatArray:
    """Filter an image, h x w, along its first axis.

    Args:
        image: any real type, h x w.
        centers: the place of each row of the result in rows of the image, from the top.
        kernel: the weights of the rows of the image around a place.

    Returns:
        float32, rows of `centers` x w.
    """
    image = np.ascontiguousarray(image, dtype=np.float32)
    result = np.empty((len(centers), image.shape[1]), np.float32)
    top = 0
    for first, weights in _strips(len(image), centers.tobytes(), kernel):
        part, strip = result[top : top + len(weights)], image[first : first + weights.shape[1]]
        columns = max(1, _SERIAL_OPERATIONS // weights.size)
        for left in range(0, strip.shape[1], columns):
            np.matmul(weights, strip[:, left : left + columns], out=part[:, left : left + columns])
        top += len(weights)
    return result


@lru_cache(maxsize=32)  # the radiographs of a batch often have the same size
def _strips(length: int, centers: bytes, kernel: Kernel) -> list[tuple[int, FloatArray]]:
    """Return the first row of the image on which a few rows of the result depend, and the weights, for all rows."""
    at_once = max(_LEAST_ROWS, int(_MOST_ROWS / kernel.width))
    places = np.frombuffer(centers)
    strips = []
    for some in (places[top : top + at_once] for top in range(0, len(places), at_once)):
        first = max(0, math.floor(some[0] - kernel.reach))
        sources = np.arange(first, min(length, math.ceil(some[-1] + kernel.reach) + 1))
        strips.append((first, kernel.weights(some[:, np.newaxis] - sources).astype(np.float32)))
    return strips


def interpolate(maps: FloatArray, size: int) -> FloatArray:
    """Interpolate square maps, ... x h x h, bilinearly and without antialiasing: float32, ... x size x size."""
    matrix = _interpolation(maps.shape[-1], size)
    return np.asarray(matrix @ maps @ matrix.T, dtype=np.float32)


@lru_cache(maxsize=64)
def _interpolation(size: int, new_size: int) -> FloatArray:
    """Return the matrix of a linear interpolation along one axis, new_size x size."""
    places = ((np.arange(new_size) + 0.5) * size / new_size - 0.5).clip(0, size - 1)
    return (1 - abs(places[:, None] - np.arange(size))).clip(0).astype(np.float32)
