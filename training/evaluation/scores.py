"""Pixel counts of every case, from which the overlap metrics of any group of cases are computed and resampled."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.atomic_files import write_text
from training import overlap
from training.data.studies import study_of

Mask = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]

SIZES = {"none": (-1.0, 0.0), "under 3 %": (0.0, 3.0), "3 to 7 %": (3.0, 7.0), "7 to 14 %": (7.0, 14.0)}
SIZES |= {"over 14 %": (14.0, 100.0)}
"""Ranges of ground-truth area in percent of the image: above the first number, up to the second. They are close to the
quartiles of QaTa-COV19's validation split, so that each range contains enough radiographs."""

Counts = tuple[int, int, int, int]
"""Numbers of pixels of a case: prediction, ground truth, intersection of the two, whole image."""


def count(predicted: Mask, actual: Mask) -> Counts:
    """Count the pixels of a case, from masks of bool, rows x columns."""
    predicted_pixels, actual_pixels, both = (int(number) for number in overlap.count_pixels(predicted, actual))
    return predicted_pixels, actual_pixels, both, actual.size


class Scores:
    """The pixel counts of each case."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._counts: list[Counts] = []

    def add(self, name: str, counts: Counts) -> None:
        """Add a case."""
        self.names.append(name)
        self._counts.append(counts)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def counts(self) -> Values:
        """Return the counts of all cases, float64, n x 4, columns as in `Counts`."""
        return np.array(self._counts, dtype=np.float64).reshape(-1, 4)

    @property
    def dice(self) -> Values:
        """Return the Dice coefficient of each case, in [0, 1]; 1 if both masks are empty."""
        return overlap.dice(*self.counts.T[:3])

    @property
    def iou(self) -> Values:
        """Return the intersection over union of each case, in [0, 1]; 1 if both masks are empty."""
        return overlap.iou(*self.counts.T[:3])

    def metrics(self) -> dict[str, Any]:
        """Return n and, in percent, dice and miou (means over cases) and dice_global (from all pixels pooled)."""
        if not len(self):
            return {"n": 0}
        return {
            "n": len(self),
            "dice": round(100 * float(self.dice.mean()), 2),
            "miou": round(100 * float(self.iou.mean()), 2),
            "dice_global": round(100 * float(overlap.pooled_dice(*self.counts.sum(0)[:3])), 2),
        }

    def where(self, keep: Callable[[str], bool]) -> Scores:
        """Return the scores of the cases whose name satisfies `keep`."""
        selected = Scores()
        for name, counts in zip(self.names, self._counts, strict=True):
            if keep(name):
                selected.add(name, counts)
        return selected

    def by_size(self) -> dict[str, Scores]:
        """Group the cases by ground-truth area, see `SIZES`."""
        percent = dict(zip(self.names, 100 * self.counts[:, 1] / np.maximum(self.counts[:, 3], 1), strict=True))
        return {
            size: self.where(lambda name, low=low, high=high: low < percent[name] <= high)  # type: ignore[misc]
            for size, (low, high) in SIZES.items()
        }

    def patients(self) -> list[str]:
        """Return the study or patient of each case, see `study_of`."""
        return [study_of(name) for name in self.names]

    def write_csv(self, path: Path) -> None:
        """Write one row per case: name, Dice and IoU in percent, predicted and actual area in percent of the image."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(("name", "dice", "iou", "predicted_area", "actual_area"))
        for name, dice, iou, (predicted, actual, _, size) in zip(
            self.names, self.dice, self.iou, self._counts, strict=True
        ):
            values = (100 * dice, 100 * iou, 100 * predicted / size, 100 * actual / size)
            writer.writerow((name, *(f"{value:.2f}" for value in values)))
        write_text(path, text.getvalue())
