"""The moving average of a network's weights."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import nn


class WeightAverage:
    """An exponential moving average of everything that a network's state dict holds.

    PyTorch's `AveragedModel` also averages buffers that are no weights, and turns the minus infinity of the text
    encoder's attention mask into NaN.

    Attributes:
        network: a copy of the network with the averaged weights.
        updates: how many updates the average holds.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        """Start with the weights of a network, which must stay on its device.

        Args:
            network: the network in training.
            decay: share of the average that an update keeps; the first update keeps nothing.
        """
        self.network = deepcopy(network).requires_grad_(False)
        self.updates = 0
        self._decay = decay
        pairs = list(zip(self.network.state_dict().values(), network.state_dict().values(), strict=True))
        self._floats = [pair for pair in pairs if pair[0].is_floating_point()]
        self._counts = [pair for pair in pairs if not pair[0].is_floating_point()]

    @torch.no_grad()
    def update(self) -> None:
        """Add the present weights of the network in training."""
        averages, weights = map(list, zip(*self._floats, strict=True))
        torch._foreach_lerp_(averages, weights, 1 - self._decay if self.updates else 1.0)
        for average, count in self._counts:
            average.copy_(count)
        self.updates += 1
