"""The lexicon: the words of one language, read from a TOML file, and the search for them in a note.

`spelling.py` recognizes the words in other forms.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes.spelling import MIN_SPELL_CHECKED, MIN_STEM, Spelling, find_distinct_forms, fold, make_key
from CausalCLIPSegLib.notes.tokens import Token

Section = Literal["findings", "conclusion", "other"]
"""The part of a report under a heading: findings, conclusion, or text that does not describe this radiograph."""

_SPELL_CHECKED_ROLES = frozenset(
    {
        "side",
        "zone",
        "place",
        "anatomy",
        "whole",
        "diffuse",
        "region",
        "finding",
        "vague",
        "outside",
        "normal",
        "everywhere",
    }
)
"""Roles whose words are recognized with a typing error. The short words of grammar are too similar to others."""

_CONTEXT_ROLES = frozenset(
    {"negated", "historical", "earlier", "uncertain", "hypothetical", "current", "gone", "change"}
)
"""Roles of the ConText triggers; only their long words are recognized with a typing error."""

_COMPOUND_ROLES = frozenset({"side", "zone", "anatomy", "region", "finding", "outside", "diffuse", "whole", "place"})
"""Roles whose words form compounds, in a language that writes compounds as one word."""

_OTHER_TABLES = frozenset({"language", "number", "counted", "heading", "spelling", "filler", "ordinary"})
"""Tables of the TOML file that hold no terms."""

_GAP = "*"
_MAX_GAP = 3
_MIN_CUT_HEADING = 5  # letters
_MIN_CONTEXT_SPELL_CHECKED = 7


@dataclass(frozen=True)
class Term:
    """The meaning of an entry of the lexicon.

    Attributes:
        role: the table of the entry ("side", "zone", "finding", ...); each key of [join] and each table of [context]
            is a role of its own.
        value: the key of the entry in its table ("right", "lower", "consolidation", "forward", ...).
    """

    role: str
    value: str


@dataclass(frozen=True)
class Mention:
    """A term in a note, at tokens `start` to `stop` (exclusive)."""

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
        language: two letters.
        terms: the term of every entry, by the keys of its words; "*" among them stands for up to three fillers.
        lengths: by first word, the lengths of the entries without "*" that begin with it, longest first.
        gapped: by first word, the entries with "*".
        numbers: the value of every number word.
        counted: the words that a number can count, and whether they are plural.
        headings: every heading of a report, and its section.
        heading_words: the first words of the headings.
        cut_headings: the same words by the word without its first letter, as after scanning.
        abbreviations: words after which a full stop does not end a sentence.
        sides_follow: a side stands behind its noun, so that no place follows the abbreviation of a side.
        capitalizes_nouns: nouns begin with a capital letter, so that a capital does not indicate a new sentence.
        fillers: words that may stand in place of "*".
        spelling: how its words are spelled.
    """

    language: str
    terms: dict[tuple[str, ...], Term]
    lengths: dict[str, list[int]]
    gapped: dict[str, list[tuple[str, ...]]]
    numbers: dict[str, int]
    counted: dict[str, bool]
    headings: dict[tuple[str, ...], Section]
    heading_words: frozenset[str] = field(repr=False)
    cut_headings: dict[str, str] = field(repr=False)
    abbreviations: frozenset[str]
    sides_follow: bool
    capitalizes_nouns: bool
    fillers: frozenset[str]
    spelling: Spelling

    @property
    def known(self) -> frozenset[str]:
        """The keys of all words of the lexicon."""
        return self.spelling.known

    def read(self, tokens: Iterable[Token]) -> list[Token]:
        """Return the tokens with the keys of the lexicon: endings cut, compounds split, typing errors corrected."""
        parts_of: dict[str, list[tuple[int, str]]] = {}
        read: list[Token] = []
        for token in tokens:
            if token.key not in parts_of:
                parts_of[token.key] = list(self.spelling.parts(token.key))
            parts = parts_of[token.key]
            if len(parts) == 1:
                read.append(Token(token.text, parts[0][1], token.start, token.stop, token.layout))
                continue
            start = token.start
            for index, (length, key) in enumerate(parts):
                stop = min(start + length, token.stop)
                text = token.text[start - token.start : stop - token.start]
                read.append(Token(text, key, start, stop, token.layout if not index else ""))
                start = stop
        return read

    def known_letters(self, tokens: Iterable[Token]) -> tuple[int, int]:
        """Return the number of letters in known words, and how many of them are without a typing error."""
        letters = exact = 0
        for token in tokens:
            parts = list(self.spelling.parts(token.key)) if token.text.isalpha() else []
            known = sum(length for length, key in parts if key in self.known)
            letters += known
            exact += known if self.key(token.key) in self.known or len(parts) > 1 else 0
        return letters, exact

    def key(self, word: str) -> str:
        """Return the key of a case-folded word."""
        return self.spelling.key(word)

    def is_grammar(self, key: str) -> bool:
        """Return whether a word belongs to the grammar of the language, such as an article or a preposition."""
        return key in self.spelling.fused and not self.spelling.fused[key][1]

    def find(self, tokens: Sequence[Token]) -> list[Mention]:
        """Return the mentions in tokens from `read`, in order and without overlap; the longest entry wins."""
        keys = [token.key for token in tokens]
        mentions: list[Mention] = []
        at = 0
        while at < len(keys):
            term, stop = self._longest(keys, at)
            if term:
                mentions.append(Mention(term, at, stop))
            at = stop
        return mentions

    def _longest(self, keys: Sequence[str], at: int) -> tuple[Term | None, int]:
        """Return the term of the longest entry at `at`, if any, and the token after it."""
        best: tuple[Term | None, int] = (None, at + 1)
        for length in self.lengths.get(keys[at], ()):
            entry = tuple(keys[at : at + length])
            if entry in self.terms and len(entry) == length:
                best = (self.terms[entry], at + length)
                break
        gapped = self.gapped.get(keys[at], ())
        following = set(keys[at + 1 : at + 2 + _MAX_GAP]) if gapped else set()
        for entry in gapped:
            if (entry[2] if entry[1] == _GAP else entry[1]) not in following:
                continue
            stop = self._match_gapped(entry, keys, at)
            if stop > best[1] or (stop == best[1] and best[0] is None):
                best = (self.terms[entry], stop)
        return best

    def _match_gapped(self, entry: tuple[str, ...], keys: Sequence[str], at: int) -> int:
        """Return the token after an entry with gaps that begins at `at`; 0 if it does not match."""
        for index, word in enumerate(entry):
            if word == _GAP:
                gap_end = min(at + _MAX_GAP, len(keys))
                while at < gap_end and keys[at] in self.fillers and keys[at] != entry[index + 1]:
                    at += 1
            elif at < len(keys) and keys[at] == word:
                at += 1
            else:
                return 0
        return at


