"""Calibration of the probabilities: of all pixels with probability 0.7, 70 % should be lesion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

BINS = 10


@dataclass(frozen=True)
class Calibration:
    """Reliability bins of pixel probabilities.

    Attributes:
        pixels: number of pixels in each bin.
        lesion: number of lesion pixels in each bin.
        probability: sum of the probabilities in each bin.
        squared_error: sum of the squared errors of all pixels.
    """

    pixels: list[int] = field(default_factory=lambda: [0] * BINS)
    lesion: list[int] = field(default_factory=lambda: [0] * BINS)
    probability: list[float] = field(default_factory=lambda: [0.0] * BINS)
    squared_error: float = 0.0

    @classmethod
    def of(cls, probability: npt.NDArray[np.float32], truth: npt.NDArray[np.bool_]) -> Calibration:
        """Count the pixels of a case: probability, float32 in [0, 1], and ground truth, bool, both rows x columns."""
        values, actual = probability.ravel().astype(np.float64), truth.ravel()
        index = np.minimum((values * BINS).astype(int), BINS - 1)
        return cls(
            pixels=np.bincount(index, minlength=BINS).tolist(),
            lesion=np.bincount(index, actual, minlength=BINS).astype(int).tolist(),
            probability=np.bincount(index, values, minlength=BINS).tolist(),
            squared_error=float(((values - actual) ** 2).sum()),
        )

    def __add__(self, other: Calibration) -> Calibration:
        """Return the sum of the counts of two sets of cases."""
        return Calibration(
            [a + b for a, b in zip(self.pixels, other.pixels, strict=True)],
            [a + b for a, b in zip(self.lesion, other.lesion, strict=True)],
            [a + b for a, b in zip(self.probability, other.probability, strict=True)],
            self.squared_error + other.squared_error,
        )

    def metrics(self) -> dict[str, Any]:
        """Return expected calibration error, Brier score and reliability bins; empty without pixels.

        "ece" weights each bin by its pixels, most of which are certain background; "ece_even" weights all bins with
        pixels equally. Each bin has its bounds "from" and "to", its share of all pixels, its mean probability and its
        share of lesion pixels (both None for an empty bin).
        """
        pixels = np.array(self.pixels)
        total = pixels.sum()
        if not total:
            return {}
        filled = pixels > 0
        count = np.maximum(pixels, 1)
        mean, share = np.array(self.probability) / count, np.array(self.lesion) / count
        gap = np.abs(mean - share)
        return {
            "ece": round(float((gap * pixels).sum() / total), 5),
            "ece_even": round(float(gap[filled].mean()), 5),
            "brier": round(self.squared_error / float(total), 5),
            "bins": [
                {
                    "from": index / BINS,
                    "to": (index + 1) / BINS,
                    "pixels": round(float(pixels[index] / total), 6),
                    "probability": round(float(mean[index]), 4) if filled[index] else None,
                    "lesion": round(float(share[index]), 4) if filled[index] else None,
                }
                for index in range(BINS)
            ],
        }
