"""A sheet of films with ground truth and prediction outlined, for the eye."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.figures import write_figure

# Okabe and Ito's colours, which people with any colour vision can tell apart.
TRUTH_COLOR, PREDICTION_COLOR = "#009E73", "#E69F00"


@dataclass(frozen=True, eq=False)
class Tile:
    """One film on a sheet.

    Attributes:
        film: rows x columns, any grey values.
        truth, prediction: bool, rows x columns.
        caption: a line or two below it.
    """

    film: npt.NDArray[np.generic]
    truth: npt.NDArray[np.bool_]
    prediction: npt.NDArray[np.bool_]
    caption: str


def draw_sheet(tiles: Sequence[Tile], path: Path, title: str, columns: int = 4) -> None:
    """Write a picture of tiles side by side, ground truth green, prediction orange.

    Raises:
        OutputError: if it cannot be written there.
    """
    from matplotlib.figure import Figure  # slow, and not every evaluation draws

    rows = max(math.ceil(len(tiles) / columns), 1)
    figure = Figure(figsize=(3 * columns, 3.5 * rows + 0.6), layout="constrained")
    figure.suptitle(f"{title}\nground truth green, prediction orange")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for place in axes:
        place.set_axis_off()
    for place, tile in zip(axes, tiles, strict=False):
        place.imshow(tile.film, cmap="gray")
        for mask, color in ((tile.truth, TRUTH_COLOR), (tile.prediction, PREDICTION_COLOR)):
            if mask.any() and not mask.all():
                place.contour(mask, levels=[0.5], colors=[color], linewidths=1.2)
        place.set_title(tile.caption, fontsize=7, wrap=True)
    write_figure(figure, path)
