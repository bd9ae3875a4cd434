"""Complete the clauses that leave out a finding or its place: "except at the left base", "underlying pneumonia".

An exception to a denial asserts the denied finding at its place. An exception to an assertion removes the place.
After "but", a place has what the clause before it denied: "no opacity on the right, but on the left".
"""

from __future__ import annotations

from collections.abc import Sequence

from CausalCLIPSegLib.notes.claims import Claim, ParsedStatement
from CausalCLIPSegLib.notes.fields import ELLIPTIC, YES
from CausalCLIPSegLib.notes.lexicon import Mention, Term

_MAX_GONE_TOKENS = 8
_IMPLIED = Term("finding", "abnormality")  # "the left lung is clear; the right is not"


def complete(parsed: Sequence[ParsedStatement]) -> None:
    """Add the claims that such clauses imply. An exception that removes a place becomes a claim of role "spared"."""
    for at, clause in enumerate(parsed):
        _assert_exceptions(clause)
        lead = clause.statement.lead
        neighbor = at + 1 if lead == "except first" else at - 1
        main = parsed[neighbor] if 0 <= neighbor < len(parsed) else None
        if main is None or main.statement.section != clause.statement.section:
            continue
        _share_place(main, clause)
        if lead == "but" and _denies_only_place(clause) and (_denied(main) or main.excepted):
            _deny_twice(main, clause)
        elif clause.claims:
            if lead in ("except", "except first"):
                _share_side(main, clause)
            if _says_only_gone(clause):
                for claim in main.claims:
                    claim.categories |= {"negated"} if claim.asserted else frozenset()
        elif not clause.places:
            continue
        elif lead in ("except", "except first"):
            if any(claim.asserted for claim in main.claims):
                _add(clause, Term("spared", "spared"))
                clause.restricts = main
            elif denied := _denied(main):
                _add(clause, denied)
                _replace_denied(main, clause)
        elif (denied := _denied(main)) and _contrasts(clause):
            _add(clause, denied)


def _denied(parsed: ParsedStatement) -> Term | None:
    """Return the first finding that a statement denies; an abnormality if it only says that all is normal."""
    if any(claim.asserted for claim in parsed.claims):
        return None
    denied = next((claim for claim in parsed.claims if claim.mention.role == "finding" and claim.negated), None)
    if denied:
        return denied.mention.term
    return _IMPLIED if any(claim.mention.role == "normal" for claim in parsed.claims) else None


def _denies_only_place(clause: ParsedStatement) -> bool:
    return bool(clause.claims) and all(claim.stands_before_place for claim in clause.claims)


def _deny_twice(main: ParsedStatement, clause: ParsedStatement) -> None:
    """Turn "has cleared on the left, but not on the right" into a finding that remains on the right."""
    clause.claims.clear()
    for place in clause.places:
        place.claims.clear()
    if denied := _denied(main):
        _add(clause, denied)


def _contrasts(clause: ParsedStatement) -> bool:
    """Whether a clause without a finding says the opposite of the denial before it."""
    negations = [mention.term.value for mention in clause.mentions if mention.role == "negated"]
    is_affirmed = any(mention.term == YES for mention in clause.mentions)
    return is_affirmed or ELLIPTIC in negations or (clause.statement.lead == "but" and not negations)


def _assert_exceptions(clause: ParsedStatement) -> None:
    """Turn "no infiltrate, the left base excepted" into an infiltrate at the left base."""
    if any(claim.asserted for claim in clause.claims):
        return
    denied = _denied(clause)
    for claim in clause.claims:
        if claim.mention.role == "spared" and claim.mention.term.value == "except" and denied:
            claim.mention = Mention(denied, claim.mention.start, claim.mention.stop)
            claim.categories = frozenset()
            for place in claim.places:
                place.negated = False


def _replace_denied(main: ParsedStatement, clause: ParsedStatement) -> None:
    """Remove the finding that only an exception asserts; a zone without a side takes its side.

    "No consolidation in the left lung except at the base" is a consolidation at the left base.
    """
    claim = next((claim for claim in main.claims if claim.mention.term == clause.claims[0].mention.term), None)
    if claim is None:
        return
    main.claims.remove(claim)
    names_side = any(place.term.role in ("side", "place", "anatomy") for place in clause.places)
    for place in claim.places:
        place.claims.remove(claim)
        if not names_side and place.term.role == "side":
            place.negated = False
            place.attach(clause.claims[0])


def _share_side(main: ParsedStatement, clause: ParsedStatement) -> None:
    """Give the findings of an exception the side of the statement that it restricts, if they have none.

    "The left lung is clear apart from basal shadowing" is shadowing at the left base.
    """
    if any(place.term.role in ("side", "place", "anatomy") for place in clause.places):
        return
    for claim in clause.claims:
        if claim.asserted and not any(other.asserted for other in main.claims):
            for place in main.places:
                if place.term.role == "side":
                    place.negated = False
                    place.attach(claim)


def _share_place(main: ParsedStatement, clause: ParsedStatement) -> None:
    """Give a finding the place of the change before it, as in "left effusion. Underlying pneumonia"."""
    change = next((claim for claim in reversed(main.claims) if claim.locatable and claim.places), None)
    if change is None or clause.places:
        return
    edges = {edge for mention in clause.mentions if mention.role == "beside" for edge in (mention.start, mention.stop)}
    for claim in clause.claims:
        if claim.asserted and edges & {claim.mention.start, claim.mention.stop}:
            for place in tuple(change.places):
                place.attach(claim)


def _says_only_gone(parsed: ParsedStatement) -> bool:
    """Whether a short sentence only says that what the one before it describes is gone: "This has resolved."."""
    statement = parsed.statement
    return (
        not parsed.places
        and statement.stop - statement.start <= _MAX_GONE_TOKENS
        and any(mention.role == "gone" for mention in statement.mentions)
        and all(claim.negated or claim.mention.role == "normal" for claim in parsed.claims)
        and all(claim.mention.term.value in ("unspecific", "normal") for claim in parsed.claims)
        and not any(mention.role in ("hypothetical", "partial") for mention in statement.mentions)
    )


def _add(parsed: ParsedStatement, term: Term) -> None:
    first = parsed.places[0]
    claim = Claim(Mention(term, first.mention.start, first.mention.stop), first.chunk)
    parsed.claims.append(claim)
    for place in parsed.places:
        place.negated = False
        place.attach(claim)
