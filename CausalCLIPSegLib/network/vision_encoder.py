"""Image features at several resolutions, from CLIP's ResNet or a small encoder from timm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import timm
import torch
import torch.nn.functional as F
from open_clip.modified_resnet import ModifiedResNet
from timm.layers import Conv2dSame
from torch import Tensor, nn

from CausalCLIPSegLib.network.configuration import ClipResNetConfiguration, TimmConfiguration

STRIDES = (8, 16, 32)
"""Resolution of the input divided by that of stages 2, 3 and 4."""


class VisionEncoder(nn.Module):
    """A gray image, B x 1 x H x W in [0, 1] -> features of several stages, B x C_i x H / s_i x W / s_i.

    Attributes:
        channels: C_i of the stages, from fine to coarse.
        strides: s_i of the stages.
    """

    strides: tuple[int, ...] = STRIDES

    mean: Tensor
    std: Tensor

    def __init__(self, channels: Sequence[int], mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.channels = tuple(channels)
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of the stages, from fine to coarse."""
        # The encoders were trained on color images, so the subtraction repeats the gray channel three times.
        return self.stages((image - self.mean) / self.std)

    def stages(self, image: Tensor) -> list[Tensor]:
        """Return the feature maps of a normalized image, B x 3 x H x W, from fine to coarse."""
        raise NotImplementedError


class ClipResNetEncoder(VisionEncoder):
    """CLIP's ResNet without its attention pooling."""

    def __init__(self, configuration: ClipResNetConfiguration) -> None:
        width = configuration.width
        super().__init__((width * 8, width * 16, width * 32), configuration.mean, configuration.std)
        self.resnet = ModifiedResNet(list(configuration.layers), output_dim=8, heads=1, width=width)
        del self.resnet.attnpool  # the paper uses the features of the stages before it

    def stages(self, image: Tensor) -> list[Tensor]:
        """Return the outputs of layers 2, 3 and 4 for a normalized image, B x 3 x H x W."""
        net = self.resnet
        stage1 = net.layer1(net.stem(image))
        stage2 = net.layer2(stage1)
        stage3 = net.layer3(stage2)
        return [stage2, stage3, net.layer4(stage3)]


class SameConvolution(nn.Conv2d):
    """TensorFlow's "same" convolution of an even number of rows and columns, whose padding is then constant."""

    def forward(self, features: Tensor) -> Tensor:
        """Pad and convolve: B x in x H x W -> B x out x H / stride x W / stride."""
        padding = [
            end
            for kernel, stride, dilation in zip(self.kernel_size, self.stride, self.dilation, strict=True)
            for total in [dilation * (kernel - 1) + 1 - stride]
            for end in (total - total // 2, total // 2)
        ]
        return F.conv2d(
            F.pad(features, padding[::-1]), self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


class TimmEncoder(VisionEncoder):
    """A small encoder from timm, for instance EfficientNet-Lite0."""

    def __init__(self, configuration: TimmConfiguration, first_stage: int = 2) -> None:
        """Build the encoder.

        Args:
            configuration: the model's name in timm, and its image statistics.
            first_stage: the finest stage that is returned; stage i has 1 / 2^(i + 1) of the resolution.
        """
        body: Any = timm.create_model(
            configuration.name, pretrained=False, features_only=True, out_indices=tuple(range(first_stage, 5))
        )
        super().__init__(body.feature_info.channels(), configuration.mean, configuration.std)
        self.strides = tuple(body.feature_info.reduction())
        self.body: nn.Module = body
        for module in self.body.modules():
            # timm's own class computes the padding from the size of the image, which is always a multiple of 32 here.
            if type(module) is Conv2dSame:
                module.__class__ = SameConvolution  # type: ignore[assignment]

    def stages(self, image: Tensor) -> list[Tensor]:
        """Return the feature maps of a normalized image, B x 3 x H x W, from fine to coarse."""
        return self.body(image)


def build_vision_encoder(configuration: ClipResNetConfiguration | TimmConfiguration) -> VisionEncoder:
    """Return the encoder that the configuration names, with random weights."""
    if isinstance(configuration, ClipResNetConfiguration):
        return ClipResNetEncoder(configuration)
    return TimmEncoder(configuration)
