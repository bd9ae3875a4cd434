"""Tokens -> statements: where a sentence, a list item or a "but" begins something new, and under which heading."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from CausalCLIPSegLib.notes.lexicon import Lexicon, Mention, Section
from CausalCLIPSegLib.notes.places import PLACES
from CausalCLIPSegLib.notes.tokens import Token

_TELLS = frozenset({"finding", "outside", "normal"})
_SPEAKS = PLACES | _TELLS | {"vague", "same", "spared"}
_LEADS_ON = PLACES | {
    "comma",
    "and",
    "or",
    "slash",
    "versus",
    "with",
    "compare",
    "preposition",
    "inside",
    "range",
    "negated",
    "verb",
    "states",
}
_LONGEST_HEADING = 6
_LONGEST_CAPITALS = 10
_FULL_LINE = 60  # letters from which on a line may have been wrapped


@dataclass(frozen=True)
class Statement:
    """The tokens `start` to `stop` (excluded) of a note, and the terms among them, one of them a finding or a place.

    Attributes:
        section: what it stands under: the reading of this film (also without any heading), its conclusion, or
            something else, such as the history.
    """

    start: int
    stop: int
    mentions: tuple[Mention, ...]
    section: Section = "reading"

    @property
    def apart(self) -> bool:
        """Whether it stands under a heading such as History, so that it does not describe this film."""
        return self.section == "apart"


def cut(tokens: Sequence[Token], mentions: Sequence[Mention], lexicon: Lexicon) -> list[Statement]:
    """Return those statements of a note that speak of a finding or a place, in order."""
    headings = _headings(tokens, lexicon)
    begins = {mention.start for mention in mentions if mention.role == "break"}
    begins.update(at + 1 for at in range(len(tokens)) if _ends(tokens, at, lexicon))
    begins.update(_line_breaks(tokens, mentions))
    begins -= {at for mention in mentions for at in range(mention.start + 1, mention.stop)}
    begins.update(headings)
    edges = sorted({0, *(at for at in begins if at < len(tokens)), len(tokens)})

    # "History: cough." stands apart up to the next heading or to an empty line after it, and where no heading of the
    # reading follows, up to its own end
    last_reading = max((at for at, (_, section) in headings.items() if section != "apart"), default=-1)
    statements: list[Statement] = []
    mention = 0
    section: Section = "reading"
    begun = False  # the section has a statement
    for start, stop in pairwise(edges):
        length = 0
        if start in headings:
            length, section = headings[start]
            begun = False
        elif section == "apart" and begun and (start > last_reading or _is_new(tokens, start)):
            section = "reading"
        begun = begun or stop > start + length
        inside: list[Mention] = []
        while mention < len(mentions) and mentions[mention].start < stop:
            if mentions[mention].start >= start + length and mentions[mention].role != "break":
                inside.append(mentions[mention])
            mention += 1
        if any(each.role in _SPEAKS for each in inside):
            statements.append(Statement(start + length, stop, tuple(inside), section))
    return statements


def _is_new(tokens: Sequence[Token], at: int) -> bool:
    """Whether a statement begins a paragraph, or a line after one that was not wrapped."""
    if tokens[at].layout != "line":
        return tokens[at].layout == "paragraph"
    before = at - 1
    while before and not tokens[before].layout:
        before -= 1
    return tokens[at - 1].key == "." and tokens[at - 1].stop - tokens[before].start < _FULL_LINE


def _headings(tokens: Sequence[Token], lexicon: Lexicon) -> dict[int, tuple[int, Section]]:
    """Return, for every token that begins a heading, its length in tokens and what stands under it."""
    found: dict[int, tuple[int, Section]] = {}
    apart = False
    for at, token in enumerate(tokens):
        if not (token.layout or tokens[at - 1].key in ".;:?"):
            continue
        longest = min(_LONGEST_HEADING, len(tokens) - at) if token.key in lexicon.heading_words else 0
        for length in range(longest, 0, -1):
            section = lexicon.headings.get(tuple(t.key for t in tokens[at : at + length]))
            after = tokens[at + length] if at + length < len(tokens) else None
            if section and after and (after.key == ":" or (token.layout and after.layout)):
                found[at] = (length + (after.key == ":"), section)
                apart = section == "apart"
                break
        else:
            if apart and _is_capitals(tokens, at):  # "PORTABLE CHEST, 8 A.M.:" ends the history
                found[at] = (0, "reading")
                apart = False
    return found


def _is_capitals(tokens: Sequence[Token], at: int) -> bool:
    """Whether a line begins with capitals up to a colon."""
    letters = 0
    for stop in range(at, min(at + _LONGEST_CAPITALS, len(tokens))):
        token = tokens[stop]
        if token.key == ":":
            return letters > 3
        if token.key == "." or token.text != token.text.upper() or (token.layout and stop > at):
            return False
        letters += len(token.text) if token.text.isalpha() else 0
    return False


def _ends(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether the token is a mark that ends a statement."""
    key = tokens[at].key
    before = tokens[at - 1] if at else None
    after = tokens[at + 1] if at + 1 < len(tokens) else None
    if key in (";", "!") or not after:
        return key in (";", "!", ".", "?")
    if key == "?":  # "?pneumonia" and "? pneumonia" ask, and end nothing
        begun = before is not None and before.key.isalnum() and not tokens[at].layout
        return begun and after.start > tokens[at].stop
    if key != "." or not before:
        return False
    if before.key.isdecimal() and after.key.isdecimal() and after.start == tokens[at].stop:
        return False
    goes_on = lexicon.capitals or after.text[0].islower()
    return not (before.key in lexicon.abbreviations and goes_on)


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
        if apart or tokens[at].layout in ("item", "paragraph"):
            begins.add(at)
    return begins
