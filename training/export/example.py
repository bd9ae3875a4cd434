"""An input that is the same every time, to compare the predictions of two forms of a network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image


def example_image(size: int, batch: int = 1) -> npt.NDArray[np.float32]:
    """Return images of smooth noise in [0, 1]: float32, batch x 1 x size x size."""
    generator = np.random.default_rng(0)
    coarse = generator.random((batch, max(size // 16, 2), max(size // 16, 2)), dtype=np.float32)
    smooth = [np.asarray(Image.fromarray(each).resize((size, size), Image.Resampling.BILINEAR)) for each in coarse]
    return np.stack(smooth)[:, None]


def example_prompt() -> str:
    """Return a prompt."""
    return "Bilateral pulmonary infection, two infected areas, lower left lung and middle right lung."
