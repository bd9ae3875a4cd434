"""Other notes for the same film: how much of a figure is the note's doing, and what a weak note costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal, get_args

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.notes import ReferringExpression, parse_note
from training.augmentation.notes import WITHOUT_LOCATION, swap_sides_of, without_zones
from training.data.splits import Sample

NoteKind = Literal["own", "swapped", "constant", "none", "side-only", "bilateral"]

NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)
"""own: the film's note. swapped: left and right exchanged. constant: the commonest note of the split, for every film.
none: "Pulmonary infection." side-only: the note's sides without zones and number. bilateral: "Bilateral pulmonary
infection." for the films whose note names both sides."""


class NoteKindError(CausalCLIPSegError):
    """A kind of note was asked for that there is none of."""


def read_kinds(text: str) -> tuple[NoteKind, ...]:
    """Return the kinds in a list with commas, each once; "all" is all of them.

    Raises:
        NoteKindError: for any other word.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["all"]:
        return NOTE_KINDS
    unknown = [name for name in names if name not in NOTE_KINDS]
    if unknown:
        raise NoteKindError(f"There is no note “{unknown[0]}”; choose from {', '.join(NOTE_KINDS)}.")
    return tuple(kind for kind in NOTE_KINDS if kind in names)


def commonest(samples: Iterable[Sample]) -> ReferringExpression:
    """Return what the commonest note of the samples says.

    Raises:
        ValueError: if there are none.
    """
    samples = list(samples)
    note, _ = Counter(sample.note for sample in samples).most_common(1)[0]
    return parse_note(note, next(sample.laterality for sample in samples if sample.note == note))


def ablated(
    kind: NoteKind, expression: ReferringExpression, constant: ReferringExpression
) -> ReferringExpression | None:
    """Return what another kind of note says of a film.

    Args:
        kind: which.
        expression: what the film's own note says.
        constant: what the commonest note says.

    Returns:
        The expression, or None where that kind makes no sense for the film.
    """
    match kind:
        case "own":
            return expression
        case "swapped":
            return swap_sides_of(expression)
        case "constant":
            return constant
        case "none":
            return WITHOUT_LOCATION
        case "side-only":
            return without_zones(expression, *expression.sides)
        case "bilateral":
            both = len(expression.sides) == 2 and not expression.weak
            return ReferringExpression(sides=SIDES) if both else None
