"""Augment an image, its mask and its note together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes import swap_sides
from training.augmentation.interventions import Intervene
from training.augmentation.questions import Questions

Strength = Literal["none", "default", "strong"]


class RandomGamma(v2.Transform):
    """Raise intensities in [0, 1] to a random power between 1 / `max_gamma` and `max_gamma`."""

    def __init__(self, max_gamma: float) -> None:
        super().__init__()
        self.max_gamma = max_gamma

    def make_params(self, flat_inputs: list[Any]) -> dict[str, Any]:
        """Draw the power, uniformly on a logarithmic scale."""
        return {"gamma": self.max_gamma ** (2 * torch.rand(()).item() - 1)}

    def transform(self, inpt: Any, params: dict[str, Any]) -> Any:
        """Apply the power to images; masks stay unchanged."""
        if isinstance(inpt, tv_tensors.Image):
            return tv_tensors.wrap(inpt.clamp(0, 1) ** params["gamma"], like=inpt)
        return inpt


@dataclass(frozen=True)
class Ranges:
    """How much an image is changed; every change is drawn evenly from its range, the gamma on a logarithmic scale.

    Attributes:
        degrees: rotation, to both sides.
        translate: shift, to both sides, as a share of the image's size.
        scale: factors.
        shear: degrees, to both sides, along rows and along columns.
        elastic: strength and smoothness in pixels of a deformation, and its probability.
        brightness, contrast: change of the factor, to both sides of 1.
        gamma: highest power; the lowest is its reciprocal.
        blur: highest sigma in pixels, and its probability; the lowest is 0.3.
        noise: sigma, and its probability.
    """

    degrees: float
    translate: float
    scale: tuple[float, float]
    shear: float
    elastic: tuple[float, float, float]
    brightness: float
    contrast: float
    gamma: float
    blur: tuple[float, float]
    noise: tuple[float, float]


BLUR_SIZE = 5
"""Pixels of the kernel of a blur."""
LOWEST_BLUR = 0.3
RANGES: dict[Strength, Ranges | None] = {
    "none": None,
    "default": Ranges(12, 0.08, (0.8, 1.25), 4, (0, 0, 0), 0.3, 0.35, 1.6, (1.5, 0.15), (0.03, 0.15)),
    "strong": Ranges(18, 0.1, (0.7, 1.35), 6, (40, 6, 0.2), 0.4, 0.5, 2.0, (2.5, 0.25), (0.06, 0.25)),
}
"""The embedded checkpoint was trained with "default". "strong" rotates and scales more, also deforms, and varies blur,
noise and contrast as much as they vary between X-ray machines."""


def image_transform(strength: Strength) -> v2.Transform:
    """Return the random transform of image and mask; a lesion stays on its side of the radiograph."""
    ranges = RANGES[strength]
    if ranges is None:
        return v2.Identity()
    affine = v2.RandomAffine(
        degrees=ranges.degrees,
        translate=(ranges.translate, ranges.translate),
        scale=ranges.scale,
        shear=(-ranges.shear, ranges.shear, -ranges.shear, ranges.shear),
        interpolation=v2.InterpolationMode.BILINEAR,
    )
    alpha, smoothness, share = ranges.elastic
    elastic = [v2.RandomApply([v2.ElasticTransform(alpha=alpha, sigma=smoothness)], p=share)] if share else []
    sigma, blurred = ranges.blur
    noise, noisy = ranges.noise
    return v2.Compose(
        [
            affine,
            *elastic,
            v2.ColorJitter(brightness=ranges.brightness, contrast=ranges.contrast),
            RandomGamma(ranges.gamma),
            v2.RandomApply([v2.GaussianBlur(BLUR_SIZE, (LOWEST_BLUR, sigma))], p=blurred),
            v2.RandomApply([v2.GaussianNoise(sigma=noise)], p=noisy),
        ]
    )


class Augmentation:
    """Random views of a sample. If the image is mirrored, left and right are also swapped in the note."""

    def __init__(
        self,
        laterality: Laterality,
        note_variation: float = 1.0,
        note_dropout: float = 0.0,
        strength: Strength = "default",
        implied_count: bool = True,
    ) -> None:
        """Choose the variations.

        Args:
            laterality: whose left and right the notes of the data set mean.
            note_variation: factor on how often notes are varied, see `augmentation.notes.vary_note`.
            note_dropout: probability in [0, 1] that a note is replaced by one without location and number, instead of
                being varied.
            strength: how strongly images are transformed; with "none" they are not mirrored either.
            implied_count: of the prompts for drawn places, see `to_prompt`.
        """
        self.questions = Questions(laterality, note_variation, note_dropout, implied_count)
        self.mirrors = strength != "none"
        self.transform = image_transform(strength)

    def __call__(
        self,
        image: npt.NDArray[np.uint8],
        mask: npt.NDArray[np.bool_],
        note: str,
        intervene: Intervene | None = None,
        number: int = 1,
    ) -> tuple[Tensor, Tensor, list[str], Tensor]:
        """Return a random view of a sample with one or more notes.

        Args:
            image: uint8, H x W.
            mask: bool, H x W.
            note: in the laterality of the data set.
            intervene: draws another note with its target; None to keep the note, and to draw no random number for it.
            number: N of notes; if there are several, the first is always the own note.

        Returns:
            The image, float32 1 x H x W in [0, 1]; the masks, float32 N x H x W, 0 or 1; the N notes that fit both;
            and the weight of each pixel in the loss, float32 N x H x W, 0 for ignored pixels and 1 for all others.
        """
        # Seeded from torch, because the data set seeds torch for each radiograph of each epoch.
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        asked = self.questions.draw(mask, note, intervene, number, rng)
        notes = [each.prompt for each in asked]
        everything = mask, np.zeros_like(mask)
        targets, ignored = zip(*(each.region.cut(mask) if each.region else everything for each in asked), strict=True)
        masks = np.stack([*targets, *ignored])
        if self.mirrors and rng.random() < 0.5:
            image, masks, notes = image[:, ::-1], masks[..., ::-1], list(map(swap_sides, notes))
        image_tensor = tv_tensors.Image(torch.from_numpy(image.astype(np.float32) / 255)[None])
        masks_tensor = tv_tensors.Mask(torch.from_numpy(masks.astype(np.float32)))
        image_tensor, masks_tensor = self.transform(image_tensor, masks_tensor)
        transformed, left_out = torch.Tensor(masks_tensor).split(number)
        return torch.Tensor(image_tensor), transformed, notes, 1 - left_out
