"""Free text -> words and marks, with where the lines of the text begin."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Layout = Literal["", "line", "item", "paragraph"]

_TOKEN = re.compile(r"\n|[^\W_]+(?:'[^\W_]+)*|[^\w\s]")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_RUN = re.compile(r"([^\w\s])\1{2,}")
_BULLETS = frozenset("-*•‣◦▪·●○■□–—")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"’": "'", "‘": "'", "`": "'"})


@dataclass(frozen=True)
class Token:
    """A word, a number or a mark.

    Attributes:
        text: as written.
        key: case folded; a lexicon replaces it by its own spelling of the word, see `Lexicon.read`.
        start: where it begins in the tidied text.
        stop: where it ends there.
        layout: "line" when it is the first of its line, "item" when it also begins a list item, "paragraph" when an
            empty line comes before it.
    """

    text: str
    key: str
    start: int
    stop: int
    layout: Layout = ""


def tidy(text: str) -> str:
    """Return `text` with one kind of blank, line end, dash and apostrophe, "R.L.L." as RLL, and nothing invisible."""
    text = unicodedata.normalize("NFKC", text).translate(_DASHES)
    text = _RUN.sub(r"\1", text)  # "-----", "???"
    text = _DOTTED.sub(lambda match: match[0].replace(".", ""), "\n".join(text.splitlines()))
    return "".join(c if c == "\n" or not c.isspace() else " " for c in text if unicodedata.category(c) != "Cf")


def tokenise(text: str) -> list[Token]:
    """Return the tokens of a tidied `text`; a hyphen inside a word only parts it, a dash between words is a comma."""
    tokens: list[Token] = []
    layout: Layout = "paragraph"
    lines = 0
    for match in _TOKEN.finditer(text):
        word, start, stop = match[0], match.start(), match.end()
        if word == "\n":
            lines += 1
            layout = "paragraph" if lines > 1 or layout == "paragraph" else "line"
            continue
        lines = 0
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
