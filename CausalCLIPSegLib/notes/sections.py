"""Find the headings of a report, and which of them stand above a description of this radiograph.

A heading is an entry of the lexicon, or several of them ("Findings / Impression"), at the beginning of a line or
sentence. A colon, a dash or the end of the line follows it, or it is in capitals and the note is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CausalCLIPSegLib.notes.lexicon import Lexicon, Section, Term
from CausalCLIPSegLib.notes.tokens import Token

_MAX_HEADING_TOKENS = 6
_MAX_CAPITALS_TOKENS = 10
_MAX_DETAIL_TOKENS = 8  # "Comparison, chest radiograph of 3 May:"
_MIN_CAPITALS_LETTERS = 5
_MIN_WRAPPED_LINE = 60  # characters; a shorter line that ends with a full stop was not wrapped
_NO_TERM = Term("", "")
_CONNECTING = frozenset({"/", "&", ",", "and", "und", "y", "e", "et", "en"})


@dataclass(frozen=True)
class Heading:
    """A heading.

    Attributes:
        length: its tokens, including the colon after it; 0 for a heading that only ends a section.
        section: the section that it begins.
    """

    length: int
    section: Section


def find_headings(
    tokens: Sequence[Token], lexicon: Lexicon, claims: frozenset[int], named: frozenset[int]
) -> dict[int, Heading]:
    """Return every heading by its first token.

    Args:
        tokens: the tokens of the note, with the keys of the lexicon.
        lexicon: the words of its language.
        claims: the tokens that name a finding or another thing that a note describes as present or absent.
        named: `claims`, and the tokens that name a place.
    """
    headings: dict[int, Heading] = {}
    has_case = any(token.text.islower() and len(token.text) > 2 for token in tokens)
    in_other = False
    heading_stop = 0
    for at, token in enumerate(tokens):
        if at < heading_stop:
            continue
        begins = bool(token.layout) or tokens[at - 1].key in ".;:?"
        if not begins and lexicon.is_grammar(tokens[at - 1].key):
            continue
        heading = _heading(tokens, at, lexicon, claims, has_case=has_case)
        if heading and (begins or tokens[at + heading.length - 1].key == ":"):
            headings[at] = heading
            heading_stop = at + heading.length
            in_other = heading.section == "other"
        elif not begins:
            continue
        elif (
            in_other and tokens[at - 1].key != ":" and _is_capitals_heading(tokens, at)
        ):  # "PORTABLE CHEST, 8 A.M.:" ends the history
            headings[at] = Heading(0, "findings")
            in_other = False
    _add_unknown_headings(tokens, headings, named)
    return headings


def _add_unknown_headings(tokens: Sequence[Token], headings: dict[int, Heading], named: frozenset[int]) -> None:
    """Add the labels before the heading of the findings that name neither a finding nor a place: "QUERY:".

    What stands there before the findings is a question or a detail of the examination.
    """
    findings = next((at for at in sorted(headings) if headings[at].section == "findings" and headings[at].length), 0)
    for at in range(findings):
        if not tokens[at].layout or at in headings or (headings and at > min(headings)):
            continue
        stop = next((end for end in range(at, min(at + _MAX_HEADING_TOKENS, findings)) if tokens[end].key == ":"), at)
        is_one_line = not any(token.layout for token in tokens[at + 1 : stop + 1])
        if stop > at and is_one_line and named.isdisjoint(range(at, stop)) and tokens[at].text[0].isupper():
            headings[at] = Heading(stop + 1 - at, "other")


def begins_block(tokens: Sequence[Token], at: int) -> bool:
    """Whether a statement begins a paragraph, or begins a line after a line that was not wrapped."""
    if tokens[at].layout != "line":
        return tokens[at].layout == "paragraph"
    line_start = at - 1
    while line_start and not tokens[line_start].layout:
        line_start -= 1
    return tokens[at - 1].key == "." and tokens[at - 1].stop - tokens[line_start].start < _MIN_WRAPPED_LINE


def _heading(
    tokens: Sequence[Token], at: int, lexicon: Lexicon, claims: frozenset[int], *, has_case: bool
) -> Heading | None:
    begins_line = bool(tokens[at].layout)
    stop, sections = _match(tokens, at, lexicon)
    if not sections:
        return None
    section: Section = next((each for each in sections if each != "other"), "other")
    follows = tokens[stop] if stop < len(tokens) else None
    term = lexicon.terms.get(tuple(token.key for token in tokens[at:stop]), _NO_TERM)
    is_named = term.role in ("region", "outside")  # "Lungs - clear", "opacity in the chest:"
    if follows is not None and follows.key == ":":
        follows_mark = begins_line or tokens[at - 1].key in ".;:?"
        if is_named and not follows_mark:
            return None
        return Heading(stop + 1 - at, section)
    detail = _detail(tokens, stop, claims) if begins_line or (follows and follows.key == "(") else None
    if follows is not None and lexicon.terms.get((follows.key,), _NO_TERM).role in ("with", "range"):
        detail = None  # "Comparison with 2018: unchanged right opacity"
    if detail is not None and (section == "other" or follows is None or follows.key == "("):
        return Heading(detail + 1 - at, section)
    if detail is not None and section != "other":
        return None  # "DIAGNOSIS ON REQUEST:"
    if not begins_line or follows is None or _is_cut(tokens[at], lexicon):
        return None
    if follows.layout:
        return Heading(stop - at, section)
    if follows.text == "-" and not is_named:
        return Heading(stop + 1 - at, section)
    words = [token.text for token in tokens[at:stop] if token.text.isalpha()]
    is_capitals = has_case and all(word.isupper() for word in words) and sum(map(len, words)) >= _MIN_CAPITALS_LETTERS
    return Heading(stop - at, section) if is_capitals and section != "findings" else None


def _match(tokens: Sequence[Token], at: int, lexicon: Lexicon) -> tuple[int, list[Section]]:
    """Return the token after the entries of headings at `at`, and their sections; none if no entry begins there."""
    sections: list[Section] = []
    stop = at
    while stop < len(tokens):
        first = tokens[stop].key
        if not sections and tokens[at].layout and _is_cut(tokens[at], lexicon):
            first = lexicon.cut_headings[first]
        lengths = range(min(_MAX_HEADING_TOKENS, len(tokens) - stop), 0, -1) if first in lexicon.heading_words else ()
        for length in lengths:
            words = (first, *(word.key for word in tokens[stop + 1 : stop + length]))
            if words in lexicon.headings:
                sections.append(lexicon.headings[words])
                stop += length
                break
        else:
            return (stop - 1 if sections else at), sections
        if (
            stop >= len(tokens)
            or tokens[stop].key not in _CONNECTING
            or tokens[stop].text == "-"
            or tokens[stop].layout
        ):
            return stop, sections
        stop += 1
    return stop, sections


def _is_cut(token: Token, lexicon: Lexicon) -> bool:
    """Whether a token is the first word of a heading without its first letter: "INDINGS", as after scanning."""
    return token.key in lexicon.cut_headings and token.key not in lexicon.known


def _detail(tokens: Sequence[Token], at: int, claims: frozenset[int]) -> int | None:
    """Return the colon that ends a heading with further words on its line ("Comparison, exam of 3 May:"), if any."""
    for stop in range(at, min(at + _MAX_DETAIL_TOKENS, len(tokens))):
        if tokens[stop].key == ":":
            return stop
        if tokens[stop].layout or stop in claims or tokens[stop].key in ".;?":
            return None
    return None


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
