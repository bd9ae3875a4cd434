"""Where in a note each part of its meaning stands: the words for its finding, number, sides and zones."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Sequence

from CausalCLIPSegLib.laterality import SIDES, Laterality, Side
from CausalCLIPSegLib.notes.claims import ParsedStatement
from CausalCLIPSegLib.notes.counting import AreaCount
from CausalCLIPSegLib.notes.expression import ZONES, Passage
from CausalCLIPSegLib.notes.places import LocationTerm, named_sides
from CausalCLIPSegLib.notes.words import NoteText

_MAX_REMOVED = 80  # letters of markup between two words
_MARK = "[\u0300-\u036f]"  # an accent after its letter
_CHARACTER = re.compile(rf"(?P<tag></?[a-zA-Z][^<>]{{0,200}}>)|&#?\w{{1,31}};|.{_MARK}*", re.DOTALL)

Span = tuple[int, int]
"""The first character, and the one after the last."""

_Found = tuple[int, int, frozenset[str], frozenset[Side], frozenset[Side]]
"""First token, token after the last, meanings, sides named, and sides of the phrase."""


def find_passages(
    parsed: Sequence[ParsedStatement],
    counts: Sequence[AreaCount],
    note: NoteText,
    written: str,
    laterality: Laterality,
) -> tuple[Passage, ...]:
    """Return the passages of the findings that are to be segmented, in the order of the note.

    Args:
        parsed: the statements of the note.
        counts: the numbers of areas in the note.
        note: the cleaned note.
        written: the note as it was given; words that cannot be found in it have no passage.
        laterality: whose left and right the note means.
    """
    found = [*_of_findings(parsed), *_of_places(parsed, laterality)]
    found += [(each.at, each.at + 1, frozenset({"count"}), frozenset(), frozenset()) for each in counts]
    places = _places_as_written(note, written)
    passages = []
    for start, stop, meanings, named, sides in sorted(found, key=lambda each: each[:2]):
        first, last = places.get(start), places.get(stop - 1)
        if first and last:
            passages.append(
                Passage(
                    first[0],
                    last[1],
                    meanings,
                    tuple(side for side in SIDES if side in named),
                    tuple(side for side in SIDES if side in sides),
                )
            )
    return tuple(passages)


def _of_findings(parsed: Sequence[ParsedStatement]) -> Iterator[_Found]:
    for each in parsed:
        implied = {(place.mention.start, place.mention.stop) for place in each.places}  # claims without words
        for claim in each.claims:
            span = claim.mention.start, claim.mention.stop
            if claim.asserted and span[1] > span[0] and span not in implied:
                yield *span, frozenset({"finding"}), frozenset(), frozenset()


def _of_places(parsed: Sequence[ParsedStatement], laterality: Laterality) -> Iterator[_Found]:
    """Yield the places; a place that names no side has the sides of the others in its chunk, or else all sides."""
    for each in parsed:
        used = [place for place in each.places if place.used and place.mention.stop > place.mention.start]
        named = {id(place): named_sides(place.term, laterality) for place in used}
        by_chunk: dict[int, set[Side]] = {}
        for place in used:
            by_chunk.setdefault(place.chunk, set()).update(named[id(place)])
        in_statement = {side for sides in by_chunk.values() for side in sides}
        for place in used:
            sides = by_chunk[place.chunk] or in_statement or set(SIDES)
            mention, own = place.mention, frozenset(named[id(place)])
            yield mention.start, mention.stop, _meanings(place.term), own, own or frozenset(sides)


def _meanings(term: LocationTerm) -> frozenset[str]:
    if term.role in ("whole", "diffuse"):
        return frozenset({"whole"})
    if term.role == "region":
        return frozenset({"region"})
    return frozenset(zone for zone in ZONES if zone in term.term.value.split())


def _places_as_written(note: NoteText, written: str) -> dict[int, Span]:
    """Return where each word of the cleaned note stands in the note as it was given."""
    if note.text == written:
        return {at: (token.start, token.stop) for at, token in enumerate(note.tokens)}
    letters, spans = _letters_of(written)
    places: dict[int, Span] = {}
    searched = 0  # up to this letter
    for at, token in enumerate(note.tokens):
        word = "".join(filter(str.isalnum, note.text[token.start : token.stop]))
        start = letters.find(word, searched, searched + len(word) + _MAX_REMOVED) if word else -1
        if start >= 0:
            searched = start + len(word)
            places[at] = spans[start][0], spans[searched - 1][1]
    return places


def _letters_of(written: str) -> tuple[str, list[Span]]:
    """Return the letters and digits of a note as the cleaning makes them, and where each stands in the note."""
    letters: list[str] = []
    spans: list[Span] = []
    for match in _CHARACTER.finditer(written):
        character = "" if match["tag"] else unicodedata.normalize("NFKC", html.unescape(match[0]))
        for letter in filter(str.isalnum, character):
            letters.append(letter)
            spans.append(match.span())
    return "".join(letters), spans
