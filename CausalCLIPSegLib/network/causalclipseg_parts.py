"""The parts of CausalCLIPSeg that inference runs, each with named tensors in and out."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.inference import InferenceParts, Part


class TextPart(Part):
    """Tokens, int64 B x L -> "text": tau, B x T."""

    inputs = ("tokens",)

    def __init__(self, network: CausalCLIPSeg) -> None:
        super().__init__()
        self.encoder = network.text_encoder

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Encode the tokens of texts."""
        return {"text": self.encoder(tokens)}


class ImagePart(Part):
    """An image, B x 1 x H x W in [0, 1] -> "features": F^c, and "attention" if the network has maskers.

    The attention, B x 1 x h x w, is the mean of M over channels and stages on the grid of the finest stage.
    """

    inputs = ("image",)

    def __init__(self, network: CausalCLIPSeg) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Encode images."""
        features = self.network.encode_image(image, confounder=False)
        stages = [stage.mean(1, keepdim=True) for stage in features.attention]
        if not stages:
            return {"features": features.causal}
        size = stages[0].shape[-2:]
        maps = [stages[0], *(F.interpolate(each, size=size, mode="bilinear") for each in stages[1:])]
        return {"features": features.causal, "attention": torch.stack(maps).mean(0)}


class DecoderPart(Part):
    """The features of images and of their texts -> "probability", B x 1 x H x W in [0, 1]."""

    inputs = ("features", "text")

    def __init__(self, network: CausalCLIPSeg) -> None:
        super().__init__()
        self.decoder = network.causal.decoder

    def forward(self, features: Tensor, text: Tensor) -> dict[str, Tensor]:
        """Segment images by their texts."""
        return {"probability": self.decoder(text, features).sigmoid()}


def inference_parts(network: CausalCLIPSeg) -> InferenceParts:
    """Return the parts of a network."""
    return InferenceParts(TextPart(network), ImagePart(network), DecoderPart(network))
