"""The training objective of CausalCLIPSeg: the min-max game (Eq. 3 and 4), with optional terms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg, Output


def cross_entropy(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the binary cross-entropy, averaged over the pixels.

    Args:
        logits: B x 1 x H x W.
        target: float 0 or 1, of the same shape.
        weight: of each pixel in the average, at least 0, of the same shape; None for equal weights.
    """
    if weight is None:
        return F.binary_cross_entropy_with_logits(logits, target)
    return F.binary_cross_entropy_with_logits(logits, target, weight, reduction="sum") / weight.sum().clamp(min=1)


def soft_dice_loss(
    logits: Tensor, target: Tensor, smooth: float = 1.0, weight: Tensor | None = None, *, squared: bool = False
) -> Tensor:
    """Return one minus the soft Dice coefficient, averaged over the images.

    Args:
        logits: B x 1 x H x W.
        target: float 0 or 1, of the same shape.
        smooth: added to numerator and denominator.
        weight: of each pixel in all sums, at least 0, of the same shape; None for equal weights.
        squared: sum the squares of the probabilities in the denominator, as the released code of RecLMIS does.
    """
    probability = logits.float().sigmoid().flatten(1)
    target = target.flatten(1)
    overlap = probability * target
    if weight is not None:
        weight = weight.flatten(1)
        overlap, probability, target = overlap * weight, probability * weight, target * weight
    overlap = overlap.sum(1)
    size = (probability.square() if squared else probability).sum(1) + target.sum(1)
    return (1 - (2 * overlap + smooth) / (size + smooth)).mean()


BORDER = 3 / 224
"""How far from the border of a target a pixel is near it, as a share of the image's side: 3 pixels of 224."""


def border_weights(target: Tensor, extra: float, weight: Tensor | None = None) -> Tensor:
    """Return weights of the pixels in which those near the border of the target count more.

    Args:
        target: float 0 or 1, B x 1 x H x W.
        extra: added to 1 for the pixels near the border, at least 0.
        weight: multiplied by the result, at least 0, of the same shape; None for 1.
    """
    width = max(round(BORDER * target.shape[-2]), 1)

    def widened(mask: Tensor) -> Tensor:
        return F.max_pool2d(mask, 2 * width + 1, stride=1, padding=width)

    near = widened(target) + widened(-target)  # dilation minus erosion
    weights = 1 + extra * near
    return weights if weight is None else weights * weight


@dataclass
class Loss:
    """The loss of a batch.

    Attributes:
        total: what training minimizes, a scalar.
        terms: the terms that are used, by name, without their weights.
    """

    total: Tensor
    terms: dict[str, Tensor]


class CausalObjective(nn.Module):
    """L = L_c - lambda L_s (Eq. 3), both cross-entropy (Eq. 4).

    As published, L_s is unbounded: even when the confounder's decoder is confidently wrong everywhere, its gradient
    still changes the encoders. With a ceiling, L_s counts only up to that value. A decoder at chance level has
    L_s = log 2.
    """

    def __init__(
        self,
        adversarial_weight: float = 0.05,
        confounder_ceiling: float | None = None,
        dice_weight: float = 0.0,
        dice_smooth: float = 1.0,
    ) -> None:
        """Choose the terms.

        Args:
            adversarial_weight: lambda.
            confounder_ceiling: upper bound of L_s; None as published.
            dice_weight: weight of a soft Dice loss on the causal prediction; 0 as published.
            dice_smooth: added to numerator and denominator of Dice, in pixels. If many targets are empty, choose about
                the size of a small lesion; with less, the loss of a false pixel on an empty target outweighs that of
                missing a lesion.
        """
        super().__init__()
        self.adversarial_weight = adversarial_weight
        self.confounder_ceiling = confounder_ceiling
        self.dice_weight = dice_weight
        self.dice_smooth = dice_smooth

    def forward(self, output: Output, target: Tensor, weight: Tensor | None = None) -> Loss:
        """Return the loss of an output.

        Args:
            output: logits of both branches, B x 1 x H x W.
            target: ground truth, float 0 or 1, B x 1 x H x W.
            weight: of each pixel in all terms, at least 0, B x 1 x H x W; None for equal weights.
        """
        total = cross_entropy(output.logits, target, weight)
        terms = {"causal": total}
        if output.confounder_logits is not None:
            terms["confounder"] = bounded = cross_entropy(output.confounder_logits, target, weight)
            if self.confounder_ceiling is not None:
                bounded = torch.clamp(bounded, max=self.confounder_ceiling)
            total = total - self.adversarial_weight * bounded
        if self.dice_weight:
            terms["dice"] = soft_dice_loss(output.logits, target, self.dice_smooth, weight)
            total = total + self.dice_weight * terms["dice"]
        return Loss(total, terms)

    def step(
        self, network: CausalCLIPSeg, image: Tensor, tokens: Tensor, target: Tensor, weight: Tensor | None = None
    ) -> Loss:
        """Return the loss of a batch.

        Args:
            network: the network in training.
            image: B x 1 x H x W.
            tokens: of N notes for each image, in a row, int64 (B * N) x L.
            target, weight: see `forward`, (B * N) x 1 x H x W.
        """
        return self(
            network(image, network.encode_text(tokens), confounder=self.adversarial_weight != 0), target, weight
        )
