"""The conditions under which a checkpoint is measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CausalCLIPSegLib.notes import ReferringExpression
from training.evaluation.corruptions import Corruption
from training.evaluation.note_ablations import NoteKind


@dataclass(frozen=True)
class Conditions:
    """The conditions to measure besides the unchanged radiograph with its own note.

    Attributes:
        notes: kinds of other notes, with the unchanged radiograph.
        corruptions: corruptions of the radiograph, with its own note.
        referring: whether to ask about each of the eight places.
        constant: the note of kind "constant"; the most common note of the measured samples if None.
        seed: random seed of the resampling for intervals.
    """

    notes: Sequence[NoteKind] = ()
    corruptions: Sequence[Corruption] = ()
    referring: bool = False
    constant: ReferringExpression | None = None
    seed: int = 0
