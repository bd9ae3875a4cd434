"""Estimate the rows between which the lungs lie on a frontal radiograph, for radiographs without a lung mask.

A linear model takes the mean brightness of each row in the columns of the lungs, of the middle and of the edges. It is
fitted on the training split of QaTa-COV19, which has no lung masks. The model learned the top from the first rows of
areas that a note calls upper, and the bottom from the last rows of areas that a note calls lower; the extent therefore
reaches from the apices to the bases. The borders of the middle zone are shares of the extent's height, chosen so that
an area that a note places in exactly one zone lies mostly in that zone; each zone has the same weight.
`python -m training fit-extent` writes the parameters.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

PROFILE_LENGTH = 28
"""Number of values in each brightness profile, for a radiograph of any height."""

_MIDDLE = ((0.43, 0.57),)  # bands of columns, as shares of the width
_LUNGS = ((0.10, 0.40), (0.60, 0.90))
_EDGES = ((0.0, 0.08), (0.92, 1.0))
_STRIP_ROWS = 32
_SAMPLED_VALUES, _RESERVE = 1 << 16, 1  # values, and percent
_MIN_HEIGHT = 0.25  # a lung shorter than this share of the radiograph's height is a wrong estimate


@dataclass(frozen=True)
class LungExtent:
    """The rows between which both lungs lie, and the zones between them.

    Attributes:
        top: the apices, as a share of the radiograph's height from its upper edge, at least 0.
        bottom: the bases, likewise, greater than `top` and at most 1.
        middle: the border of the upper and the middle zone, as a share of the extent's height from `top`.
        lower: the border of the middle and the lower zone, likewise, greater than `middle` and less than 1.

    Raises:
        ValueError: an attribute is out of range.
    """

    top: float
    bottom: float
    middle: float = 1 / 3
    lower: float = 2 / 3

    def __post_init__(self) -> None:
        if not 0 <= self.top < self.bottom <= 1:
            raise ValueError(f"A lung cannot reach from {self.top} to {self.bottom} of a radiograph's height.")
        if not 0 < self.middle < self.lower < 1:
            raise ValueError(f"A lung cannot be divided at {self.middle} and {self.lower} of its height.")

    def zone_borders(self, rows: int) -> tuple[int, int]:
        """Return the first row of the middle zone and of the lower zone on a radiograph with `rows` rows."""
        height = self.bottom - self.top
        return round(rows * (self.top + height * self.middle)), round(rows * (self.top + height * self.lower))


@cache
def fitted_parameters() -> dict[str, Any]:
    """Return the parameters that were fitted on the training split, from lung_extent.json."""
    text = resources.files("CausalCLIPSegLib.mask").joinpath("lung_extent.json").read_text("utf-8")
    parameters: dict[str, Any] = json.loads(text)
    return parameters


def default_extent() -> LungExtent:
    """Return the mean extent of the training split, for a mask whose radiograph is unknown."""
    parameters = fitted_parameters()
    return LungExtent(**parameters["default"], **parameters.get("zones", {}))


def lung_extent(pixels: npt.NDArray[np.generic]) -> LungExtent:
    """Estimate the rows between which the lungs lie on a frontal radiograph, mirrored or not.

    Args:
        pixels: any real dtype, rows x columns, in any gray scale in which dense tissue is white.
    """
    return lung_extent_of_profiles(row_profiles(pixels))


def lung_extent_of_profiles(profiles: npt.NDArray[np.float64]) -> LungExtent:
    """Estimate the extent from the brightness profiles of `row_profiles`."""
    parameters = fitted_parameters()
    top, bottom = (
        float(np.dot(parameters[edge]["weights"], profiles) + parameters[edge]["constant"])
        for edge in ("top", "bottom")
    )
    return plausible(top, bottom, **parameters.get("zones", {}))


def plausible(top: float, bottom: float, middle: float = 1 / 3, lower: float = 2 / 3) -> LungExtent:
    """Return the extent from `top` to `bottom`, limited to the radiograph and to a minimum height."""
    top = min(max(top, 0.0), 1 - _MIN_HEIGHT)
    return LungExtent(top, min(max(bottom, top + _MIN_HEIGHT), 1.0), middle, lower)


def row_profiles(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return the input of the model: brightness profiles from top to bottom of the lungs, the middle and the edges.

    Args:
        pixels: any real dtype, rows x columns.

    Returns:
        float64, 3 x `PROFILE_LENGTH` values in one dimension, each between -0.5 and 0.5.
    """
    dark, bright = (_percentile(np.asarray(pixels), percent) for percent in (2, 98))
    bands = [_columns_of(each, pixels.shape[1]) for each in (_LUNGS, _MIDDLE, _EDGES)]
    means = np.empty((len(bands), len(pixels)))
    for top in range(0, len(pixels), _STRIP_ROWS):  # in strips, which stay in the cache of the processor
        strip = np.array(pixels[top : top + _STRIP_ROWS], dtype=np.float64)
        strip -= dark
        strip /= max(bright - dark, 1e-6)
        strip.clip(0, 1, out=strip)
        strip -= 0.5
        means[:, top : top + _STRIP_ROWS] = [
            sum(strip[:, each].sum(axis=1) for each in band) / sum(each.stop - each.start for each in band)
            for band in bands
        ]
    return np.concatenate([_profile(each) for each in means])


def _percentile(values: npt.NDArray[np.generic], percent: float) -> float:
    """Return a percentile below 49 or above 51 in float64, with linear interpolation.

    Only the lowest or the highest values are ordered; a sample says how low or high these are.
    """
    values = values.ravel()
    place = percent / 100 * (values.size - 1)
    sample = np.sort(values[:: max(1, values.size // _SAMPLED_VALUES)])
    index = round((percent + (_RESERVE if percent < 50 else -_RESERVE)) / 100 * (sample.size - 1))
    part = values[values <= sample[index]] if percent < 50 else values[values >= sample[index]]
    skipped = 0 if percent < 50 else values.size - part.size
    neighbors = [math.floor(place) - skipped, math.ceil(place) - skipped]
    if neighbors[0] < 0 or neighbors[1] >= part.size:  # the sample is not like the image
        part, neighbors = values, [each + skipped for each in neighbors]
    below, above = np.partition(part, neighbors)[neighbors].astype(np.float64)
    return float(below + (above - below) * (place % 1))


def _columns_of(band: tuple[tuple[float, float], ...], columns: int) -> list[slice]:
    """Return the columns of a band, at least one in each of its parts."""
    firsts = [int(first * columns) for first, _ in band]
    return [slice(first, max(int(last * columns), first + 1)) for first, (_, last) in zip(firsts, band, strict=True)]


def _profile(means: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Resample the mean brightness of each row to `PROFILE_LENGTH` values."""
    rows = len(means)
    cumulative = np.concatenate([[0.0], np.cumsum(means)])
    resampled = np.interp(np.linspace(0, rows, PROFILE_LENGTH + 1), np.arange(rows + 1), cumulative)
    return np.asarray(np.diff(resampled) * PROFILE_LENGTH / rows)
