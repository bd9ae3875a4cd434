"""Measure a checkpoint on a split through the program's front door: the files, the note, the segmenter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import ReferringExpression, parse_note, to_prompt
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.result import SegmentationResult
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import Sample
from training.evaluation.bootstrap import difference, intervals
from training.evaluation.calibration import Calibration
from training.evaluation.case import Case
from training.evaluation.contact_sheet import Tile
from training.evaluation.corruptions import Shift
from training.evaluation.journal import Journal
from training.evaluation.note_ablations import NoteKind, ablated, commonest, swap_sides_of
from training.evaluation.overlap import Counts, Scores, count
from training.evaluation.side_adherence import Listening

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Questions:
    """What is asked beside the figures with the own note.

    Attributes:
        notes: other notes to read the films by.
        shifts: changed films to read.
        constant: what the note for every film says, where one is asked for.
        seed: of the resampling.
    """

    notes: Sequence[NoteKind] = ()
    shifts: Sequence[Shift] = ()
    constant: ReferringExpression | None = None
    seed: int = 0


@dataclass
class Evaluation:
    """Figures of a checkpoint, filled case by case."""

    questions: Questions = field(default_factory=Questions)
    own: Scores = field(default_factory=Scores)
    sides: dict[str, str] = field(default_factory=dict)
    listening: Listening = field(default_factory=Listening)
    calibration: Calibration = field(default_factory=Calibration)
    notes: dict[str, Scores] = field(init=False)
    shifts: dict[tuple[str, str], Scores] = field(init=False)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.notes = {kind: Scores() for kind in self.questions.notes}
        self.shifts = {(shift.kind, shift.strength): Scores() for shift in self.questions.shifts}

    def add(self, case: Case) -> None:
        """Add a case that answers the questions."""
        if case.side is None or case.own is None:
            self.refused.append(case.name)
            return
        self.seconds += case.seconds
        self.sides[case.name] = case.side
        self.own.add(case.name, case.own)
        for kind, counts in case.notes.items():
            self.notes[kind].add(case.name, counts)
        for kind, strengths in case.shifts.items():
            for strength, counts in strengths.items():
                self.shifts[kind, strength].add(case.name, counts)
        self.listening += case.listening or Listening()
        self.calibration += case.calibration or Calibration()

    def figures(self) -> dict[str, Any]:
        """Return the contents of the json file; left and right are the patient's, figures in percent."""
        seed = self.questions.seed
        notes = {kind: self._beside_own(scores) for kind, scores in self.notes.items()}
        if "none" in self.notes:
            for kind, scores in self.notes.items():
                notes[kind]["minus_none"] = difference(scores, self.notes["none"], seed)
        shifts: dict[str, dict[str, Any]] = {}
        for (kind, strength), scores in self.shifts.items():
            shifts.setdefault(kind, {})[strength] = self._beside_own(scores)
        return {
            **self.own.figures(),
            "interval": intervals(self.own, seed),
            "seconds_per_image": round(self.seconds / max(len(self.own), 1), 4),
            "by_side": {side: scores.figures() for side, scores in self._by_side(self.own).items()},
            "by_size": {size: scores.figures() for size, scores in self.own.by_size().items()},
            "listening": self.listening.figures(),
            "calibration": self.calibration.figures(),
            "refused": len(self.refused),
            **({"notes": notes} if notes else {}),
            **({"shifts": shifts} if shifts else {}),
        }

    def _by_side(self, scores: Scores) -> dict[str, Scores]:
        return {
            side: scores.where(lambda name, side=side: self.sides[name] == side)  # type: ignore[misc]
            for side in ("left only", "right only", "both")
        }

    def _beside_own(self, scores: Scores) -> dict[str, Any]:
        """Return the figures of other notes or films, and by how much they pass those of the same cases."""
        seed = self.questions.seed
        return {
            **scores.figures(),
            "interval": intervals(scores, seed),
            "minus_own": difference(scores, self.own, seed),
            "by_side": {side: part.figures() for side, part in self._by_side(scores).items()},
        }


