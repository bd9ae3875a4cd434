"""The parts of RecLMIS that inference runs, each with named tensors in and out."""

from __future__ import annotations

from torch import Tensor

from CausalCLIPSegLib.network.inference import InferenceParts, Part
from CausalCLIPSegLib.network.reclmis.reclmis import Features, RecLMIS
from CausalCLIPSegLib.network.reclmis.words import Words

_SKIPS = ("skip1", "skip2", "skip3", "skip4")
"""Names of the skips from coarse to fine; a decoder takes as many as it has blocks."""


class TextPart(Part):
    """Tokens, int64 B x L -> "words", E, B x L x C, and "present", B x L."""

    inputs = ("tokens",)

    def __init__(self, network: RecLMIS) -> None:
        super().__init__()
        self.network = network

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """Encode the tokens of texts."""
        words = self.network.encode_text(tokens)
        return {"words": words.states, "present": words.present}


class ImagePart(Part):
    """An image, B x 1 x H x W in [0, 1] -> "patches", V, and the skips."""

    inputs = ("image",)

    def __init__(self, network: RecLMIS) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Encode images."""
        features = self.network.encode_image(image)
        return {"patches": features.patches, **dict(zip(_SKIPS, features.skips, strict=False))}


class DecoderPart(Part):
    """The features of images and their texts -> "probability", B x 1 x H x W in [0, 1], and the weights of interest.

    "patches_of_interest" is W_poi, B x 1 x h x w, and "words_of_interest" is W_woi, B x L.
    """

    def __init__(self, network: RecLMIS) -> None:
        super().__init__()
        self.network = network
        self.inputs = ("patches", "words", "present", *_SKIPS[: len(network.decoder.blocks)])

    def forward(
        self,
        patches: Tensor,
        words: Tensor,
        present: Tensor,
        skip1: Tensor,
        skip2: Tensor | None = None,
        skip3: Tensor | None = None,
        skip4: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Segment images by their texts."""
        skips = tuple(skip for skip in (skip1, skip2, skip3, skip4) if skip is not None)
        output = self.network.decode(Features(patches, skips), Words(words, present))
        return {
            "probability": output.logits.sigmoid(),
            "patches_of_interest": output.interaction.patch_weights,
            "words_of_interest": output.interaction.word_weights,
        }


def inference_parts(network: RecLMIS) -> InferenceParts:
    """Return the parts of a network."""
    return InferenceParts(TextPart(network), ImagePart(network), DecoderPart(network))
