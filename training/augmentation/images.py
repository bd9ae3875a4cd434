"""Augment an image, its mask and its note together."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes import parse_note, swap_sides, to_prompt
from training.augmentation.interventions import Intervene
from training.augmentation.notes import WITHOUT_LOCATION, vary_note

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


def image_transform(strength: Strength) -> v2.Transform:
    """Return the random transform of image and mask; a lesion stays on its side of the radiograph.

    The embedded checkpoint was trained with "default". "strong" rotates and scales more, also deforms, and varies
    blur, noise and contrast as much as they vary between X-ray machines.
    """
    if strength == "none":
        return v2.Identity()
    strong = strength == "strong"
    affine = v2.RandomAffine(
        degrees=18 if strong else 12,
        translate=(0.1, 0.1) if strong else (0.08, 0.08),
        scale=(0.7, 1.35) if strong else (0.8, 1.25),
        shear=(-6, 6, -6, 6) if strong else (-4, 4, -4, 4),
        interpolation=v2.InterpolationMode.BILINEAR,
    )
    elastic = [v2.RandomApply([v2.ElasticTransform(alpha=40.0, sigma=6.0)], p=0.2)] if strong else []
    return v2.Compose(
        [
            affine,
            *elastic,
            v2.ColorJitter(brightness=0.4 if strong else 0.3, contrast=0.5 if strong else 0.35),
            RandomGamma(2.0 if strong else 1.6),
            v2.RandomApply([v2.GaussianBlur(5, (0.3, 2.5 if strong else 1.5))], p=0.25 if strong else 0.15),
            v2.RandomApply([v2.GaussianNoise(sigma=0.06 if strong else 0.03)], p=0.25 if strong else 0.15),
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
        self.laterality = laterality
        self.note_variation = note_variation
        self.note_dropout = note_dropout
        self.implied_count = implied_count
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
        drawers = [intervene] if number == 1 else [None, *[intervene] * (number - 1)]
        notes, targets, ignored = zip(*(self._draw(mask, note, drawer, rng) for drawer in drawers), strict=True)
        masks = np.stack([*targets, *ignored])
        if self.mirrors and rng.random() < 0.5:
            image, masks, notes = image[:, ::-1], masks[..., ::-1], tuple(map(swap_sides, notes))
        image_tensor = tv_tensors.Image(torch.from_numpy(image.astype(np.float32) / 255)[None])
        masks_tensor = tv_tensors.Mask(torch.from_numpy(masks.astype(np.float32)))
        image_tensor, masks_tensor = self.transform(image_tensor, masks_tensor)
        transformed, left_out = torch.Tensor(masks_tensor).split(number)
        return torch.Tensor(image_tensor), transformed, list(notes), 1 - left_out

    def _draw(
        self, mask: npt.NDArray[np.bool_], note: str, intervene: Intervene | None, rng: np.random.Generator
    ) -> tuple[str, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return a note, its target and the pixels to ignore, all before mirroring."""
        ignored = np.zeros_like(mask)
        intervention = None if intervene is None else intervene(rng)
        if intervention is not None:
            prompt = to_prompt(intervention.expression, self.laterality, implied_count=self.implied_count)
            return prompt, intervention.target, intervention.ignored
        if self.note_dropout and rng.random() < self.note_dropout:
            return to_prompt(WITHOUT_LOCATION, self.laterality), mask, ignored
        if self.note_variation:
            expression, varied = vary_note(parse_note(note, self.laterality), mask, rng, self.note_variation)
            return to_prompt(expression, self.laterality), varied, ignored
        return note, mask, ignored
