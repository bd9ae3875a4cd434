"""Typing errors of the published notes: "midlle", "lowerl", "andall", a missing blank after a comma.

They are mended on the way in, by the 23 words of these notes and those that MosMedData+ adds. A note that is not of
this kind stays as it is.
"""

from __future__ import annotations

import re

from rapidfuzz import fuzz, process

WORDS = (
    *("all", "and", "area", "areas", "bilateral", "infected", "infection", "left", "lower", "lung", "middle"),
    *("pulmonary", "right", "unilateral", "upper"),
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "multiple", "no"),
)
_SAME = {"higher": "upper"}
_CLOSE = 75
_WORD = re.compile(r"[A-Za-z]+")


def mend(note: str) -> str:
    """Return a published note with its words spelt right and one blank after every comma."""
    if "infect" not in note.lower():
        return note
    spelt = " ".join(_WORD.sub(lambda match: _mend_word(match[0]), note).split())
    return re.sub(r"\s*([.,])\s*", r"\1 ", spelt).strip()


def _mend_word(word: str) -> str:
    lower = word.lower()
    if lower in WORDS:
        return word
    mended = _SAME.get(lower) or _apart(lower) or _closest(lower)
    if mended is None:
        return word
    return mended.capitalize() if word[0].isupper() else mended


def _apart(word: str) -> str | None:
    """Return two words that were written together, with a blank between."""
    for cut in range(2, len(word) - 1):
        if word[:cut] in WORDS and word[cut:] in WORDS:
            return f"{word[:cut]} {word[cut:]}"
    return None


def _closest(word: str) -> str | None:
    found = process.extractOne(word, WORDS, scorer=fuzz.ratio, score_cutoff=_CLOSE)
    return found[0] if found else None
