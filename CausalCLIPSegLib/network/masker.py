"""Adversarial masking (Eq. 2): a masker splits the features of a stage into causal and confounding ones."""

from __future__ import annotations

from torch import Tensor, nn

from CausalCLIPSegLib.network.coordinate_convolution import CoordinateConvolution


class Masker(nn.Module):
    """M = sigmoid(F(features)), where F is a coordinate convolution and a convolution (Eq. 2, first line)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.coordinate_convolution = CoordinateConvolution(channels, channels)
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return the causal attention M.

        Args:
            features: F_i, B x C x H x W.

        Returns:
            M_i in (0, 1), of the same shape; 1 - M_i is the attention to the confounders.
        """
        return self.norm(self.convolution(self.coordinate_convolution(features))).sigmoid()


def split_features(features: Tensor, attention: Tensor) -> tuple[Tensor, Tensor]:
    """Split features F, B x C x H x W, into causal ones, M * F, and confounding ones, (1 - M) * F (Eq. 2)."""
    causal = attention * features
    return causal, features - causal
