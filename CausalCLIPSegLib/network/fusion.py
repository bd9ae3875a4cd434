"""Multi-scale fusion: resample the stages to one scale, concatenate them, and mix them by a 1x1 convolution."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from CausalCLIPSegLib.network.carafe import Carafe


def _rescale(channels: int, stride: int, target_stride: int) -> nn.Module:
    """Return CARAFE for a stage coarser than the target, and mean pooling for a finer one: CARAFE only upsamples."""
    if stride > target_stride:
        return Carafe(channels, stride // target_stride)
    if stride < target_stride:
        return nn.AvgPool2d(target_stride // stride)
    return nn.Identity()


class ScaleUnifier(nn.Module):
    """Resample the stages to the resolution of one of them. Causal and confounding features share its weights."""

    def __init__(self, channels: int, strides: Sequence[int], target_stride: int) -> None:
        super().__init__()
        self.rescalers = nn.ModuleList(_rescale(channels, stride, target_stride) for stride in strides)

    def forward(self, stages: Sequence[Tensor]) -> Tensor:
        """Concatenate the stages, each B x C x H_i x W_i, at one scale: B x (stages * C) x H x W."""
        return torch.cat([rescale(stage) for rescale, stage in zip(self.rescalers, stages, strict=True)], dim=1)


class PointwiseConvolution(nn.Sequential):
    """1x1 convolution, batch norm, ReLU: B x in x H x W -> B x out x H x W."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)
        )
