"""Dice and intersection over union, as the mean over images and over the pooled pixels of a set."""

from __future__ import annotations

import torch
from torch import Tensor
from torchmetrics import Metric

from training.overlap import count_pixels, dice, iou, pooled_dice


class OverlapMetrics(Metric):
    """Dice and IoU in percent. The two averages have different names: pooling gives several points more.

    torchmetrics' `DiceScore` does not fit: it leaves out images without a pixel in either mask, which count as full
    agreement here and in `training.evaluation.scores`. It also keeps the counts of every image, and gives neither the
    IoU nor both averages in one pass.
    """

    full_state_update = False
    dice_sum: Tensor
    iou_sum: Tensor
    images: Tensor
    predicted: Tensor
    actual: Tensor
    both: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("dice_sum", "iou_sum", "images", "predicted", "actual", "both"):
            self.add_state(name, torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def update(self, predicted: Tensor, actual: Tensor) -> None:
        """Add the masks of a batch, bool B x 1 x H x W."""
        counts = [count.double() for count in count_pixels(predicted, actual)]
        self.dice_sum += dice(*counts).sum()
        self.iou_sum += iou(*counts).sum()
        self.images += len(predicted)
        self.predicted += counts[0].sum()
        self.actual += counts[1].sum()
        self.both += counts[2].sum()

    def compute(self) -> dict[str, Tensor]:
        """Return "dice" and "miou", means over images, and "dice_global", of pooled pixels; all in percent."""
        return {
            "dice": 100 * self.dice_sum / self.images,
            "miou": 100 * self.iou_sum / self.images,
            "dice_global": 100 * pooled_dice(self.predicted, self.actual, self.both),
        }
