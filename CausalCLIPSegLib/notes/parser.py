"""Parse a radiologist's free text into a ReferringExpression, with the words of a lexicon and a few rules of grammar.

The note is split into statements, and each statement into chunks (at commas, "and", "with", "no" and the like). Every
finding is a claim, which may be negated or historical, and every place belongs to a claim. The places of the findings
that are present, and of a kind that the model segments, give the location. `claims.py` follows an example.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes.claims import Claim, ParsedStatement, parse_statement
from CausalCLIPSegLib.notes.context import CLAIM_ROLES
from CausalCLIPSegLib.notes.counting import AreaCount, count_areas, total
from CausalCLIPSegLib.notes.expression import Finding, Ignored, ReferringExpression
from CausalCLIPSegLib.notes.lexicon import Lexicon, Mention, Term, check_language, languages, load_lexicon
from CausalCLIPSegLib.notes.places import LOCATION_ROLES, Location, LocationTerm, exclude_spared, resolve
from CausalCLIPSegLib.notes.questions import contradictions
from CausalCLIPSegLib.notes.statements import Statement, split_statements
from CausalCLIPSegLib.notes.tokens import Token, clean, tokenize

MAX_NOTE_LENGTH = 20_000
"""Maximum characters of a note; a long report has 5,000."""

OUTSIDE = "outside what the model outlines"
ABSENT = "described as absent"
PAST = "describes the past"
HYPOTHETICAL = "only considered, as in advice"
NORMAL = "described as normal"
SPARED = "described as spared"
OTHER_SECTION = "under a heading that does not describe this radiograph"
NO_FINDING = "belongs to no finding"
"""These eight texts are the values of `Ignored.reason`."""

_REASONS = {"outside": OUTSIDE, "normal": NORMAL, "spared": SPARED}
_MAX_SHARED_PLACE_DISTANCE = 6  # claims to look back for the place of "left basal opacity, likely pneumonia"


def parse_note(text: str, laterality: Laterality = "patient", language: str | None = None) -> ReferringExpression:
    """Return the meaning of a note.

    A lobe stands for the zone that mostly shows it on a frontal radiograph: the middle lobe and the lingula are the
    middle zone. `laterality` does not move the middle lobe, the lingula and the region behind the heart to the other
    side. If a note names a place but no finding ("right lower zone"), the place is the location.

    Args:
        text: the note, from a phrase to a whole report.
        laterality: whose left and right the note means.
        language: two letters of a lexicon. None selects the lexicon that knows most of the note's letters, English if
            two know equally many.

    Raises:
        NoteError: the note is empty or longer than `MAX_NOTE_LENGTH`, or the language has no lexicon. A note with
            nothing to segment is not an error: its expression has no sides.
    """
    # The length is checked before cleaning, which takes time, and again after it, because cleaning can lengthen text.
    cleaned = clean(text) if len(text) <= MAX_NOTE_LENGTH else text
    if len(cleaned) > MAX_NOTE_LENGTH:
        raise NoteError(
            f"The note is longer than {MAX_NOTE_LENGTH:,} characters; give the part that describes the lungs."
        )
    if not cleaned.strip():
        raise NoteError("The note is empty.")
    tokens_as_written = tokenize(cleaned)
    lexicon = _choose_lexicon(tokens_as_written, language)
    tokens = lexicon.read(tokens_as_written)
    mentions = [mention for mention in lexicon.find(tokens) if not _is_unit(tokens, mention)]
    statements = split_statements(tokens, mentions, lexicon)
    return replace(_NoteParser(cleaned, tokens, lexicon, laterality).parse(statements), text=text)


def _choose_lexicon(tokens: Sequence[Token], language: str | None) -> Lexicon:
    if language is None:
        return max((load_lexicon(name) for name in languages()), key=lambda lexicon: lexicon.known_letters(tokens))
    check_language(language)
    return load_lexicon(language)


@dataclass(frozen=True)
class _NoteParser:
    """The rules that need the whole note."""

    text: str
    tokens: Sequence[Token]
    lexicon: Lexicon
    laterality: Laterality

    def parse(self, statements: Sequence[Statement]) -> ReferringExpression:
        parsed: list[ParsedStatement] = []
        chunks = 0
        for statement in statements:
            if not statement.is_ignored:
                parsed.append(parse_statement(statement, chunks))
                chunks += parsed[-1].chunks
        self._attach_lone_places(parsed)
        claims = [claim for each in parsed for claim in each.claims]
        terms = [place.term for each in parsed for place in each.places if place.used]
        spared = [place.term for claim in claims if claim.mention.role == "spared" for place in claim.places]

        location = Location()
        if any(claim.asserted for claim in claims) or any(term.role != "region" for term in terms):
            location = self._locate(terms, spared)
        counts = count_areas(parsed, self.tokens, self.lexicon)
        counts_by_claim: dict[Claim | None, list[AreaCount]] = {}
        for count in counts:
            counts_by_claim.setdefault(count.claim, []).append(count)
        findings = [
            (each.statement, self._finding(index, each, spared, counts_by_claim.get(claim, ())))
            for each in parsed
            for index, claim in enumerate(each.claims)
            if claim.mention.role == "finding" and not claim.hypothetical
        ]
        return ReferringExpression(
            sides=tuple(location.sides),
            zones=location.zones,
            whole=tuple(location.whole),
            weak=location.weak,
            count=total(counts) if location.sides else None,
            findings=tuple(finding for _, finding in findings),
            ignored=tuple(self._ignored(statements, parsed)),
            questions=tuple(contradictions(findings)),
            language=self.lexicon.language,
        )

    def _locate(self, terms: Sequence[LocationTerm], spared: Sequence[LocationTerm]) -> Location:
        location = resolve(terms, self.laterality)
        return exclude_spared(location, spared, self.laterality) if spared else location

    def _finding(
        self, index: int, parsed: ParsedStatement, spared: Sequence[LocationTerm], counts: Sequence[AreaCount]
    ) -> Finding:
        """Return the finding of a claim, given by its index in its statement."""
        claim = parsed.claims[index]
        terms = _location_terms(claim)
        if not terms:
            earlier = reversed(parsed.claims[max(0, index - _MAX_SHARED_PLACE_DISTANCE) : index])
            terms = next((_location_terms(each) for each in earlier if each.asserted and _location_terms(each)), [])
        if all(term.role in ("region", "whole") for term in terms):
            terms = []
        location = self._locate(terms, () if claim.negated else spared) if terms else Location()
        return Finding(
            kind=claim.mention.term.value,
            words=self._words(index, parsed),
            negated=claim.negated,
            historical=claim.historical,
            uncertain=claim.uncertain and not claim.negated,
            sides=tuple(location.sides),
            zones=location.zones,
            whole=tuple(location.whole),
            count=total(counts),
        )

    def _attach_lone_places(self, parsed: Sequence[ParsedStatement]) -> None:
        """Attach the places of a statement without a claim to the last claim before it.

        If no claim precedes them and no finding of the note has a place, they belong to an infection that the note
        does not name ("right lower zone").
        """
        findings = [claim for each in parsed for claim in each.claims if claim.mention.role == "finding"]
        asserted = [claim for claim in findings if claim.asserted]
        implied: Claim | None = None
        if not findings or (asserted and not any(claim.places for claim in asserted)):
            implied = Claim(Mention(Term("finding", "infection"), 0, 0), chunk=-1)
        last: Claim | None = None
        has_place = False  # the statement of the last claim already names a place
        for each in parsed:
            owner = last or implied
            may_attach = not has_place or _adds_place(each)
            if owner and not each.claims and may_attach and self._is_about_places(each):
                for place in each.places:
                    place.attach(owner)
            locatable = [claim for claim in each.claims if claim.locatable]
            if locatable:
                last = locatable[-1]
                has_place = any(claim.places for claim in locatable)

    def _is_about_places(self, parsed: ParsedStatement) -> bool:
        """Whether at least three quarters of the words are known, unlike in "the patient left the hospital"."""
        statement = parsed.statement
        mentioned = {at for mention in statement.mentions for at in range(mention.start, mention.stop)}
        words = [at for at in range(statement.start, statement.stop) if self.tokens[at].key.isalnum()]
        known = [at for at in words if at in mentioned or self._is_known(self.tokens[at].key)]
        return 4 * len(known) >= 3 * len(words)

    def _is_known(self, word: str) -> bool:
        return word in self.lexicon.fillers or (word,) in self.lexicon.terms

    def _words(self, index: int, parsed: ParsedStatement) -> str:
        """Return the words of a claim and of its places, except places beyond another claim."""
        claims, claim = parsed.claims, parsed.claims[index]
        first = index
        while claim.mention.role == "normal" and first and claims[first - 1].has_other_subject:
            first -= 1  # "heart size normal"
        start = claims[first - 1].mention.stop if first else parsed.statement.start
        stop = claims[index + 1].mention.start if index + 1 < len(claims) else parsed.statement.stop
        mentions = [place.mention for place in claim.places if start <= place.mention.start < stop]
        mentions += [claims[first].mention, claim.mention]
        return self._text_of(min(mention.start for mention in mentions), max(mention.stop for mention in mentions))

    def _text_of(self, start: int, stop: int) -> str:
        """Return the text of the tokens `start` to `stop` (exclusive) on one line."""
        return " ".join(self.text[self.tokens[start].start : self.tokens[stop - 1].stop].split())

    def _ignored(self, statements: Sequence[Statement], parsed: Sequence[ParsedStatement]) -> Iterator[Ignored]:
        remaining = iter(parsed)
        for statement in statements:
            if statement.is_ignored:
                if any(mention.role in CLAIM_ROLES | LOCATION_ROLES for mention in statement.mentions):
                    yield Ignored(self._text_of(statement.start, statement.stop), OTHER_SECTION)
                continue
            parsed_statement = next(remaining)
            has_normal = any(claim.mention.role == "normal" for claim in parsed_statement.claims)
            for index, claim in enumerate(parsed_statement.claims):
                reason = _reason(claim)
                if reason and not (has_normal and claim.has_other_subject):  # "heart normal" is listed once
                    yield Ignored(self._words(index, parsed_statement), reason)
            for place in parsed_statement.places:
                if not place.claims or (place.negated and any(claim.asserted for claim in place.claims)):
                    words = self._text_of(place.mention.start, place.mention.stop)
                    yield Ignored(words, ABSENT if place.negated else NO_FINDING)


def _adds_place(parsed: ParsedStatement) -> bool:
    """Whether a statement adds a place to earlier ones: "Also in the left base.", "Right base has improved."."""
    roles = {mention.role for mention in parsed.statement.mentions}
    return bool(roles & {"and", "current"}) and bool(roles & {"zone", "place", "anatomy"})


def _location_terms(claim: Claim) -> list[LocationTerm]:
    return [place.term for place in claim.places if claim.negated or not place.negated]


def _is_unit(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether a mention is only a unit: a single letter after a number, as in "4 L of oxygen"."""
    start, stop = mention.start, mention.stop
    return start > 0 and stop == start + 1 and len(tokens[start].key) == 1 and tokens[start - 1].key.isdecimal()


def _reason(claim: Claim) -> str | None:
    """Return why a claim is not used; None if it is used."""
    if claim.negated and claim.mention.role != "normal":
        return ABSENT
    if claim.historical:
        return PAST
    if claim.hypothetical:
        return HYPOTHETICAL
    return _REASONS.get(claim.mention.role)
