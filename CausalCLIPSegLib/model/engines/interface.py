"""What every engine does, whatever the architecture of the network: three calls, with named NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Arrays = Mapping[str, npt.NDArray[Any]]
"""Arrays by the names that the network gives them; all are float32, except tokens."""


class Engine(Protocol):
    """Runs the three parts of a network. Features may be kept, and used with many texts or images.

    Attributes:
        name: "onnx" or "torch".
        device: "cpu" or "cuda"; the CPU after the GPU ran out of memory.
    """

    name: str
    device: str

    def encode_text(self, tokens: npt.NDArray[np.int64]) -> Arrays:
        """Encode the tokens of texts, int64 B x L; the names of the features are the network's."""
        ...

    def encode_image(self, image: npt.NDArray[np.float32]) -> Arrays:
        """Encode images, float32 B x 1 x S x S in [0, 1], S a multiple of 32.

        "attention", float32 B x 1 x h x w in [0, 1], is for people; networks without maskers do not return it.
        """
        ...

    def decode(self, features: Arrays) -> Arrays:
        """Segment images by their texts.

        Args:
            features: what `encode_image` and `encode_text` returned, together.

        Returns:
            "probability", float32 B x 1 x S x S in [0, 1]. For people, if the network has them: "patches_of_interest",
            B x 1 x h x w, and "words_of_interest", B x L; the weights of each image and of each text sum to 1.
        """
        ...
