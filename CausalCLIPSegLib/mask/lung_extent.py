"""Where the lungs begin and end on a frontal film, from the film alone: an estimate for films without a lung mask.

The mean brightness of each row (of the lungs' columns, the middle and the edges) goes into a linear model, fitted
on QaTa-COV19's training split. No lungs are outlined there: the model learned from where the areas that a note calls
upper begin, and those that it calls lower end, shifted to where the notes' zones agree best. So it gives the extent
whose thirds are the zones of those notes. It ends above the bases, and is not for measuring a lung.
`python -m training fit-extent` writes its numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt

ROWS = 28
"""How many values each profile has, whatever the film's height."""

_MIDDLE = ((0.43, 0.57),)
_LUNGS = ((0.10, 0.40), (0.60, 0.90))
_EDGES = ((0.0, 0.08), (0.92, 1.0))
_LEAST = 0.25  # a lung shorter than this share of the film's height is a wrong estimate


@dataclass(frozen=True)
class LungExtent:
    """The rows between which both lungs lie, as shares of the film's height, 0 at the upper edge.

    Attributes:
        top: where the apices are.
        bottom: where the bases are; above 0 and more than `top`, at most 1.
    """

    top: float
    bottom: float

    def __post_init__(self) -> None:
        if not 0 <= self.top < self.bottom <= 1:
            raise ValueError(f"A lung cannot reach from {self.top} to {self.bottom} of a film's height.")

    def thirds(self, rows: int) -> tuple[int, int]:
        """Return the first row of the middle zone and that of the lower zone on a film with so many rows."""
        height = self.bottom - self.top
        return round(rows * (self.top + height / 3)), round(rows * (self.top + height * 2 / 3))


@cache
def fitted() -> dict[str, Any]:
    """Return the numbers that were fitted on the training split."""
    text = resources.files("CausalCLIPSegLib.mask").joinpath("lung_extent.json").read_text("utf-8")
    numbers: dict[str, Any] = json.loads(text)
    return numbers


def default_extent() -> LungExtent:
    """Return the extent that fits best where nothing is known of the film but its mask."""
    return LungExtent(**fitted()["default"])


def lung_extent(pixels: npt.NDArray[np.generic]) -> LungExtent:
    """Estimate where the lungs begin and end on a frontal film.

    Args:
        pixels: numbers, rows x columns, in any grey scale in which white is dense. Mirrored or not is the same.
    """
    profiles = row_profiles(pixels)
    top, bottom = (
        float(np.dot(fitted()[edge]["weights"], profiles) + fitted()[edge]["constant"]) for edge in ("top", "bottom")
    )
    return plausible(top, bottom)


def plausible(top: float, bottom: float) -> LungExtent:
    """Return the extent from `top` to `bottom`, moved into the film and apart where it could not be one."""
    top = min(max(top, 0.0), 1 - _LEAST)
    return LungExtent(top, min(max(bottom, top + _LEAST), 1.0))


def row_profiles(pixels: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Return what the model looks at: the mean brightness along the film's height of lungs, middle and edges.

    Args:
        pixels: numbers, rows x columns.

    Returns:
        3 x `ROWS` values one after the other, about 0, between -0.5 and 0.5.
    """
    film = np.asarray(pixels, dtype=np.float64)
    dark, bright = np.percentile(film, [2, 98])
    film = np.clip((film - dark) / max(bright - dark, 1e-6), 0, 1) - 0.5
    return np.concatenate([_profile(film, bands) for bands in (_LUNGS, _MIDDLE, _EDGES)])


def _profile(film: npt.NDArray[np.float64], bands: tuple[tuple[float, float], ...]) -> npt.NDArray[np.float64]:
    rows, columns = film.shape
    inside = np.zeros(columns, dtype=bool)
    for first, last in bands:
        inside[int(first * columns) : max(int(last * columns), int(first * columns) + 1)] = True
    summed = np.concatenate([[0.0], np.cumsum(film[:, inside].mean(axis=1))])
    edges = np.interp(np.linspace(0, rows, ROWS + 1), np.arange(rows + 1), summed)
    return np.asarray(np.diff(edges) * ROWS / rows)
