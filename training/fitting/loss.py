"""The training objective: the min-max game (Eq. 3 and 4), with optional terms."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from CausalCLIPSegLib.network.causalclipseg import Output


def soft_dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """Return one minus the soft Dice coefficient, averaged over the images.

    Args:
        logits: B x 1 x H x W.
        target: float 0 or 1, of the same shape.
        smooth: added to numerator and denominator.
    """
    probability = logits.sigmoid().flatten(1)
    target = target.flatten(1)
    overlap = (probability * target).sum(1)
    return (1 - (2 * overlap + smooth) / (probability.sum(1) + target.sum(1) + smooth)).mean()


@dataclass
class Loss:
    """The loss and its terms, scalars; None for a term that is not used."""

    total: Tensor
    causal: Tensor
    confounder: Tensor | None
    dice: Tensor | None


class CausalObjective(nn.Module):
    """L = L_c - lambda L_s (Eq. 3), both cross-entropy (Eq. 4).

    As published, L_s is unbounded: even when the confounder's decoder is confidently wrong everywhere, its gradient
    still changes the encoders. With a ceiling, L_s counts only up to that value. A decoder at chance level has
    L_s = log 2.
    """

    def __init__(
        self, adversarial_weight: float = 0.05, confounder_ceiling: float | None = None, dice_weight: float = 0.0
    ) -> None:
        """Choose the terms.

        Args:
            adversarial_weight: lambda.
            confounder_ceiling: upper bound of L_s; None as published.
            dice_weight: weight of a soft Dice loss on the causal prediction; 0 as published.
        """
        super().__init__()
        self.adversarial_weight = adversarial_weight
        self.confounder_ceiling = confounder_ceiling
        self.dice_weight = dice_weight

    def forward(self, output: Output, target: Tensor) -> Loss:
        """Return the loss of an output.

        Args:
            output: logits of both branches, B x 1 x H x W.
            target: ground truth, float 0 or 1, B x 1 x H x W.
        """
        causal = F.binary_cross_entropy_with_logits(output.logits, target)
        total, confounder, dice = causal, None, None
        if output.confounder_logits is not None:
            confounder = F.binary_cross_entropy_with_logits(output.confounder_logits, target)
            bounded = confounder
            if self.confounder_ceiling is not None:
                bounded = torch.clamp(confounder, max=self.confounder_ceiling)
            total = total - self.adversarial_weight * bounded
        if self.dice_weight:
            dice = soft_dice_loss(output.logits, target)
            total = total + self.dice_weight * dice
        return Loss(total, causal, confounder, dice)
