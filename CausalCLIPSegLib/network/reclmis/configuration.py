"""The sizes of a RecLMIS network, for checkpoint cards and training configurations."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from CausalCLIPSegLib.network.configuration import (
    Channels,
    FrozenModel,
    InputSize,
    TextConfiguration,
    TimmConfiguration,
)

PATCH = 16
"""Rows and columns of a patch in pixels of the input."""


class UNetConfiguration(FrozenModel):
    """The U-Net encoder of the paper.

    Attributes:
        width: channels at full resolution; the next three levels double it, and the last keeps the number.
    """

    kind: Literal["unet"] = "unet"
    width: int = Field(default=64, ge=1, le=512)


class InteractionConfiguration(FrozenModel):
    """The conditioned interaction (Eq. 1 to 3).

    Attributes:
        heads: heads of each attention.
        dropout: probability of dropping an attention weight, or a value of the patch embedding, in training.
        residual: add the attention to its query, and normalize the sum; the published module does neither.
        words_attend_first: the patches attend to the words that have seen the image, E' instead of E, as the released
            code does; the paper lets them attend to E.
    """

    heads: int = Field(default=4, ge=1, le=64)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    residual: bool = False
    words_attend_first: bool = False


class RecLMISConfiguration(FrozenModel):
    """A whole RecLMIS network; the defaults are the paper's.

    Attributes:
        architecture: always "reclmis".
        image_size: rows and columns of the square input.
        vision: the image encoder.
        text: the text encoder; the default is that of CLIP ViT-B/32 with a context that no published note exceeds.
        channels: C of the patches V and the words E.
        interaction: how patches and words attend to each other.
        decoder: channels of each block of the decoder, from coarse to fine; each doubles the resolution.
    """

    architecture: Literal["reclmis"] = "reclmis"
    image_size: InputSize = 224
    vision: Annotated[UNetConfiguration | TimmConfiguration, Field(discriminator="kind")] = UNetConfiguration()
    text: TextConfiguration = TextConfiguration(context_length=24)
    channels: Channels = 512
    interaction: InteractionConfiguration = InteractionConfiguration()
    decoder: tuple[Channels, ...] = Field(default=(256, 128, 64, 64), min_length=1, max_length=4)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.channels % self.interaction.heads:
            raise ValueError(f"{self.interaction.heads} heads do not divide {self.channels} channels")
        blocks = 4 if self.vision.kind == "unet" else 2
        if len(self.decoder) > blocks:
            raise ValueError(f"the image encoder has features for {blocks} blocks of the decoder")
        return self