def languages() -> list[str]:
    """Return the languages that have a lexicon, English first."""
    names = sorted(path.stem.removeprefix("lexicon_") for path in Path(__file__).parent.glob("lexicon_*.toml"))
    return sorted(names, key=lambda language: language != "en")


def check_language(language: str) -> None:
    """Check that a language has a lexicon.

    Raises:
        NoteError: the language has no lexicon.
    """
    known = languages()
    if language not in known:
        raise NoteError(f"There is no lexicon of the language '{language}', only of {', '.join(known)}.")


@cache
def load_lexicon(language: str = "en") -> Lexicon:
    """Return the lexicon of a `language`, two letters.

    Raises:
        ValueError: the TOML file gives two meanings to one entry.
    """
    with Path(__file__).with_name(f"lexicon_{language}.toml").open("rb") as file:
        tables = tomllib.load(file)
    spelling = tables["spelling"]
    letters: dict[str, str] = spelling.get("letters", {})
    endings = tuple(sorted(spelling.get("endings", ()), key=len, reverse=True))
    distinct_forms = find_distinct_forms(_terms(tables), letters, endings)

    def keys(entry: str) -> tuple[str, ...]:
        return tuple(make_key(word, letters, endings, distinct_forms) for word in entry.split())

    terms: dict[tuple[str, ...], Term] = {}
    compound_parts: dict[str, str] = {}
    for term, entries in _terms(tables):
        for entry in entries:
            words = keys(entry)
            if terms.setdefault(words, term) != term:
                raise ValueError(f"the lexicon gives two meanings to '{entry}': {terms[words]} and {term}")
            if len(words) == 1 and term.role in _COMPOUND_ROLES and len(entry) >= MIN_STEM:
                compound_parts[fold(entry, letters)] = words[0]
    fillers = frozenset(word for entry in tables["filler"]["filler"] for word in keys(entry))
    lengths: dict[str, set[int]] = {}
    gapped: dict[str, list[tuple[str, ...]]] = {}
    for words in terms:
        if _GAP in words:
            gapped.setdefault(words[0], []).append(words)
        else:
            lengths.setdefault(words[0], set()).add(len(words))
    headings: dict[tuple[str, ...], Section] = {
        keys(entry): section for section, entries in tables["heading"].items() for entry in entries
    }
    known = {word for entry in (*terms, *headings) for word in entry} - {_GAP}
    known.update(word for words in tables["number"].values() for entry in words for word in keys(entry))
    known |= fillers
    known.update(word for entry in tables["ordinary"]["ordinary"] for word in keys(entry))
    fused = {fold(word, letters): (keys(word)[0], False) for word in spelling["fused"]}
    for term, entries in _terms(tables):
        if term.role in _COMPOUND_ROLES | {"normal"}:
            long = [entry for entry in entries if len(entry) >= MIN_STEM and entry.isalpha()]
            long = [entry for entry in long if entry not in spelling["abbreviations"]]
            fused.update(
                {form: (keys(entry)[0], True) for entry in long for form in (fold(entry, letters), keys(entry)[0])}
            )
    targets, robust = _spelling(terms, headings)
    return Lexicon(
        language=language,
        terms=terms,
        lengths={first: sorted(numbers, reverse=True) for first, numbers in lengths.items()},
        gapped=gapped,
        numbers={key: int(value) for value, words in tables["number"].items() for word in words for key in keys(word)},
        counted={
            key: value == "many" for value, words in tables["counted"].items() for word in words for key in keys(word)
        },
        headings=headings,
        heading_words=frozenset(words[0] for words in headings),
        cut_headings={words[0][1:]: words[0] for words in headings if len(words[0]) > _MIN_CUT_HEADING},
        abbreviations=frozenset(key for word in spelling["abbreviations"] for key in keys(word)),
        sides_follow=spelling.get("sides_follow", False),
        capitalizes_nouns=spelling.get("capitals", False),
        fillers=fillers,
        spelling=Spelling(
            known=frozenset(known) | {key for word in spelling["leave"] for key in keys(word)},
            letters=letters,
            endings=endings,
            distinct_forms=distinct_forms,
            fused=fused,
            compound_links=tuple(spelling.get("links", ())),
            compound_parts=compound_parts,
            targets=targets,
            robust=robust,
        ),
    )


