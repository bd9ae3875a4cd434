"""The words a note is understood by: a data file, the search for its entries, and the mending of typing errors."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from CausalCLIPSegLib.notes.tokens import Token

_MENDED = frozenset({"side", "zone", "anatomy", "whole", "diffuse", "region", "finding", "outside", "normal"})
"""Roles whose words are known with a typing error in them; the small words of the grammar are too near to others."""

_TABLES = frozenset({"number", "counted", "heading", "spelling"})
"""Tables of the file that are no terms."""


@dataclass(frozen=True)
class Term:
    """What an entry of the lexicon stands for.

    Attributes:
        role: the table it stands in ("side", "zone", "finding", ...); the keys of [join] and [denial] are roles.
        value: the key it stands under ("right", "lower", "consolidation", ...).
    """

    role: str
    value: str


@dataclass(frozen=True)
class Mention:
    """A term in a text, at tokens `start` to `stop` (excluded)."""

    term: Term
    start: int
    stop: int

    @property
    def role(self) -> str:
        """The role of its term."""
        return self.term.role


@dataclass(frozen=True)
class Lexicon:
    """The terms of one language.

    Attributes:
        terms: the term of every entry, by its words.
        longest: by first word, the lengths of the entries that begin so, longest first.
        numbers: the value of every number word.
        counted: the words that a number can count, with whether they stand for more than one.
        headings: every heading of a report, with whether what stands under it is the reading of this film.
        abbreviations: words that a full stop does not end a sentence after.
        spelled: the words that a typing error is mended to, by first letter.
        left: ordinary words that are never mended.
    """

    terms: dict[tuple[str, ...], Term]
    longest: dict[str, list[int]]
    numbers: dict[str, int]
    counted: dict[str, bool]
    headings: dict[tuple[str, ...], bool]
    abbreviations: frozenset[str]
    spelled: dict[str, list[str]] = field(repr=False)
    left: frozenset[str] = field(repr=False)

    def find(self, tokens: Sequence[Token]) -> list[Mention]:
        """Return the terms in `tokens`, in order and without overlap; where several fit, the longest."""
        keys = self._mend([token.key for token in tokens])
        found: list[Mention] = []
        at = 0
        while at < len(keys):
            for length in self.longest.get(keys[at], ()):
                words = tuple(keys[at : at + length])
                term = self.terms.get(words)
                if term and len(words) == length:
                    found.append(Mention(term, at, at + length))
                    at += length
                    break
            else:
                at += 1
        return found

    def _mend(self, keys: list[str]) -> list[str]:
        mended: dict[str, str] = {}
        for key in keys:
            if key not in mended:
                mended[key] = self._spell(key)
        return [mended[key] for key in keys]

    def _spell(self, word: str) -> str:
        if not word.isalpha() or len(word) < 4 or word in self.left:
            return word
        near = (known for known in self.spelled.get(word[0], ()) if abs(len(known) - len(word)) <= 1)
        # of a four-letter word one letter more or less leaves too little: only letters in the wrong place or doubled
        return next(
            (known for known in near if one_slip(word, known) and (len(known) > 4 or set(known) == set(word))), word
        )


def one_slip(word: str, other: str) -> bool:
    """Return whether one letter too many, too few, wrong, or two in the wrong order make one word of the other."""
    at = 0
    while at < min(len(word), len(other)) and word[at] == other[at]:
        at += 1
    word, other = word[at:], other[at:]
    while word and other and word[-1] == other[-1]:
        word, other = word[:-1], other[:-1]
    return max(len(word), len(other)) == 1 or (len(word) == 2 and word == other[::-1])


@cache
def load_lexicon(language: str = "en") -> Lexicon:
    """Return the lexicon of a `language` by its two letters.

    Raises:
        ValueError: the data file gives two meanings to one entry.
    """
    with Path(__file__).with_name(f"lexicon_{language}.toml").open("rb") as file:
        tables: dict[str, dict[str, list[str]]] = tomllib.load(file)
    terms: dict[tuple[str, ...], Term] = {}
    for table, groups in tables.items():
        for value, entries in groups.items():
            role = value if table in ("join", "denial") else table
            for entry in entries if table not in _TABLES else ():
                if terms.setdefault(tuple(entry.split()), Term(role, value)) != Term(role, value):
                    raise ValueError(f"the lexicon gives two meanings to '{entry}'")
    longest: dict[str, set[int]] = {}
    for words in terms:
        longest.setdefault(words[0], set()).add(len(words))
    known = {word for words in terms for word in words}
    known.update(
        word
        for table in ("number", "heading")
        for group in tables[table].values()
        for e in group
        for word in e.split()
    )
    spelled: dict[str, list[str]] = {}
    for word in sorted(
        {word for words, term in terms.items() if term.role in _MENDED for word in words if len(word) > 3}
    ):
        spelled.setdefault(word[0], []).append(word)
    return Lexicon(
        terms=terms,
        longest={first: sorted(lengths, reverse=True) for first, lengths in longest.items()},
        numbers={word: int(value) for value, words in tables["number"].items() for word in words},
        counted={word: value == "many" for value, words in tables["counted"].items() for word in words},
        headings={tuple(e.split()): value == "reading" for value, group in tables["heading"].items() for e in group},
        abbreviations=frozenset(tables["spelling"]["abbreviations"]),
        spelled=spelled,
        left=frozenset(tables["spelling"]["leave"]) | known,
    )
