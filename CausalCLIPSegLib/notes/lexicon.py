"""The words a note is understood by: a data file a language, the search for its entries, typing errors mended."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes.tokens import Token

Section = Literal["reading", "concluding", "apart"]
"""What stands under a heading: the reading of this film, its conclusion, or something else."""

_MENDED = frozenset(
    {"side", "zone", "place", "anatomy", "whole", "diffuse", "region", "finding", "vague", "outside", "normal"}
)
"""Roles whose words are known with a typing error in them; the small words of the grammar are too near to others."""

_CONTEXT = frozenset({"negated", "historical", "earlier", "uncertain", "hypothetical", "current"})
"""Roles of the triggers of ConText; their long words are mended too."""

_COMPOUND = frozenset({"side", "zone", "anatomy", "region", "finding", "outside", "diffuse", "whole", "place"})
"""Roles whose words make compounds, in a language that writes them as one word."""

_TABLES = frozenset({"language", "number", "counted", "heading", "spelling", "filler"})
"""Tables of the file that are no terms."""

_GAP = "*"
_WIDEST_GAP = 3
_SHORTEST_STEM = 4
_LONGEST_COMPOUND = 40


@dataclass(frozen=True)
class Term:
    """What an entry of the lexicon stands for.

    Attributes:
        role: the table it stands in ("side", "zone", "finding", ...); the keys of [join] and the tables of [context]
            are roles.
        value: the key it stands under ("right", "lower", "consolidation", "forward", ...).
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
        language: its two letters.
        terms: the term of every entry, by the keys of its words; "*" in them stands for up to three fillers.
        longest: by first word, the lengths of the entries without "*" that begin so, longest first.
        gapped: by first word, the entries with "*".
        numbers: the value of every number word.
        counted: the words that a number can count, with whether they stand for more than one.
        headings: every heading of a report, with what stands under it.
        heading_words: the words that they begin with.
        abbreviations: words that a full stop does not end a sentence after.
        capitals: nouns are written with a capital letter, so that one does not tell a new sentence.
        fillers: words that may stand where an entry has "*".
        known: all its words, as keys.
        letters: how letters are written that a keyboard may lack.
        endings: what a word may end with without being another word, longest first.
        apart: words whose endings tell them apart ("Lunge", "Lungen"), and what other forms of theirs are read as.
        links: what may stand between the parts of a compound; empty where the language makes none.
        parts: the words that make compounds, with their keys.
        spelled: the keys that a typing error is mended to, by first letter.
        sturdy: those of them that stay themselves with a letter more, less or wrong: long ones, and words of place.
    """

    language: str
    terms: dict[tuple[str, ...], Term]
    longest: dict[str, list[int]]
    gapped: dict[str, list[tuple[str, ...]]]
    numbers: dict[str, int]
    counted: dict[str, bool]
    headings: dict[tuple[str, ...], Section]
    heading_words: frozenset[str] = field(repr=False)
    abbreviations: frozenset[str]
    capitals: bool
    fillers: frozenset[str]
    known: frozenset[str] = field(repr=False)
    letters: dict[str, str] = field(repr=False)
    endings: tuple[str, ...] = field(repr=False)
    apart: dict[str, str] = field(repr=False)
    links: tuple[str, ...] = field(repr=False)
    parts: dict[str, str] = field(repr=False)
    spelled: dict[str, list[str]] = field(repr=False)
    sturdy: frozenset[str] = field(repr=False)

    def read(self, tokens: Iterable[Token]) -> list[Token]:
        """Return the tokens with the lexicon's keys: endings cut, compounds parted, typing errors mended."""
        seen: dict[str, list[tuple[int, str]]] = {}
        read: list[Token] = []
        for token in tokens:
            if token.key not in seen:
                seen[token.key] = list(self._keys(token.key))
            parts = seen[token.key]
            if len(parts) == 1:
                read.append(Token(token.text, parts[0][1], token.start, token.stop, token.layout))
                continue
            at = token.start
            for number, (length, key) in enumerate(parts):
                stop = min(at + length, token.stop)
                text = token.text[at - token.start : stop - token.start]
                read.append(Token(text, key, at, stop, token.layout if not number else ""))
                at = stop
        return read

    def knows(self, tokens: Iterable[Token]) -> int:
        """Return how many letters of the words of a note it knows, also in another form of a word or mistyped."""
        return sum(len(token.text) for token in self.read(tokens) if token.text.isalpha() and token.key in self.known)

    def key(self, word: str) -> str:
        """Return a word, case folded, as the terms of the lexicon have it."""
        return _key(word, self.letters, self.endings, self.apart)

    def find(self, tokens: Sequence[Token]) -> list[Mention]:
        """Return the terms in tokens that it has read, in order, without overlap; where several fit, the longest."""
        keys = [token.key for token in tokens]
        found: list[Mention] = []
        at = 0
        while at < len(keys):
            term, stop = self._longest(keys, at)
            if term:
                found.append(Mention(term, at, stop))
            at = stop
        return found

    def _longest(self, keys: Sequence[str], at: int) -> tuple[Term | None, int]:
        best: tuple[Term | None, int] = (None, at + 1)
        for length in self.longest.get(keys[at], ()):
            words = tuple(keys[at : at + length])
            if words in self.terms and len(words) == length:
                best = (self.terms[words], at + length)
                break
        gapped = self.gapped.get(keys[at], ())
        near = set(keys[at + 1 : at + 2 + _WIDEST_GAP]) if gapped else set()
        for words in gapped:
            if (words[2] if words[1] == _GAP else words[1]) not in near:
                continue
            stop = self._bridge(words, keys, at)
            if stop > best[1] or (stop == best[1] and best[0] is None):
                best = (self.terms[words], stop)
        return best

    def _bridge(self, words: tuple[str, ...], keys: Sequence[str], at: int) -> int:
        """Return where an entry with gaps that begins at `at` stops; 0 where it does not fit."""
        for number, word in enumerate(words):
            if word == _GAP:
                most = min(at + _WIDEST_GAP, len(keys))
                while at < most and keys[at] in self.fillers and keys[at] != words[number + 1]:
                    at += 1
            elif at < len(keys) and keys[at] == word:
                at += 1
            else:
                return 0
        return at

    def _keys(self, word: str) -> Iterator[tuple[int, str]]:
        """Give the parts of a word, as their lengths and keys; most words have one."""
        key = self.key(word)
        if key in self.known or not key.isalpha():
            yield len(word), key
            return
        parts = self._part(_fold(word, self.letters)) if self.links and len(word) <= _LONGEST_COMPOUND else None
        if parts:
            yield from parts
        else:
            yield len(word), self._mend(key)

    def _part(self, word: str) -> list[tuple[int, str]] | None:
        """Return a compound's parts, the first as long as it can be; None where it is not made of known words."""
        for length in range(len(word), 2, -1):
            if word[:length] not in self.parts:
                continue
            head = (length, self.parts[word[:length]])
            if length == len(word):
                return [head]
            for link in self.links:
                rest = self._part(word[length + len(link) :]) if word.startswith(link, length) else None
                if rest:
                    return [(length + len(link), head[1]), *rest]
        key = _key(word, {}, self.endings, self.apart)
        return [(len(word), key)] if key in self.parts.values() else None

    def _mend(self, word: str) -> str:
        """Return the known word that a typing error made `word` of, or `word` itself."""
        size = len(word)
        if size < 4:
            return word
        # Slicer imports this package before rapidfuzz is installed
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        near = process.extract(
            word,
            self.spelled.get(word[0], ()),
            scorer=OSA.distance,
            score_cutoff=2 if size >= 10 else 1,
            limit=None,
        )
        for known, distance, _ in near:
            # of a short word one letter more or less leaves too little: only letters turned or doubled
            if (distance == 1 and (known in self.sturdy or set(known) == set(word))) or len(known) >= 10:
                return known
        return word


