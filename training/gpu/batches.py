"""Batches for a GPU: the CPU draws notes and their regions in the background, the device cuts and augments pixels."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.network.text_encoder import tokenize
from CausalCLIPSegLib.notes import swap_sides
from training.augmentation.images import Ranges
from training.augmentation.interventions import Region
from training.augmentation.questions import Questions
from training.data.datamodule import Batch, ReferringDataset
from training.gpu.augmentation import augment

T = TypeVar("T")
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Drawn:
    """What the CPU draws for one step.

    Attributes:
        index: the radiographs, int64 B.
        mirrored: which of them are mirrored, bool B.
        tokens: of N notes for each, which fit the mirrored image, int64 B x (N * L).
        regions: rows of the lesion on each side of the image before mirroring that are the target, and that are
            ignored, bool 2 x B x N x 2 x H.
    """

    index: Tensor
    mirrored: Tensor
    tokens: Tensor
    regions: Tensor


class QuestionDrawer:
    """Draw the questions of each step; they depend only on the seed and the number of the step."""

    def __init__(self, dataset: ReferringDataset, batch_size: int, seed: int, mirrors: bool) -> None:
        """Choose the data.

        Args:
            dataset: the training split.
            batch_size: radiographs in a step.
            seed: random seed.
            mirrors: whether half of the radiographs are mirrored.
        """
        self.dataset = dataset
        self.batch_size = batch_size
        self.seed = seed
        self.mirrors = mirrors
        self.steps = len(dataset) // batch_size
        if dataset.augmentation is None:
            raise ValueError("This is not a training split.")
        self.questions: Questions = dataset.augmentation.questions
        self._tokens: dict[str, Tensor] = {}

    def draw(self, step: int) -> Drawn:
        """Draw the questions of a step."""
        epoch, position = divmod(step, self.steps)
        order = np.random.default_rng((self.seed, epoch)).permutation(len(self.dataset))
        chosen = order[position * self.batch_size : (position + 1) * self.batch_size]
        rng = np.random.default_rng((self.seed, epoch, position))
        index = [self.dataset.order[each] for each in chosen]
        mirrored = (rng.random(len(index)) < 0.5) & self.mirrors
        tokens, regions = zip(*map(partial(self._ask, rng=rng), index, mirrored), strict=True)
        return Drawn(
            torch.tensor(index),
            torch.from_numpy(mirrored),
            torch.stack(tokens),
            torch.from_numpy(np.stack(regions, axis=1)),
        )

    def _ask(self, index: int, mirrored: bool, rng: np.random.Generator) -> tuple[Tensor, Mask]:
        """Return the tokens of the notes about a radiograph, and their regions, bool 2 x N x 2 x H."""
        dataset = self.dataset
        mask, note = dataset.arrays.masks[index], dataset.samples[index].note
        intervene = None if dataset.interventions is None else partial(dataset.interventions, index)
        asked = self.questions.draw(mask, note, intervene, dataset.notes_per_image, rng)
        whole = Region.of_sides(SIDES, len(mask))
        regions = np.stack([np.stack(each.region or whole) for each in asked], axis=1)
        prompts = [swap_sides(each.prompt) if mirrored else each.prompt for each in asked]
        return torch.cat([self._tokenize(prompt) for prompt in prompts]), regions

    def _tokenize(self, prompt: str) -> Tensor:
        if prompt not in self._tokens:
            self._tokens[prompt] = tokenize([prompt], self.dataset.context_length)[0]
        return self._tokens[prompt]


class DeviceData:
    """The radiographs of a split and the lesions of each side, in the memory of a device."""

    def __init__(self, dataset: ReferringDataset, device: torch.device) -> None:
        self.device = device
        self.images = torch.from_numpy(np.ascontiguousarray(dataset.arrays.images)).to(device)
        sides = np.stack([_side_codes(np.asarray(mask)) for mask in dataset.arrays.masks])
        self.sides = torch.from_numpy(sides).to(device)

    def batch(self, drawn: Drawn, ranges: Ranges | None, generator: torch.Generator) -> Batch:
        """Return the batch of a step, as the data module does.

        Args:
            drawn: the questions.
            ranges: how much images are changed; None for not at all.
            generator: on the device.
        """
        index = drawn.index.to(self.device, non_blocking=True)
        mirrored = drawn.mirrored.to(self.device, non_blocking=True).view(-1, 1, 1, 1)
        target, ignored = drawn.regions.to(self.device, non_blocking=True)
        images = self.images[index][:, None].float() / 255
        lesions = torch.stack([self.sides[index] == code for code in _CODES], dim=1)[:, None]
        masks = torch.cat([(lesions & rows[..., None]).any(dim=2) for rows in (target, ignored)], dim=1).float()
        images, masks = (torch.where(mirrored, each.flip(-1), each) for each in (images, masks))
        if ranges is not None:
            images, masks = augment(images, masks, ranges, generator)
        targets, left_out = masks.chunk(2, dim=1)
        return images, targets, drawn.tokens.to(self.device, non_blocking=True), 1 - left_out


_CODES = tuple(range(1, 1 + len(SIDES)))
"""The value of a pixel of the lesion on each side, in the order of `SIDES`; 0 is no lesion."""


def _side_codes(mask: Mask) -> npt.NDArray[np.uint8]:
    """Return the side of each pixel of a lesion, uint8, rows x columns."""
    halves = split_by_side(mask)
    codes = np.zeros(mask.shape, np.uint8)
    for code, side in zip(_CODES, SIDES, strict=True):
        codes[halves[side]] = code
    return codes


def ahead(draw: Callable[[int], T], first: int, number: int = 8) -> Generator[T, None, None]:
    """Yield draw(first), draw(first + 1) and so on without an end; the next ones are drawn in the background.

    Close the iterator to end the thread.

    Args:
        draw: draws a step.
        first: the first step.
        number: how many steps are drawn ahead.
    """
    with ThreadPoolExecutor(1, "questions") as pool:
        pending = deque(pool.submit(draw, first + offset) for offset in range(number))
        step = first + number
        try:
            while True:
                yield pending.popleft().result()
                pending.append(pool.submit(draw, step))
                step += 1
        finally:
            for future in pending:
                future.cancel()
