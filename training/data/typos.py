"""Correct typing errors of the published notes: "midlle", "lowerl", "andall", a missing blank after a comma.

Words are corrected to the vocabulary of the notes of QaTa-COV19 and MosMedData+. Other notes stay unchanged.
"""

from __future__ import annotations

import re

from rapidfuzz import fuzz, process

VOCABULARY = (
    *("all", "and", "area", "areas", "bilateral", "infected", "infection", "left", "lower", "lung", "middle"),
    *("pulmonary", "right", "unilateral", "upper"),
    *("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "multiple", "no"),
)
_SYNONYMS = {"higher": "upper"}
_MIN_SIMILARITY = 75
_WORD = re.compile(r"[A-Za-z]+")


def correct_typos(note: str) -> str:
    """Return a published note with its words spelled correctly and one blank after every comma."""
    if "infect" not in note.lower():
        return note
    corrected = " ".join(_WORD.sub(lambda match: _correct_word(match[0]), note).split())
    return re.sub(r"\s*([.,])\s*", r"\1 ", corrected).strip()


def _correct_word(word: str) -> str:
    lower = word.lower()
    if lower in VOCABULARY:
        return word
    corrected = _SYNONYMS.get(lower) or _split(lower) or _closest(lower)
    if corrected is None:
        return word
    return corrected.capitalize() if word[0].isupper() else corrected


def _split(word: str) -> str | None:
    """Return two words that were written together, with a blank between them."""
    for cut in range(2, len(word) - 1):
        if word[:cut] in VOCABULARY and word[cut:] in VOCABULARY:
            return f"{word[:cut]} {word[cut:]}"
    return None


def _closest(word: str) -> str | None:
    match = process.extractOne(word, VOCABULARY, scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY)
    return match[0] if match else None