def _fold(word: str, letters: dict[str, str]) -> str:
    return "".join(letters.get(letter, letter) for letter in word) if letters else word


def _key(word: str, letters: dict[str, str], endings: Sequence[str], apart: dict[str, str]) -> str:
    """Return a word with its letters folded and its ending cut, if enough of it remains and it is not told apart."""
    word = _fold(word, letters)
    stem = _stem(word, endings)
    return apart.get(word) or apart.get(stem, stem)


def _stem(word: str, endings: Sequence[str]) -> str:
    """Return a word without its endings, two at most: "Oberlappens", "Oberlappen"."""
    for _ in range(2):
        cut = (e for e in endings if word.endswith(e) and len(word) - len(e) >= _SHORTEST_STEM)
        word = word.removesuffix(next(cut, ""))
    return word


def _told_apart(
    terms: Iterable[tuple[Term, list[str]]], letters: dict[str, str], endings: Sequence[str]
) -> dict[str, str]:
    """Return the words that have another meaning with another ending, as themselves, and their stem as the first."""
    forms: dict[str, dict[str, Term]] = {}
    for term, entries in terms:
        for entry in entries:
            word = _fold(entry, letters)
            if " " not in entry:
                forms.setdefault(_stem(word, endings), {}).setdefault(word, term)
    apart: dict[str, str] = {}
    for stem, words in forms.items():
        if len(set(words.values())) > 1:
            apart.update({word: word for word in words})
            apart.setdefault(stem, next(iter(words)))
    return apart


