"""Measure a checkpoint on a split exactly as the program uses it: image file and note go into the segmenter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import Sample
from training.evaluation.answers import CheckpointAnswers, case_of
from training.evaluation.bootstrap import difference, intervals
from training.evaluation.calibration import Calibration
from training.evaluation.case import Case
from training.evaluation.conditions import Conditions
from training.evaluation.contact_sheet import Tile
from training.evaluation.journal import Journal, measure_all
from training.evaluation.note_ablations import most_common_note
from training.evaluation.referring import Referring
from training.evaluation.scores import Scores
from training.evaluation.setting import Setting
from training.evaluation.side_adherence import SideAdherence


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
    journal: Journal[Case] | None = None,
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
        conditions = replace(conditions, constant=most_common_note(samples, segmenter.card.findings))
    result = Evaluation(conditions)
    for case in measure_all(samples, lambda sample: measure(segmenter, sample, conditions), journal, advance):
        result.add(case)
    return result


def measure(segmenter: Segmenter, sample: Sample, conditions: Conditions) -> Case:
    """Measure one radiograph.

    Raises:
        DatasetError: a file cannot be read, or radiograph and mask differ in size.
    """
    radiograph, truth = sample.load()
    start = time.perf_counter()
    try:
        own = segmenter.segment(radiograph, sample.parse(segmenter.card.findings))
    except NoteError:
        return Case(sample.name)
    seconds = time.perf_counter() - start
    setting = Setting(segmenter.card.threshold)  # the segmenter itself applies the peak
    return case_of(sample.name, own, truth, CheckpointAnswers(segmenter, own), setting, conditions, seconds)


def worst_tiles(segmenter: Segmenter, samples: Sequence[Sample], scores: Scores, number: int) -> list[Tile]:
    """Segment the radiographs with the lowest Dice once more, the lowest first, and return them as tiles."""
    by_name = {sample.name: sample for sample in samples}
    tiles = []
    for dice, name in sorted(zip(scores.dice.tolist(), scores.names, strict=True))[:number]:
        sample = by_name[name]
        radiograph, truth = sample.load()
        mask = segmenter.segment(radiograph, sample.parse(segmenter.card.findings)).mask
        tiles.append(Tile(radiograph.pixels, truth, mask, f"{name}\nDice {100 * dice:.1f}"))
    return tiles
