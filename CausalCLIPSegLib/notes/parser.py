"""Parse a radiologist's free text into a ReferringExpression, with the words of a lexicon and a few rules of grammar.

The stages, in order:

1. `parse_note`: text without markup -> tokens -> mentions of terms of a lexicon -> statements.
2. `parse_statement`: each statement is split into chunks (at commas, "and", "with", "no" and the like). Every finding
   is a claim, which may be negated or historical, and every place belongs to a claim. `claims.py` follows an example.
3. `complete` and `_attach_lone_places`: what a statement leaves out, it takes from the statement beside it.
4. `_location`: the places of the findings that are present, and of a kind that the model segments, without the places
   that the note excepts.
5. `count_areas`, `cover`, `contradictions`: the number of areas, what was not used, and what to ask a person.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.laterality import Laterality, Side
from CausalCLIPSegLib.notes.claims import Claim, ParsedStatement
from CausalCLIPSegLib.notes.counting import AreaCount, count_areas, total
from CausalCLIPSegLib.notes.coverage import cover
from CausalCLIPSegLib.notes.ellipsis import complete
from CausalCLIPSegLib.notes.expression import ZONES, Finding, ReferringExpression, Zone
from CausalCLIPSegLib.notes.fields import read_boxes
from CausalCLIPSegLib.notes.findings import INFECTION, as_findings, asked_finding
from CausalCLIPSegLib.notes.language import choose_lexicon
from CausalCLIPSegLib.notes.lexicon import Mention, Term
from CausalCLIPSegLib.notes.markup import read_markup
from CausalCLIPSegLib.notes.ownership import parse_statement
from CausalCLIPSegLib.notes.passages import find_passages
from CausalCLIPSegLib.notes.places import Location, LocationTerm, exclude, resolve, unite
from CausalCLIPSegLib.notes.questions import contradictions
from CausalCLIPSegLib.notes.statements import Statement, split_statements
from CausalCLIPSegLib.notes.tokens import MEASURE, Token, clean, tokenize
from CausalCLIPSegLib.notes.words import NoteText

MAX_NOTE_LENGTH = 20_000
"""Maximum characters of a note; a long report has 5,000."""

_MIN_UNDERSTOOD = 0.6
_MIN_NOT_UNDERSTOOD = 4
"""A note is weak if it has at least this many unknown words, and a smaller share of known words than this."""
_MAX_EXCEPTIONS = 32  # places that are excepted from one statement; this keeps the work linear
_MAX_MEASURE_TOKENS = 6
_MAX_SHARED_PLACE_DISTANCE = 6  # claims to look back for the place of "left basal opacity, likely pneumonia"


def parse_note(
    text: str,
    laterality: Laterality = "patient",
    language: str | None = None,
    findings: Sequence[str] = (INFECTION,),
) -> ReferringExpression:
    """Return the meaning of a note.

    A lobe stands for the zone that mostly shows it on a frontal radiograph: the middle lobe and the lingula are the
    middle zone. `laterality` does not move the middle lobe, the lingula and the region behind the heart to the other
    side. If a note names a place but no finding ("right lower zone"), the place is the location.

    Args:
        text: the note, from a phrase to a whole report.
        laterality: whose left and right the note means.
        language: two letters of a lexicon. None selects the lexicon that knows most of the note's letters, English if
            two know equally many.
        findings: what the checkpoint can outline, keys of `FINDING_WORDS`. The expression is about one of them, the
            first that the note says is present; others are among `ignored`, and a note of their own asks for them.

    Raises:
        NoteError: the note is empty or longer than `MAX_NOTE_LENGTH`, or the language has no lexicon. A note with
            nothing to segment is not an error: its expression has no sides.
    """
    # The length is checked before cleaning, which takes time, and again after it, because cleaning can lengthen text.
    cleaned = clean(read_markup(text)) if len(text) <= MAX_NOTE_LENGTH else text
    if len(cleaned) > MAX_NOTE_LENGTH:
        raise NoteError(
            f"The note is longer than {MAX_NOTE_LENGTH:,} characters; give the part that describes the lungs."
        )
    if not cleaned.strip():
        raise NoteError("The note is empty.")
    tokens_as_written = tokenize(cleaned)
    lexicon = choose_lexicon(tokens_as_written, language)
    tokens = read_boxes(lexicon.read(tokens_as_written), lexicon)
    mentions = _expand(mention for mention in lexicon.find(tokens) if not _is_letter(tokens, mention))

    def parse(wanted: Collection[str], asked: str) -> ReferringExpression:
        statements = split_statements(tokens, as_findings(mentions, wanted), lexicon)
        note = NoteText(cleaned, tokens, lexicon, frozenset(findings) - set(wanted))
        return _NoteParser(note, laterality, text, asked).parse(statements)

    asked = findings[0]
    if len(findings) > 1:
        asked = asked_finding(parse(findings, asked).findings, findings)
    return parse((asked,), asked)


def _expand(mentions: Iterable[Mention]) -> list[Mention]:
    """Split each word for a finding that is everywhere ("white-out") into the finding and the place "diffuse"."""
    expanded: list[Mention] = []
    for mention in mentions:
        if (
            mention.role == "inside"
            and expanded
            and expanded[-1].term.value == "all"
            and expanded[-1].stop == mention.start
        ):
            expanded.pop()  # "three opacities, all in the right lung"
        if mention.role == "everywhere":
            expanded.append(Mention(Term("diffuse", "diffuse"), mention.start, mention.start))
            mention = Mention(Term("finding", mention.term.value), mention.start, mention.stop)
        expanded.append(mention)
    return expanded


def _is_letter(tokens: Sequence[Token], mention: Mention) -> bool:
    """Whether a mention is a single letter beside a number and no word: "4 L of oxygen", "10^9/L", "R 20"."""
    start, stop = mention.start, mention.stop
    if stop != start + 1 or len(tokens[start].key) != 1:
        return False
    follows_slash = start > 1 and tokens[start - 1].key == "/"
    number = tokens[start - 1 - follows_slash] if start else None
    follows_number = number is not None and number.text.isdecimal()
    last = stop  # the last token of a number or measurement behind the letter
    while (
        last + 1 < min(len(tokens), stop + _MAX_MEASURE_TOKENS) and tokens[last + 1].key == MEASURE == tokens[stop].key
    ):
        last += 1
    return follows_number or (stop < len(tokens) and tokens[last].text.isdecimal() and not tokens[stop].layout)


@dataclass(frozen=True)
class _NoteParser:
    """The rules that need the whole note."""

    note: NoteText
    laterality: Laterality
    written: str
    asked: str

    def parse(self, statements: Sequence[Statement]) -> ReferringExpression:
        parsed: list[ParsedStatement] = []
        chunks = 0
        for statement in statements:
            if statement.is_relevant and not statement.is_ignored:
                parsed.append(parse_statement(statement, chunks))
                chunks += parsed[-1].chunks
        complete(parsed)
        self._attach_lone_places(parsed)
        exceptions = _exceptions(parsed)
        clear = self._clear(parsed)
        location = _without_clear_lung(self._location(parsed, exceptions), clear)
        counts = count_areas(parsed, self.note.tokens, self.note.lexicon)
        counts_by_claim: dict[Claim | None, list[AreaCount]] = {}
        for count in counts:
            counts_by_claim.setdefault(count.claim, []).append(count)
        findings = [
            (each.statement, self._finding(index, each, exceptions[at], counts_by_claim.get(claim, ())))
            for at, each in enumerate(parsed)
            for index, claim in enumerate(each.claims)
            if claim.mention.role == "finding" and not (claim.hypothetical or claim.of_another_person)
        ]
        coverage = cover(statements, parsed, self.note)
        is_poor = coverage.words - coverage.known >= _MIN_NOT_UNDERSTOOD and coverage.share < _MIN_UNDERSTOOD
        return ReferringExpression(
            sides=tuple(location.sides),
            zones=location.zones,
            whole=tuple(location.whole),
            weak=location.weak or (is_poor and bool(location.sides)),
            count=total(counts) if location.sides else None,
            findings=tuple(finding for _, finding in findings),
            ignored=tuple(coverage.ignored),
            not_understood=tuple(coverage.not_understood),
            poorly_understood=is_poor,
            understood_share=round(coverage.share, 3),
            questions=tuple(contradictions(findings)),
            language=self.note.lexicon.language,
            clear=_without_named(clear, location),
            text=self.written,
            finding=self.asked,
            passages=find_passages(parsed, counts, self.note, self.written, self.laterality),
        )

    def _clear(self, parsed: Sequence[ParsedStatement]) -> dict[Side, tuple[Zone, ...]]:
        """Return the zones of each lung that the note describes as normal today; all three for a whole lung."""
        claims = [
            claim
            for each in parsed
            if not any(mention.role in ("earlier", "historical") for mention in each.mentions)
            for claim in each.claims
            if claim.mention.role == "normal" and not (claim.negated or claim.historical or claim.hypothetical)
        ]
        terms = [_location_terms(claim) for claim in claims]
        # Without a word for a lung or a zone of it, the hilum or the diaphragm is meant.
        named = [self._locate(each, ()) for each in terms if any(term.role == "region" for term in each)]
        clear: dict[Side, tuple[Zone, ...]] = {}
        for location in named:
            for side in location.sides:
                zones = {*clear.get(side, ()), *(location.zones[side] or ZONES)}
                clear[side] = tuple(zone for zone in ZONES if zone in zones)
        return clear

    def _location(self, parsed: Sequence[ParsedStatement], exceptions: Sequence[tuple[LocationTerm, ...]]) -> Location:
        """Return the location of all findings; statements with the same exceptions are resolved together."""
        claims = [claim for each in parsed for claim in each.claims]
        groups: dict[tuple[LocationTerm, ...], list[LocationTerm]] = {}
        for each, excepted in zip(parsed, exceptions, strict=True):
            if each.used or (excepted and any(_is_anywhere(claim) for claim in each.claims)):
                groups.setdefault(excepted, []).extend(each.used)
        names_place = any(term.role != "region" for terms in groups.values() for term in terms)
        if not names_place and not any(claim.asserted for claim in claims):
            return Location()
        located = [self._locate(terms, excepted) for excepted, terms in groups.items()] or [self._locate([], ())]
        return unite(located)

    def _locate(self, terms: Sequence[LocationTerm], excepted: Sequence[LocationTerm]) -> Location:
        location = resolve(terms, self.laterality)
        return exclude(location, excepted, self.laterality) if excepted else location

    def _finding(
        self, index: int, parsed: ParsedStatement, excepted: Sequence[LocationTerm], counts: Sequence[AreaCount]
    ) -> Finding:
        """Return the finding of a claim, given by its index in its statement."""
        claim = parsed.claims[index]
        terms = _location_terms(claim)
        if not terms:
            earlier = reversed(parsed.claims[max(0, index - _MAX_SHARED_PLACE_DISTANCE) : index])
            terms = next((_location_terms(each) for each in earlier if each.asserted and _location_terms(each)), [])
        if all(term.role in ("region", "whole") for term in terms):
            terms = []
        location = self._locate(terms, () if claim.negated else excepted) if terms else Location()
        return Finding(
            kind=claim.mention.term.value,
            words=self.note.words_of_claim(index, parsed),
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
        claims = (claim for each in parsed for claim in each.claims)
        is_normal = any(claim.mention.role == "normal" and not claim.places for claim in claims)
        if not findings or (asserted and not any(claim.places for claim in asserted)):
            implied = Claim(Mention(Term("finding", "infection"), 0, 0), chunk=-1)
        last: Claim | None = None
        has_place = False  # the statement of the last claim already names a place
        for each in parsed:
            owner = last or implied
            may_attach = not has_place or _adds_place(each)
            if owner is implied and is_normal and not _names_lung(each):
                continue  # "Hila: right prominent. Impression: normal."
            if owner and not each.claims and may_attach and self.note.are_mostly_terms(each.statement):
                for place in each.places:
                    place.attach(owner)
            locatable = [claim for claim in each.claims if claim.locatable]
            if locatable:
                last = locatable[-1]
                has_place = any(claim.places for claim in locatable)


def _exceptions(parsed: Sequence[ParsedStatement]) -> list[tuple[LocationTerm, ...]]:
    """Return for every statement the places that the note excepts from its location.

    An exception applies to the statement that it restricts, or to its own findings, or else to all earlier ones.
    """
    exceptions: list[tuple[LocationTerm, ...]] = [()] * len(parsed)
    later: tuple[LocationTerm, ...] = ()  # of statements that restrict all before them
    for at in range(len(parsed) - 1, -1, -1):
        excepted = tuple(parsed[at].excepted[:_MAX_EXCEPTIONS])
        exceptions[at] += later
        if excepted and parsed[at].restricts is not None:
            main = at - 1 if at and parsed[at - 1] is parsed[at].restricts else at + 1
            exceptions[main] += excepted
        elif any(claim.asserted for claim in parsed[at].claims):
            exceptions[at] += excepted
        else:
            later = (excepted + later)[:_MAX_EXCEPTIONS]
    return exceptions


def _is_anywhere(claim: Claim) -> bool:
    """Whether a claim is to be segmented and the note names no place for it."""
    return claim.asserted and not any(place.used for place in claim.places)


def _without_clear_lung(location: Location, clear: Mapping[Side, tuple[Zone, ...]]) -> Location:
    """Return the location of findings without a side, except the lung that the note calls clear as a whole."""
    sides = frozenset(side for side in location.sides if clear.get(side) != ZONES)
    if not location.weak or not sides or sides == location.sides:
        return location
    return Location(sides, {side: location.zones[side] for side in sides}, location.whole & sides)


def _without_named(clear: Mapping[Side, tuple[Zone, ...]], location: Location) -> dict[Side, tuple[Zone, ...]]:
    """Return the clear zones without those of the findings: "Opacity at the left base. Lungs otherwise clear."."""
    named = {side: location.zones[side] or ZONES for side in location.sides}
    rest = {side: tuple(zone for zone in zones if zone not in named.get(side, ())) for side, zones in clear.items()}
    return {side: zones for side, zones in rest.items() if zones}


def _names_lung(parsed: ParsedStatement) -> bool:
    """Whether a statement names a part of a lung, and not only its hilum or the diaphragm."""
    names = {(place.term.role, place.term.term.value.startswith("both")) for place in parsed.places}
    roles = {role for role, _ in names}
    return (
        bool(roles & {"place", "diffuse", "whole", "region"})
        or roles >= {"side", "zone"}
        or ("anatomy", False) in names
    )


def _adds_place(parsed: ParsedStatement) -> bool:
    """Whether a statement adds a place to earlier ones: "Also in the left base.", "Right base has improved."."""
    roles = {mention.role for mention in parsed.statement.mentions}
    return bool(roles & {"and", "current"}) and bool(roles & {"zone", "place", "anatomy"})


def _location_terms(claim: Claim) -> list[LocationTerm]:
    return [place.term for place in claim.places if claim.negated or not place.negated]
