"""The words of prompts as tokens of CLIP, from a small table, so that no tokenizer library is needed."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.network.configuration import TextConfiguration

START, END = 49406, 49407
"""The tokens around every text."""

WORDS: dict[str, tuple[int, ...]] = {
    ",": (267,),
    ".": (269,),
    "all": (615,),
    "and": (537,),
    "area": (2445,),
    "areas": (5429,),
    "bilateral": (25599,),
    "five": (3127,),
    "four": (2721,),
    "infected": (26136,),
    "infection": (14774,),
    "left": (1823,),
    "lower": (4909,),
    "lung": (16271,),
    "middle": (3694,),
    "one": (637,),
    "pulmonary": (39132,),
    "right": (1155,),
    "six": (4093,),
    "three": (2097,),
    "two": (1237,),
    "unilateral": (32388, 18819),
    "upper": (7067,),
}
"""Every word of a prompt, with its tokens in CLIP's byte-pair encoding."""

PROMPT_TOKENS = tuple(sorted({0, START, END, *(token for tokens in WORDS.values() for token in tokens)}))
"""The tokens that can occur in a prompt, including 0, which fills the rest."""

_PIECE = re.compile(r"[a-z]+|[^a-z \t\r\n]+")


def encode(prompt: str, configuration: TextConfiguration) -> npt.NDArray[np.int64]:
    """Return the rows of a checkpoint's token table for a prompt, as CLIP's tokenizer gives them.

    Args:
        prompt: words of `WORDS`, in any case.
        configuration: of the checkpoint's text encoder.

    Returns:
        int64, 1 x L: start token, prompt, end token, zeros. Prompts longer than L are cut and keep the end token.

    Raises:
        CheckpointError: the checkpoint does not know a word of the prompt.
    """
    tokens = [START, *(token for piece in _PIECE.findall(prompt.lower()) for token in _tokens_of(piece)), END]
    length = configuration.context_length
    if len(tokens) > length:
        tokens = [*tokens[: length - 1], END]
    tokens += [0] * (length - len(tokens))
    if configuration.tokens:
        rows = {token: row for row, token in enumerate(configuration.tokens)}
        try:
            tokens = [rows[token] for token in tokens]
        except KeyError as error:
            raise CheckpointError(f"The checkpoint does not know all words of the prompt “{prompt}”.") from error
    return np.array([tokens], dtype=np.int64)


def word_weights(prompt: str, weights: npt.NDArray[np.float32]) -> list[tuple[str, float]]:
    """Return each word of a prompt with the sum of the weights of its tokens; punctuation has none.

    Args:
        prompt: words of `WORDS`, in any case.
        weights: of the tokens that `encode` returns, L.
    """
    words = []
    position = 1  # after the start token
    for piece in _PIECE.findall(prompt.lower()):
        end = position + len(_tokens_of(piece))
        if piece.isalpha() and end < len(weights):  # of a prompt that is cut, the last words are not read
            words.append((piece, float(weights[position:end].sum())))
        position = end
    return words


def _tokens_of(piece: str) -> tuple[int, ...]:
    if piece not in WORDS:
        raise CheckpointError(f"Checkpoints do not know the word “{piece}”; prompts are made of: {', '.join(WORDS)}.")
    return WORDS[piece]
