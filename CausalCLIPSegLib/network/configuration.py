"""The sizes of a network, for checkpoint cards and training configurations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClipResNetConfiguration(_Frozen):
    """CLIP's ResNet; the defaults are ResNet-101 with OpenAI's image statistics.

    Attributes:
        layers: residual blocks of each of the four layers.
        width: channels of the stem; layers 2, 3 and 4 have 8, 16 and 32 times as many.
        mean, std: of the three input channels, for pixels in [0, 1].
    """

    kind: Literal["clip_resnet"] = "clip_resnet"
    layers: tuple[int, int, int, int] = (3, 4, 23, 3)
    width: int = 64
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)


class TimmConfiguration(_Frozen):
    """A small encoder from timm; the defaults are EfficientNet-Lite0 with its image statistics.

    Attributes:
        name: the model's name in timm.
        mean, std: of the three input channels, for pixels in [0, 1].
    """

    kind: Literal["timm"] = "timm"
    name: str = "tf_efficientnet_lite0"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)


VisionConfiguration = Annotated[ClipResNetConfiguration | TimmConfiguration, Field(discriminator="kind")]


class TextConfiguration(_Frozen):
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

    context_length: int = 20
    vocabulary_size: int = 49408
    tokens: tuple[int, ...] = ()
    width: int = 512
    heads: int = 8
    layers: int = 12
    feature_size: int = 512
    quick_gelu: bool = True


class DecoderConfiguration(_Frozen):
    """One decoder of Eq. 1.

    Attributes:
        channels: output channels of each upsampling convolution.
        factors: upsampling factor before each convolution. If their product is less than the scale of the features,
            the remaining factor is applied before the cross-correlation with the text kernel.
        kernel_size: K of the text kernel C x K x K.
        conditioning: blocks before the upsampling in which the text modulates the features, see `TextConditioning`;
            the paper has none.
    """

    channels: tuple[int, ...] = (512, 256)
    factors: tuple[int, ...] = (4, 4)
    kernel_size: int = 3
    conditioning: int = 0


class NetworkConfiguration(_Frozen):
    """A whole CausalCLIPSeg network; the defaults are the paper's.

    Attributes:
        image_size: rows and columns of the square input.
        channels: channels of every stage after its projection, and of the fused features.
        fusion_stage: the stage (2, 3 or 4) at whose resolution the stages are fused: 1/8, 1/16 or 1/32 of the input.
        causal_intervention: if false, the network has no maskers and no confounder branch (Table 2, rows 1 and 3).
        low_resolution_convolutions: compute convolutions that follow an upsampling at low resolution (exact, faster).
    """

    image_size: int = 224
    vision: VisionConfiguration = ClipResNetConfiguration()
    text: TextConfiguration = TextConfiguration()
    channels: int = 512
    fusion_stage: Literal[2, 3, 4] = 3
    decoder: DecoderConfiguration = DecoderConfiguration()
    causal_intervention: bool = True
    low_resolution_convolutions: bool = True
