"""Write a ReferringExpression as the prompt of a checkpoint, and as text for people.

The language of the prompt is that of the notes that LViT's authors wrote for QaTa-COV19. A prompt has at most four
words for zones, so that it never exceeds the 20 tokens that the text encoder reads.
"""

from __future__ import annotations

import re

from CausalCLIPSegLib.errors import NoFindingError
from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, say_side, side_in_image
from CausalCLIPSegLib.notes.expression import ZONES, ReferringExpression, Zone
from CausalCLIPSegLib.notes.findings import FINDING_WORDS, INFECTION

_NUMBERS = ("", "one", "two", "three", "four", "five", "six")
_MAX_ZONE_WORDS = 4
_SWAPPED = {"left": "right", "Left": "Right", "LEFT": "RIGHT", "right": "left", "Right": "Left", "RIGHT": "LEFT"}
_SIDE = re.compile(rf"\b({'|'.join(_SWAPPED)})\b")


def to_prompt(expression: ReferringExpression, laterality: Laterality, *, implied_count: bool = True) -> str:
    """Return the prompt for a checkpoint whose notes mean `laterality` by left and right.

    For example "Bilateral pulmonary infection, two infected areas, all left lung and lower right lung." If the zone of
    a side is unknown, the prompt leaves out the zone, and also the number of areas unless the note states it. If the
    note names no side, the prompt begins with "Pulmonary infection". Other findings have their own words
    (`FINDING_WORDS`): "Unilateral pleural effusion, lower left lung."

    Args:
        expression: the meaning of the note.
        laterality: whose left and right the prompt means.
        implied_count: state the number of areas also if the note states only the zones of all its sides.

    Raises:
        NoFindingError: the expression has nothing to segment.
    """
    if not expression.sides:
        raise NoFindingError
    sides = "" if expression.weak else "unilateral " if len(expression.sides) == 1 else "bilateral "
    parts = [f"{sides}{FINDING_WORDS[expression.finding]}".capitalize()]
    count = _count(expression) if implied_count else expression.count
    if count:
        infected = "infected " if expression.finding == INFECTION else ""
        parts.append(f"{_NUMBERS[min(count, 6)]} {infected}area{'s' if count > 1 else ''}")
    if any(expression.zones.values()) or len(expression.sides) == 1:
        zone_words = _zone_words(expression)
        ordered = sorted(expression.sides, key=lambda side: say_side(side, laterality))  # left first, as in QaTa-COV19
        lungs = (" ".join((*zone_words[side], say_side(side, laterality), "lung")) for side in ordered)
        parts.append(" and ".join(lungs))
    return ", ".join(parts) + "."


def _count(expression: ReferringExpression) -> int | None:
    """Return the number that the note states, or else the number of runs of adjacent zones if all zones are known."""
    if expression.count or expression.weak or not all(expression.zones.values()):
        return expression.count
    return sum(2 if zones == ("upper", "lower") else 1 for zones in expression.zones.values())


def _zone_words(expression: ReferringExpression) -> dict[Side, tuple[str, ...]]:
    """Return the words for the zones of each side; three zones become "all" if the prompt would be too long."""
    is_long = sum(_zone_word_count(expression, side) for side in expression.sides) > _MAX_ZONE_WORDS
    return {
        side: ("all",) if side in expression.whole or (is_long and zones == ZONES) else zones
        for side, zones in expression.zones.items()
    }


def _zone_word_count(expression: ReferringExpression, side: Side) -> int:
    return 1 if side in expression.whole else len(expression.zones[side])


def swap_sides(text: str) -> str:
    """Return `text` with left and right swapped, as for a mirrored image; the case is kept."""
    return _SIDE.sub(lambda match: _SWAPPED[match[0]], text)


def describe_expression(expression: ReferringExpression, *, mirrored: bool | None = None) -> str:
    """Return the location in words for a person, with each side as the patient's and as seen in the image.

    For example "patient's left lung (on the right of the picture): lower zone".

    Args:
        expression: the meaning of a note.
        mirrored: the image shows the patient's right on the viewer's right; None if unknown, which counts as False.
    """
    if not expression.sides:
        return "nothing to outline"
    lungs = [
        f"patient's {side} lung (on the {side_in_image(side, mirrored)} of the picture): {_zones(expression, side)}"
        for side in SIDES
        if side in expression.sides
    ]
    if expression.poorly_understood:
        lungs.insert(0, "many words of the note are not understood")
    elif expression.weak:
        lungs.insert(0, "no side named, so both lungs are searched")
    return "; ".join(lungs)


def explain_weakness(expression: ReferringExpression) -> str | None:
    """Return why the location of a note is less sure, in a sentence; None if it is sure."""
    if expression.poorly_understood:
        return "Many words of the note are not understood; the outline is less sure."
    if expression.weak:
        return "The note names no side, so both lungs were searched; the outline is less sure."
    return None


def _zones(expression: ReferringExpression, side: Side) -> str:
    zones: tuple[Zone, ...] = expression.zones[side]
    if side in expression.whole:
        return "the whole lung"
    if not zones:
        return "no zone named"
    return f"{zones[0]} zone" if len(zones) == 1 else f"{', '.join(zones[:-1])} and {zones[-1]} zones"
