"""Small images with notes beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def add_image(path: Path, note: str | None = None, seed: int = 1) -> Path:
    """Write an image of 108 x 144 pixels, and its note into a file beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.kron(np.random.default_rng(seed).integers(0, 255, (9, 12)), np.ones((12, 12)))
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    if note is not None:
        path.with_suffix(".txt").write_text(note, encoding="utf-8")
    return path
