"""Cross-modal decoding (Eq. 1): the text becomes a kernel that is cross-correlated with the image features."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from CausalCLIPSegLib.network.conditioning import TextConditioning
from CausalCLIPSegLib.network.configuration import DecoderConfiguration
from CausalCLIPSegLib.network.upsampling import UpsamplingConvolution, spread_taps, upsample


def cross_correlate(features: Tensor, kernel: Tensor, bias: Tensor, factor: int, *, low_resolution: bool) -> Tensor:
    """Cross-correlate each image's features with the kernel of its own text: W_tau * up(F) + b_tau (Eq. 1).

    Args:
        features: B x C x h x w.
        kernel: W_tau, B x C x K x K.
        bias: b_tau, B.
        factor: upsampling factor from the features to full resolution.
        low_resolution: mix the channels before the upsampling (exact, see `upsampling`).

    Returns:
        B x 1 x (factor * h) x (factor * w).
    """
    batch, channels, height, width = features.shape
    kernel_size = kernel.shape[-1]
    if low_resolution:
        mixing = kernel.flatten(2).transpose(1, 2)
        mixed = torch.bmm(mixing, features.flatten(2)).view(batch, kernel_size, kernel_size, 1, height, width)
        return spread_taps(mixed, factor) + bias.view(batch, 1, 1, 1)
    full_resolution = upsample(features, factor)
    response = F.conv2d(
        full_resolution.reshape(1, batch * channels, *full_resolution.shape[-2:]),
        kernel,
        bias,
        padding=kernel_size // 2,
        groups=batch,
    )
    return response.transpose(0, 1)


class Decoder(nn.Module):
    """D(tau, F) of Eq. 1: turns fused features and a text feature into logits at full resolution."""

    def __init__(
        self,
        channels: int,
        text_features: int,
        scale: int,
        configuration: DecoderConfiguration,
        *,
        low_resolution: bool = True,
    ) -> None:
        """Build a decoder.

        Args:
            channels: C of the fused features.
            text_features: T, the size of the text feature.
            scale: resolution of the input divided by that of the fused features.
            configuration: channels, factors, kernel size and conditioning.
            low_resolution: see `upsampling`.

        Raises:
            ValueError: the factors do not divide the scale.
        """
        super().__init__()
        self.final_factor, remainder = divmod(scale, math.prod(configuration.factors))
        if remainder or not self.final_factor:
            raise ValueError(f"the decoder's factors {configuration.factors} do not divide the scale {scale}")
        self.conditioning = nn.ModuleList(
            TextConditioning(channels, text_features) for _ in range(configuration.conditioning)
        )
        blocks: list[nn.Module] = []
        for out_channels, factor in zip(configuration.channels, configuration.factors, strict=True):
            blocks += [
                UpsamplingConvolution(channels, out_channels, factor, low_resolution=low_resolution),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(inplace=True),
            ]
            channels = out_channels
        self.upsampling = nn.Sequential(*blocks)
        self.kernel_shape = (channels, configuration.kernel_size, configuration.kernel_size)
        self.text_projection = nn.Linear(text_features, math.prod(self.kernel_shape) + 1)
        self.low_resolution = low_resolution

    def forward(self, text: Tensor, features: Tensor) -> Tensor:
        """Return the logits of Eq. 1.

        Args:
            text: tau, B x T.
            features: F, B x C x h x w.

        Returns:
            B x 1 x H x W.
        """
        for block in self.conditioning:
            features = block(features, text)
        embedding = self.text_projection(text)
        kernel, bias = embedding[:, :-1].reshape(-1, *self.kernel_shape), embedding[:, -1]
        return cross_correlate(
            self.upsampling(features), kernel, bias, self.final_factor, low_resolution=self.low_resolution
        )
