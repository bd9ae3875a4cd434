"""Recognize the words of a lexicon in other forms: inflected, compound, fused, misspelled, or badly scanned."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

MIN_STEM = 4
"""Letters of the shortest stem, and of the shortest part of a compound."""

MIN_SPELL_CHECKED = 4
"""Letters of the shortest word that a typing error is corrected to."""

_LETTERS_OF_DIGITS = (str.maketrans("0158", "oisb"), str.maketrans("0158", "olsb"))
_MAX_COMPOUND = 40
_MIN_TWO_ERRORS = 10


@dataclass(frozen=True)
class Spelling:
    """How the words of one language are spelled.

    Attributes:
        known: the keys of all words of the lexicon.
        letters: how a letter that a keyboard may lack is written without it.
        endings: endings that do not make another word, longest first.
        distinct_forms: words that differ in meaning only by their endings ("Lunge", "Lungen"), and the key for each
            form.
        fused: the words that are recognized although the blank between two of them is missing, with their keys, and
            whether they name a place or finding.
        compound_links: what may stand between the parts of a compound; empty if the language forms none.
        compound_parts: the words that form compounds, with their keys.
        targets: the keys to which a typing error is corrected, by first letter.
        robust: the `targets` that remain recognizable if a letter is added, missing or different: long words, and
            words of location.
    """

    known: frozenset[str] = field(repr=False)
    letters: dict[str, str] = field(repr=False)
    endings: tuple[str, ...] = field(repr=False)
    distinct_forms: dict[str, str] = field(repr=False)
    fused: dict[str, tuple[str, bool]] = field(repr=False)
    compound_links: tuple[str, ...] = field(repr=False)
    compound_parts: dict[str, str] = field(repr=False)
    targets: dict[str, list[str]] = field(repr=False)
    robust: frozenset[str] = field(repr=False)

    def key(self, word: str) -> str:
        """Return the key of a case-folded word."""
        return make_key(word, self.letters, self.endings, self.distinct_forms)

    def parts(self, word: str) -> Iterator[tuple[int, str]]:
        """Yield the length and the key of each part of a word; most words have one part."""
        key = self.key(word)
        if key in self.known or key.isdecimal() or not key.isalnum():
            yield len(word), key
            return
        is_short = len(word) <= _MAX_COMPOUND
        folded = fold(word, self.letters)
        if any(letter.isdecimal() for letter in word):
            yield len(word), self._read_digits(folded, key)
            return
        parts = self._split_compound(folded) if self.compound_links and is_short else None
        parts = parts or (self._split_fused(folded) if is_short else None)
        if parts:
            yield from parts
        else:
            yield len(word), self._correct(key)

    def _read_digits(self, word: str, key: str) -> str:
        """Return the key of a word in which digits stand for letters, as after scanning: "r1ght"."""
        for digits in _LETTERS_OF_DIGITS:
            corrected = self.key(word.translate(digits))
            if len(word) >= MIN_SPELL_CHECKED and corrected in self.known:
                return corrected
        return key

    def _split_compound(self, word: str) -> list[tuple[int, str]] | None:
        """Return the parts of a compound, the first as long as possible; None if they are not all known words."""
        for length in range(len(word), 2, -1):
            if word[:length] not in self.compound_parts:
                continue
            head = (length, self.compound_parts[word[:length]])
            if length == len(word):
                return [head]
            for link in self.compound_links:
                rest = self._split_compound(word[length + len(link) :]) if word.startswith(link, length) else None
                if rest:
                    return [(length + len(link), head[1]), *rest]
        key = make_key(word, {}, self.endings, self.distinct_forms)
        return [(len(word), key)] if key in self.compound_parts.values() else None

    def _split_fused(self, word: str) -> list[tuple[int, str]] | None:
        """Return the parts of words without a blank between them ("theright"); one must name a place or finding."""
        for length in range(len(word) - 2, 1, -1):
            head = self._fused_part(word[:length])
            if head is None:
                continue
            tail = self._fused_part(word[length:])
            if tail and (head[1] or tail[1] or len(word) - length > MIN_STEM):
                return [(length, head[0]), (len(word) - length, tail[0])]
            rest = self._split_fused(word[length:]) if len(word) > _MIN_TWO_ERRORS else None
            if rest:
                return [(length, head[0]), *rest]
        return None

    def _fused_part(self, word: str) -> tuple[str, bool] | None:
        return self.fused.get(word) or self.fused.get(self.key(word))

    def _correct(self, word: str) -> str:
        """Return the known word that `word` is a typing error of, or else `word` itself."""
        if len(word) < MIN_SPELL_CHECKED:
            return word
        # Imported here, because Slicer imports this package before rapidfuzz is installed.
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        similar = process.extract(
            word,
            self.targets.get(word[0], ()),
            scorer=OSA.distance,
            score_cutoff=2 if len(word) >= _MIN_TWO_ERRORS else 1,
            limit=None,
        )
        for known, distance, _ in similar:
            # In a short word only swapped or doubled letters are corrected: any other change may make another word.
            is_one_error = distance == 1 and (known in self.robust or set(known) == set(word))
            if is_one_error or len(known) >= _MIN_TWO_ERRORS:
                return known
        return word


def fold(word: str, letters: dict[str, str]) -> str:
    """Return a word with the letters that a keyboard may lack written without them."""
    return "".join(letters.get(letter, letter) for letter in word) if letters else word


def make_key(word: str, letters: dict[str, str], endings: Sequence[str], distinct_forms: dict[str, str]) -> str:
    """Return a word with its letters folded and its endings cut, unless its ending changes its meaning."""
    word = fold(word, letters)
    stem = _stem(word, endings)
    return distinct_forms.get(word) or distinct_forms.get(stem, stem)


def _stem(word: str, endings: Sequence[str]) -> str:
    """Return a word without its endings, at most two: "Oberlappens" and "Oberlappen" have one stem."""
    for _ in range(2):
        removable = (ending for ending in endings if word.endswith(ending) and len(word) - len(ending) >= MIN_STEM)
        word = word.removesuffix(next(removable, ""))
    return word


def find_distinct_forms(
    terms: Iterable[tuple[Hashable, list[str]]], letters: dict[str, str], endings: Sequence[str]
) -> dict[str, str]:
    """Return the words of one stem that differ in meaning, each as its own key; the stem has the first one's key."""
    forms: dict[str, dict[str, Hashable]] = {}
    for term, entries in terms:
        for entry in entries:
            word = fold(entry, letters)
            if " " not in entry:
                forms.setdefault(_stem(word, endings), {}).setdefault(word, term)
    distinct: dict[str, str] = {}
    for stem, words in forms.items():
        if len(set(words.values())) > 1:
            distinct.update({word: word for word in words})
            distinct.setdefault(stem, next(iter(words)))
    return distinct
