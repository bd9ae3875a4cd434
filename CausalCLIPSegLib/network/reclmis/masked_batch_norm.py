"""Batch norm over the words of sentences of different lengths: padding does not change the statistics."""

from __future__ import annotations

from torch import Tensor, nn


class MaskedBatchNorm(nn.BatchNorm1d):
    """Batch norm of B x L x C over the positions that hold a word."""

    def forward(self, words: Tensor, present: Tensor) -> Tensor:  # type: ignore[override]
        """Return the normalized words, B x L x C; what stands at padding has no meaning.

        Args:
            words: B x L x C.
            present: 1 for a word, 0 for padding, B x L.
        """
        if not self.training:
            return super().forward(words.transpose(1, 2)).transpose(1, 2)
        is_word = present > 0
        normalized = super().forward(words[is_word])
        return words.new_zeros(words.shape).to(normalized.dtype).masked_scatter(is_word[..., None], normalized)
