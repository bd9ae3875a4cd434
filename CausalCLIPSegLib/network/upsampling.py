"""Compute a convolution after a bilinear upsampling at low resolution, exactly.

Both operations are linear and act on different axes: each tap of the convolution mixes channels, and the upsampling
mixes positions. Therefore

    conv(up(x)) = sum over the taps (a, b) of  U_a (W_ab x) U_b^T

where W_ab mixes the channels at low resolution and U_a is the bilinear matrix (factor * size x size), shifted by the
tap's offset and filled with zero rows beyond the border. For a factor of 4 the channel mixing takes sixteen times
fewer multiply-adds than the plain form.
"""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def tap_matrices(size: int, factor: int, kernel_size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return the bilinear matrices of all taps, side by side: (factor * size) x (kernel_size * size).

    Each matrix applies `F.interpolate(mode="bilinear", align_corners=False)` along one axis, then a shift with zero
    padding.
    """
    if torch.compiler.is_exporting():  # the size is a symbol, and the graph computes the matrices
        return _tap_matrices(size, factor, kernel_size, dtype, device)
    # Built outside inference mode: a cached inference tensor could not be used in a later backward pass.
    with torch.inference_mode(False), torch.no_grad():
        return _cached_tap_matrices(size, factor, kernel_size, dtype, device)


def _tap_matrices(size: int, factor: int, kernel_size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    source = (torch.arange(factor * size, dtype=torch.float64) + 0.5) / factor - 0.5
    source = source.clamp(0, size - 1)[:, None]
    bilinear = (1 - (source - torch.arange(size, dtype=torch.float64)).abs()).clamp(min=0)
    reach = kernel_size // 2
    padded = F.pad(bilinear, (0, 0, reach, reach))
    taps = [padded[tap : tap + factor * size] for tap in range(kernel_size)]
    return torch.cat(taps, dim=1).to(device=device, dtype=dtype)


_cached_tap_matrices = lru_cache(maxsize=64)(_tap_matrices)


def spread_taps(mixed: Tensor, factor: int) -> Tensor:
    """Upsample the maps of all taps, shift each map by the offset of its tap, and add them.

    Args:
        mixed: W_ab x of every tap, B x K x K x O x h x w.
        factor: upsampling factor.

    Returns:
        B x O x (factor * h) x (factor * w).
    """
    batch, kernel_size, _, channels, height, width = mixed.shape
    rows = tap_matrices(height, factor, kernel_size, mixed.dtype, mixed.device)
    columns = tap_matrices(width, factor, kernel_size, mixed.dtype, mixed.device)
    mixed = mixed.permute(0, 1, 3, 4, 2, 5).reshape(batch, kernel_size, channels, height, kernel_size * width)
    wide = torch.matmul(mixed, columns.T)
    wide = wide.transpose(1, 2).reshape(batch, channels, kernel_size * height, factor * width)
    return torch.matmul(rows, wide)


class UpsamplingConvolution(nn.Conv2d):
    """Bilinear upsampling by `factor`, then a convolution with zero padding that keeps the size.

    Attributes:
        low_resolution: compute with `spread_taps`; if false, compute the plain form, for comparison.
    """

    def __init__(
        self, in_channels: int, out_channels: int, factor: int, kernel_size: int = 3, *, low_resolution: bool = True
    ) -> None:
        super().__init__(in_channels, out_channels, kernel_size, padding=kernel_size // 2, bias=False)
        self.factor = factor
        self.low_resolution = low_resolution

    def forward(self, features: Tensor) -> Tensor:
        """Upsample and convolve: B x in x h x w -> B x out x (factor * h) x (factor * w)."""
        if not self.low_resolution:
            return super().forward(upsample(features, self.factor))
        batch, in_channels, height, width = features.shape
        kernel_size = self.kernel_size[0]
        mixing = self.weight.permute(2, 3, 0, 1).reshape(-1, in_channels)
        if features.device.type == "cpu" and not torch.compiler.is_exporting():
            mixed = F.conv2d(features, mixing[:, :, None, None])  # with several threads half the time of a product
        else:
            mixed = torch.bmm(mixing.expand(batch, -1, -1), features.flatten(2))
        mixed = mixed.view(batch, kernel_size, kernel_size, self.out_channels, height, width)
        return spread_taps(mixed, self.factor)


def upsample(features: Tensor, factor: int) -> Tensor:
    """Upsample B x C x h x w bilinearly by `factor`, with `align_corners=False`."""
    if factor == 1:
        return features
    return F.interpolate(features, scale_factor=float(factor), mode="bilinear", align_corners=False)
