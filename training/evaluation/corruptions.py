"""Films from elsewhere: what exposure, machine, archive and positioning do to a film, at fixed strengths.

Each shift takes a film and its ground truth and gives both back; only the crop moves the ground truth. Chance comes
from a generator seeded by the film's name, so that every checkpoint sees the same shifted films.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

Pixels = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Shift:
    """A change of the film at one strength.

    Attributes:
        kind: what is changed.
        strength: how much, in words and numbers.
        change: of pixels, float32 in [0, 1] rows x columns, and ground truth, bool of the same shape.
    """

    kind: str
    strength: str
    change: Callable[[Pixels, Mask, np.random.Generator], tuple[Pixels, Mask]]

    def __call__(self, pixels: Pixels, mask: Mask, name: str) -> tuple[Pixels, Mask]:
        """Return the changed film, float32 in [0, 1], and its ground truth; the name seeds the chance."""
        rng = np.random.default_rng(zlib.crc32(f"{self.kind} {self.strength} {name}".encode()))
        changed, moved = self.change(pixels, mask, rng)
        return np.clip(changed, 0, 1).astype(np.float32), moved


def _of_pixels(change: Callable[[Pixels], npt.NDArray[np.floating]]) -> Callable[..., tuple[Pixels, Mask]]:
    return lambda pixels, mask, rng: (change(pixels).astype(np.float32), mask)


def _brightness(amount: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _of_pixels(lambda pixels: pixels + amount)


def _contrast(factor: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _of_pixels(lambda pixels: pixels.mean() + factor * (pixels - pixels.mean()))


def _gamma(power: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _of_pixels(lambda pixels: pixels**power)


def _blur(share: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _of_pixels(lambda pixels: ndimage.gaussian_filter(pixels, share * pixels.shape[1], mode="nearest"))


def _noise(sigma: float) -> Callable[..., tuple[Pixels, Mask]]:
    def change(pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        return pixels + rng.normal(0, sigma, pixels.shape).astype(np.float32), mask

    return change


def _crop(most: float) -> Callable[..., tuple[Pixels, Mask]]:
    def change(pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        rows, columns = pixels.shape
        top, bottom = (rng.uniform(0, most, 2) * rows).astype(int)
        left, right = (rng.uniform(0, most, 2) * columns).astype(int)
        inside = slice(top, rows - bottom), slice(left, columns - right)
        # Stretched back to its size as a film of another collimation would be.
        film = Image.fromarray(pixels[inside]).resize((columns, rows), Image.Resampling.BILINEAR)
        truth = Image.fromarray(mask[inside]).resize((columns, rows), Image.Resampling.NEAREST)
        return np.asarray(film, dtype=np.float32), np.asarray(truth, dtype=bool)

    return change


def _lettering(height: float, lines: int) -> Callable[..., tuple[Pixels, Mask]]:
    words = ("PORTABLE AP ERECT", "12:45  85 kV  3 mAs", "INSTITUTE OF RADIOLOGY", "120 cm  SUPINE")

    def change(pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        rows, columns = pixels.shape
        picture = Image.fromarray(pixels)
        draw, font = ImageDraw.Draw(picture), ImageFont.load_default(max(height * rows, 6))
        for line, row in zip(words[:lines], rng.permutation((0.02, 0.1, 0.82, 0.9)), strict=False):
            width = draw.textlength(line, font)
            draw.text((rng.uniform(0, max(columns - width, 1)), row * rows), line, fill=1.0, font=font)
        return np.asarray(picture, dtype=np.float32), mask

    return change


def _sigmoid_curve(slope: float) -> Callable[..., tuple[Pixels, Mask]]:
    """Return the S-shaped curve of a screen film, with white still white and black still black."""

    def curve(pixels: Pixels) -> npt.NDArray[np.floating]:
        low, high = 1 / (1 + np.exp(slope / 2)), 1 / (1 + np.exp(-slope / 2))
        return (1 / (1 + np.exp(-slope * (pixels - 0.5))) - low) / (high - low)

    return _of_pixels(curve)


def _edge_enhancement(amount: float) -> Callable[..., tuple[Pixels, Mask]]:
    """Return the unsharp mask that processing of computed radiographs applies."""

    def sharpen(pixels: Pixels) -> npt.NDArray[np.floating]:
        smooth = ndimage.gaussian_filter(pixels, 0.03 * pixels.shape[1], mode="nearest")
        return pixels + amount * (pixels - smooth)

    return _of_pixels(sharpen)


SHIFTS = (
    Shift("brightness", "-0.15", _brightness(-0.15)),
    Shift("brightness", "+0.15", _brightness(0.15)),
    Shift("contrast", "x 0.6", _contrast(0.6)),
    Shift("contrast", "x 1.5", _contrast(1.5)),
    Shift("gamma", "0.6", _gamma(0.6)),
    Shift("gamma", "1.7", _gamma(1.7)),
    Shift("blur", "0.5 % of the width", _blur(0.005)),
    Shift("blur", "1.5 % of the width", _blur(0.015)),
    Shift("noise", "sigma 0.04", _noise(0.04)),
    Shift("noise", "sigma 0.10", _noise(0.10)),
    Shift("crop", "up to 6 % a side", _crop(0.06)),
    Shift("crop", "up to 15 % a side", _crop(0.15)),
    Shift("burned-in text", "2 lines of 4 %", _lettering(0.04, 2)),
    Shift("burned-in text", "4 lines of 7 %", _lettering(0.07, 4)),
    Shift("film curve", "slope 6", _sigmoid_curve(6)),
    Shift("film curve", "slope 10", _sigmoid_curve(10)),
    Shift("edge enhancement", "x 0.7", _edge_enhancement(0.7)),
    Shift("edge enhancement", "x 2", _edge_enhancement(2)),
)
"""Each kind at a mild and a strong setting, chosen before any was measured."""
