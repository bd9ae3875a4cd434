"""The whole of RecLMIS as inference needs it: encoders, conditioned interaction, decoder (Fig. 3 of the paper)."""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn

from CausalCLIPSegLib.network.fusion import PointwiseConvolution
from CausalCLIPSegLib.network.reclmis.configuration import PATCH, RecLMISConfiguration, UNetConfiguration
from CausalCLIPSegLib.network.reclmis.decoder import UNetDecoder
from CausalCLIPSegLib.network.reclmis.interaction import ConditionedInteraction, Interaction
from CausalCLIPSegLib.network.reclmis.unet import UNetEncoder
from CausalCLIPSegLib.network.reclmis.words import WordConvolution, Words, present_tokens
from CausalCLIPSegLib.network.text_encoder import TextEncoder
from CausalCLIPSegLib.network.upsampling import upsample
from CausalCLIPSegLib.network.vision_encoder import TimmEncoder, VisionEncoder


class Features(NamedTuple):
    """The features of an image, before any text is involved.

    Attributes:
        patches: V, B x C x H/16 x W/16.
        skips: finer features from coarse to fine, each of twice the size of the one before.
    """

    patches: Tensor
    skips: tuple[Tensor, ...]

    def repeated(self, number: int) -> Features:
        """Return the features with each image `number` times in a row, for several texts per image."""
        if number == 1:
            return self
        return Features(
            self.patches.repeat_interleave(number, dim=0),
            tuple(skip.repeat_interleave(number, dim=0) for skip in self.skips),
        )


class Output(NamedTuple):
    """What the network returns.

    Attributes:
        logits: B x 1 x H x W; their sigmoid is the probability of the lesion.
        interaction: V' and the weights of patches and words.
    """

    logits: Tensor
    interaction: Interaction


class PatchProjection(nn.Module):
    """Join the features at 1/16 and 1/32 of the resolution into patches V of C channels at 1/16."""

    def __init__(self, in_channels: tuple[int, ...], channels: int) -> None:
        super().__init__()
        self.projections = nn.ModuleList(PointwiseConvolution(each, channels) for each in in_channels)

    def forward(self, stages: list[Tensor]) -> Tensor:
        """Return V, B x C x H/16 x W/16, as the sum of the projected stages."""
        fine, *coarse = (project(stage) for project, stage in zip(self.projections, stages, strict=True))
        for index, each in enumerate(coarse, start=1):
            fine = fine + upsample(each, 2**index)
        return fine


class RecLMIS(nn.Module):
    """The network of the paper, at the sizes of its configuration.

    Attributes:
        text_encoder: CLIP's Transformer; its states of all tokens are used.
        word_convolution: from these states to E.
        vision_encoder: the U-Net's encoder, or a small encoder from timm.
        patch_projection: from its coarse features to V; the U-Net's last features are V already.
        interaction: patches and words attend to each other.
        decoder: from V' to logits.
    """

    def __init__(self, configuration: RecLMISConfiguration | None = None) -> None:
        super().__init__()
        self.configuration = configuration = configuration or RecLMISConfiguration()
        channels = configuration.channels
        self.text_encoder = TextEncoder(configuration.text)
        self.word_convolution = WordConvolution(configuration.text.feature_size, channels)
        self.vision_encoder = _vision_encoder(configuration)
        strides, stages = self.vision_encoder.strides, self.vision_encoder.channels
        self.first_patches = strides.index(PATCH)
        coarse = stages[self.first_patches :]
        self.patch_projection = nn.Identity() if coarse == (channels,) else PatchProjection(coarse, channels)
        self.interaction = ConditionedInteraction(
            channels, configuration.image_size // PATCH, configuration.interaction
        )
        blocks = len(configuration.decoder)
        skips = stages[self.first_patches - blocks : self.first_patches]
        self.decoder = UNetDecoder(channels, skips[::-1], configuration.decoder, PATCH // 2**blocks)

    def encode_text(self, tokens: Tensor) -> Words:
        """Return E of tokens, int64 B x L. It depends only on the text: reuse it for many images."""
        present = present_tokens(tokens)
        return Words(self.word_convolution(self.text_encoder.states(tokens), present), present)

    def encode_image(self, image: Tensor) -> Features:
        """Return the features of images. They depend only on the image: reuse them for many texts.

        Args:
            image: B x 1 x H x W, float in [0, 1], H and W multiples of 32.
        """
        stages = self.vision_encoder(image)
        coarse = stages[self.first_patches :]
        patches = coarse[0] if isinstance(self.patch_projection, nn.Identity) else self.patch_projection(coarse)
        skips = stages[self.first_patches - len(self.decoder.blocks) : self.first_patches]
        return Features(patches, tuple(skips[::-1]))

    def decode(self, features: Features, words: Words) -> Output:
        """Segment images by their texts, one for each image; the logits have the image's resolution."""
        interaction = self.interaction(features.patches, words)
        return Output(self.decoder(interaction.patches, features.skips), interaction)

    def forward(self, image: Tensor, words: Words) -> Output:
        """Segment images by their texts: call `encode_image`, then `decode`.

        Args:
            image: as in `encode_image`.
            words: of N texts for each image, in a row.

        Returns:
            The output for B * N masks.
        """
        return self.decode(self.encode_image(image).repeated(len(words.states) // len(image)), words)


def _vision_encoder(configuration: RecLMISConfiguration) -> VisionEncoder:
    if isinstance(configuration.vision, UNetConfiguration):
        return UNetEncoder(configuration.vision)
    return TimmEncoder(configuration.vision, first_stage=1)
