"""Dice and intersection over union, as the mean over images and over the pooled pixels of a set."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric


class OverlapMetrics(Metric):
    """Dice and IoU in percent, both averages by name, since pooling all pixels reads several points higher.

    An image without ground truth and without prediction counts as full agreement.
    """

    full_state_update = False
    dice_sum: Tensor
    iou_sum: Tensor
    images: Tensor
    overlap: Tensor
    predicted: Tensor
    actual: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("dice_sum", "iou_sum", "images", "overlap", "predicted", "actual"):
            self.add_state(name, torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, predicted: Tensor, actual: Tensor) -> None:
        """Add masks, bool B x 1 x H x W."""
        predicted, actual = predicted.flatten(1).bool(), actual.flatten(1).bool()
        overlap = (predicted & actual).sum(1).double()
        p, a = predicted.sum(1).double(), actual.sum(1).double()
        union = p + a - overlap
        one = torch.ones_like(overlap)
        self.dice_sum += torch.where(union > 0, 2 * overlap / (p + a).clamp(min=1), one).sum()
        self.iou_sum += torch.where(union > 0, overlap / union.clamp(min=1), one).sum()
        self.images += len(overlap)
        self.overlap += overlap.sum()
        self.predicted += p.sum()
        self.actual += a.sum()

    def compute(self) -> dict[str, Tensor]:
        """Return dice, miou (means over images) and dice_global, percent."""
        return {
            "dice": 100 * self.dice_sum / self.images,
            "miou": 100 * self.iou_sum / self.images,
            "dice_global": 100 * 2 * self.overlap / (self.predicted + self.actual).clamp(min=1),
        }
