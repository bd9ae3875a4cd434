"""The sizes of a network, for checkpoint cards and training configurations.

A card may come from anywhere, so every size has bounds, and sizes that depend on each other are compared. The bounds
are several times those of CLIP's largest ResNet.
"""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Encoder = Literal[
    "tf_efficientnet_lite0",
    "tf_efficientnet_lite1",
    "tf_efficientnet_lite2",
    "tf_efficientnet_lite3",
    "tf_efficientnet_lite4",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "mobilenetv3_small_100",
    "mobilenetv3_large_100",
    "resnet18",
    "resnet34",
    "resnet50",
]
"""Encoders of timm with features at 1/8, 1/16 and 1/32. The list is closed, because timm also takes names that make it
read files or ask a hub."""

Channels = Annotated[int, Field(ge=1, le=4096)]
InputSize = Annotated[int, Field(ge=32, le=1024, multiple_of=32)]
"""Rows and columns of a square input: the coarsest features have 1/32 of them."""
Mean = Annotated[float, Field(ge=-100, le=100)]
Deviation = Annotated[float, Field(ge=1e-6, le=1000)]


class FrozenModel(BaseModel):
    """A record that cannot be changed, without unknown fields, infinite numbers and NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


_Blocks = Annotated[int, Field(ge=1, le=64)]


class ClipResNetConfiguration(FrozenModel):
    """CLIP's ResNet; the defaults are ResNet-101 with OpenAI's image statistics.

    Attributes:
        layers: residual blocks of each of the four layers.
        width: channels of the stem; layers 2, 3 and 4 have 8, 16 and 32 times as many.
        mean, std: of the three input channels, for pixels in [0, 1].
    """

    kind: Literal["clip_resnet"] = "clip_resnet"
    layers: tuple[_Blocks, _Blocks, _Blocks, _Blocks] = (3, 4, 23, 3)
    width: int = Field(default=64, ge=2, le=256, multiple_of=2)
    mean: tuple[Mean, Mean, Mean] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[Deviation, Deviation, Deviation] = (0.26862954, 0.26130258, 0.27577711)


class TimmConfiguration(FrozenModel):
    """A small encoder from timm; the defaults are EfficientNet-Lite0 with its image statistics.

    Attributes:
        name: the model's name in timm.
        mean, std: of the three input channels, for pixels in [0, 1].
    """

    kind: Literal["timm"] = "timm"
    name: Encoder = "tf_efficientnet_lite0"
    mean: tuple[Mean, Mean, Mean] = (0.5, 0.5, 0.5)
    std: tuple[Deviation, Deviation, Deviation] = (0.5, 0.5, 0.5)


VisionConfiguration = Annotated[ClipResNetConfiguration | TimmConfiguration, Field(discriminator="kind")]


class TextConfiguration(FrozenModel):
    """CLIP's text Transformer; the defaults are those of CLIP RN101 with the paper's context of 20 tokens.

    Attributes:
        context_length: L, tokens of a prompt, including the start and end tokens.
        vocabulary_size: entries of the tokenizer.
        tokens: the tokens that have a row in the table, in the order of the rows; empty: all of them. The end token
            is the last row, because CLIP finds it by its number.
        width: channels of the Transformer.
        heads: attention heads of each layer.
        layers: Transformer layers.
        feature_size: T, size of the text feature tau.
        quick_gelu: use QuickGELU, as OpenAI's weights need, instead of GELU.
    """

    context_length: int = Field(default=20, ge=2, le=77)
    vocabulary_size: int = Field(default=49408, ge=1, le=49408)
    tokens: tuple[Annotated[int, Field(ge=0, lt=49408)], ...] = Field(default=(), max_length=49408)
    width: Channels = 512
    heads: int = Field(default=8, ge=1, le=64)
    layers: int = Field(default=12, ge=1, le=48)
    feature_size: Channels = 512
    quick_gelu: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.width % self.heads:
            raise ValueError(f"{self.heads} heads do not divide a width of {self.width}")
        if self.tokens and (len(set(self.tokens)) < len(self.tokens) or self.tokens[-1] != max(self.tokens)):
            raise ValueError("tokens must be different, and the end token the last")
        return self


class DecoderConfiguration(FrozenModel):
    """One decoder of Eq. 1.

    Attributes:
        channels: output channels of each upsampling convolution.
        factors: upsampling factor before each convolution. If their product is less than the scale of the features,
            the remaining factor is applied before the cross-correlation with the text kernel.
        kernel_size: K of the text kernel C x K x K.
        conditioning: blocks before the upsampling in which the text modulates the features, see `TextConditioning`;
            the paper has none.
    """

    channels: tuple[Channels, ...] = Field(default=(512, 256), max_length=5)
    factors: tuple[Annotated[int, Field(ge=1, le=32)], ...] = Field(default=(4, 4), max_length=5)
    kernel_size: int = Field(default=3, ge=1, le=15)
    conditioning: int = Field(default=0, ge=0, le=16)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if len(self.channels) != len(self.factors):
            raise ValueError("every convolution of the decoder needs its channels and its factor")
        if self.kernel_size % 2 == 0:
            raise ValueError("the text kernel needs an odd size, so that it has a center")
        return self


class NetworkConfiguration(FrozenModel):
    """A whole CausalCLIPSeg network; the defaults are the paper's.

    Attributes:
        architecture: always "causalclipseg"; see `architectures`.
        image_size: rows and columns of the square input.
        channels: channels of every stage after its projection, and of the fused features.
        fusion_stage: the stage (2, 3 or 4) at whose resolution the stages are fused: 1/8, 1/16 or 1/32 of the input.
        causal_intervention: if false, the network has no maskers and no confounder branch (Table 2, rows 1 and 3).
        low_resolution_convolutions: compute convolutions that follow an upsampling at low resolution (exact, faster).
    """

    architecture: Literal["causalclipseg"] = "causalclipseg"
    image_size: InputSize = 224
    vision: VisionConfiguration = ClipResNetConfiguration()
    text: TextConfiguration = TextConfiguration()
    channels: int = Field(default=512, ge=4, le=4096)
    fusion_stage: Literal[2, 3, 4] = 3
    decoder: DecoderConfiguration = DecoderConfiguration()
    causal_intervention: bool = True
    low_resolution_convolutions: bool = True

    @model_validator(mode="after")
    def _check(self) -> Self:
        scale = 2 ** (self.fusion_stage + 1)
        if scale % math.prod(self.decoder.factors):
            raise ValueError(f"the decoder's factors {self.decoder.factors} do not divide the scale {scale}")
        return self
