"""Condition image features on the text before they are decoded; the paper's network does not have this part.

With only the kernel of Eq. 1, the text chooses among feature channels, equally at every position. A place such as
"upper zone" needs both text and position, so here the text modulates channels that know their coordinates (FiLM, Perez
et al., AAAI 2018).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from CausalCLIPSegLib.network.coordinate_convolution import append_coordinates


class TextConditioning(nn.Module):
    """A residual block: F + W_2 relu(gamma * norm(W_1 [F, coordinates]) + beta), with gamma and beta from the text.

    W_1 and W_2 are 1x1 convolutions. W_2 starts at zero, so that a new block changes nothing.
    """

    def __init__(self, channels: int, text_features: int) -> None:
        super().__init__()
        hidden = 2 * channels
        self.expansion = nn.Conv2d(channels + 2, hidden, 1, bias=False)
        self.norm = nn.BatchNorm2d(hidden, affine=False)
        self.modulation = nn.Linear(text_features, 2 * hidden)
        self.reduction = nn.Conv2d(hidden, channels, 1)
        nn.init.zeros_(self.reduction.weight)
        nn.init.zeros_(self.reduction.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor, text: Tensor) -> Tensor:
        """Return the conditioned features.

        Args:
            features: F, B x C x h x w.
            text: tau, B x T.

        Returns:
            B x C x h x w.
        """
        gamma, beta = self.modulation(text)[:, :, None, None].chunk(2, dim=1)
        hidden = self.norm(self.expansion(append_coordinates(features)))
        return features + self.reduction(torch.relu((1 + gamma) * hidden + beta))
