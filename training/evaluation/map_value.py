"""What the maps of a network are worth: do they agree with the ground truth, and does the network need what they show?

Two measurements for each map, on the radiograph with its own note:

- the correlation of the map with the ground truth over the pixels of the radiograph;
- deletion: the cells where the map is highest are replaced by a strongly blurred radiograph, and the probability on
  the ground truth is measured again. If the map shows what the network relies on, the probability falls much more
  than after deleting as many random cells.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CausalCLIPSegLib.model.resampling import to_radiograph_grid
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import Sample

CELLS = 14
"""Rows and columns of cells; a cell is a patch of RecLMIS."""
SHARE = 0.1
"""Share of the cells that are deleted."""
_BLUR = 1 / 16
"""Standard deviation of the blur as a share of the larger side of the radiograph."""

FloatArray = npt.NDArray[np.float32]


def correlation(values: FloatArray, mask: npt.NDArray[np.bool_]) -> float | None:
    """Return Pearson's correlation of a map with a mask of the same shape; None if one of them is constant."""
    if not values.std() or not mask.any() or mask.all():
        return None
    return float(np.corrcoef(values.ravel(), mask.ravel())[0, 1])


def cells_of(values: FloatArray) -> npt.NDArray[np.float64]:
    """Return the mean of a map in each cell: rows x columns -> CELLS x CELLS."""
    rows, columns = (np.linspace(0, size, CELLS + 1).astype(int) for size in values.shape)
    sums = np.add.reduceat(np.add.reduceat(values.astype(np.float64), rows[:-1], 0), columns[:-1], 1)
    return np.asarray(sums / np.outer(np.diff(rows), np.diff(columns)))


def highest_cells(cells: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Return the `SHARE` of the cells with the highest values, bool, CELLS x CELLS."""
    chosen = np.zeros(cells.size, bool)
    chosen[np.argsort(cells, axis=None)[::-1][: round(SHARE * cells.size)]] = True
    return chosen.reshape(cells.shape)


def delete(pixels: FloatArray, cells: npt.NDArray[np.bool_]) -> FloatArray:
    """Return a radiograph, rows x columns, whose chosen cells, CELLS x CELLS, are strongly blurred."""
    rows, columns = (np.minimum(np.arange(size) * CELLS // size, CELLS - 1) for size in pixels.shape)
    blurred = ndimage.gaussian_filter(pixels, _BLUR * max(pixels.shape))
    return np.where(cells[rows][:, columns], blurred, pixels).astype(np.float32)


@dataclass
class MapValue:
    """The measurements of a checkpoint's maps, added sample by sample.

    Attributes:
        seed: of the random cells.
        correlations: of each map, by name; None for a radiograph without one.
        falls: how far the probability on the ground truth falls, by name; "random" has that of random cells.
        ranges: lowest and highest value of each map.
        words: the weights of each word, by word.
    """

    seed: int = 0
    correlations: dict[str, list[float | None]] = field(default_factory=dict)
    falls: dict[str, list[float]] = field(default_factory=dict)
    ranges: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    words: dict[str, list[float]] = field(default_factory=dict)

    def add(self, segmenter: Segmenter, sample: Sample) -> None:
        """Measure a radiograph with its own note; one without ground truth is left out."""
        radiograph, mask = sample.load()
        if not mask.any():
            return
        radiograph = replace(radiograph, mirrored=False)
        note = sample.parse(segmenter.card.findings)
        result = segmenter.segment(radiograph, note)
        maps = {"probability": result.probability}
        maps |= {each.name: to_radiograph_grid(each.values, *mask.shape) for each in result.maps}
        order = np.random.default_rng([self.seed, len(self.falls.get("random", ()))])
        chosen = {name: highest_cells(cells_of(values)) for name, values in maps.items()}
        chosen["random"] = highest_cells(order.random((CELLS, CELLS)))
        before = float(result.probability[mask].mean())
        for name, cells in chosen.items():
            changed = replace(radiograph, pixels=delete(radiograph.pixels, cells))
            after = float(segmenter.segment(changed, note).probability[mask].mean())
            self.falls.setdefault(name, []).append(before - after)
        for name, values in maps.items():
            self.correlations.setdefault(name, []).append(correlation(values, mask))
            self.ranges.setdefault(name, []).append((float(values.min()), float(values.max())))
        for each in result.words:
            self.words.setdefault(each.word, []).append(each.weight)

    def metrics(self) -> dict[str, Any]:
        """Return the means over the radiographs."""
        return {
            "n": len(self.falls.get("random", ())),
            "deleted_share": SHARE,
            "random": {"probability_falls_by": _mean(self.falls.get("random", []))},
            "maps": {
                name: {
                    "correlation": _mean([value for value in values if value is not None]),
                    "correlated": sum(value is not None for value in values),
                    "probability_falls_by": _mean(self.falls[name]),
                    "lowest": _mean([low for low, _ in self.ranges[name]]),
                    "highest": _mean([high for _, high in self.ranges[name]]),
                }
                for name, values in self.correlations.items()
            },
            "words": {
                word: {"weight": _mean(weights), "n": len(weights)}
                for word, weights in sorted(self.words.items(), key=lambda item: -np.mean(item[1]))
            },
        }


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None
