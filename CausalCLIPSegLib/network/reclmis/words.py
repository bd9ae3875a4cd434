"""The words of a sentence as the network uses them: the states of all tokens, and which of them are padding."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Words(NamedTuple):
    """The words of sentences.

    Attributes:
        states: E, B x L x C; zero at padding.
        present: 1 for a token of the sentence, including the start and end tokens, and 0 for padding, float B x L.
    """

    states: Tensor
    present: Tensor


def present_tokens(tokens: Tensor) -> Tensor:
    """Return 1 for each token up to the end token, and 0 for padding: int64 B x L -> float32 B x L.

    The end token has the highest number, as in CLIP.
    """
    end = tokens.argmax(dim=1, keepdim=True)
    return (torch.arange(tokens.shape[1], device=tokens.device) <= end).float()


class WordConvolution(nn.Conv1d):
    """A convolution over three neighboring words; padding counts as zero, as beyond the ends of a sentence."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)

    def forward(self, states: Tensor, present: Tensor) -> Tensor:  # type: ignore[override]
        """Return B x L x out; zero at padding.

        Args:
            states: B x L x in.
            present: 1 for a word, 0 for padding, B x L.
        """
        masked = states * present[..., None]
        return super().forward(masked.transpose(1, 2)).transpose(1, 2) * present[..., None]
