"""Tokens -> statements: where a sentence, a list item or a "but" begins something new, and under which heading."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from CausalCLIPSegLib.notes.lexicon import Lexicon, Mention
from CausalCLIPSegLib.notes.places import PLACES
from CausalCLIPSegLib.notes.tokens import Token

_TELLS = frozenset({"finding", "outside", "normal"})
_LEADS_ON = PLACES | {
    "comma",
    "and",
    "or",
    "with",
    "compare",
    "preposition",
    "range",
    "before",
    "either",
    "verb",
    "states",
}
_LONGEST_HEADING = 4


@dataclass(frozen=True)
class Statement:
    """The tokens `start` to `stop` (excluded) of a note, and the terms among them, at least one.

    Attributes:
        apart: it stands under a heading such as History, so that it does not describe this film.
    """

    start: int
    stop: int
    mentions: tuple[Mention, ...]
    apart: bool = False


def cut(tokens: Sequence[Token], mentions: Sequence[Mention], lexicon: Lexicon) -> list[Statement]:
    """Return those statements of a note that hold a term, in order."""
    headings = _headings(tokens, lexicon)
    begins = {mention.start for mention in mentions if mention.role == "break"}
    begins.update(at + 1 for at in range(len(tokens)) if _ends(tokens, at, lexicon))
    begins.update(_line_breaks(tokens, mentions))
    begins -= {at for mention in mentions for at in range(mention.start + 1, mention.stop)}
    begins.update(headings)
    edges = sorted({0, *(at for at in begins if at < len(tokens)), len(tokens)})

    # "History: cough." stands apart up to the next heading, or up to its own end where no Findings follow
    last_reading = max((at for at, (_, reading) in headings.items() if reading), default=-1)
    statements: list[Statement] = []
    mention = 0
    reading = True
    for start, stop in pairwise(edges):
        length = 0
        if start in headings:
            length, reading = headings[start]
        elif start > last_reading:
            reading = True
        inside: list[Mention] = []
        while mention < len(mentions) and mentions[mention].start < stop:
            if mentions[mention].start >= start + length and mentions[mention].role != "break":
                inside.append(mentions[mention])
            mention += 1
        if inside:
            statements.append(Statement(start + length, stop, tuple(inside), not reading))
    return statements


def _headings(tokens: Sequence[Token], lexicon: Lexicon) -> dict[int, tuple[int, bool]]:
    """Return, for every token that begins a heading, its length in tokens and whether the reading follows."""
    found: dict[int, tuple[int, bool]] = {}
    for at, token in enumerate(tokens):
        if not (token.layout or tokens[at - 1].key in ".;:"):
            continue
        for length in range(min(_LONGEST_HEADING, len(tokens) - at), 0, -1):
            reading = lexicon.headings.get(tuple(t.key for t in tokens[at : at + length]))
            after = tokens[at + length] if at + length < len(tokens) else None
            if reading is not None and after and (after.key == ":" or (token.layout and after.layout)):
                found[at] = (length + (after.key == ":"), reading)
                break
    return found


def _ends(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether the token is a mark that ends a statement."""
    key = tokens[at].key
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if key in (";", "!") or not after:
        return key in (";", "!", ".", "?")
    if key == "?":  # "?pneumonia" asks, and ends nothing
        return after.start > tokens[at].stop
    if key != "." or not before:
        return False
    if before.key.isdecimal() and after.key.isdecimal() and after.start == tokens[at].stop:
        return False
    return not (before.key in lexicon.abbreviations and after.text[0].islower())


def _line_breaks(tokens: Sequence[Token], mentions: Sequence[Mention]) -> set[int]:
    """Return the tokens at which the layout begins a statement.

    A list item and a paragraph do. A mere new line does so only where the line before and the line itself each tell
    something and nothing leads over: "No effusion / RLL consolidation", but not a sentence that is wrapped.
    """
    lines = [at for at, token in enumerate(tokens) if token.layout]
    telling = {bisect_right(lines, mention.start) - 1 for mention in mentions if mention.role in _TELLS}
    leading = {at for m in mentions if m.role in _LEADS_ON - PLACES for at in (m.start, m.stop)}
    leading.update(m.stop for m in mentions if m.role in PLACES)
    begins: set[int] = set()
    for number, at in enumerate(lines):
        apart = {number - 1, number} <= telling and not tokens[at].text[0].islower() and at not in leading
        if apart or tokens[at].layout == "item":
            begins.add(at)
    return begins
