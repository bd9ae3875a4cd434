"""Split the tokens of a note into statements, and find the heading above each statement.

A statement is a sentence, a list item, or the part of a sentence after a word such as "but".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from CausalCLIPSegLib.notes.lexicon import Lexicon, Mention, Section
from CausalCLIPSegLib.notes.places import LOCATION_ROLES
from CausalCLIPSegLib.notes.tokens import Token

_ASSERTING_ROLES = frozenset({"finding", "outside", "normal"})
_RELEVANT_ROLES = LOCATION_ROLES | _ASSERTING_ROLES | {"vague", "same", "spared"}
_LINKING_ROLES = frozenset(
    {
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
)
"""Roles of words that continue a statement on the next line."""
_MAX_HEADING_TOKENS = 6
_MAX_CAPITALS_TOKENS = 10
_MIN_WRAPPED_LINE = 60  # characters; a shorter line that ends with a full stop was not wrapped


@dataclass(frozen=True)
class Statement:
    """The tokens `start` to `stop` (exclusive) of a note, with at least one finding or location among them.

    Attributes:
        mentions: the terms among the tokens.
        section: the section that contains it; "findings" if no heading precedes it.
    """

    start: int
    stop: int
    mentions: tuple[Mention, ...]
    section: Section = "findings"

    @property
    def is_ignored(self) -> bool:
        """Whether it stands under a heading such as History, so that it does not describe this radiograph."""
        return self.section == "other"


def split_statements(tokens: Sequence[Token], mentions: Sequence[Mention], lexicon: Lexicon) -> list[Statement]:
    """Return the statements of a note that contain a finding or a location, in order."""
    headings = _headings(tokens, lexicon)
    begins = {mention.start for mention in mentions if mention.role == "break"}
    begins.update(at + 1 for at in range(len(tokens)) if _ends_statement(tokens, at, lexicon))
    begins.update(_line_breaks(tokens, mentions))
    begins -= {at for mention in mentions for at in range(mention.start + 1, mention.stop)}
    begins.update(headings)
    edges = sorted({0, *(at for at in begins if at < len(tokens)), len(tokens)})

    # A section such as History ends at the next heading, or at the first paragraph after it. If no heading of the
    # findings or conclusion follows, it ends with its first statement ("History: cough. RLL opacity.").
    last_heading = max((at for at, (_, section) in headings.items() if section != "other"), default=-1)
    statements: list[Statement] = []
    next_mention = 0
    section: Section = "findings"
    section_has_text = False
    for start, stop in pairwise(edges):
        heading_length = 0
        if start in headings:
            heading_length, section = headings[start]
            section_has_text = False
        elif section == "other" and section_has_text and (start > last_heading or _begins_block(tokens, start)):
            section = "findings"
        section_has_text = section_has_text or stop > start + heading_length
        inside: list[Mention] = []
        while next_mention < len(mentions) and mentions[next_mention].start < stop:
            mention = mentions[next_mention]
            if mention.start >= start + heading_length and mention.role != "break":
                inside.append(mention)
            next_mention += 1
        if any(mention.role in _RELEVANT_ROLES for mention in inside):
            statements.append(Statement(start + heading_length, stop, tuple(inside), section))
    return statements


def _begins_block(tokens: Sequence[Token], at: int) -> bool:
    """Whether a statement begins a paragraph, or begins a line after a line that was not wrapped."""
    if tokens[at].layout != "line":
        return tokens[at].layout == "paragraph"
    line_start = at - 1
    while line_start and not tokens[line_start].layout:
        line_start -= 1
    return tokens[at - 1].key == "." and tokens[at - 1].stop - tokens[line_start].start < _MIN_WRAPPED_LINE


def _headings(tokens: Sequence[Token], lexicon: Lexicon) -> dict[int, tuple[int, Section]]:
    """Return the length in tokens and the section of every heading, by its first token."""
    headings: dict[int, tuple[int, Section]] = {}
    in_other = False
    for at, token in enumerate(tokens):
        if not (token.layout or tokens[at - 1].key in ".;:?"):
            continue
        max_length = min(_MAX_HEADING_TOKENS, len(tokens) - at) if token.key in lexicon.heading_words else 0
        for length in range(max_length, 0, -1):
            section = lexicon.headings.get(tuple(word.key for word in tokens[at : at + length]))
            following = tokens[at + length] if at + length < len(tokens) else None
            if section and following and (following.key == ":" or (token.layout and following.layout)):
                headings[at] = (length + (following.key == ":"), section)
                in_other = section == "other"
                break
        else:
            if in_other and _is_capitals_heading(tokens, at):  # "PORTABLE CHEST, 8 A.M.:" ends the history
                headings[at] = (0, "findings")
                in_other = False
    return headings


def _is_capitals_heading(tokens: Sequence[Token], at: int) -> bool:
    """Whether a line begins with words in capitals that end with a colon."""
    letters = 0
    for stop in range(at, min(at + _MAX_CAPITALS_TOKENS, len(tokens))):
        token = tokens[stop]
        if token.key == ":":
            return letters > 3
        if token.key == "." or token.text != token.text.upper() or (token.layout and stop > at):
            return False
        letters += len(token.text) if token.text.isalpha() else 0
    return False


def _ends_statement(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> bool:
    """Whether the token is a punctuation mark that ends a statement."""
    key = tokens[at].key
    previous = tokens[at - 1] if at else None
    following = tokens[at + 1] if at + 1 < len(tokens) else None
    if key in (";", "!") or not following:
        return key in (";", "!", ".", "?")
    if key == "?":  # "?pneumonia" and "? pneumonia" express doubt and end nothing
        follows_word = previous is not None and previous.key.isalnum() and not tokens[at].layout
        return follows_word and following.start > tokens[at].stop
    if key != "." or not previous:
        return False
    if previous.key.isdecimal() and following.key.isdecimal() and following.start == tokens[at].stop:
        return False
    may_continue = lexicon.capitalizes_nouns or following.text[0].islower()
    return not (previous.key in lexicon.abbreviations and may_continue)


def _line_breaks(tokens: Sequence[Token], mentions: Sequence[Mention]) -> set[int]:
    """Return the tokens at which a new line begins a new statement.

    A list item and a paragraph always begin a statement. Any other line does so only if it and the line before it each
    contain a finding and no word links the two: "No effusion / RLL consolidation", but not a wrapped sentence.
    """
    lines = [at for at, token in enumerate(tokens) if token.layout]
    asserting = {bisect_right(lines, mention.start) - 1 for mention in mentions if mention.role in _ASSERTING_ROLES}
    linked = {at for mention in mentions if mention.role in _LINKING_ROLES for at in (mention.start, mention.stop)}
    linked.update(mention.stop for mention in mentions if mention.role in LOCATION_ROLES)
    begins: set[int] = set()
    for number, at in enumerate(lines):
        both_assert = {number - 1, number} <= asserting
        is_separate = both_assert and not tokens[at].text[0].islower() and at not in linked
        if is_separate or tokens[at].layout in ("item", "paragraph"):
            begins.add(at)
    return begins
