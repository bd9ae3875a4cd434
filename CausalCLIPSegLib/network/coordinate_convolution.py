"""Coordinate convolution: a convolution that also sees the position of each pixel (Liu et al., NeurIPS 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def append_coordinates(features: Tensor) -> Tensor:
    """Append one channel of x (along columns) and one of y (along rows), each from -1 to 1.

    Args:
        features: B x C x H x W.

    Returns:
        B x (C + 2) x H x W.
    """
    batch, _, height, width = features.shape
    x = _coordinates(width, features).expand(batch, 1, height, width)
    y = _coordinates(height, features)[:, None].expand(batch, 1, height, width)
    return torch.cat((features, x, y), dim=1)


def _coordinates(size: int, like: Tensor) -> Tensor:
    """Return `size` evenly spaced values from -1 to 1."""
    # Not linspace: its ONNX form has a value too few at some sizes.
    return torch.arange(size, device=like.device, dtype=like.dtype) * 2 / max(size - 1, 1) - 1


class CoordinateConvolution(nn.Sequential):
    """3x3 convolution of features and coordinates, batch norm, ReLU: B x C x H x W -> B x out x H x W."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels + 2, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the convolved features, B x out x H x W."""
        return super().forward(append_coordinates(features))
