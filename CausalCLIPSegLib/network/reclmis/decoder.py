"""The U-Net decoder of RecLMIS: patches that know the text, refined by the skips of the image encoder."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from CausalCLIPSegLib.network.reclmis.pixel_attention import PixelAttention
from CausalCLIPSegLib.network.reclmis.unet import ConvolutionBlock
from CausalCLIPSegLib.network.upsampling import upsample


class UpBlock(nn.Module):
    """Double the resolution by nearest neighbors, append the weighted skip, and convolve twice."""

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        self.attention = PixelAttention(skip_channels)
        self.convolutions = ConvolutionBlock(in_channels + skip_channels, out_channels)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Combine features, B x in x h x w, and a skip, B x skip x 2h x 2w, into B x out x 2h x 2w."""
        doubled = F.interpolate(features, scale_factor=2.0, mode="nearest")
        return self.convolutions(torch.cat((self.attention(skip), doubled), dim=1))


class UNetDecoder(nn.Module):
    """One block for each skip, then a 1x1 convolution to logits, and bilinear upsampling to full resolution."""

    def __init__(self, in_channels: int, skips: Sequence[int], channels: Sequence[int], final_factor: int) -> None:
        """Build the decoder.

        Args:
            in_channels: C of the patches.
            skips: channels of the skips, from coarse to fine.
            channels: output channels of the blocks.
            final_factor: resolution of the input divided by that of the last block.
        """
        super().__init__()
        self.blocks = nn.ModuleList(
            UpBlock(before, skip, after)
            for before, skip, after in zip((in_channels, *channels), skips, channels, strict=False)
        )
        self.classifier = nn.Conv2d(channels[-1], 1, 1)
        self.final_factor = final_factor

    def forward(self, patches: Tensor, skips: Sequence[Tensor]) -> Tensor:
        """Return logits, B x 1 x H x W.

        Args:
            patches: V', B x C x h x w.
            skips: features of the image from coarse to fine, each of twice the size of the one before.
        """
        features = patches
        for block, skip in zip(self.blocks, skips, strict=True):
            features = block(features, skip)
        return upsample(self.classifier(features), self.final_factor)