def languages() -> list[str]:
    """Return the languages there is a lexicon for, English first."""
    found = sorted(path.stem.removeprefix("lexicon_") for path in Path(__file__).parent.glob("lexicon_*.toml"))
    return sorted(found, key=lambda language: language != "en")


def check_language(language: str) -> None:
    """Check that a language has a lexicon.

    Raises:
        NoteError: it has none.
    """
    known = languages()
    if language not in known:
        raise NoteError(f"There is no lexicon of the language '{language}', only of {', '.join(known)}.")


@cache
def load_lexicon(language: str = "en") -> Lexicon:
    """Return the lexicon of a `language` by its two letters.

    Raises:
        ValueError: the data file gives two meanings to one entry.
    """
    with Path(__file__).with_name(f"lexicon_{language}.toml").open("rb") as file:
        tables = tomllib.load(file)
    spelling = tables["spelling"]
    letters: dict[str, str] = spelling.get("letters", {})
    endings = tuple(sorted(spelling.get("endings", ()), key=len, reverse=True))

    apart = _told_apart(_terms(tables), letters, endings)

    def keys(entry: str) -> tuple[str, ...]:
        return tuple(_key(word, letters, endings, apart) for word in entry.split())

    terms: dict[tuple[str, ...], Term] = {}
    parts: dict[str, str] = {}
    for term, entries in _terms(tables):
        for entry in entries:
            words = keys(entry)
            if terms.setdefault(words, term) != term:
                raise ValueError(f"the lexicon gives two meanings to '{entry}': {terms[words]} and {term}")
            if len(words) == 1 and term.role in _COMPOUND and len(entry) >= _SHORTEST_STEM:
                parts[_fold(entry, letters)] = words[0]
    fillers = frozenset(word for entry in tables["filler"]["filler"] for word in keys(entry))
    longest: dict[str, set[int]] = {}
    gapped: dict[str, list[tuple[str, ...]]] = {}
    for words in terms:
        if _GAP in words:
            gapped.setdefault(words[0], []).append(words)
        else:
            longest.setdefault(words[0], set()).add(len(words))
    headings: dict[tuple[str, ...], Section] = {
        keys(entry): section for section, entries in tables["heading"].items() for entry in entries
    }
    known = {word for entry in (*terms, *headings) for word in entry} - {_GAP}
    known.update(word for words in tables["number"].values() for entry in words for word in keys(entry))
    known |= fillers
    target: set[str] = set()
    sturdy: set[str] = set()
    for words, term in terms.items():
        least = 4 if term.role in _MENDED else 7 if term.role in _CONTEXT else 99
        target.update(word for word in words if len(word) >= least)
        sturdy.update(word for word in words if len(word) > (4 if term.role in ("side", "zone") else 5))
    target.update(word for words in headings for word in words if len(word) >= 7)
    spelled: dict[str, list[str]] = {}
    for word in sorted(target):
        spelled.setdefault(word[0], []).append(word)
    return Lexicon(
        language=language,
        terms=terms,
        longest={first: sorted(lengths, reverse=True) for first, lengths in longest.items()},
        gapped=gapped,
        numbers={key: int(value) for value, words in tables["number"].items() for word in words for key in keys(word)},
        counted={
            key: value == "many" for value, words in tables["counted"].items() for word in words for key in keys(word)
        },
        headings=headings,
        heading_words=frozenset(words[0] for words in headings),
        abbreviations=frozenset(key for word in spelling["abbreviations"] for key in keys(word)),
        capitals=spelling.get("capitals", False),
        fillers=fillers,
        known=frozenset(known) | {key for word in spelling["leave"] for key in keys(word)},
        letters=letters,
        endings=endings,
        apart=apart,
        links=tuple(spelling.get("links", ())),
        parts=parts,
        spelled=spelled,
        sturdy=frozenset(sturdy),
    )


def _terms(tables: dict[str, dict[str, object]]) -> Iterator[tuple[Term, list[str]]]:
    """Give every term of a file with its entries."""
    for table, groups in tables.items():
        for value, entries in groups.items() if table not in _TABLES else ():
            if isinstance(entries, dict):  # [context.negated]
                for direction, triggers in entries.items():
                    yield Term(value, direction), triggers
            elif isinstance(entries, list):
                yield Term(value if table == "join" else table, value), entries
