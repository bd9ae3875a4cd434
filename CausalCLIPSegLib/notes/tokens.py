"""Split free text into tokens (words, numbers, punctuation marks), and record how lines and list items begin."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Layout = Literal["", "line", "item", "paragraph"]

_TOKEN = re.compile(r"\n|[^\W_]+(?:'[^\W_]+)*|[^\w\s]")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_REPEATED_MARK = re.compile(r"([^\w\s])\1{2,}")
_BULLETS = frozenset("-*•‣◦▪·●○■□–—")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"’": "'", "‘": "'", "`": "'"})


@dataclass(frozen=True)
class Token:
    """A word, a number or a punctuation mark.

    Attributes:
        text: the token as written.
        key: the token with its case folded; `Lexicon.read` replaces it with the lexicon's spelling of the word.
        start: its first character in the cleaned text.
        stop: the character after its last one.
        layout: "line" if it is the first token of a line, "item" if it also begins a list item, "paragraph" if a
            blank line precedes it.
    """

    text: str
    key: str
    start: int
    stop: int
    layout: Layout = ""


def clean(text: str) -> str:
    """Return `text` with uniform blanks, line ends, dashes and apostrophes.

    Invisible characters and repeated marks are removed, and "R.L.L." becomes "RLL".
    """
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    text = _REPEATED_MARK.sub(r"\1", text)  # "-----", "???"
    text = _DOTTED.sub(lambda match: match[0].replace(".", ""), "\n".join(text.splitlines()))
    visible = (character for character in text if unicodedata.category(character) != "Cf")
    return "".join(" " if character.isspace() and character != "\n" else character for character in visible)


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a cleaned `text`.

    A hyphen inside a word separates its parts and gives no token; a dash between two words counts as a comma.
    """
    tokens: list[Token] = []
    layout: Layout = "paragraph"
    line_ends = 0
    for match in _TOKEN.finditer(text):
        word, start, stop = match[0], match.start(), match.end()
        if word == "\n":
            line_ends += 1
            layout = "paragraph" if line_ends > 1 or layout == "paragraph" else "line"
            continue
        line_ends = 0
        if layout and word in _BULLETS:
            layout = "item"
            continue
        if word == "-":
            if text[start - 1 : start].isspace() and text[stop : stop + 1].isspace():
                tokens.append(Token(word, ",", start, stop, layout))
            continue
        tokens.append(Token(word, word.casefold(), start, stop, layout))
        layout = ""
    return tokens
