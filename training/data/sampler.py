"""The order of the training films, and the chance of each: the same for the same seed, epoch and film.

A run that is resumed, or prepared by another number of worker processes, then sees what an uninterrupted one sees.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import Dataset, DistributedSampler


class SeededSampler(DistributedSampler[Any]):
    """Yield (index, seed) of films in an order that depends on seed and epoch alone, parted among processes.

    Being a `DistributedSampler` Lightning leaves it in place, and tells it every epoch's number.
    """

    def __init__(self, dataset: Dataset[Any], seed: int, replicas: int = 1, rank: int = 0) -> None:
        super().__init__(dataset, num_replicas=replicas, rank=rank, shuffle=True, seed=seed, drop_last=True)

    def __iter__(self) -> Iterator[Any]:
        """Return the pairs of this epoch."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        seeds = torch.randint(2**62, (len(self.dataset),), generator=generator)  # type: ignore[arg-type]
        for index in super().__iter__():
            yield index, int(seeds[index])
