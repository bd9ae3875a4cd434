"""A radiologist's free text -> a ReferringExpression, by the words of the lexicon and a few rules of grammar.

The note is cut into statements, a statement into chunks (at commas, "and", "with", "no" and the like). Every finding
is a claim that is made, denied or placed in the past; every word of place belongs to the claim that it stands with.
The places of the claims that are made, and are of a kind that the model outlines, say where to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes.claims import Claim, ParsedStatement, parse_statement
from CausalCLIPSegLib.notes.context import CLAIMS
from CausalCLIPSegLib.notes.counting import Counted, count_areas, total
from CausalCLIPSegLib.notes.expression import Finding, Ignored, ReferringExpression
from CausalCLIPSegLib.notes.lexicon import Lexicon, Mention, Term, check_language, languages, load_lexicon
from CausalCLIPSegLib.notes.places import PLACES, Location, LocationTerm, exclude_spared, resolve
from CausalCLIPSegLib.notes.questions import contradictions
from CausalCLIPSegLib.notes.statements import Statement, cut
from CausalCLIPSegLib.notes.tokens import Token, tidy, tokenise

MAX_NOTE_LENGTH = 20_000
"""Characters; a long report has five thousand."""

OUTSIDE = "outside what the model outlines"
ABSENT = "said to be absent"
PAST = "said of the past"
THOUGHT = "only thought of, as in advice"
NORMAL = "said to be normal"
SPARED = "said to be spared"
APART = "not part of the reading of this film"
LOOSE = "belongs to no finding"

_NEAR = 6  # claims to look back for the place of "left basal opacity, likely pneumonia"
_REASONS = {"outside": OUTSIDE, "normal": NORMAL, "spared": SPARED}


def parse_note(text: str, laterality: Laterality = "patient", language: str | None = None) -> ReferringExpression:
    """Return what a note refers to.

    A lobe stands for the zone in which a frontal film mostly shows it: the middle lobe and the lingula are the middle
    zone. They, and what lies behind the heart, are the patient's whatever `laterality` says. A note without a finding
    but with a place ("right lower zone") means that place.

    Args:
        text: the note, from a phrase to a whole report.
        laterality: whose left and right the note means.
        language: two letters of a lexicon; None takes the one that knows most of the words, English when in doubt.

    Raises:
        NoteError: the note is empty, or longer than `MAX_NOTE_LENGTH`, or there is no lexicon of this language. A note
            with nothing to segment is no error: its expression has no sides.
    """
    # checked twice because tidying can lengthen a text, and is itself work
    note, text = text, tidy(text) if len(text) <= MAX_NOTE_LENGTH else text
    if len(text) > MAX_NOTE_LENGTH:
        raise NoteError(
            f"The note is longer than {MAX_NOTE_LENGTH:,} characters; give the part that describes the lungs."
        )
    if not text.strip():
        raise NoteError("The note is empty.")
    words = tokenise(text)
    lexicon = _choose(words, language)
    tokens = lexicon.read(words)
    mentions = [mention for mention in lexicon.find(tokens) if not _is_unit(tokens, mention)]
    statements = cut(tokens, mentions, lexicon)
    return replace(_Reader(text, tokens, lexicon, laterality).read(statements), text=note)


def _choose(tokens: Sequence[Token], language: str | None) -> Lexicon:
    if language is None:
        return max((load_lexicon(each) for each in languages()), key=lambda lexicon: lexicon.knows(tokens))
    check_language(language)
    return load_lexicon(language)


@dataclass(frozen=True)
class _Reader:
    """The rules that look at the note as a whole."""

    text: str
    tokens: Sequence[Token]
    lexicon: Lexicon
    laterality: Laterality

    def read(self, statements: Sequence[Statement]) -> ReferringExpression:
        told: list[ParsedStatement] = []
        chunks = 0
        for statement in statements:
            if not statement.apart:
                told.append(parse_statement(statement, chunks))
                chunks += told[-1].chunks
        self._attach_loose(told)
        claims = [claim for part in told for claim in part.claims]
        spots = [place.spot for part in told for place in part.places if place.used]
        spared = [place.spot for claim in claims if claim.mention.role == "spared" for place in claim.places]

        extent = Location()
        if any(claim.made for claim in claims) or any(spot.term.role != "region" for spot in spots):
            extent = self._bind(spots, spared)
        counts = count_areas(told, self.tokens, self.lexicon)
        by_claim: dict[Claim | None, list[Counted]] = {}
        for counted in counts:
            by_claim.setdefault(counted.claim, []).append(counted)
        findings = [
            (part.statement, self._finding(at, part, spared, by_claim.get(claim, ())))
            for part in told
            for at, claim in enumerate(part.claims)
            if claim.mention.role == "finding" and not claim.thought
        ]
        return ReferringExpression(
            sides=tuple(extent.sides),
            zones=extent.zones,
            whole=tuple(extent.whole),
            weak=extent.weak,
            count=total(counts) if extent.sides else None,
            findings=tuple(finding for _, finding in findings),
            ignored=tuple(self._ignored(statements, told)),
            questions=tuple(contradictions(findings)),
            language=self.lexicon.language,
        )

    def _bind(self, spots: Sequence[LocationTerm], spared: Sequence[LocationTerm]) -> Location:
        extent = resolve(spots, self.laterality)
        return exclude_spared(extent, spared, self.laterality) if spared else extent

    def _finding(
        self, at: int, part: ParsedStatement, spared: Sequence[LocationTerm], counts: Sequence[Counted]
    ) -> Finding:
        claim = part.claims[at]
        spots = _spots(claim) or next(
            (_spots(each) for each in part.claims[max(0, at - _NEAR) : at][::-1] if each.made and _spots(each)), []
        )
        if all(spot.term.role in ("region", "whole") for spot in spots):
            spots = []
        extent = self._bind(spots, () if claim.denied else spared) if spots else Location()
        return Finding(
            kind=claim.mention.term.value,
            words=self._words(at, part),
            negated=claim.denied,
            historical=claim.past,
            uncertain=claim.doubted and not claim.denied,
            sides=tuple(extent.sides),
            zones=extent.zones,
            whole=tuple(extent.whole),
            count=total(counts),
        )

    def _attach_loose(self, told: Sequence[ParsedStatement]) -> None:
        """Give the places of a statement without a claim to the last claim before, or take them for an infection's."""
        findings = [claim for part in told for claim in part.claims if claim.mention.role == "finding"]
        made = [claim for claim in findings if claim.made]
        implied: Claim | None = None
        if not findings or (made and not any(claim.places for claim in made)):
            implied = Claim(Mention(Term("finding", "infection"), 0, 0), chunk=-1)
        last: Claim | None = None
        placed = False  # whether the statement of the last claim already says where it is
        for part in told:
            owner = last or implied
            if owner and not part.claims and self._points(part) and not (placed and not _goes_on(part)):
                for place in part.places:
                    place.belong(owner)
            if any(not claim.silent for claim in part.claims):
                last = next(claim for claim in reversed(part.claims) if not claim.silent)
                placed = any(claim.places for claim in part.claims if not claim.silent)

    def _points(self, part: ParsedStatement) -> bool:
        """Whether a statement speaks of a place in the lung, not of somebody who left."""
        statement = part.statement
        told = {at for mention in statement.mentions for at in range(mention.start, mention.stop)}
        words = [at for at in range(statement.start, statement.stop) if self.tokens[at].key.isalnum()]
        known = [at for at in words if at in told or self._is_small(self.tokens[at].key)]
        return 4 * len(known) >= 3 * len(words)

    def _is_small(self, word: str) -> bool:
        return word in self.lexicon.fillers or (word,) in self.lexicon.terms

    def _words(self, at: int, part: ParsedStatement) -> str:
        """Return the words of a claim, from the first to the last of its places that no other claim parts from it."""
        claim = part.claims[at]
        first = at
        while claim.mention.role == "normal" and first and part.claims[first - 1].aside:
            first -= 1  # "heart size normal"
        lowest = part.claims[first - 1].mention.stop if first else part.statement.start
        highest = part.claims[at + 1].mention.start if at + 1 < len(part.claims) else part.statement.stop
        near = [place.mention for place in claim.places if lowest <= place.mention.start < highest]
        near += [part.claims[first].mention, claim.mention]
        return self._slice(min(mention.start for mention in near), max(mention.stop for mention in near))

    def _slice(self, start: int, stop: int) -> str:
        return " ".join(self.text[self.tokens[start].start : self.tokens[stop - 1].stop].split())

    def _ignored(self, statements: Sequence[Statement], told: Sequence[ParsedStatement]) -> Iterator[Ignored]:
        parts = iter(told)
        for statement in statements:
            if statement.apart:
                if any(mention.role in CLAIMS or mention.role in PLACES for mention in statement.mentions):
                    yield Ignored(self._slice(statement.start, statement.stop), APART)
                continue
            part = next(parts)
            normal = any(claim.mention.role == "normal" for claim in part.claims)
            for at, claim in enumerate(part.claims):
                reason = _reason(claim)
                if reason and not (normal and claim.aside):  # "heart normal" is said once
                    yield Ignored(self._words(at, part), reason)
            for place in part.places:
                if not place.claims or (place.denied and any(claim.made for claim in place.claims)):
                    words = self._slice(place.mention.start, place.mention.stop)
                    yield Ignored(words, ABSENT if place.denied else LOOSE)


def _goes_on(part: ParsedStatement) -> bool:
    """Whether a statement adds a place to those before: "Also in the left base.", "Right base has improved."."""
    roles = {mention.role for mention in part.statement.mentions}
    return bool(roles & {"and", "current"}) and bool(roles & {"zone", "place", "anatomy"})


def _spots(claim: Claim) -> list[LocationTerm]:
    return [place.spot for place in claim.places if claim.denied or not place.denied]


def _is_unit(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether it is the one letter after a number, as in 4 L of oxygen."""
    start, stop = mention.start, mention.stop
    return start > 0 and stop == start + 1 and len(tokens[start].key) == 1 and tokens[start - 1].key.isdecimal()


def _reason(claim: Claim) -> str | None:
    """Return why a claim does not count; None if it does."""
    if claim.denied and claim.mention.role != "normal":
        return ABSENT
    if claim.past:
        return PAST
    if claim.thought:
        return THOUGHT
    return _REASONS.get(claim.mention.role)
