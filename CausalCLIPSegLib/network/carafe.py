"""CARAFE: content-aware reassembly of features (Wang et al., ICCV 2019), upsampling with predicted kernels."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Carafe(nn.Module):
    """Upsample a feature map; each output position is a weighted mean of the 3x3 positions around its source.

    The weights are predicted from the features and sum to one. The reassembly uses `unfold` (im2col), which can be
    exported to ONNX.
    """

    def __init__(self, channels: int, factor: int, kernel_size: int = 3) -> None:
        super().__init__()
        self.factor = factor
        self.kernel_size = kernel_size
        self.compressor = nn.Conv2d(channels, channels // 4, 1)
        self.encoder = nn.Conv2d(channels // 4, factor**2 * kernel_size**2, 3, padding=1)

    def kernels(self, features: Tensor) -> Tensor:
        """Predict the reassembly kernels.

        Args:
            features: B x C x H x W.

        Returns:
            B x K² x s² x H x W, nonnegative, summing to one over K²: the weights of the K x K neighborhood of each
            source position, for each of its s x s output positions; both in row-major order.
        """
        batch, _, height, width = features.shape
        scores = self.encoder(self.compressor(features))
        return scores.view(batch, self.kernel_size**2, self.factor**2, height, width).softmax(dim=1)

    def forward(self, features: Tensor) -> Tensor:
        """Return the upsampled features: B x C x H x W -> B x C x sH x sW."""
        batch, channels, height, width = features.shape
        neighbors = F.unfold(features, self.kernel_size, padding=self.kernel_size // 2)
        neighbors = neighbors.view(batch, channels, self.kernel_size**2, height * width)
        kernels = self.kernels(features).flatten(3)
        upsampled = torch.einsum("bckp,bksp->bcsp", neighbors, kernels)
        return F.pixel_shuffle(upsampled.reshape(batch, channels * self.factor**2, height, width), self.factor)
