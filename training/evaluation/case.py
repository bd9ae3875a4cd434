"""What an evaluation measures on one film, as numbers: all that the figures are made of, and little enough to keep."""

from __future__ import annotations

from dataclasses import field

from pydantic.dataclasses import dataclass

from training.evaluation.calibration import Calibration
from training.evaluation.overlap import Counts
from training.evaluation.side_adherence import Listening


@dataclass(frozen=True)
class Case:
    """One film.

    Attributes:
        name: of the film.
        side: of the patient, as its note says: "left only", "right only" or "both"; None for a refused note, which
            has no counts.
        own: the pixels with the own note.
        notes: with other notes, by their kind.
        shifts: on the changed film, by kind and strength.
        listening: where the outline goes when the note's side is exchanged; for a note of one side.
        calibration: of the probabilities with the own note.
        seconds: the segmentation with the own note took.
    """

    name: str
    side: str | None = None
    own: Counts | None = None
    notes: dict[str, Counts] = field(default_factory=dict)
    shifts: dict[str, dict[str, Counts]] = field(default_factory=dict)
    listening: Listening | None = None
    calibration: Calibration | None = None
    seconds: float = 0.0
