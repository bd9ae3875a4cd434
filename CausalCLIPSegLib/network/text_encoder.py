"""CLIP's text Transformer with the paper's short context; the text feature is the activation at [EOS]."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from open_clip.model import QuickGELU
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transformer import TextTransformer
from torch import Tensor, nn

from CausalCLIPSegLib.network.configuration import TextConfiguration

TOKEN_TABLE = "text_encoder.token_embedding.weight"
"""Name of the token table among the weights of a network."""


@lru_cache(maxsize=1)
def _tokenizer() -> SimpleTokenizer:
    return SimpleTokenizer()


def tokenize(prompts: Sequence[str], context_length: int) -> Tensor:
    """Return the tokens of prompts in CLIP's byte-pair encoding, between start and end tokens: int64, B x L.

    Prompts longer than `context_length` (L) are cut and keep the end token, as in CLIP with `truncate=True`.
    """
    return _tokenizer()(list(prompts), context_length=context_length)


def count_tokens(prompt: str) -> int:
    """Return the number of tokens of a prompt, including the start and end tokens."""
    return len(_tokenizer().encode(prompt)) + 2


class TextEncoder(TextTransformer):
    """CLIP's text Transformer: tokens, int64 B x L -> tau, B x T, the projected activation at [EOS]."""

    def __init__(self, configuration: TextConfiguration) -> None:
        super().__init__(
            context_length=configuration.context_length,
            vocab_size=len(configuration.tokens) or configuration.vocabulary_size,
            width=configuration.width,
            heads=configuration.heads,
            layers=configuration.layers,
            output_dim=configuration.feature_size,
            act_layer=QuickGELU if configuration.quick_gelu else nn.GELU,
        )

    def states(self, tokens: Tensor) -> Tensor:
        """Return the projected activation at every token: int64 B x L -> B x L x T.

        Each depends only on the tokens up to its own, so that padding, which comes last, changes no other.
        """
        hidden, mask = self._embeds(tokens)
        return self.ln_final(self.transformer(hidden, attn_mask=mask)) @ self.text_projection
