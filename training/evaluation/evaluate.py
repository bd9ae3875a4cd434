"""Measure a checkpoint on a split exactly as the program uses it: image file and note go into the segmenter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.mask import lung_extent, split_by_side
from CausalCLIPSegLib.notes import ReferringExpression, parse_note
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.result import SegmentationResult
from CausalCLIPSegLib.segmenter import Segmenter
from training.augmentation.notes import swap_sides_of
from training.data.splits import Sample
from training.evaluation.bootstrap import difference, intervals
from training.evaluation.calibration import Calibration
from training.evaluation.case import Case
from training.evaluation.contact_sheet import Tile
from training.evaluation.corruptions import Corruption
from training.evaluation.journal import Journal
from training.evaluation.note_ablations import NoteKind, ablate_note, most_common_note
from training.evaluation.referring import Referring, ReferringCounts
from training.evaluation.scores import Counts, Scores, count
from training.evaluation.side_adherence import SideAdherence

Mask = npt.NDArray[np.bool_]


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


@dataclass
class Evaluation:
    """The measurements of a checkpoint, added case by case."""

    conditions: Conditions = field(default_factory=Conditions)
    own: Scores = field(default_factory=Scores)
    sides: dict[str, str] = field(default_factory=dict)
    side_adherence: SideAdherence = field(default_factory=SideAdherence)
    referring: Referring = field(default_factory=Referring)
    calibration: Calibration = field(default_factory=Calibration)
    notes: dict[str, Scores] = field(init=False)
    corruptions: dict[tuple[str, str], Scores] = field(init=False)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self.notes = {kind: Scores() for kind in self.conditions.notes}
        self.corruptions = {(each.kind, each.strength): Scores() for each in self.conditions.corruptions}

    def add(self, case: Case) -> None:
        """Add a case that was measured under the same conditions."""
        if case.side is None or case.own is None:
            self.refused.append(case.name)
            return
        self.seconds += case.seconds
        self.sides[case.name] = case.side
        self.own.add(case.name, case.own)
        for kind, counts in case.notes.items():
            self.notes[kind].add(case.name, counts)
        for kind, strengths in case.corruptions.items():
            for strength, counts in strengths.items():
                self.corruptions[kind, strength].add(case.name, counts)
        self.side_adherence += case.side_adherence or SideAdherence()
        if case.referring is not None:
            self.referring.add(case.name, case.referring)
        self.calibration += case.calibration or Calibration()

    def metrics(self) -> dict[str, Any]:
        """Return the contents of the JSON file; left and right are the patient's, overlap metrics are in percent."""
        seed = self.conditions.seed
        notes = {kind: self._compared_with_own(scores) for kind, scores in self.notes.items()}
        if "none" in self.notes:
            for kind, scores in self.notes.items():
                notes[kind]["minus_none"] = difference(scores, self.notes["none"], seed)
        corruptions: dict[str, dict[str, Any]] = {}
        for (kind, strength), scores in self.corruptions.items():
            corruptions.setdefault(kind, {})[strength] = self._compared_with_own(scores)
        return {
            **self.own.metrics(),
            "interval": intervals(self.own, seed),
            "seconds_per_image": round(self.seconds / max(len(self.own), 1), 4),
            "by_side": {side: scores.metrics() for side, scores in self._by_side(self.own).items()},
            "by_size": {size: scores.metrics() for size, scores in self.own.by_size().items()},
            "listening": self.side_adherence.metrics(),
            "calibration": self.calibration.metrics(),
            "refused": len(self.refused),
            **({"referring": self.referring.metrics(seed)} if self.conditions.referring else {}),
            **({"notes": notes} if notes else {}),
            **({"shifts": corruptions} if corruptions else {}),
        }

    def _by_side(self, scores: Scores) -> dict[str, Scores]:
        return {
            side: scores.where(lambda name, side=side: self.sides[name] == side)  # type: ignore[misc]
            for side in ("left only", "right only", "both")
        }

    def _compared_with_own(self, scores: Scores) -> dict[str, Any]:
        """Return the metrics with other notes or corruptions, and their difference to the unchanged cases."""
        seed = self.conditions.seed
        return {
            **scores.metrics(),
            "interval": intervals(scores, seed),
            "minus_own": difference(scores, self.own, seed),
            "by_side": {side: group.metrics() for side, group in self._by_side(scores).items()},
        }


