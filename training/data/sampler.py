"""The order of the training radiographs, and a random seed for each; both depend only on seed, epoch and radiograph.

A run that is resumed, or that uses another number of worker processes, therefore sees the same data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import Dataset, DistributedSampler


class SeededSampler(DistributedSampler[Any]):
    """Yield (index, seed) of each radiograph, in an order that depends only on seed and epoch, split among processes.

    Lightning keeps a `DistributedSampler` as it is and calls its `set_epoch` before each epoch.
    """

    def __init__(self, dataset: Dataset[Any], seed: int, replicas: int = 1, rank: int = 0) -> None:
        super().__init__(dataset, num_replicas=replicas, rank=rank, shuffle=True, seed=seed, drop_last=True)

    def __iter__(self) -> Iterator[Any]:
        """Yield the pairs of this epoch."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        seeds = torch.randint(2**62, (len(self.dataset),), generator=generator)  # type: ignore[arg-type]
        for index in super().__iter__():
            yield index, int(seeds[index])
