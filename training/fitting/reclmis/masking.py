"""Mask the places of most interest (Sec. III-C and III-D): a place with a higher weight is masked more often."""

from __future__ import annotations

import torch
from torch import Tensor


@torch.no_grad()
def draw_masked(weights: Tensor, rate: float, present: Tensor | None = None) -> Tensor:
    """Draw places without replacement, each time with probabilities in proportion to the weights of those left.

    From a row with n places, int(rate * n) are drawn, but at least one. If too few places have a weight above zero,
    the others are drawn evenly. There is no gradient through the draw.

    Args:
        weights: W_poi or W_woi, at least 0, B x N.
        rate: share of the places to mask, in (0, 1).
        present: 1 for a place that can be drawn, 0 for padding, B x N; None if there is no padding.

    Returns:
        Bool, B x N: true for a masked place.
    """
    weights = weights.float()
    present = torch.ones_like(weights) if present is None else present
    # The places with the largest log w - log(-log u), u uniform, are such a draw (Gumbel top-k, Kool et al., 2019).
    uniform = torch.rand_like(weights).clamp(1e-10, 1 - 1e-7)
    keys = weights.clamp(min=1e-30).log() - (-uniform.log()).log()
    keys = keys.masked_fill(present == 0, float("-inf"))
    numbers = (rate * present.sum(1)).long().clamp(min=1)
    ranks = keys.argsort(dim=1, descending=True).argsort(dim=1)
    return (ranks < numbers[:, None]) & (present > 0)
