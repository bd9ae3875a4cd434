"""The measurements of one radiograph: a few numbers, from which all metrics are computed."""

from __future__ import annotations

from dataclasses import field

from pydantic.dataclasses import dataclass

from training.evaluation.calibration import Calibration
from training.evaluation.referring import ReferringCounts
from training.evaluation.scores import Counts
from training.evaluation.side_adherence import SideAdherence


@dataclass(frozen=True)
class Case:
    """The measurements of one radiograph.

    Attributes:
        name: name of the radiograph.
        side: the patient's side in its note: "left only", "right only" or "both"; None if the note was refused and so
            nothing was measured.
        own: pixel counts with its own note.
        notes: pixel counts with other notes, by kind of note.
        corruptions: pixel counts on the corrupted radiograph, by kind and strength.
        side_adherence: where the mask moves if the note's side is swapped; only for notes of one side.
        referring: pixel counts with notes that name each of the eight places.
        calibration: calibration of the probabilities with its own note.
        seconds: duration of the segmentation with its own note.
    """

    name: str
    side: str | None = None
    own: Counts | None = None
    notes: dict[str, Counts] = field(default_factory=dict)
    corruptions: dict[str, dict[str, Counts]] = field(default_factory=dict)
    side_adherence: SideAdherence | None = None
    referring: ReferringCounts | None = None
    calibration: Calibration | None = None
    seconds: float = 0.0