def evaluate(
    segmenter: Segmenter,
    samples: Sequence[Sample],
    advance: Callable[[], None] = lambda: None,
    conditions: Conditions | None = None,
    journal: Journal | None = None,
) -> Evaluation:
    """Segment every sample with its own note, with the sides swapped if it names one side, and under `conditions`.

    Each file is read once, and the segmenter encodes each prompt once.

    Args:
        segmenter: runs the checkpoint.
        samples: the samples of a split.
        advance: called after each sample.
        conditions: the other conditions to measure.
        journal: journal of this evaluation; its cases are not measured again, and new cases are added.

    Raises:
        DatasetError: a file cannot be read, or a radiograph and its mask differ in size.
    """
    conditions = conditions or Conditions()
    if "constant" in conditions.notes and conditions.constant is None:
        conditions = replace(conditions, constant=most_common_note(samples))
    result = Evaluation(conditions)
    measured = {} if journal is None else journal.cases
    for sample in samples:
        case = measured.get(sample.name)
        if case is None:
            case = measure(segmenter, sample, conditions)
            if journal is not None:
                journal.add(case)
        result.add(case)
        advance()
    return result


def measure(segmenter: Segmenter, sample: Sample, conditions: Conditions) -> Case:
    """Measure one radiograph.

    Raises:
        DatasetError: a file cannot be read, or radiograph and mask differ in size.
    """
    radiograph, truth = sample.load()
    start = time.perf_counter()
    try:
        own = segmenter.segment(radiograph, parse_note(sample.note, sample.laterality))
    except NoteError:
        return Case(sample.name)
    seconds = time.perf_counter() - start
    predict = _predictor(segmenter, own)
    notes, side_adherence = _measure_other_notes(predict, own, truth, conditions)
    referring = None
    if conditions.referring:
        extent, mirrored = lung_extent(radiograph.pixels), bool(radiograph.mirrored)
        referring = ReferringCounts.of(predict, own.expression, truth, extent, mirrored=mirrored)
    corruptions: dict[str, dict[str, Counts]] = {}
    for corruption in conditions.corruptions:
        pixels, moved_truth = corruption(radiograph.pixels, truth, sample.name)
        mask = _predict(segmenter, replace(radiograph, pixels=pixels), own.prompt)
        corruptions.setdefault(corruption.kind, {})[corruption.strength] = count(mask, moved_truth)
    sides = own.expression.sides
    return Case(
        name=sample.name,
        side=f"{sides[0]} only" if len(sides) == 1 else "both",
        own=count(own.mask, truth),
        notes=notes,
        corruptions=corruptions,
        side_adherence=side_adherence,
        referring=referring,
        calibration=Calibration.of(own.probability, truth),
        seconds=seconds,
    )


def worst_tiles(segmenter: Segmenter, samples: Sequence[Sample], scores: Scores, number: int) -> list[Tile]:
    """Segment the radiographs with the lowest Dice once more, the lowest first, and return them as tiles."""
    by_name = {sample.name: sample for sample in samples}
    tiles = []
    for dice, name in sorted(zip(scores.dice.tolist(), scores.names, strict=True))[:number]:
        sample = by_name[name]
        radiograph, truth = sample.load()
        mask = segmenter.segment(radiograph, parse_note(sample.note, sample.laterality)).mask
        tiles.append(Tile(radiograph.pixels, truth, mask, f"{name}\nDice {100 * dice:.1f}"))
    return tiles


def _predictor(segmenter: Segmenter, own: SegmentationResult) -> Callable[[ReferringExpression], Mask]:
    """Return a function that returns the mask of a note on the radiograph of `own`."""
    masks = {own.prompt: own.mask}  # by prompt, since several notes may lead to the same prompt

    def predict(note: ReferringExpression) -> Mask:
        prompt = segmenter.card.prompt(note)
        if prompt not in masks:
            masks[prompt] = _predict(segmenter, own.radiograph, prompt)
        return masks[prompt]

    return predict


def _measure_other_notes(
    predict: Callable[[ReferringExpression], Mask], own: SegmentationResult, truth: Mask, conditions: Conditions
) -> tuple[dict[str, Counts], SideAdherence | None]:
    expression = own.expression
    counts: dict[str, Counts] = {}
    for kind in conditions.notes:
        note = ablate_note(kind, expression, conditions.constant or expression)
        if note is not None:
            counts[kind] = count(predict(note), truth)
    if len(expression.sides) == 2:
        return counts, None
    named = split_by_side(np.ones(truth.shape, dtype=bool))[expression.sides[0]]
    return counts, SideAdherence.of(own.mask, predict(swap_sides_of(expression)), named)


def _predict(segmenter: Segmenter, radiograph: Radiograph, prompt: str) -> Mask:
    segmenter.set_radiograph(radiograph)
    return segmenter.predict(prompt) >= segmenter.card.threshold
