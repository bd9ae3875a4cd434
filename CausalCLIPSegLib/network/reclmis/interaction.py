"""Conditioned interaction (Sec. III-B): patches and words attend to each other, and get weights of interest."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from CausalCLIPSegLib.network.reclmis.configuration import InteractionConfiguration
from CausalCLIPSegLib.network.reclmis.masked_batch_norm import MaskedBatchNorm
from CausalCLIPSegLib.network.reclmis.words import WordConvolution, Words


class Interaction(NamedTuple):
    """What the interaction returns.

    Attributes:
        patches: V', the patches after they attended to the words, B x C x h x w.
        patch_weights: W_poi (Eq. 2), B x 1 x h x w; the weights of an image sum to 1.
        word_weights: W_woi (Eq. 3), B x L; the weights of a sentence sum to 1, those of padding are 0.
    """

    patches: Tensor
    patch_weights: Tensor
    word_weights: Tensor


class ConditionedInteraction(nn.Module):
    """One attention from words to patches and one from patches to words (Eq. 1), and two weights (Eq. 2, 3).

        E' = attention(E; V, V),  V' = attention(V; E, E),  W_poi = softmax(MLP(V')),  W_woi = softmax(MLP(E'))

    V has a learned position for each patch. Padding takes part in none of the four.
    """

    def __init__(self, channels: int, side: int, configuration: InteractionConfiguration) -> None:
        """Build the module.

        Args:
            channels: C.
            side: rows and columns of patches in an image of the usual size.
            configuration: heads, dropout and switches.
        """
        super().__init__()
        self.words_attend_first = configuration.words_attend_first
        self.embedding = nn.Conv2d(channels, channels, 1)
        self.positions = nn.Parameter(torch.zeros(1, channels, side, side))
        self.dropout = nn.Dropout(configuration.dropout)
        attend = {"num_heads": configuration.heads, "dropout": configuration.dropout, "batch_first": True}
        self.vision_to_text = nn.MultiheadAttention(channels, **attend)
        self.text_to_vision = nn.MultiheadAttention(channels, **attend)
        self.norms = nn.ModuleList(nn.LayerNorm(channels) for _ in range(2)) if configuration.residual else None
        self.word_convolution = WordConvolution(channels, channels)
        self.word_norm = MaskedBatchNorm(channels)
        self.patch_scores, self.word_scores = (
            nn.Sequential(nn.Linear(channels, channels), nn.ReLU(inplace=True), nn.Linear(channels, 1))
            for _ in range(2)
        )

    def forward(self, patches: Tensor, words: Words) -> Interaction:
        """Let patches, B x C x h x w, and words, B x L x C, attend to each other."""
        batch, channels, height, width = patches.shape
        embedded = self.dropout(self.embedding(patches) + self._positions(height, width))
        keys = embedded.flatten(2).transpose(1, 2)
        padding = words.present == 0
        attended_words = self._attend(self.vision_to_text, 0, words.states, keys, None)
        states = attended_words if self.words_attend_first else words.states
        attended_patches = self._attend(self.text_to_vision, 1, keys, states, padding)
        patch_weights = self.patch_scores(attended_patches).softmax(dim=1)
        summary = self.word_norm(self.word_convolution(attended_words, words.present), words.present).relu()
        word_scores = self.word_scores(summary).squeeze(-1).float()
        return Interaction(
            attended_patches.transpose(1, 2).reshape(batch, channels, height, width),
            patch_weights.transpose(1, 2).reshape(batch, 1, height, width),
            word_scores.masked_fill(padding, float("-inf")).softmax(dim=1),
        )

    def _attend(self, attention: nn.Module, index: int, query: Tensor, keys: Tensor, padding: Tensor | None) -> Tensor:
        attended: Tensor = attention(query, keys, keys, key_padding_mask=padding, need_weights=False)[0]
        return attended if self.norms is None else self.norms[index](query + attended)

    def _positions(self, height: int, width: int) -> Tensor:
        """Return the positions of a grid; between those of the usual size they are interpolated."""
        if not torch.compiler.is_exporting() and self.positions.shape[-2:] == (height, width):
            return self.positions
        return F.interpolate(self.positions, size=(height, width), mode="bilinear")
