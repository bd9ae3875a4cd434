"""PLAM, the pixel-level attention of LViT (Li et al., IEEE TMI 2023) that RecLMIS uses on the skips of its U-Net."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_HIDDEN = 6


class PixelAttention(nn.Module):
    """Weight each position of a feature map x by two summaries of its channels.

        a = mean over c of relu(W_a x),  m = max over c of relu(W_m x),  y = x * MLP(a, m, a + m)

    W_a and W_m are 1x1 convolutions; the MLP is shared by all positions. As in the released code, no sigmoid bounds
    the weight. The bias of the MLP starts at 1, so that a new block passes its input nearly unchanged.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mean_convolution = nn.Conv2d(channels, channels, 1, bias=False)
        self.max_convolution = nn.Conv2d(channels, channels, 1, bias=False)
        self.mixer = nn.Sequential(nn.Linear(3, _HIDDEN), nn.ReLU(inplace=True), nn.Linear(_HIDDEN, 1))
        nn.init.ones_(self.mixer[-1].bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """Return the weighted features, B x C x H x W."""
        mean = self.mean_convolution(features).relu().mean(1)
        largest = self.max_convolution(features).relu().amax(1)
        weight = self.mixer(torch.stack((mean, largest, mean + largest), dim=-1))
        return features * weight.squeeze(-1)[:, None]
