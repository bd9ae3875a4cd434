"""A ReferringExpression -> the sentence a checkpoint was trained on, and the same for people.

The language is that of the notes LViT's authors wrote for QaTa-COV19. A sentence never takes more than the 20 tokens
that the text encoder sees: it has at most four words for zones.
"""

from __future__ import annotations

import re

from CausalCLIPSegLib.errors import NoFindingError
from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, say_side, side_in_image
from CausalCLIPSegLib.notes.expression import ZONES, ReferringExpression, Zone

_NUMBERS = ("", "one", "two", "three", "four", "five", "six")
_MOST_ZONES = 4
_SWAPPED = {"left": "right", "Left": "Right", "LEFT": "RIGHT", "right": "left", "Right": "Left", "RIGHT": "LEFT"}
_SIDE = re.compile(rf"\b({'|'.join(_SWAPPED)})\b")


def to_prompt(expression: ReferringExpression, laterality: Laterality) -> str:
    """Return the sentence for a checkpoint whose notes mean `laterality` by left and right.

    "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung." A side of which no zone is
    known is said without one, and then no number is made up; a note that names no side is a "Pulmonary infection".

    Raises:
        NoFindingError: the expression has nothing to segment.
    """
    if not expression.sides:
        raise NoFindingError
    kind = (
        "Pulmonary"
        if expression.weak
        else "Unilateral pulmonary"
        if len(expression.sides) == 1
        else "Bilateral pulmonary"
    )
    parts = [f"{kind} infection"]
    count = _count(expression)
    if count:
        parts.append(f"{_NUMBERS[min(count, 6)]} infected area{'s' if count > 1 else ''}")
    if any(expression.zones.values()) or len(expression.sides) == 1:
        words = _zone_words(expression)
        spoken = sorted(expression.sides, key=lambda side: say_side(side, laterality))  # the data say left first
        parts.append(" and ".join(" ".join((*words[side], say_side(side, laterality), "lung")) for side in spoken))
    return ", ".join(parts) + "."


def _count(expression: ReferringExpression) -> int | None:
    """Return the number of areas: as the note says, or one for every run of adjacent zones when all are known."""
    if expression.count or expression.weak or not all(expression.zones.values()):
        return expression.count
    return sum(2 if zones == ("upper", "lower") else 1 for zones in expression.zones.values())


def _zone_words(expression: ReferringExpression) -> dict[Side, tuple[str, ...]]:
    """Return for each side its zones in words; "all" for three of them where the sentence would be too long."""
    long = sum(_spoken_zones(expression, side) for side in expression.sides) > _MOST_ZONES
    return {
        side: ("all",) if side in expression.whole or (long and zones == ZONES) else zones
        for side, zones in expression.zones.items()
    }


def _spoken_zones(expression: ReferringExpression, side: Side) -> int:
    return 1 if side in expression.whole else len(expression.zones[side])


def swap_sides(sentence: str) -> str:
    """Return `sentence` with left and right exchanged, for a mirrored picture; it keeps the case and undoes itself."""
    return _SIDE.sub(lambda match: _SWAPPED[match[0]], sentence)


def describe_expression(expression: ReferringExpression, *, mirrored: bool | None = None) -> str:
    """Return in words for a person where the note points to, with the side named for the patient and the picture.

    "left lung (on the right of the picture): lower zone" speaks, as everywhere, of the patient's left.
    """
    if not expression.sides:
        return "nothing to outline"
    lines = [
        f"patient's {side} lung (on the {side_in_image(side, mirrored)} of the picture): {_extent(expression, side)}"
        for side in SIDES
        if side in expression.sides
    ]
    if expression.weak:
        lines.insert(0, "no side named, so both lungs are searched")
    return "; ".join(lines)


def _extent(expression: ReferringExpression, side: Side) -> str:
    zones: tuple[Zone, ...] = expression.zones[side]
    if side in expression.whole:
        return "the whole lung"
    if not zones:
        return "no zone named"
    return f"{zones[0]} zone" if len(zones) == 1 else f"{', '.join(zones[:-1])} and {zones[-1]} zones"
