"""Split free text into tokens: words, numbers, measurements and punctuation marks; record how lines begin."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Layout = Literal["", "line", "item", "paragraph"]

MEASURE = "#"
"""The key of every token of a measurement or date; no lexicon has it, so its letters are no words."""

_TOKEN = re.compile(r"\n|[^\W_]+(?:'[^\W_]+)*|[^\w\s]")
_DOTTED = re.compile(r"\b(?:[^\W\d_]\.){2,}")
_DOTS = re.compile(r"\.{4,}")  # "Consolidation......none"
_CHOICE = re.compile(
    r"\(\s*(?:[RLYN]|right|left|yes|no)\s*/\s*(?:[RLYN]|right|left|yes|no)\s*\)", re.IGNORECASE
)  # "(R/L)"
_REPEATED_MARK = re.compile(r"([^\w\s])\1{2,}")
_SPACED = re.compile(r"(?<![^\W_])(?<![^\W_] )(?:[^\W\d_] ){4,}[^\W\d_](?![^\W_])")  # "F I N D I N G S"
_JOINED_WORDS = re.compile(r"(?<=[a-zäöüß])(?=[A-ZÄÖÜ][a-zäöü]{2})")  # "lobeConsolidation"
_PLURAL = re.compile(r"(?<=[^\W\d_])\((?:s|es|ies|n|en|e)\)")  # "opacity(ies)"
_NO_LINK = r"(?!(?i:and|or|to|und|oder|bis|y|o)\b)"  # codespell:ignore oder
_HYPHENATED = re.compile(
    rf"(?:(?<=[^\W\d_])- ?\n(?=[a-zäöüßáéíóúñ])|(?<=[A-Z]{{2}})- ?\n(?=[A-Z]{{2}})){_NO_LINK}"
)  # a word that a line end divides; not "mid- / and lower zone"
_DOTTED_BRACKET = re.compile(r"\(([^\W\d_]{1,4})\.\)")  # "(Re.)"
_REMOVED_NAME = re.compile(r"(?<![^\W_])(?:[xX]{3,}|_{2,})(?![^\W_])")  # a name that an archive has removed
_CHECKED = re.compile(r"\[[xX]\]|[☑☒]")
_NOT_CHECKED = re.compile(r"\[ ?\]")
_BULLETS = frozenset("-*•‣◦▪·●○■□–—")
_QUOTES = frozenset("\"'“”„«»‹›‚")
_PLAIN_MARKS = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"’": "'", "‘": "'", "`": "'", "×": "x"})
_SEPARATORS = {"=": ":", "|": ":"}

_NUMBER = r"\d+(?:[.,]\d+)*"
_UNIT = (
    r"(?:[mcµμ]?m|[mcd]?l|[mkuµμn]?g|[mnµμ]?mol|m?u|iu|ie|ui|meq|mm ?hg|cm ?h2o|bpm|°\s?[cf]?|%|kvp?|mas|m?gy|m?sv|"
    r"fr|ch|hrs?|h|min|s|sec|jahre|years?|yrs?)"
)
_MEASURE = re.compile(
    rf"\b{_NUMBER}(?:\s*x\s*{_NUMBER})*\s*{_UNIT}(?![^\W_])(?:\s*/\s*(?:{_UNIT}|{_NUMBER})(?![^\W_]))?"  # 4.6 U / l
    rf"|\b{_NUMBER}(?:\s*x\s*{_NUMBER})+"  # 2 x 3
    r"|\b\d{1,4}([./-])\d{1,2}\1\d{1,4}\b"  # 03.04.2021
    r"|(?:(?<=\bvom )|(?<=\bam ))\d{1,2}\.\d{1,2}\.(?!\d)"  # vom 2.3.
    r"|\b\d{1,2}:\d{2}(?::\d{2})?(?!\w)"  # 10:32
    r"|\b\d+[.,]\d+(?![^\W_])",  # 38.5
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Token:
    """A word, a number or a punctuation mark.

    Attributes:
        text: the token as written.
        key: the token with its case folded; `Lexicon.read` replaces it with the lexicon's spelling of the word.
            `MEASURE` for all tokens of a measurement or date.
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

    Invisible characters, repeated marks and removed names are dropped, "R.L.L." becomes "RLL", and words written with
    a blank after every letter are joined.
    """
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN_MARKS)
    text = _CHOICE.sub("", _DOTS.sub(":", text))
    text = _REPEATED_MARK.sub(r"\1", text)  # "-----", "???"
    text = _DOTTED.sub(lambda match: match[0].replace(".", ""), "\n".join(map(_divide_fields, text.splitlines())))
    text = _HYPHENATED.sub("", _DOTTED_BRACKET.sub(r"(\1)", text))
    text = _PLURAL.sub("", _JOINED_WORDS.sub(" ", text))
    text = _REMOVED_NAME.sub("", _NOT_CHECKED.sub("☐", _CHECKED.sub("☒", text)))
    visible = (character for character in text if unicodedata.category(character) != "Cf")
    text = "".join(" " if character.isspace() and character != "\n" else character for character in visible)
    return _SPACED.sub(lambda match: match[0].replace(" ", ""), text)


def _divide_fields(line: str) -> str:
    """Return a line of fields with a semicolon between them: "Effusion: no | Consolidation: left"."""
    return line.replace("|", ";") if ":" in line else line


def tokenize(text: str) -> list[Token]:
    """Return the tokens of a cleaned `text`.

    A hyphen inside a word separates its parts and gives no token; a dash between two words counts as a comma.
    """
    measures = [match.span() for match in _MEASURE.finditer(text)]
    tokens: list[Token] = []
    layout: Layout = "paragraph"
    line_ends = next_measure = 0
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
        if word in _QUOTES:
            continue
        while next_measure < len(measures) and measures[next_measure][1] <= start:
            next_measure += 1
        if next_measure < len(measures) and measures[next_measure][0] <= start:
            key = MEASURE
        elif word != "-":
            key = _SEPARATORS.get(word, word.casefold())
        elif text[start - 1 : start].isspace() and text[stop : stop + 1].isspace():
            key = ","
        else:
            continue
        tokens.append(Token(word, key, start, stop, layout))
        layout = ""
    return tokens
