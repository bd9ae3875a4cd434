"""An engine that answers every prompt alike, and keeps what it was asked."""

from __future__ import annotations

import numpy as np

SIZE = 64


class MadeEngine:
    """Answers every prompt with the same area in both lungs, and keeps the prompts' tokens."""

    name, device = "made", "cpu"

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def encode_text(self, tokens):
        self.asked.append([int(token) for token in tokens[0] if token])
        return {}

    def encode_image(self, image):
        return {}

    def decode(self, features):
        probability = np.zeros((1, 1, SIZE, SIZE), np.float32)
        probability[..., 36:56, 8:24] = probability[..., 36:56, 40:56] = 0.9
        return {"probability": probability}
