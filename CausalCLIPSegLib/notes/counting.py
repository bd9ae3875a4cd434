"""The number of areas that a note states."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from CausalCLIPSegLib.notes.claims import Claim, ParsedStatement
from CausalCLIPSegLib.notes.lexicon import Lexicon
from CausalCLIPSegLib.notes.tokens import Token

_MAX_NOUN_DISTANCE = 3  # tokens from a number to its noun: "two large patchy opacities"


@dataclass(frozen=True)
class AreaCount:
    """A number of areas, the claim that it belongs to, if any, and its token."""

    number: int
    claim: Claim | None
    at: int


def count_areas(statements: Sequence[ParsedStatement], tokens: Sequence[Token], lexicon: Lexicon) -> list[AreaCount]:
    """Return the numbers of areas in a note, in order, but only for claims that are to be segmented."""
    return [count for statement in statements for count in _in_statement(statement, tokens, lexicon)]


def total(counts: Sequence[AreaCount]) -> int | None:
    """Return the total number; None if there are no counts.

    If the first number is the sum of the others, it is the total: "two areas, one on the left and one on the right".
    """
    numbers = [count.number for count in counts]
    return numbers[0] if len(numbers) > 2 and 2 * numbers[0] == sum(numbers) else sum(numbers) or None


def _in_statement(parsed: ParsedStatement, tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[AreaCount]:
    claim_at = {at: claim for claim in parsed.claims for at in range(claim.mention.start, claim.mention.stop)}
    asserted = [claim for claim in parsed.claims if claim.asserted]
    starts = [claim.mention.start for claim in asserted]
    mentions = parsed.statement.mentions
    prepositions = {mention.start for mention in mentions if mention.role in ("preposition", "inside")}
    has_count = False
    last_owner: Claim | None = None
    for at in range(parsed.statement.start, parsed.statement.stop):
        number = _number(tokens[at].key, lexicon)
        if not number:
            continue
        noun = _counted_noun(at, number, parsed.statement.stop, tokens, lexicon)
        if noun is None:  # "two areas of consolidation: one in the right lung"
            owner, is_count = last_owner, has_count and at + 1 in prepositions
        else:
            owner = claim_at.get(noun) or _next_claim(asserted, bisect_right(starts, noun))
            is_count = owner is None or owner.asserted
        if is_count:
            yield AreaCount(number, owner, at)
            has_count, last_owner = True, owner


def _next_claim(asserted: Sequence[Claim], at: int) -> Claim | None:
    """Return the claim at `at`, or the last one if there are fewer."""
    return asserted[min(at, len(asserted) - 1)] if asserted else None


def _number(key: str, lexicon: Lexicon) -> int:
    return int(key) if key.isdecimal() and len(key) < 3 else lexicon.numbers.get(key, 0)


def _counted_noun(at: int, number: int, stop: int, tokens: Sequence[Token], lexicon: Lexicon) -> int | None:
    """Return the token of the noun that the number at `at` counts: "areas" in "two infected areas"."""
    for noun in range(at + 1, min(at + _MAX_NOUN_DISTANCE + 1, stop)):
        key = tokens[noun].key
        if lexicon.counted.get(key) == (number > 1):
            return noun
        if not key.isalpha():
            break
    return None
