"""Conditioned contrastive loss (CCL, Eq. 5 and 6): patches and words of a pair are more alike than those of others."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def similarities(
    patches: Tensor, words: Tensor, patch_weights: Tensor | None, word_weights: Tensor | None, present: Tensor
) -> Tensor:
    """Return S of each image with each sentence (Eq. 5).

        S = 1/2 (sum over patches of w_v max over words of a + sum over words of w_e max over patches of a)

    a is the cosine of a patch and a word.

    Args:
        patches: V, B x N x C.
        words: E, B x L x C.
        patch_weights: W_poi, B x N; None for equal weights.
        word_weights: W_woi, B x L, zero at padding; None for equal weights.
        present: 1 for a word, 0 for padding, B x L.

    Returns:
        B images x B sentences.
    """
    # Half precision would round the differences of cosines, which the temperature magnifies.
    with torch.autocast(patches.device.type, enabled=False):
        return _similarities(patches, words, patch_weights, word_weights, present)


def _similarities(
    patches: Tensor, words: Tensor, patch_weights: Tensor | None, word_weights: Tensor | None, present: Tensor
) -> Tensor:
    patches, words = F.normalize(patches.float(), dim=-1), F.normalize(words.float(), dim=-1)
    if patch_weights is None:
        patch_weights = torch.full_like(patches[..., 0], 1 / patches.shape[1])
    if word_weights is None:
        word_weights = present / present.sum(1, keepdim=True)
    alignment = torch.einsum("inc,jlc->ijnl", patches, words)
    nearest_word = alignment.masked_fill(present[None, :, None] == 0, float("-inf")).amax(3)
    nearest_patch = alignment.amax(2)
    by_patch = torch.einsum("ijn,in->ij", nearest_word, patch_weights.float())
    by_word = torch.einsum("ijl,jl->ij", nearest_patch, word_weights.float())
    return (by_patch + by_word) / 2


def contrastive_loss(similarity: Tensor, temperature: float, same: Tensor) -> Tensor:
    """Return the symmetric cross-entropy of Eq. 6, with every pair that has the same sentence as a positive one.

    Eq. 6 writes exp(S) / tau, where the constant cancels; exp(S / tau) is meant.

    Args:
        similarity: S, B images x B sentences.
        temperature: tau.
        same: true if the sentence belongs to the image, or equals the one that does; bool, B x B, symmetric.
    """
    scores = similarity / temperature
    positives = scores.masked_fill(~same, float("-inf"))
    losses = [scores.logsumexp(axis) - positives.logsumexp(axis) for axis in (1, 0)]
    return (losses[0].mean() + losses[1].mean()) / 2


def same_sentences(tokens: Tensor) -> Tensor:
    """Return which sentences are equal: int64 B x L -> bool B x B."""
    return (tokens[:, None] == tokens[None]).all(-1)
