"""Batches for training and validation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from CausalCLIPSegLib.network.text_encoder import tokenize
from CausalCLIPSegLib.notes import to_prompt
from training.augmentation.images import Augmentation, Strength
from training.augmentation.interventions import Interventions
from training.augmentation.notes import parse_any_finding, without_location
from training.data.balance import balanced_order
from training.data.cache import Arrays, cached, decode_all
from training.data.generated_notes import NoteSource, with_notes
from training.data.prompts import with_prompts
from training.data.sampler import SeededSampler
from training.data.splits import DatasetError, Sample, Split, read_split, subsample_evenly

Batch = tuple[Tensor, Tensor, Tensor] | tuple[Tensor, Tensor, Tensor, Tensor]
"""Image, float32 B x 1 x H x W in [0, 1]; a mask for each of N notes, float32 B x N x H x W; their tokens, int64
B x (N * L); and, in training with interventions, the weight of each pixel in the loss, float32 B x N x H x W, 0 or 1.
N is 1 unless the training asks about several notes. A sample has no B."""


class ReferringDataset(Dataset[Batch]):
    """Samples as 8-bit arrays. With an augmentation, each seed gives a different view."""

    def __init__(
        self,
        samples: Sequence[Sample],
        arrays: Arrays,
        context_length: int,
        augmentation: Augmentation | None = None,
        interventions: Interventions | None = None,
        notes_per_image: int = 1,
        order: Sequence[int] | None = None,
    ) -> None:
        self.samples = samples
        self.arrays = arrays
        self.context_length = context_length
        self.augmentation = augmentation
        self.interventions = interventions
        self.notes_per_image = notes_per_image
        self.order = range(len(samples)) if order is None else order

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, key: int | tuple[int, int]) -> Batch:
        """Return a sample as in `Batch`: unchanged for an index, augmented for (index, seed)."""
        position, seed = key if isinstance(key, tuple) else (key, None)
        index = self.order[position]
        pixels, truth, note = self.arrays.images[index], self.arrays.masks[index], self.samples[index].note
        if self.augmentation is None or seed is None:
            image = torch.from_numpy(pixels.astype(np.float32) / 255)[None]
            mask = torch.from_numpy(truth.astype(np.float32))[None]
            return image, mask, tokenize([note], self.context_length)[0]
        intervene = None if self.interventions is None else partial(self.interventions, index)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            image, mask, notes, weight = self.augmentation(pixels, truth, note, intervene, self.notes_per_image)
        tokens = tokenize(notes, self.context_length).flatten()
        return (image, mask, tokens) if intervene is None else (image, mask, tokens, weight)


class ReferringDataModule(LightningDataModule):
    """The training and validation splits of a data set; `splits.read_split` reads them."""

    def __init__(
        self,
        data: str,
        batch_size: int = 16,
        workers: int = 1,
        note_variation: float = 1.0,
        note_dropout: float = 0.0,
        notes_per_image: int = 1,
        interventions: float = 0.0,
        intervention_margin: float = 0.05,
        own_zone_overrules: bool = True,
        intervention_absent: float = 0.5,
        absent_margin: float | None = None,
        implied_count: bool = True,
        balance_zones: int = 1,
        augmentation: Strength = "default",
        cache: str | None = None,
        strict: bool = True,
        say_notes: bool = False,
        notes: NoteSource = "given",
        limit: int | None = None,
        seed: int = 0,
    ) -> None:
        """Choose the data.

        Args:
            data: the folder that holds Train_Folder and Val_Folder, or train.csv and val.csv.
            batch_size: images per step on each device.
            workers: processes that prepare batches.
            note_variation: factor on how often notes are varied; 0 for never.
            note_dropout: probability in [0, 1] that a note is replaced by one without location and number; 1 also for
                validation.
            notes_per_image: how many notes each radiograph is asked about in one step. They share the image's
                features, so a further note costs less than a further radiograph. If there are several, the first is
                the own note, and `interventions` applies to each of the others.
            interventions: probability in [0, 1] that a note is replaced by a place that is drawn independently of the
                lesion, see `augmentation.interventions`.
            intervention_margin: half the height of the band at the border of a drawn zone in which the lesion is
                ignored, as a share of the lung's height.
            own_zone_overrules: if the drawn zones of a side are exactly those of the radiograph's own note, the target
                is the published mask of this side.
            intervention_absent: share of the drawn zones that hold no lesion. A small share prefers a doubtful area to
                a missed lesion.
            absent_margin: how far a lesion must be from a zone that is said to hold none, as a share of the lung's
                height, because readers do not agree on the borders; None for `intervention_margin`.
            implied_count: whether the prompts for drawn places state a number of areas, as those of own notes do. Use
                the same value for the checkpoint's card.
            balance_zones: how often a training radiograph is used at most in an epoch, so that notes of a single zone
                name each zone equally often, see `balanced_order`.
            augmentation: strength of the image augmentation: "none", "default" or "strong".
            cache: folder for decoded images; without it they are decoded at every start and stay in memory.
            strict: reject a split with faulty rows; otherwise leave those rows out.
            say_notes: turn each note into the prompt that the program makes of it; for notes in free text.
            notes: "given" by the data set; "missing": generated from the ground truth if the data set has none; or
                "described": all generated.
            limit: use only this many radiographs of each split, spread evenly over it.
            seed: determines the order of the radiographs and the augmentation.
        """
        super().__init__()
        self.data = data
        self.batch_size = batch_size
        self.workers = workers
        self.note_variation = note_variation
        self.note_dropout = note_dropout
        self.notes_per_image = notes_per_image
        self.interventions = interventions
        self.intervention_margin = intervention_margin
        self.own_zone_overrules = own_zone_overrules
        self.intervention_absent = intervention_absent
        self.absent_margin = absent_margin
        self.implied_count = implied_count
        self.balance_zones = balance_zones
        self.augmentation = augmentation
        self.cache = cache
        self.strict = strict
        self.say_notes = say_notes
        self.notes = notes
        self.limit = limit
        self.seed = seed
        self.context_length = 20
        self.image_size = 224
        self._sets: dict[Split, ReferringDataset] = {}

    def prepare_data(self) -> None:
        """Fill the cache; Lightning calls this once per machine."""
        if self.cache is not None:
            self._copy_sizes()
            for split in ("train", "val"):
                cached(self._samples(split), self.image_size, Path(self.cache))

    def setup(self, stage: str) -> None:
        """Use the input sizes of the network in training."""
        self._copy_sizes()

    def _copy_sizes(self) -> None:
        module: Any = self.trainer.lightning_module if self.trainer is not None else None
        if module is not None:
            self.image_size = module.network.configuration.image_size
            self.context_length = module.network.configuration.text.context_length

    def _samples(self, split: Split) -> list[Sample]:
        samples = subsample_evenly(
            read_split(self.data, split, strict=self.strict, notes=self.notes == "given"), self.limit
        )
        if len({sample.laterality for sample in samples}) > 1:
            raise DatasetError(f"Some notes of the {split} split mean the patient's left, others the viewer's left.")
        return samples

    def dataset(self, split: Split) -> ReferringDataset:
        """Return a split, read on the first call.

        Raises:
            DatasetError: the split has faults, its notes mix the patient's and the viewer's left, or a file cannot be
                used.
        """
        if split not in self._sets:
            samples = self._samples(split)
            arrays = (
                decode_all(samples, self.image_size)
                if self.cache is None
                else cached(samples, self.image_size, Path(self.cache))
            )
            samples = with_notes(samples, arrays, self.notes)
            if self.say_notes:
                samples = with_prompts(samples)
            make = self.augmented if split == "train" else self.unchanged
            self._sets[split] = make(samples, arrays)
        return self._sets[split]

    def unchanged(self, samples: Sequence[Sample], arrays: Arrays) -> ReferringDataset:
        """Return decoded radiographs as a validation split."""
        if self.note_dropout == 1:  # a network that never sees a note is validated without notes
            samples = [replace(each, note=_without_location(each)) for each in samples]
        return ReferringDataset(samples, arrays, self.context_length)

    def augmented(self, samples: Sequence[Sample], arrays: Arrays) -> ReferringDataset:
        """Return decoded radiographs as a training split."""
        augmentation = Augmentation(
            samples[0].laterality, self.note_variation, self.note_dropout, self.augmentation, self.implied_count
        )
        interventions = order = None
        if self.interventions or self.balance_zones > 1:
            notes = [parse_any_finding(sample.note, sample.laterality) for sample in samples]
            order = balanced_order(notes, self.balance_zones)
        if self.interventions:
            interventions = Interventions(
                notes,
                arrays.images,
                arrays.masks,
                self.interventions,
                self.intervention_margin,
                self.own_zone_overrules,
                self.intervention_absent,
                self.absent_margin,
            )
        return ReferringDataset(
            samples, arrays, self.context_length, augmentation, interventions, self.notes_per_image, order
        )

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return shuffled, augmented batches.

        Raises:
            DatasetError: the split has fewer radiographs than one training step needs.
        """
        dataset = self.dataset("train")
        replicas, rank = (self.trainer.world_size, self.trainer.global_rank) if self.trainer is not None else (1, 0)
        if len(dataset) < self.batch_size * replicas:
            raise DatasetError(
                f"The train split has {len(dataset)} radiographs, fewer than one step needs "
                f"({self.batch_size * replicas}); lower --data.batch_size."
            )
        return DataLoader(
            dataset,
            batch_size=self.batch_size,
            sampler=SeededSampler(dataset, self.seed, replicas, rank),
            drop_last=True,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            pin_memory=torch.cuda.is_available(),
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the validation batches in the order of the table."""
        return DataLoader(self.dataset("val"), batch_size=self.batch_size)


def _without_location(sample: Sample) -> str:
    return to_prompt(without_location(parse_any_finding(sample.note, sample.laterality)), sample.laterality)
