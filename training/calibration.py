"""Whether a probability means what it says: of the pixels given 0.7, seven in ten should be lesion."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 10


class Calibration:
    """Reliability bins of pixel probabilities, filled case by case."""

    def __init__(self) -> None:
        self.pixels = np.zeros(BINS)
        self.lesion = np.zeros(BINS)
        self.probability = np.zeros(BINS)
        self.squared_error = 0.0

    def add(self, probability: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> None:
        """Add a case: probability in [0, 1] and ground truth, both rows x columns."""
        values, actual = probability.ravel().astype(np.float64), truth.ravel()
        index = np.minimum((values * BINS).astype(int), BINS - 1)
        self.pixels += np.bincount(index, minlength=BINS)
        self.lesion += np.bincount(index, actual, minlength=BINS)
        self.probability += np.bincount(index, values, minlength=BINS)
        self.squared_error += float(((values - actual) ** 2).sum())

    def figures(self) -> dict[str, Any]:
        """Return the expected calibration error, the Brier score and the bins.

        "ece" weighs each bin by its pixels, most of which are background and surely so; "ece_even" weighs all bins
        that hold any pixel alike. A bin has the bounds "from" and "to", its share of the pixels, the mean
        probability and the share of lesion among its pixels (None for an empty bin).
        """
        total = self.pixels.sum()
        if not total:
            return {}
        filled = self.pixels > 0
        count = np.maximum(self.pixels, 1)
        mean, share = self.probability / count, self.lesion / count
        gap = np.abs(mean - share)
        return {
            "ece": round(float((gap * self.pixels).sum() / total), 5),
            "ece_even": round(float(gap[filled].mean()), 5),
            "brier": round(self.squared_error / float(total), 5),
            "bins": [
                {
                    "from": index / BINS,
                    "to": (index + 1) / BINS,
                    "pixels": round(float(self.pixels[index] / total), 6),
                    "probability": round(float(mean[index]), 4) if filled[index] else None,
                    "lesion": round(float(share[index]), 4) if filled[index] else None,
                }
                for index in range(BINS)
            ],
        }
