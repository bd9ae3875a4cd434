"""Batches for training and validation, from a data set in memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from CausalCLIPSegLib.network.text_encoder import tokenize
from training.augmentation import Augmentation
from training.dataset import LATERALITY, Sample, Split, read_split

Batch = tuple[Tensor, Tensor, Tensor]
"""Image, float32 B x 1 x H x W in [0, 1]; mask, float32 B x 1 x H x W; tokens, int64 B x L."""


class ReferringDataset(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Samples held in memory as 8-bit arrays; an augmentation gives another view each time."""

    def __init__(self, samples: list[Sample], context_length: int, augmentation: Augmentation | None = None) -> None:
        self.images: npt.NDArray[np.uint8] = np.stack([sample.load_image() for sample in samples])
        self.masks: npt.NDArray[np.bool_] = np.stack([sample.load_mask() for sample in samples])
        self.notes = [sample.note for sample in samples]
        self.context_length = context_length
        self.augmentation = augmentation

    def __len__(self) -> int:
        return len(self.notes)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return image, mask and tokens of a sample."""
        image, mask, note = self.images[index], self.masks[index], self.notes[index]
        if self.augmentation is None:
            picture = torch.from_numpy(image.astype(np.float32) / 255)[None]
            label = torch.from_numpy(mask.astype(np.float32))[None]
        else:
            picture, label, note = self.augmentation(image, mask, note)
        return picture, label, tokenize([note], self.context_length)[0]


class ReferringDataModule(LightningDataModule):
    """Training and validation splits of a directory laid out as LViT's."""

    def __init__(self, data: str, batch_size: int = 16, workers: int = 1, note_variation: float = 1.0) -> None:
        """Choose the data.

        Args:
            data: the directory that holds Train_Folder and Val_Folder.
            batch_size: images a step on each device.
            workers: processes that prepare batches.
            note_variation: how often notes are varied, 1 as tuned, 0 never.
        """
        super().__init__()
        self.data = data
        self.batch_size = batch_size
        self.workers = workers
        self.note_variation = note_variation
        self.context_length = 20

    def _loader(self, split: Split) -> DataLoader[tuple[Tensor, Tensor, Tensor]]:
        train = split == "train"
        augmentation = Augmentation(LATERALITY, self.note_variation) if train else None
        return DataLoader(
            ReferringDataset(read_split(self.data, split), self.context_length, augmentation),
            batch_size=self.batch_size,
            shuffle=train,
            drop_last=train,
            num_workers=self.workers if train else 0,
            persistent_workers=train and self.workers > 0,
        )

    def train_dataloader(self) -> DataLoader[tuple[Tensor, Tensor, Tensor]]:
        """Return shuffled, augmented batches."""
        return self._loader("train")

    def val_dataloader(self) -> DataLoader[tuple[Tensor, Tensor, Tensor]]:
        """Return the validation batches in order."""
        return self._loader("val")