def evaluate(
    segmenter: Segmenter,
    samples: Sequence[Sample],
    advance: Callable[[], None] = lambda: None,
    questions: Questions | None = None,
    journal: Journal | None = None,
) -> Evaluation:
    """Segment every sample by its own note, one-sided ones by the note of the other side too, and as asked.

    Each file is read once, and the segmenter encodes each sentence once.

    Args:
        segmenter: the checkpoint.
        samples: of a split.
        advance: called after each sample.
        questions: what else to measure.
        journal: of this evaluation; what it holds is not measured again.

    Raises:
        DatasetError: if a file cannot be read, or film and mask differ in size.
    """
    questions = questions or Questions()
    if "constant" in questions.notes and questions.constant is None:
        questions = replace(questions, constant=commonest(samples))
    result = Evaluation(questions)
    known = {} if journal is None else journal.cases
    for sample in samples:
        case = known.get(sample.name)
        if case is None:
            case = measure(segmenter, sample, questions)
            if journal is not None:
                journal.add(case)
        result.add(case)
        advance()
    return result


def measure(segmenter: Segmenter, sample: Sample, questions: Questions) -> Case:
    """Measure one film.

    Raises:
        DatasetError: if a file cannot be read, or film and mask differ in size.
    """
    radiograph, truth = sample.load()
    start = time.perf_counter()
    try:
        own = segmenter.segment(radiograph, parse_note(sample.note, sample.laterality))
    except NoteError:
        return Case(sample.name)
    seconds = time.perf_counter() - start
    notes, listening = _read_other_notes(segmenter, own, truth, questions)
    shifts: dict[str, dict[str, Counts]] = {}
    for shift in questions.shifts:
        pixels, moved = shift(radiograph.pixels, truth, sample.name)
        mask = _mask(segmenter, replace(radiograph, pixels=pixels), own.prompt)
        shifts.setdefault(shift.kind, {})[shift.strength] = count(mask, moved)
    sides = own.expression.sides
    return Case(
        name=sample.name,
        side=f"{sides[0]} only" if len(sides) == 1 else "both",
        own=count(own.mask, truth),
        notes=notes,
        shifts=shifts,
        listening=listening,
        calibration=Calibration.of(own.probability, truth),
        seconds=seconds,
    )


def worst_tiles(segmenter: Segmenter, samples: Sequence[Sample], scores: Scores, number: int) -> list[Tile]:
    """Return the films with the lowest Dice, the lowest first, segmented once more for a sheet."""
    by_name = {sample.name: sample for sample in samples}
    tiles = []
    for dice, name in sorted(zip(scores.dice.tolist(), scores.names, strict=True))[:number]:
        sample = by_name[name]
        radiograph, truth = sample.load()
        mask = segmenter.segment(radiograph, parse_note(sample.note, sample.laterality)).mask
        tiles.append(Tile(radiograph.pixels, truth, mask, f"{name}\nDice {100 * dice:.1f}"))
    return tiles


def _read_other_notes(
    segmenter: Segmenter, own: SegmentationResult, truth: Mask, questions: Questions
) -> tuple[dict[str, Counts], Listening | None]:
    expression = own.expression
    masks = {own.prompt: own.mask}  # notes that say the same are read once

    def read(said: ReferringExpression) -> Mask:
        sentence = to_prompt(said, segmenter.card.laterality)
        if sentence not in masks:
            masks[sentence] = _mask(segmenter, own.radiograph, sentence)
        return masks[sentence]

    notes: dict[str, Counts] = {}
    for kind in questions.notes:
        said = ablated(kind, expression, questions.constant or expression)
        if said is not None:
            notes[kind] = count(read(said), truth)
    if len(expression.sides) == 2:
        return notes, None
    named = split_by_side(np.ones(truth.shape, dtype=bool))[expression.sides[0]]
    return notes, Listening.of(own.mask, read(swap_sides_of(expression)), named)


def _mask(segmenter: Segmenter, radiograph: Radiograph, prompt: str) -> Mask:
    segmenter.set_radiograph(radiograph)
    return segmenter.predict(prompt) >= segmenter.card.threshold
