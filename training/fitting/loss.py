"""The objective of the min-max game (Eq. 3 and 4), and the terms that a recipe may add to it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from CausalCLIPSegLib.network.causalclipseg import Output


def soft_dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """One minus the soft Dice coefficient, mean over images; logits and target B x 1 x H x W."""
    probability = logits.sigmoid().flatten(1)
    target = target.flatten(1)
    overlap = (probability * target).sum(1)
    return (1 - (2 * overlap + smooth) / (probability.sum(1) + target.sum(1) + smooth)).mean()


@dataclass
class Loss:
    """The loss and its terms, scalars."""

    total: Tensor
    causal: Tensor
    confounder: Tensor | None
    dice: Tensor | None


class CausalObjective(nn.Module):
    """L = L_c - lambda L_s (Eq. 3), both cross-entropy (Eq. 4).

    With a ceiling, L_s counts only up to it. As published L_s has no bound: once the confounder's decoder is surely
    wrong everywhere, its gradient still pulls at the encoders. log 2 is what a decoder at chance level has.
    """

    def __init__(
        self, adversarial_weight: float = 0.05, confounder_ceiling: float | None = None, dice_weight: float = 0.0
    ) -> None:
        """Choose the terms.

        Args:
            adversarial_weight: lambda.
            confounder_ceiling: bound of L_s; None as published.
            dice_weight: weight of a soft Dice loss on the causal prediction; 0 as published.
        """
        super().__init__()
        self.adversarial_weight = adversarial_weight
        self.confounder_ceiling = confounder_ceiling
        self.dice_weight = dice_weight

    def forward(self, output: Output, target: Tensor) -> Loss:
        """Return the loss of an output against the ground truth, float 0 or 1, B x 1 x H x W."""
        causal = F.binary_cross_entropy_with_logits(output.logits, target)
        total, confounder, dice = causal, None, None
        if output.confounder_logits is not None:
            confounder = F.binary_cross_entropy_with_logits(output.confounder_logits, target)
            played = confounder
            if self.confounder_ceiling is not None:
                played = torch.clamp(confounder, max=self.confounder_ceiling)
            total = total - self.adversarial_weight * played
        if self.dice_weight:
            dice = soft_dice_loss(output.logits, target)
            total = total + self.dice_weight * dice
        return Loss(total, causal, confounder, dice)
