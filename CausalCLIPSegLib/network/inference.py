"""What inference runs: three parts of a network, each a module of its own with named tensors in and out.

An engine runs them, and the export writes each as a graph. Every architecture has these three parts.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn


class Part(nn.Module):
    """A part of a network, which returns a dictionary of named tensors.

    Attributes:
        inputs: the names of the tensors that it takes.
    """

    inputs: tuple[str, ...]


class InferenceParts(NamedTuple):
    """The three parts, which share the weights of their network.

    Attributes:
        text: "tokens", int64 B x L -> the features of texts.
        image: "image", B x 1 x H x W in [0, 1] -> the features of images, and maps for people.
        decoder: features of both -> "probability", B x 1 x H x W in [0, 1], and maps for people.
    """

    text: Part
    image: Part
    decoder: Part

    def predict(self, image: Tensor, tokens: Tensor) -> dict[str, Tensor]:
        """Return what the decoder gives for images, B x 1 x H x W, and their tokens, int64 B x L."""
        features = {**self.image(image), **self.text(tokens)}
        outputs: dict[str, Tensor] = self.decoder(**{name: features[name] for name in self.decoder.inputs})
        return outputs
