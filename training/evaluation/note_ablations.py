"""Replace the note of a radiograph, to measure how much a metric depends on the note and what a vague note costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, get_args

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.notes import INFECTION, ReferringExpression, parse_note
from training.augmentation.notes import swap_sides_of, without_location, without_zones
from training.data.splits import Sample

NoteKind = Literal["own", "swapped", "constant", "none", "side-only", "bilateral", "uncounted"]

NOTE_KINDS: tuple[NoteKind, ...] = get_args(NoteKind)
"""own: the radiograph's note. swapped: with left and right swapped. constant: the most common note of the split, for
every radiograph. none: "Pulmonary infection." side-only: only the sides of the note, without zones and number.
bilateral: "Bilateral pulmonary infection." for radiographs whose note names both sides. uncounted: the radiograph's
note without the number of areas, as a note in free text."""


class NoteKindError(CausalCLIPSegError):
    """There is no such kind of note."""


def parse_note_kinds(text: str) -> tuple[NoteKind, ...]:
    """Return the kinds in a comma-separated list, each once, in the order of `NOTE_KINDS`; "all" stands for all kinds.

    Raises:
        NoteKindError: the list contains any other word.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    if names == ["all"]:
        return NOTE_KINDS
    unknown = [name for name in names if name not in NOTE_KINDS]
    if unknown:
        raise NoteKindError(f"There is no kind of note “{unknown[0]}”; choose from {', '.join(NOTE_KINDS)}.")
    return tuple(kind for kind in NOTE_KINDS if kind in names)


def most_common_note(samples: Sequence[Sample], findings: Sequence[str] = (INFECTION,)) -> ReferringExpression:
    """Parse the most common note of the samples, of which there must be at least one, for a checkpoint's findings."""
    note, _ = Counter(sample.note for sample in samples).most_common(1)[0]
    laterality = next(sample.laterality for sample in samples if sample.note == note)
    return parse_note(note, laterality, findings=findings)


def ablate_note(
    kind: NoteKind, expression: ReferringExpression, constant: ReferringExpression
) -> ReferringExpression | None:
    """Return another kind of note for a radiograph.

    Args:
        kind: the kind of note.
        expression: the radiograph's own note.
        constant: the most common note of the split.

    Returns:
        The other note, or None if that kind does not apply to this radiograph.
    """
    match kind:
        case "own":
            return expression
        case "swapped":
            return swap_sides_of(expression)
        case "constant":
            return constant
        case "none":
            return without_location(expression)
        case "side-only":
            return without_zones(expression, *expression.sides)
        case "bilateral":
            both = len(expression.sides) == 2 and not expression.weak
            return ReferringExpression(sides=SIDES, finding=expression.finding) if both else None
        case "uncounted":
            return replace(expression, count=None)
