"""Which words of a note the words of its prompt come from, to show the weights of the prompt in the note."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, say_side
from CausalCLIPSegLib.notes.expression import ZONES, Passage, ReferringExpression

Span = tuple[int, int]
"""The first character, and the one after the last."""

_COUNTING = frozenset({"one", "two", "three", "four", "five", "six", "infected", "area", "areas"})
_BOTH_OR_ONE = frozenset({"unilateral", "bilateral"})
_LINKING = frozenset({"and"})
_CONTEXT = 40
"""Characters of the note that are shown around its weighted words."""


@dataclass(frozen=True)
class Heard:
    """A piece of the note, or a word that only the prompt has, with its share of the network's interest.

    Attributes:
        text: as it stands in the note or in the prompt.
        weight: the share of the interest of all words of the prompt that say this, in [0, 1]; None for the rest of the
            note, which became no part of the prompt.
        words: these words of the prompt.
        in_note: the text is a part of the note.
    """

    text: str
    weight: float | None = None
    words: tuple[str, ...] = ()
    in_note: bool = True


def spans_of_words(
    words: Sequence[str], expression: ReferringExpression, laterality: Laterality
) -> list[tuple[Span, ...]]:
    """Return for each word of a prompt the spans of the note that say it; none if only the prompt has the word.

    Args:
        words: the words of the prompt in their order, in lower case, without punctuation.
        expression: the note, with its text.
        laterality: whose left and right the prompt means.
    """
    sides = {say_side(side, laterality): side for side in SIDES}
    spans = []
    side: Side | None = None  # of the lung that the word belongs to
    for at, word in enumerate(words):
        if word in sides:
            side = sides[word]
            found = [each for each in expression.passages if side in each.named]
        elif word in (*ZONES, "all"):
            side = next((sides[each] for each in words[at:] if each in sides), None)
            saying = [each for each in expression.passages if _says_zone(each, word)]
            found = [each for each in saying if side in each.sides] or saying  # "right > left lower zones"
        elif word == "lung":
            found = [each for each in expression.passages if side in each.sides and "region" in each.meanings]
        elif word in _BOTH_OR_ONE:
            found = [each for each in expression.passages if each.named]
        elif word in _COUNTING:
            found = [each for each in expression.passages if "count" in each.meanings]
        else:
            found = [each for each in expression.passages if "finding" in each.meanings and word not in _LINKING]
        spans.append(tuple(dict.fromkeys((each.start, each.stop) for each in found)))
    return spans


def _says_zone(passage: Passage, word: str) -> bool:
    wanted = {"whole", *ZONES} if word == "all" else {word}
    return bool(passage.meanings & wanted)


def heard_in(note: str, words: Iterable[tuple[str, float, tuple[Span, ...]]]) -> list[Heard]:
    """Return the note around the words that became the prompt, and then the words that only the prompt has.

    Args:
        note: as it was given.
        words: each word of the prompt with its weight and its spans in the note (`spans_of_words`).

    Returns:
        Pieces in the order of reading; of a long note, the parts without such words are left out ("…"). Without any
        span, only the words of the prompt.
    """
    weighted: dict[Span, Heard] = {}
    added: list[Heard] = []
    for word, weight, spans in words:
        for span in spans:
            piece = weighted.get(span, Heard(_in_a_line(note[slice(*span)]), 0.0))
            weighted[span] = replace(piece, weight=(piece.weight or 0.0) + weight, words=(*piece.words, word))
        if not spans:
            added.append(Heard(word, weight, (word,), in_note=False))
    pieces: list[Heard] = []
    read = 0
    for (start, stop), piece in sorted(weighted.items()):
        if start >= read:  # the parts of a compound may overlap
            pieces += [*_rest(note[read:start], first=not pieces), piece]
            read = stop
    return [*pieces, *(_rest(note[read:], last=True) if pieces else []), *added]


def _in_a_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _rest(text: str, *, first: bool = False, last: bool = False) -> list[Heard]:
    """Return the text between weighted words; its middle, or its far end, is left out if it is long."""
    text = _in_a_line(text)
    if len(text) > (2 - first - last) * _CONTEXT + 10:
        before = "" if first else re.sub(r"\S*$", "", text[:_CONTEXT])
        after = "" if last else re.sub(r"^\S*", "", text[-_CONTEXT:])
        text = f"{before}…{after}"
    return [Heard(text)] if text else []
