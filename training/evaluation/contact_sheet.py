"""Contact sheets: radiographs with the contours of ground truth and prediction."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.figures import write_figure

# From the palette of Okabe and Ito, whose colors people with color blindness can tell apart.
TRUTH_COLOR, PREDICTION_COLOR = "#009E73", "#E69F00"


@dataclass(frozen=True, eq=False)
class Tile:
    """One radiograph on a sheet.

    Attributes:
        pixels: rows x columns, any gray values.
        truth, prediction: bool, rows x columns.
        caption: one or two lines of text above the radiograph.
    """

    pixels: npt.NDArray[np.generic]
    truth: npt.NDArray[np.bool_]
    prediction: npt.NDArray[np.bool_]
    caption: str


def draw_sheet(tiles: Sequence[Tile], path: Path, title: str, columns: int = 4) -> None:
    """Write a PNG of tiles side by side, with ground truth in green and prediction in orange.

    Raises:
        OutputError: the file cannot be written.
    """
    from matplotlib.figure import Figure  # imported here because it is slow, and most evaluations draw nothing

    rows = max(math.ceil(len(tiles) / columns), 1)
    figure = Figure(figsize=(3 * columns, 3.5 * rows + 0.6), layout="constrained")
    figure.suptitle(f"{title}\nground truth green, prediction orange")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.set_axis_off()
    for axis, tile in zip(axes, tiles, strict=False):
        axis.imshow(tile.pixels, cmap="gray")
        for mask, color in ((tile.truth, TRUTH_COLOR), (tile.prediction, PREDICTION_COLOR)):
            if mask.any() and not mask.all():
                axis.contour(mask, levels=[0.5], colors=[color], linewidths=1.2)
        axis.set_title(tile.caption, fontsize=7, wrap=True)
    write_figure(figure, path)
