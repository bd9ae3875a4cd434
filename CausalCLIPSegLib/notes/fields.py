"""Fields of a structured note: a label, a separator and a value ("Effusion: No", "Pneumonia? No.").

A value that is only an answer closes its field: "no" then denies what stands before it, not what follows.
"""

from __future__ import annotations

from collections.abc import Sequence

from CausalCLIPSegLib.notes.lexicon import Lexicon, Mention, Term
from CausalCLIPSegLib.notes.places import LOCATION_ROLES
from CausalCLIPSegLib.notes.tokens import Token

CLOSED = "closed"
"""The value of the term of an answer that denies: nothing after it belongs to its field."""

ELLIPTIC = "elliptic"
"""The value of the term of a denial that leaves out what it denies: "the right is not"."""

CHECKED, UNCHECKED = "☒", "☐"
_BOXES = frozenset({CHECKED, UNCHECKED})
_NO, YES = Term("answer", "no"), Term("answer", "yes")
_NO_TERM = Term("", "")
_SEPARATORS = frozenset({":", "?", "(", "["})
_ENDS = frozenset(".;,)]!")
_MAX_LABEL_TOKENS = 6
_MAX_LINE_TOKENS = 12  # before a field, where a finding may stand
_MAX_ANSWER_TOKENS = 3


def read_boxes(tokens: Sequence[Token], lexicon: Lexicon) -> list[Token]:
    """Drop the boxes, and the answers whose box is not checked: "Pneumonia? [ ] Yes [x] No"."""
    read: list[Token] = []
    box = ""
    for at, token in enumerate(tokens):
        following = tokens[at + 1].key if at + 1 < len(tokens) else ""
        if token.key in _BOXES and lexicon.terms.get((following,), _NO_TERM).role in ("answer", "negated"):
            box = token.key
        elif box != UNCHECKED:
            read.append(token)
            box = ""
        else:
            box = ""
    return read


def read_answers(tokens: Sequence[Token], mentions: Sequence[Mention], named: frozenset[int]) -> list[Mention]:
    """Give every "no" that is the value of a field the role "negated" and the value `CLOSED`.

    If the label of the field is only a place ("left: no"), the answer becomes "normal". A "not" at the end of its
    clause gets the value `ELLIPTIC`.

    Args:
        tokens: the tokens of the note.
        mentions: its mentions.
        named: the tokens that name a finding, another thing that a note describes as present or absent, or a place.
    """
    read: list[Mention] = []
    for mention in mentions:
        is_denial = mention.role == "negated" or mention.term == _NO
        if mention.term == YES and read and read[-1].role == "comma" and _is_about_place(tokens, read):
            read.pop()
        if is_denial and _is_answer(tokens, mention, named):
            answers_place = _is_about_place(tokens, read)
            if answers_place and read[-1].role == "comma":
                read.pop()  # "left - no" is "left no"
            term = Term("normal", "normal") if answers_place else Term("negated", CLOSED)
            mention = Mention(term, mention.start, mention.stop)
        elif (
            read
            and read[-1].role in ("verb", "states")
            and read[-1].stop == mention.start
            and _is_elliptic(tokens, mention)
        ):
            mention = Mention(Term("negated", ELLIPTIC), mention.start, mention.stop)
        read.append(mention)
    return read


def _is_answer(tokens: Sequence[Token], mention: Mention, named: frozenset[int]) -> bool:
    start, stop = mention.start, mention.stop
    if not start or stop - start > _MAX_ANSWER_TOKENS:
        return False
    following = tokens[stop] if stop < len(tokens) else None
    previous = tokens[start - 1]
    if previous.key in _SEPARATORS or previous.text == "-":
        return following is None or bool(following.layout) or following.key in _ENDS
    ends_phrase = following is None or following.key in _ENDS
    return mention.term.value == "forward" and start - 1 in named and ends_phrase and not tokens[start].layout


def _is_about_place(tokens: Sequence[Token], before: Sequence[Mention]) -> bool:
    """Whether the label of an answer after the mentions `before` is only a place, as in "left: yes, right: no"."""
    names_place = False
    for number, mention in enumerate(reversed(before[-_MAX_LABEL_TOKENS:])):
        if mention.role in LOCATION_ROLES:
            names_place = True
        elif number and tokens[mention.start].key in ",:":
            return names_place
        elif mention.role != "comma":
            return False
    return False


def _is_elliptic(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether a "not" ends its clause: "the left lung is clear, the right is not"."""
    is_forward = mention.role == "negated" and mention.term.value == "forward"
    return is_forward and (mention.stop >= len(tokens) or tokens[mention.stop].key in _ENDS)


def find_fields(
    tokens: Sequence[Token], mentions: Sequence[Mention], claims: frozenset[int], named: frozenset[int]
) -> set[int]:
    """Return the tokens at which a field begins that no full stop separates from the one before.

    Args:
        tokens: the tokens of the note.
        mentions: its mentions, after `read_answers`.
        claims: the tokens that name a finding or another thing that a note describes as present or absent.
        named: as in `read_answers`.
    """
    places = named - claims
    begins = {at for at, token in enumerate(tokens) if token.key in _BOXES}
    in_field = False  # the line so far has a field
    follows_field = False  # the sentence so far has a field
    sentence = 0  # its first token
    for at, token in enumerate(tokens):
        if token.layout or token.key in ".;":
            in_field = False
            if token.layout != "line" or token.key in ".;":
                follows_field, sentence = False, at
        is_dash = token.text == "-" and token.key == ","
        if token.key != ":" and not is_dash:
            continue
        label = at
        while (
            at - label < _MAX_LABEL_TOKENS
            and label
            and not tokens[label].layout
            and tokens[label - 1].key not in ".;,:?"
        ):
            label -= 1
        is_named = not named.isdisjoint(range(label, at))
        follows_place = tokens[label].layout == "line" and label - 1 in places
        line_before = range(max(sentence, label - _MAX_LINE_TOKENS), label)
        is_wrapped = follows_place and (claims.isdisjoint(line_before) or claims.isdisjoint(range(label, at)))
        if is_dash and not (tokens[label].layout and is_named):
            continue
        begins_line = bool(tokens[label].layout) and (follows_field or not is_wrapped)  # not "right / lung: clear"
        if begins_line or (in_field and tokens[label - 1].key == "," and is_named):
            begins.add(label)
        in_field = follows_field = True
    for mention in mentions:
        if mention.term.value == CLOSED:
            stop = mention.stop
            begins.add(stop + (stop < len(tokens) and tokens[stop].key in ",)]"))
    return begins
