"""Choose the lexicon of a note's language, and refuse a note in a language that has no lexicon."""

from __future__ import annotations

import tomllib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes.lexicon import Lexicon, check_language, languages, load_lexicon
from CausalCLIPSegLib.notes.tokens import Token

_NAMES = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "nl": "Dutch",
    "it": "Italian",
    "pt": "Portuguese",
}
_MIN_WORDS = 6  # in a note whose language must be known
_MIN_KNOWN = 0.3  # of the letters of such a note
_MIN_UNKNOWN = 0.2  # of the words of a note in another language: frequent words that no lexicon knows
_MIN_FOREIGN_LETTERS = 0.5  # of a note in another script than Latin


def choose_lexicon(tokens: Sequence[Token], language: str | None) -> Lexicon:
    """Return the lexicon for a note.

    Args:
        tokens: the note's tokens as written.
        language: two letters of a lexicon. None selects the lexicon that knows most of the note's letters, English if
            two know equally many.

    Raises:
        NoteError: the language has no lexicon, or cannot be recognized.
    """
    if language is not None:
        check_language(language)
        return load_lexicon(language)
    words = [token for token in tokens if token.text.isalpha()]
    _check_script(words)
    frequent = _frequent_words()
    known = {name: load_lexicon(name).known_letters(tokens) for name in languages()}
    best = max(known, key=lambda name: (known[name][0] + _letters(words, frequent[_NAMES[name]]), known[name][1]))
    _check_words(words, load_lexicon(best))
    letters = sum(len(word.text) for word in words)
    if len(words) >= _MIN_WORDS and known[best][0] < _MIN_KNOWN * letters:
        raise NoteError(f"The language of the note is not recognized; notes can be in {_supported()}.")
    return load_lexicon(best)


def _letters(words: Sequence[Token], frequent: frozenset[str]) -> int:
    return sum(len(word.text) for word in words if word.key in frequent)


def _check_script(words: Sequence[Token]) -> None:
    letters = Counter(unicodedata.name(letter, "").split(" ")[0] for word in words for letter in word.text)
    latin = letters.pop("LATIN", 0)
    foreign, number = letters.most_common(1)[0] if letters else ("", 0)
    if number > _MIN_FOREIGN_LETTERS * (number + latin) and number > 1:
        raise NoteError(
            f"The note is in {_SCRIPTS.get(foreign, foreign.capitalize())} letters; notes can be in {_supported()}."
        )


_SCRIPTS = {"CJK": "Chinese or Japanese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean"}


def _check_words(words: Sequence[Token], lexicon: Lexicon) -> None:
    """Refuse a note that has more frequent words of a language without a lexicon than of one with a lexicon.

    Some of these words must be unknown to `lexicon`, because languages share words ("base", "is", "long").
    """
    keys = [word.key for word in words]
    hits = {name: [key for key in keys if key in frequent] for name, frequent in _frequent_words().items()}
    best = max(len(hits[_NAMES[name]]) for name in languages())
    name = max(hits, key=lambda name: len(hits[name]))
    unknown = sum(lexicon.key(key) not in lexicon.known for key in hits[name])
    if len(hits[name]) > best and unknown > _MIN_UNKNOWN * len(words):
        raise NoteError(f"The note seems to be {name}; notes can be in {_supported()}.")


@cache
def _frequent_words() -> dict[str, frozenset[str]]:
    with Path(__file__).with_name("other_languages.toml").open("rb") as file:
        return {name: frozenset(table["words"].split()) for name, table in tomllib.load(file).items()}


def _supported() -> str:
    names = [_NAMES[name] for name in languages()]
    return ", ".join(names[:-1]) + " and " + names[-1]
