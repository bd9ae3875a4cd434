"""Compute Dice and IoU from pixel counts.

Evaluation counts one mask at a time with NumPy; validation during training counts a batch with torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor

    Mask = TypeVar("Mask", npt.NDArray[np.bool_], Tensor)
    Count = TypeVar("Count", npt.NDArray[np.float64], Tensor)


def count_pixels(predicted: Mask, actual: Mask) -> tuple[Mask, Mask, Mask]:
    """Count the pixels of masks, bool ... x rows x columns.

    Returns:
        Pixels of the prediction, of the ground truth and of their intersection: integers, of the leading shape.
    """
    return predicted.sum((-2, -1)), actual.sum((-2, -1)), (predicted & actual).sum((-2, -1))


def dice(predicted: Count, actual: Count, both: Count) -> Count:
    """Return the Dice coefficient of each mask, in [0, 1], from float64 counts; 1 if both masks are empty."""
    total = predicted + actual
    empty = total == 0
    return (2 * both + empty) / (total + empty)


def iou(predicted: Count, actual: Count, both: Count) -> Count:
    """Return intersection over union of each mask, in [0, 1], from float64 counts; 1 if both masks are empty."""
    union = predicted + actual - both
    empty = union == 0
    return (both + empty) / (union + empty)


def pooled_dice(predicted: Count, actual: Count, both: Count) -> Count:
    """Return the Dice coefficient of all pixels of a set, from the sums of its counts; 0 if no mask has a pixel."""
    total = predicted + actual
    return 2 * both / (total + (total == 0))
