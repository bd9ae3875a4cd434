"""The answers of a checkpoint to the notes of one radiograph, and the mean of those of several checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.mask import lung_extent, split_by_side
from CausalCLIPSegLib.mask.doubtful import lower_doubtful
from CausalCLIPSegLib.notes import ReferringExpression
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.result import SegmentationResult
from CausalCLIPSegLib.segmenter import Segmenter
from training.augmentation.notes import swap_sides_of
from training.evaluation.calibration import Calibration
from training.evaluation.case import Case
from training.evaluation.conditions import Conditions
from training.evaluation.corruptions import Corruption
from training.evaluation.note_ablations import ablate_note
from training.evaluation.referring import ReferringCounts
from training.evaluation.scores import Counts, count
from training.evaluation.setting import Setting
from training.evaluation.side_adherence import SideAdherence

Mask = npt.NDArray[np.bool_]
Probability = npt.NDArray[np.float32]
"""Of each pixel of the radiograph, in [0, 1], rows x columns."""


class Answers(Protocol):
    """The probabilities on one radiograph, by note."""

    def to(self, note: ReferringExpression) -> Probability:
        """Return the probability of a note on the unchanged radiograph."""

    def on(self, pixels: Probability, corruption: Corruption) -> Probability:
        """Return the probability of the radiograph's own note on corrupted pixels of it."""


class CheckpointAnswers:
    """The answers of a checkpoint; each prompt is decoded once."""

    def __init__(self, segmenter: Segmenter, own: SegmentationResult) -> None:
        """Start with the answer to the radiograph's own note.

        Args:
            segmenter: runs the checkpoint.
            own: its result with the radiograph's own note.
        """
        self._segmenter = segmenter
        self._own = own
        self._notes = {own.prompt: own.probability}  # by prompt, since several notes may lead to the same prompt
        self._corrupted: dict[tuple[str, str], Probability] = {}

    def to(self, note: ReferringExpression) -> Probability:
        """Return the probability of a note on the unchanged radiograph."""
        prompt = self._segmenter.card.prompt(note)
        if prompt not in self._notes:
            self._notes[prompt] = self._predict(self._own.radiograph, prompt)
        return self._notes[prompt]

    def on(self, pixels: Probability, corruption: Corruption) -> Probability:
        """Return the probability of the radiograph's own note on corrupted pixels of it."""
        key = corruption.kind, corruption.strength
        if key not in self._corrupted:
            self._corrupted[key] = self._predict(replace(self._own.radiograph, pixels=pixels), self._own.prompt)
        return self._corrupted[key]

    def _predict(self, radiograph: Radiograph, prompt: str) -> Probability:
        self._segmenter.set_radiograph(radiograph)
        return self._segmenter.predict(prompt)


class MeanAnswers:
    """The mean probabilities of several checkpoints."""

    def __init__(self, members: Sequence[Answers]) -> None:
        self._members = members

    def to(self, note: ReferringExpression) -> Probability:
        """Return the mean probability of a note on the unchanged radiograph."""
        return _mean([member.to(note) for member in self._members])

    def on(self, pixels: Probability, corruption: Corruption) -> Probability:
        """Return the mean probability of the radiograph's own note on corrupted pixels of it."""
        return _mean([member.on(pixels, corruption) for member in self._members])


def case_of(
    name: str,
    own: SegmentationResult,
    truth: Mask,
    answers: Answers,
    setting: Setting,
    conditions: Conditions,
    seconds: float,
) -> Case:
    """Compare the answers on one radiograph with its ground truth.

    Args:
        name: of the radiograph.
        own: a result with the radiograph and its own note.
        truth: ground truth of the own note, bool, rows x columns.
        answers: the answers that are measured.
        setting: decides about their probabilities.
        conditions: what is measured.
        seconds: duration of the segmentation with the own note.
    """
    expression, radiograph = own.expression, own.radiograph

    def sure(probability: Probability) -> Probability:
        threshold, peak = setting
        return probability if peak is None else lower_doubtful(probability, threshold, peak)

    def predict(note: ReferringExpression) -> Mask:
        return sure(answers.to(note)) >= setting.threshold

    mask, sides = predict(expression), expression.sides
    notes: dict[str, Counts] = {}
    for kind in conditions.notes:
        note = ablate_note(kind, expression, conditions.constant or expression)
        if note is not None:
            notes[kind] = count(predict(note), truth)
    side_adherence = referring = None
    if len(sides) == 1:
        named = split_by_side(np.ones(truth.shape, dtype=bool))[sides[0]]
        side_adherence = SideAdherence.of(mask, predict(swap_sides_of(expression)), named)
    if conditions.referring:
        extent, mirrored = lung_extent(radiograph.pixels), bool(radiograph.mirrored)
        referring = ReferringCounts.of(predict, expression, truth, extent, mirrored=mirrored)
    corruptions: dict[str, dict[str, Counts]] = {}
    for corruption in conditions.corruptions:
        pixels, moved_truth = corruption(radiograph.pixels, truth, name)
        corrupted = sure(answers.on(pixels, corruption)) >= setting.threshold
        corruptions.setdefault(corruption.kind, {})[corruption.strength] = count(corrupted, moved_truth)
    return Case(
        name=name,
        side=f"{sides[0]} only" if len(sides) == 1 else "both",
        own=count(mask, truth),
        notes=notes,
        corruptions=corruptions,
        side_adherence=side_adherence,
        referring=referring,
        calibration=Calibration.of(sure(answers.to(expression)), truth),
        seconds=seconds,
    )


def _mean(maps: list[Probability]) -> Probability:
    return np.mean(maps, axis=0, dtype=np.float32)
