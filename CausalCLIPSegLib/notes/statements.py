"""Split the tokens of a note into statements, and find the heading above each statement.

A statement is a sentence, a list item, a field, or the part of a sentence after a word such as "but" or "except".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from CausalCLIPSegLib.notes.fields import CLOSED, ELLIPTIC, find_fields, read_answers
from CausalCLIPSegLib.notes.lexicon import Lexicon, Mention, Section, Term
from CausalCLIPSegLib.notes.places import JOINING_ROLES, LOCATION_ROLES
from CausalCLIPSegLib.notes.sections import begins_block, find_headings
from CausalCLIPSegLib.notes.tokens import Token

Lead = Literal["", "but", "except", "except first"]
"""How a statement is linked to its neighbor: "except first" precedes the statement that it restricts."""

_ASSERTING_ROLES = frozenset({"finding", "outside", "normal"})
_NAMING_ROLES = _ASSERTING_ROLES | {"vague", "same", "spared"}
_RELEVANT_ROLES = LOCATION_ROLES | _NAMING_ROLES
_BREAK_ROLES = frozenset({"break", "except"})
_LINKING_ROLES = JOINING_ROLES | {
    "preposition", "inside", "range", "negated", "verb", "states", "except",
}  # fmt: skip
"""Roles of words that continue a statement on the next line."""
_PLACE_ROLES = LOCATION_ROLES | {"preposition", "inside"}
_LATE = Term("break", "late")
_MAX_CLAUSE = 8  # mentions
_MAX_LABEL = 6  # mentions
_PRONOUN_LEADS = frozenset({"comma", "and", "break", "current"})
_SEPARATING_ROLES = frozenset({"comma", "and", "with"})


@dataclass(frozen=True)
class Statement:
    """The tokens `start` to `stop` (exclusive) of a note.

    Attributes:
        mentions: the terms among the tokens.
        section: the section that contains it; "findings" if no heading precedes it.
        lead: how it is linked to the statement before or after it.
    """

    start: int
    stop: int
    mentions: tuple[Mention, ...]
    section: Section = "findings"
    lead: Lead = ""

    @property
    def is_ignored(self) -> bool:
        """Whether it stands under a heading such as History, so that it does not describe this radiograph."""
        return self.section == "other"

    @property
    def names_claim(self) -> bool:
        """Whether it names a finding or another thing that a note describes."""
        return any(mention.role in _NAMING_ROLES for mention in self.mentions)

    @property
    def is_relevant(self) -> bool:
        """Whether it names a finding, another thing that a note describes, or a place."""
        return any(mention.role in _RELEVANT_ROLES or mention.role == "gone" for mention in self.mentions)


def split_statements(tokens: Sequence[Token], mentions: Sequence[Mention], lexicon: Lexicon) -> list[Statement]:
    """Return the statements of a note, in order; together they hold all its words except headings."""
    claims = frozenset(
        at for mention in mentions if mention.role in _NAMING_ROLES for at in range(mention.start, mention.stop)
    )
    named = claims | {
        at for mention in mentions if mention.role in LOCATION_ROLES for at in range(mention.start, mention.stop)
    }
    mentions = _join_brackets(tokens, read_answers(tokens, mentions, named))
    mentions = _move_late_breaks(mentions)
    headings = find_headings(tokens, lexicon, claims, named)
    begins = _sentence_begins(tokens, mentions, lexicon)
    begins |= {mention.start for mention in mentions if mention.role in _BREAK_ROLES}
    mentions = _read_pronouns(mentions, begins)
    begins |= _line_begins(tokens, mentions, lexicon) | find_fields(tokens, mentions, claims, named)
    begins -= {at for mention in mentions for at in range(mention.start + 1, mention.stop)}
    begins.update(headings)
    begins |= _exception_ends(tokens, mentions, begins)
    edges = sorted({0, *(at for at in begins if at < len(tokens)), len(tokens)})

    # A section such as History ends at the next heading, or at the first paragraph after it. If no heading of the
    # findings or conclusion follows, it ends with its first statement ("History: cough. RLL opacity.").
    last_heading = max((at for at, heading in headings.items() if heading.section != "other"), default=-1)
    starts = [mention.start for mention in mentions]
    statements: list[Statement] = []
    section: Section = "findings"
    section_has_text = False
    label: tuple[Mention, ...] = ()
    for start, stop in pairwise(edges):
        text_start = start
        if start in headings:
            text_start, section = start + headings[start].length, headings[start].section
            section_has_text = False
        elif section == "other" and section_has_text and (start > last_heading or begins_block(tokens, start)):
            section = "findings"
        section_has_text = section_has_text or stop > text_start
        inside = mentions[bisect_left(starts, text_start) : bisect_left(starts, stop)]
        lead = _lead(tokens, inside, text_start)
        inside = [mention for mention in inside if mention.role not in _BREAK_ROLES]
        if start in headings or tokens[start].layout == "paragraph":
            label = ()
        new_label = _label(tokens, inside) if tokens[start].layout else ()
        if not new_label and not any(mention.role in ("side", "place", "anatomy") for mention in inside):
            inside = [*label, *inside]
        elif tokens[start].layout:
            label = new_label
        is_label = bool(new_label) and tokens[stop - 1].key == ":"
        if stop > text_start and not is_label:
            statements.append(Statement(text_start, stop, tuple(inside), section, lead))
    return _join_divided(statements)


def _join_divided(statements: Sequence[Statement]) -> list[Statement]:
    """Return the statements with each sentence joined that an exception divides before its finding.

    For example "the right lung, except for the upper lobe, is consolidated".
    """
    joined: list[Statement] = []
    for statement in statements:
        before, exception = joined[-2:] if len(joined) > 1 else (None, None)
        if (
            before is not None
            and exception is not None
            and exception.lead == "except"
            and exception.stop == statement.start
            and before.stop == exception.start
            and statement.lead == ""
            and not before.names_claim
            and not exception.names_claim
            and statement.names_claim
        ):
            mentions = (*before.mentions, *statement.mentions)
            joined[-2:] = [Statement(before.start, statement.stop, mentions, before.section, before.lead), exception]
        else:
            joined.append(statement)
    return joined


def _move_late_breaks(mentions: Sequence[Mention]) -> list[Mention]:
    """Move each "however" that follows the first place of its clause to the beginning of the clause.

    For example "no effusion, on the left however an opacity". The word is dropped if its clause begins a sentence.
    """
    moved: list[Mention] = []
    for mention in mentions:
        first = len(moved)
        while first > max(0, len(moved) - _MAX_CLAUSE) and moved[first - 1].role in _PLACE_ROLES:
            first -= 1
        follows_place = first < len(moved) and moved[-1].stop == mention.start
        if mention.term != _LATE or not follows_place:
            moved.append(mention)
        elif first and moved[first - 1].role == "comma":
            moved[first - 1] = Mention(Term("break", "break"), moved[first - 1].start, moved[first - 1].stop)
    return moved


def _read_pronouns(mentions: Sequence[Mention], begins: set[int]) -> list[Mention]:
    """Begin a statement at each clause that names the finding again after the sentence has denied it.

    For example at "that" in "the opacity on the right has resolved, that on the left persists", but not in "similar to
    that on the left": there the pronoun becomes its preposition. A clause may also have no pronoun (`_persists`).
    """
    edges = sorted(begins)
    read: list[Mention] = []
    denied_in = -1  # the sentence that already denies something
    for number, mention in enumerate(mentions):
        sentence = bisect_right(edges, mention.start)
        if mention.role in ("negated", "gone"):
            denied_in = sentence
        if mention.role in _SEPARATING_ROLES and denied_in == sentence:
            stop = edges[sentence] if sentence < len(edges) else mentions[-1].stop
            following = mentions[number + 1 : number + 1 + _MAX_CLAUSE]
            if _persists([each for each in following if each.start < stop]):
                mention = Mention(Term("break", "break"), mention.start, mention.stop)
                begins.add(mention.start)
        if mention.role == "pronoun":
            follows_mark = bool(read) and read[-1].role in _PRONOUN_LEADS and read[-1].stop == mention.start
            if denied_in == sentence and follows_mark:
                mention = Mention(Term("break", "break"), mention.start, mention.stop)
                begins.add(mention.start)
            else:
                mention = Mention(Term("inside", "inside"), mention.start + 1, mention.stop)
        read.append(mention)
    return read


def _persists(mentions: Sequence[Mention]) -> bool:
    """Whether a clause says only that a finding is, or may be, at a place.

    For example "persistent on the left", "possible on the left", and "the left base is not" after "is free of".
    """
    is_elliptic = bool(mentions) and mentions[-1].term.value == ELLIPTIC
    mentions = mentions[: len(mentions) - is_elliptic]
    roles = {mention.role for at, mention in enumerate(mentions) if at or mention.role != "with"}
    is_place = bool(roles & (LOCATION_ROLES - {"region"}))
    is_present = is_elliptic or bool(roles & {"current", "uncertain"})
    others = {"current", "uncertain", "preposition", "inside", "verb", "emphasis"}
    return is_place and is_present and roles <= LOCATION_ROLES | others


def _label(tokens: Sequence[Token], mentions: Sequence[Mention]) -> tuple[Mention, ...]:
    """Return the places that the line of a statement names for the lines below it ("Right lung:"); mostly none."""
    colon = next((at for at, each in enumerate(mentions[:_MAX_LABEL]) if tokens[each.start].key == ":"), 0)
    places = tuple(mentions[:colon])
    stop = mentions[colon].stop if colon else 0
    ends_line = bool(colon) and (stop >= len(tokens) or bool(tokens[stop].layout))
    return places if ends_line and all(each.role in LOCATION_ROLES for each in places) else ()


def _lead(tokens: Sequence[Token], mentions: Sequence[Mention], start: int) -> Lead:
    first = mentions[0] if mentions else None
    if first is None or first.start != start or first.role not in _BREAK_ROLES:
        return ""
    if first.role == "break":
        return "but"
    return "except first" if _begins_sentence(tokens, start) else "except"


def _begins_sentence(tokens: Sequence[Token], at: int) -> bool:
    return not at or tokens[at].layout in ("paragraph", "item") or tokens[at - 1].key in ".;:!"


def _join_brackets(tokens: Sequence[Token], mentions: Sequence[Mention]) -> list[Mention]:
    """Drop the brackets around a mere place: "(R) basal consolidation", "consolidation (right lower lobe)"."""
    joined: list[Mention] = []
    opened = -1  # the position in `joined` of an opening bracket that only places follow
    for mention in mentions:
        text = tokens[mention.start].text
        if text in "([":
            opened = len(joined)
        elif text in ")]" and 0 <= opened < len(joined) - 1 and joined[-1].stop == mention.start:
            del joined[opened]
            opened = -1
            continue
        elif mention.role not in LOCATION_ROLES or joined[-1:] == [] or joined[-1].stop != mention.start:
            opened = -1
        joined.append(mention)
    return joined


def _sentence_begins(tokens: Sequence[Token], mentions: Sequence[Mention], lexicon: Lexicon) -> set[int]:
    """Return the tokens after the punctuation marks that end a sentence."""
    mention_at = {at: mention for mention in mentions for at in range(mention.start, mention.stop)}
    has_case = _has_case(tokens)
    begins: set[int] = set()
    has_claim = False  # the sentence so far names a finding
    for at, token in enumerate(tokens):
        mention = mention_at.get(at)
        has_claim = has_claim or (mention is not None and mention.role in _ASSERTING_ROLES)
        following = tokens[at + 1] if at + 1 < len(tokens) else None
        if token.key in (";", "!"):
            ends = True
        elif following is None:
            ends = token.key in (".", "?")
        elif token.key == "?":  # "?pneumonia" and "? pneumonia" express doubt and end nothing
            follows_word = at > 0 and tokens[at - 1].key.isalnum() and not token.layout
            answer = mention_at.get(at + 1 + (following.text == "-"))
            is_answered = answer is not None and answer.term.value == CLOSED
            ends = follows_word and following.start > token.stop and not is_answered
        elif token.key == "." and at:
            ends = not _is_abbreviation(tokens, at, mention_at, lexicon, has_claim=has_claim, has_case=has_case)
        else:
            ends = False
        if ends:
            begins.add(at + 1)
            has_claim = False
    return begins


def _is_abbreviation(
    tokens: Sequence[Token],
    at: int,
    mention_at: dict[int, Mention],
    lexicon: Lexicon,
    *,
    has_claim: bool,
    has_case: bool,
) -> bool:
    """Whether the full stop at `at` belongs to an abbreviation or a number and does not end the sentence.

    After the abbreviation of a side ("RT.", "li."), the sentence goes on with a place, with the finding of this place
    if the sentence has none yet, or in lower case. After other abbreviations, case decides if the note has any.
    """
    previous, following = tokens[at - 1], tokens[at + 1]
    if previous.key.isdecimal() and following.key.isdecimal() and following.start == tokens[at].stop:
        return True
    if previous.key not in lexicon.abbreviations:
        return False
    if following.text[0].islower() or following.key in ",:)":
        return True
    side, next_mention = mention_at.get(at - 1), mention_at.get(at + 1)
    if side is not None and side.role == "side":
        if next_mention is None:
            return False
        if lexicon.sides_follow:
            return False
        return next_mention.role in LOCATION_ROLES | {"compare"} or (
            next_mention.role in _ASSERTING_ROLES and not has_claim
        )
    return lexicon.capitalizes_nouns or not has_case


def _line_begins(tokens: Sequence[Token], mentions: Sequence[Mention], lexicon: Lexicon) -> set[int]:
    """Return the tokens at which a new line begins a new statement.

    A list item and a paragraph always begin a statement. Any other line does so only if it and the line before it each
    contain a finding and no word links the two: "No effusion / RLL consolidation", but not a wrapped sentence. A word
    of grammar at the end of a line links it to the next one; so does an adjective, where nouns have capital letters.
    """
    has_case = _has_case(tokens)
    termed = {at for mention in mentions for at in range(mention.start, mention.stop)}
    lines = [at for at, token in enumerate(tokens) if token.layout]
    asserting = {bisect_right(lines, mention.start) - 1 for mention in mentions if mention.role in _ASSERTING_ROLES}
    linked: set[int] = set()
    located = {mention.start for mention in mentions if mention.role in LOCATION_ROLES} if has_case else None
    for mention in mentions:
        if mention.role in _LINKING_ROLES and mention.term.value != CLOSED:
            linked.add(mention.start)
            if mention.term.value != "backward":
                linked.add(mention.stop)
        elif mention.role in LOCATION_ROLES and not _begins_with_capital(tokens, mention.stop, located, lexicon):
            linked.add(mention.stop)
    begins: set[int] = set()
    for number, at in enumerate(lines):
        both_assert = {number - 1, number} <= asserting
        before = tokens[at - 1]
        is_open = lexicon.is_grammar(before.key) or (
            lexicon.capitalizes_nouns and before.text.isalpha() and before.text.islower() and at - 1 not in termed
        )
        is_separate = both_assert and not tokens[at].text[0].islower() and at not in linked and not is_open
        if is_separate or tokens[at].layout in ("item", "paragraph"):
            begins.add(at)
    return begins


def _begins_with_capital(tokens: Sequence[Token], at: int, located: set[int] | None, lexicon: Lexicon) -> bool:
    """Whether a token after a place begins with a capital and is no place: another statement, if case says so."""
    if located is None or lexicon.capitalizes_nouns or at >= len(tokens) or at in located:
        return False
    return tokens[at].text[0].isupper()


def _has_case(tokens: Sequence[Token]) -> bool:
    """Whether a note has words in lower case, so that capitals say something."""
    return any(token.text.islower() and len(token.text) > 2 for token in tokens)


def _exception_ends(tokens: Sequence[Token], mentions: Sequence[Mention], begins: set[int]) -> set[int]:
    """Return the tokens at which an exception that is only a place ends, and another statement goes on.

    For example before the second comma of "no consolidation, except at the left base, no effusion", and after the
    first comma of "except for the left apex, both lungs are opaque".
    """
    edges = sorted({*begins, len(tokens)})
    starts = [mention.start for mention in mentions]
    ends: set[int] = set()
    for number, mention in enumerate(mentions):
        if mention.role != "except":
            continue
        edge = edges[bisect_right(edges, mention.start)] if mention.start < edges[-1] else len(tokens)
        following = mentions[number + 1 : bisect_left(starts, edge)]
        has_place = has_claim = names_side = False
        before = mentions[bisect_left(starts, edges[max(0, bisect_left(edges, mention.start) - 1)]) : number]
        main_asserts = any(each.role in _NAMING_ROLES for each in before)
        asserts = any(each.role in _NAMING_ROLES for each in following)
        for each, later in zip(following, [*following, None][1:], strict=True):
            has_place = has_place or each.role in LOCATION_ROLES
            has_claim = has_claim or each.role in _NAMING_ROLES - {"normal"}
            is_relative = later is not None and later.role == "relative"  # "except at the left base, where there is"
            if has_place and not has_claim and asserts and each.role in _SEPARATING_ROLES and not is_relative:
                ends.add(each.start)
                break
            main_follows = has_place and not has_claim and asserts and not main_asserts
            if main_follows and (each.role in ("verb", "states") or (each.role == "side" and names_side)):
                ends.add(each.start)
                break
            names_side = names_side or each.role in ("side", "place", "anatomy")
            ends_first = each.role == "normal" or tokens[each.start].key == ","
            if has_claim and ends_first and each.start != mention.stop and _begins_sentence(tokens, mention.start):
                ends.add(each.start)
                break
    return ends
