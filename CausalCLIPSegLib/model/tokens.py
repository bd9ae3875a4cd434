"""The words of prompts as tokens of CLIP, from a small table, so that no tokenizer library is needed."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.network.configuration import TextConfiguration
from CausalCLIPSegLib.notes.findings import FINDING_WORDS, INFECTION

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
"""Every word of a prompt about an infection, with its tokens in CLIP's byte-pair encoding."""

WORDS_OF_FINDINGS: dict[str, tuple[int, ...]] = {
    "atelectasis": (992, 944, 6538, 533),
    "calcification": (22824, 4523),
    "cardiomegaly": (6211, 3693, 2001, 344),
    "effusion": (1490, 9364),
    "emphysema": (908, 6484, 31816),
    "fibrosis": (36307,),
    "fracture": (28995,),
    "mass": (4854,),
    "nodule": (578, 691, 579),
    "pleural": (926, 33948),
    "pneumothorax": (28714, 617, 4130, 9203),
    "thickening": (18417, 1133),
}
"""The words for findings that only some checkpoints outline."""

_ALL_WORDS = WORDS | WORDS_OF_FINDINGS


def prompt_tokens(findings: Iterable[str]) -> tuple[int, ...]:
    """Return the tokens that can occur in a prompt about some findings, including 0, which fills the rest."""
    words = [*WORDS, *(word for finding in findings for word in FINDING_WORDS[finding].split())]
    return tuple(sorted({0, START, END, *(token for word in words for token in _ALL_WORDS[word])}))


PROMPT_TOKENS = prompt_tokens([INFECTION])
"""The tokens that can occur in a prompt about an infection."""

_PIECE = re.compile(r"[a-z]+|[^a-z \t\r\n]+")


def encode(prompt: str, configuration: TextConfiguration) -> npt.NDArray[np.int64]:
    """Return the rows of a checkpoint's token table for a prompt, as CLIP's tokenizer gives them.

    Args:
        prompt: words of `WORDS` and `WORDS_OF_FINDINGS`, in any case.
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
        prompt: words of `WORDS` and `WORDS_OF_FINDINGS`, in any case.
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
    if piece not in _ALL_WORDS:
        raise CheckpointError(f"Checkpoints do not know the word “{piece}”; prompts are made of: {', '.join(WORDS)}.")
    return _ALL_WORDS[piece]
