"""Conditioned reconstruction (Eq. 7 to 10): rebuild masked features of one modality from the other one.

CVR rebuilds masked patches from the words, with W_woi as the condition; CLR rebuilds masked words from the patches,
with W_poi as the condition.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SMALLEST = 1e-10
"""Added to the condition, so that its logarithm is finite and masked places with weights of 0 still count."""


class Reconstructor(nn.Module):
    """Psi of Eq. 7 and 9: layers of attention, in which a condition W weighs the places of the source.

        attention(Q, K, V, W) = normalize(softmax(Q K^T / sqrt(D)) * W) V

    The paper multiplies inside the softmax. With weights of about 1/196 this would make every attention uniform, so
    the condition acts after the softmax, as in the released code. That equals adding log W to the scores, and this is
    how it is computed. The released code also hides later patches from earlier ones; here all see all.
    """

    def __init__(
        self, channels: int, layers: int = 3, heads: int = 4, hidden: int = 1024, dropout: float = 0.1
    ) -> None:
        """Build the layers.

        Args:
            channels: C of patches and words.
            layers: layers of the source and of the target, each.
            heads: heads of each attention.
            hidden: channels inside each feed-forward part.
            dropout: probability in training.
        """
        super().__init__()
        common = {"dim_feedforward": hidden, "dropout": dropout, "batch_first": True}
        encoder = nn.TransformerEncoderLayer(channels, heads, **common)  # type: ignore[arg-type]
        self.source = nn.TransformerEncoder(encoder, layers, enable_nested_tensor=False)
        self.target = nn.TransformerDecoder(nn.TransformerDecoderLayer(channels, heads, **common), layers)  # type: ignore[arg-type]

    def forward(
        self, masked: Tensor, source: Tensor, condition: Tensor | None, target_padding: Tensor, source_padding: Tensor
    ) -> Tensor:
        """Rebuild features.

        Args:
            masked: features with zeros at the masked places, B x N x C.
            source: features of the other modality, B x M x C.
            condition: weights of the source, B x M; None for equal weights.
            target_padding: true for padding among the masked features, B x N.
            source_padding: true for padding in the source, B x M.

        Returns:
            B x N x C.
        """
        bias = torch.zeros_like(source[..., 0], dtype=torch.float32)
        if condition is not None:
            bias = (condition.float() + _SMALLEST).log()
        bias = bias.masked_fill(source_padding, float("-inf")).to(source.dtype)
        own_bias = torch.zeros_like(masked[..., 0]).masked_fill(target_padding, float("-inf"))
        encoded = self.source(source, src_key_padding_mask=bias)
        return self.target(masked, encoded, tgt_key_padding_mask=own_bias, memory_key_padding_mask=bias)


def reconstruction_loss(rebuilt: Tensor, original: Tensor, masked: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted squared error at the masked places (Eq. 8, 10), averaged over the batch.

        L = 1/B sum over i, 1/C sum over masked j of w_ij |x_ij - x'_ij|^2,  with sum over masked j of w_ij = 1

    The weights and the original features are constants here: otherwise both would shrink to make the task easier.

    Args:
        rebuilt: x', B x N x C.
        original: x, B x N x C.
        masked: true for a masked place, B x N; at least one in each row, otherwise the loss is NaN.
        weights: W of these places, B x N; if all are 0, the places weigh the same.
    """
    share = (weights.detach().float() + _SMALLEST) * masked
    share = share / share.sum(1, keepdim=True)
    error = (rebuilt.float() - original.detach().float()).square().mean(-1)
    return (share * error).sum(1).mean()
