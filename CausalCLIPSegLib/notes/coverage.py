"""List every part of a note that was not used, with its reason, or as not understood: nothing is lost in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from CausalCLIPSegLib.notes.claims import Claim, ParsedStatement
from CausalCLIPSegLib.notes.expression import Ignored
from CausalCLIPSegLib.notes.statements import Statement
from CausalCLIPSegLib.notes.words import NoteText

OUTSIDE = "outside what the model outlines"
ABSENT = "described as absent"
PAST = "describes the past"
OTHER_PERSON = "describes another person"
HYPOTHETICAL = "only considered, as in advice"
NORMAL = "described as normal"
SPARED = "described as spared"
OTHER_SECTION = "under a heading that does not describe this radiograph"
NO_FINDING = "belongs to no finding"
NOTHING_NAMED = "names no finding and no place"
ANOTHER_FINDING = "another finding; outline it by a note of its own"
"""These eleven texts are the values of `Ignored.reason`."""

_REASONS = {"outside": OUTSIDE, "normal": NORMAL, "spared": SPARED}
_MIN_UNDERSTOOD = 0.5
"""Share of known words below which a part without finding and place is not understood."""


@dataclass
class Coverage:
    """What was not used of a note.

    Attributes:
        ignored: parts that were understood and not used, in the order of the note.
        not_understood: parts without a word that the lexicon knows as a finding or place, and mostly unknown words.
        known: number of words that the lexicon knows.
        words: number of words, except in sections that do not describe this radiograph.
    """

    ignored: list[Ignored] = field(default_factory=list)
    not_understood: list[str] = field(default_factory=list)
    known: int = 0
    words: int = 0

    @property
    def share(self) -> float:
        """Share of known words, 1 if there are no words."""
        return self.known / self.words if self.words else 1.0


def cover(statements: Sequence[Statement], parsed: Sequence[ParsedStatement], note: NoteText) -> Coverage:
    """Return what was not used of the `statements` of a note; `parsed` are those that are relevant and not ignored."""
    coverage = Coverage()
    remaining = {id(each.statement): each for each in parsed}
    for statement in statements:
        words = note.words(statement.start, statement.stop)
        if not words:
            continue
        if statement.is_ignored:
            coverage.ignored.append(Ignored(note.text_of(statement.start, statement.stop), OTHER_SECTION))
            continue
        known = note.known_words(statement)
        coverage.words += len(words)
        coverage.known += known
        if statement.is_relevant:
            coverage.ignored.extend(_unused(remaining[id(statement)], note))
        elif known >= _MIN_UNDERSTOOD * len(words):
            coverage.ignored.append(Ignored(note.text_of(statement.start, statement.stop), NOTHING_NAMED))
        else:
            coverage.not_understood.append(note.text_of(statement.start, statement.stop))
    return coverage


def _unused(parsed: ParsedStatement, note: NoteText) -> Iterator[Ignored]:
    has_normal = any(claim.mention.role == "normal" for claim in parsed.claims)
    for index, claim in enumerate(parsed.claims):
        reason = _reason(claim, note.others)
        if reason and not (has_normal and claim.has_other_subject):  # "heart normal" is listed once
            yield Ignored(note.words_of_claim(index, parsed), reason)
    for place in parsed.places:
        if not place.claims or (place.negated and any(claim.asserted for claim in place.claims)):
            words = note.text_of(place.mention.start, place.mention.stop)
            yield Ignored(words, ABSENT if place.negated else NO_FINDING)


def _reason(claim: Claim, others: frozenset[str]) -> str | None:
    """Return why a claim is not used; None if it is used. `others` are findings of the checkpoint, but not now."""
    if claim.of_another_person:
        return OTHER_PERSON
    if claim.negated and claim.mention.role != "normal":
        return ABSENT
    if claim.historical:
        return PAST
    if claim.hypothetical:
        return HYPOTHETICAL
    if claim.mention.role == "outside" and claim.mention.term.value in others:
        return ANOTHER_FINDING
    return _REASONS.get(claim.mention.role)
