"""Augmentation of image, mask and note together."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torchvision import tv_tensors
from torchvision.transforms import v2

from training.note_variation import vary


def swap_sides(text: str) -> str:
    return re.sub(r"left|right", lambda m: "right" if m[0] == "left" else "left", text)


class RandomGamma(v2.Transform):
    """Raise intensities in [0, 1] to a random power between 1 / `most` and `most`."""

    def __init__(self, most: float) -> None:
        super().__init__()
        self.most = most

    def make_params(self, flat_inputs: list[object]) -> dict[str, float]:
        return {"gamma": self.most ** (2 * torch.rand(()).item() - 1)}

    def transform(self, inpt: object, params: dict[str, float]) -> object:
        if isinstance(inpt, tv_tensors.Image):
            return tv_tensors.wrap(inpt.clamp(0, 1) ** params["gamma"], like=inpt)
        return inpt


class Augmentation:
    """Random views of a sample: a mirrored picture swaps left and right in the note as well."""

    def __init__(self, notes: float = 1.0) -> None:
        self.notes = notes
        self.transform = v2.Compose(
            [
                v2.RandomAffine(degrees=12, translate=(0.08, 0.08), scale=(0.8, 1.25), shear=(-4, 4, -4, 4),
                                interpolation=v2.InterpolationMode.BILINEAR),
                v2.ColorJitter(brightness=0.3, contrast=0.35),
                RandomGamma(1.6),
                v2.RandomApply([v2.GaussianBlur(5, (0.3, 1.5))], p=0.15),
                v2.RandomApply([v2.GaussianNoise(sigma=0.03)], p=0.15),
            ]
        )

    def __call__(self, image: npt.NDArray[np.uint8], mask: npt.NDArray[np.bool_], note: str) -> tuple[Tensor, Tensor, str]:
        """Return image (float32 1 x H x W in [0, 1]), mask (float32 1 x H x W) and the note."""
        rng = np.random.default_rng(int(torch.randint(2**62, ())))
        note, mask = vary(note, mask, rng, self.notes)
        if rng.random() < 0.5:
            image, mask, note = image[:, ::-1], mask[:, ::-1], swap_sides(note)
        picture = tv_tensors.Image(torch.from_numpy(image.astype(np.float32) / 255)[None])
        label = tv_tensors.Mask(torch.from_numpy(mask.astype(np.float32))[None])
        picture, label = self.transform(picture, label)
        return torch.Tensor(picture), torch.Tensor(label), note
