"""How many areas a note speaks of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from CausalCLIPSegLib.notes.claims import Claim, ParsedStatement
from CausalCLIPSegLib.notes.lexicon import Lexicon
from CausalCLIPSegLib.notes.tokens import Token

_FARTHEST = 3  # tokens from a number to what it counts: "two large patchy opacities"


@dataclass(frozen=True)
class Counted:
    """A number of areas, and the claim that they belong to, if any."""

    number: int
    claim: Claim | None


def count_areas(told: Sequence[ParsedStatement], tokens: Sequence[Token], lexicon: Lexicon) -> list[Counted]:
    """Return the numbers of areas in a note, in order, without those of what is not outlined."""
    return [counted for part in told for counted in _in_statement(part, tokens, lexicon)]


def total(counts: Sequence[Counted]) -> int | None:
    """Return the number in all; "two areas, one on the left and one on the right" are two. None where none is said."""
    numbers = [counted.number for counted in counts]
    return numbers[0] if len(numbers) > 2 and 2 * numbers[0] == sum(numbers) else sum(numbers) or None


def _in_statement(part: ParsedStatement, tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[Counted]:
    owners = {at: claim for claim in part.claims for at in range(claim.mention.start, claim.mention.stop)}
    made = [claim for claim in part.claims if claim.made]
    starts = [claim.mention.start for claim in made]
    led = {mention.start for mention in part.statement.mentions if mention.role in ("preposition", "inside")}
    said = False
    last: Claim | None = None
    for at in range(part.statement.start, part.statement.stop):
        number = _number(tokens[at].key, lexicon)
        if not number:
            continue
        thing = _thing(at, number, part.statement.stop, tokens, lexicon)
        owner = last if thing is None else owners.get(thing) or _next(made, bisect_right(starts, thing))
        if (thing is not None and (owner is None or owner.made)) or (thing is None and said and at + 1 in led):
            yield Counted(number, owner)
            said, last = True, owner


def _next(made: Sequence[Claim], at: int) -> Claim | None:
    """Return the claim at `at`, the last one where there are no more."""
    return made[min(at, len(made) - 1)] if made else None


def _number(key: str, lexicon: Lexicon) -> int:
    return int(key) if key.isdecimal() and len(key) < 3 else lexicon.numbers.get(key, 0)


def _thing(at: int, number: int, stop: int, tokens: Sequence[Token], lexicon: Lexicon) -> int | None:
    """Return the token of the thing that the number at `at` counts: "areas" in "two infected areas"."""
    for thing in range(at + 1, min(at + _FARTHEST + 1, stop)):
        key = tokens[thing].key
        if lexicon.counted.get(key) == (number > 1):
            return thing
        if not key.isalpha():
            break
    return None