def _spelling(
    terms: dict[tuple[str, ...], Term], headings: Iterable[tuple[str, ...]]
) -> tuple[dict[str, list[str]], frozenset[str]]:
    """Return `Spelling.targets` and `Spelling.robust`."""
    targets: set[str] = set()
    robust: set[str] = set()
    for words, term in terms.items():
        if term.role in _SPELL_CHECKED_ROLES:
            targets.update(word for word in words if len(word) >= MIN_SPELL_CHECKED)
        elif term.role in _CONTEXT_ROLES:
            targets.update(word for word in words if len(word) >= _MIN_CONTEXT_SPELL_CHECKED)
        min_robust = 5 if term.role in ("side", "zone") else 6
        robust.update(word for word in words if len(word) >= min_robust)
    targets.update(word for words in headings for word in words if len(word) >= _MIN_CONTEXT_SPELL_CHECKED)
    by_first_letter: dict[str, list[str]] = {}
    for word in sorted(targets):
        by_first_letter.setdefault(word[0], []).append(word)
    return by_first_letter, frozenset(robust)


def _terms(tables: dict[str, dict[str, object]]) -> Iterator[tuple[Term, list[str]]]:
    """Yield every term of a file with its entries."""
    for table, groups in tables.items():
        for value, entries in groups.items() if table not in _OTHER_TABLES else ():
            if isinstance(entries, dict):  # [context.negated]
                for direction, triggers in entries.items():
                    yield Term(value, direction), triggers
            elif isinstance(entries, list):
                yield Term(value if table == "join" else table, value), entries
