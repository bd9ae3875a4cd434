"""The U-Net encoder of RecLMIS (Sec. III-A): features at 1/1, 1/2, 1/4, 1/8 and 1/16 of the resolution."""

from __future__ import annotations

from torch import Tensor, nn

from CausalCLIPSegLib.network.reclmis.configuration import UNetConfiguration
from CausalCLIPSegLib.network.vision_encoder import VisionEncoder


class ConvolutionBlock(nn.Sequential):
    """3x3 convolutions, each with batch norm and ReLU: B x in x H x W -> B x out x H x W."""

    def __init__(self, in_channels: int, out_channels: int, number: int = 2) -> None:
        layers: list[nn.Module] = []
        for _ in range(number):
            layers += [
                nn.Conv2d(in_channels, out_channels, 3, padding=1),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(inplace=True),
            ]
            in_channels = out_channels
        super().__init__(*layers)


class UNetEncoder(VisionEncoder):
    """One convolution at full resolution, then four times max pooling and two convolutions."""

    strides = (1, 2, 4, 8, 16)

    def __init__(self, configuration: UNetConfiguration) -> None:
        width = configuration.width
        channels = (width, 2 * width, 4 * width, 8 * width, 8 * width)
        # The published network divides by 255 and does not normalize further.
        super().__init__(channels, (0.0,) * 3, (1.0,) * 3)
        self.stem = ConvolutionBlock(3, width, number=1)
        self.pooling = nn.MaxPool2d(2)
        self.levels = nn.ModuleList(map(ConvolutionBlock, channels[:-1], channels[1:]))

    def stages(self, image: Tensor) -> list[Tensor]:
        """Return the features of an image, B x 3 x H x W, from fine to coarse."""
        features = [self.stem(image)]
        for level in self.levels:
            features.append(level(self.pooling(features[-1])))
        return features
