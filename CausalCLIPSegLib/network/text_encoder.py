"""CLIP's text Transformer with the paper's short context; the feature is read at [EOS]."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from open_clip.model import QuickGELU
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transformer import TextTransformer
from torch import Tensor, nn

from CausalCLIPSegLib.network.configuration import TextConfiguration


@lru_cache(maxsize=1)
def _tokenizer() -> SimpleTokenizer:
    return SimpleTokenizer()


def tokenize(sentences: Sequence[str], context_length: int) -> Tensor:
    """Encode sentences by CLIP's byte-pair encoding between start and end, int64, B x context_length.

    What does not fit is cut and the end put last, as CLIP's own tokenizer does when told to truncate.
    """
    return _tokenizer()(list(sentences), context_length=context_length)


def count_tokens(sentence: str) -> int:
    """Return how many tokens the sentence takes, start and end included."""
    return len(_tokenizer().encode(sentence)) + 2


class TextEncoder(TextTransformer):
    """CLIP's text Transformer: tokens, int64 B x L -> tau, B x T, the projected activation at [EOS]."""

    def __init__(self, configuration: TextConfiguration) -> None:
        super().__init__(
            context_length=configuration.context_length,
            vocab_size=configuration.vocabulary_size,
            width=configuration.width,
            heads=configuration.heads,
            layers=configuration.layers,
            output_dim=configuration.feature_size,
            act_layer=QuickGELU if configuration.quick_gelu else nn.GELU,
        )
