"""Image corruptions of fixed strength, like those that other exposures, devices, archives and positioning cause.

A corruption takes a radiograph and its ground truth and returns both; only the crop moves the ground truth. The random
generator is seeded by the radiograph's name, so every checkpoint sees the same corrupted radiographs.
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
class Corruption:
    """A change of the radiograph at one strength.

    Attributes:
        kind: what changes, for example "blur".
        strength: how much it changes, in words and numbers.
        change: takes pixels, float32 in [0, 1], rows x columns, ground truth, bool of the same shape, and a random
            generator; returns the new pixels and ground truth.
    """

    kind: str
    strength: str
    change: Callable[[Pixels, Mask, np.random.Generator], tuple[Pixels, Mask]]

    def __call__(self, pixels: Pixels, mask: Mask, name: str) -> tuple[Pixels, Mask]:
        """Return the corrupted pixels, float32 in [0, 1], and their ground truth; `name` seeds the generator."""
        rng = np.random.default_rng(zlib.crc32(f"{self.kind} {self.strength} {name}".encode()))
        corrupted, truth = self.change(pixels, mask, rng)
        return np.clip(corrupted, 0, 1).astype(np.float32), truth


def _pixels_only(change: Callable[[Pixels], npt.NDArray[np.floating]]) -> Callable[..., tuple[Pixels, Mask]]:
    return lambda pixels, mask, rng: (change(pixels).astype(np.float32), mask)


def _brightness(amount: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _pixels_only(lambda pixels: pixels + amount)


def _contrast(factor: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _pixels_only(lambda pixels: pixels.mean() + factor * (pixels - pixels.mean()))


def _gamma(power: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _pixels_only(lambda pixels: pixels**power)


def _blur(share: float) -> Callable[..., tuple[Pixels, Mask]]:
    return _pixels_only(lambda pixels: ndimage.gaussian_filter(pixels, share * pixels.shape[1], mode="nearest"))


def _noise(sigma: float) -> Callable[..., tuple[Pixels, Mask]]:
    def change(pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        return pixels + rng.normal(0, sigma, pixels.shape).astype(np.float32), mask

    return change


def _crop(max_share: float) -> Callable[..., tuple[Pixels, Mask]]:
    def change(pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        rows, columns = pixels.shape
        top, bottom = (rng.uniform(0, max_share, 2) * rows).astype(int)
        left, right = (rng.uniform(0, max_share, 2) * columns).astype(int)
        inside = slice(top, rows - bottom), slice(left, columns - right)
        # Resized to the original shape, as a radiograph with tighter collimation would be.
        cropped = Image.fromarray(pixels[inside]).resize((columns, rows), Image.Resampling.BILINEAR)
        truth = Image.fromarray(mask[inside]).resize((columns, rows), Image.Resampling.NEAREST)
        return np.asarray(cropped, dtype=np.float32), np.asarray(truth, dtype=bool)

    return change


def _burned_in_text(height: float, lines: int) -> Callable[..., tuple[Pixels, Mask]]:
    texts = ("PORTABLE AP ERECT", "12:45  85 kV  3 mAs", "INSTITUTE OF RADIOLOGY", "120 cm  SUPINE")

    def change(pixels: Pixels, mask: Mask, rng: np.random.Generator) -> tuple[Pixels, Mask]:
        rows, columns = pixels.shape
        picture = Image.fromarray(pixels)
        draw, font = ImageDraw.Draw(picture), ImageFont.load_default(max(height * rows, 6))
        for text, row in zip(texts[:lines], rng.permutation((0.02, 0.1, 0.82, 0.9)), strict=False):
            width = draw.textlength(text, font)
            draw.text((rng.uniform(0, max(columns - width, 1)), row * rows), text, fill=1.0, font=font)
        return np.asarray(picture, dtype=np.float32), mask

    return change


def _sigmoid_curve(slope: float) -> Callable[..., tuple[Pixels, Mask]]:
    """Return the S-shaped characteristic curve of screen-film radiography, which leaves black and white unchanged."""

    def curve(pixels: Pixels) -> npt.NDArray[np.floating]:
        low, high = 1 / (1 + np.exp(slope / 2)), 1 / (1 + np.exp(-slope / 2))
        return (1 / (1 + np.exp(-slope * (pixels - 0.5))) - low) / (high - low)

    return _pixels_only(curve)


def _edge_enhancement(amount: float) -> Callable[..., tuple[Pixels, Mask]]:
    """Return the unsharp masking that computed radiography applies."""

    def sharpen(pixels: Pixels) -> npt.NDArray[np.floating]:
        smooth = ndimage.gaussian_filter(pixels, 0.03 * pixels.shape[1], mode="nearest")
        return pixels + amount * (pixels - smooth)

    return _pixels_only(sharpen)


CORRUPTIONS = (
    Corruption("brightness", "-0.15", _brightness(-0.15)),
    Corruption("brightness", "+0.15", _brightness(0.15)),
    Corruption("contrast", "x 0.6", _contrast(0.6)),
    Corruption("contrast", "x 1.5", _contrast(1.5)),
    Corruption("gamma", "0.6", _gamma(0.6)),
    Corruption("gamma", "1.7", _gamma(1.7)),
    Corruption("blur", "0.5 % of the width", _blur(0.005)),
    Corruption("blur", "1.5 % of the width", _blur(0.015)),
    Corruption("noise", "sigma 0.04", _noise(0.04)),
    Corruption("noise", "sigma 0.10", _noise(0.10)),
    Corruption("crop", "up to 6 % a side", _crop(0.06)),
    Corruption("crop", "up to 15 % a side", _crop(0.15)),
    Corruption("burned-in text", "2 lines of 4 %", _burned_in_text(0.04, 2)),
    Corruption("burned-in text", "4 lines of 7 %", _burned_in_text(0.07, 4)),
    Corruption("film curve", "slope 6", _sigmoid_curve(6)),
    Corruption("film curve", "slope 10", _sigmoid_curve(10)),
    Corruption("edge enhancement", "x 0.7", _edge_enhancement(0.7)),
    Corruption("edge enhancement", "x 2", _edge_enhancement(2)),
)
"""Each kind at a mild and a strong setting, chosen before any measurement. Kinds and strengths are keys in JSON."""
