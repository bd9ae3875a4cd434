"""Measure several members on one radiograph from the same probabilities: no member asks the network twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import Sample
from training.evaluation.answers import Answers, CheckpointAnswers, MeanAnswers, SureAnswers, case_of
from training.evaluation.conditions import Conditions
from training.evaluation.measures import MEAN, ComparedCase


def compare_checkpoints_on(
    segmenters: Mapping[str, Segmenter], threshold: float, conditions: Conditions
) -> Callable[[Sample], ComparedCase]:
    """Return a function that measures checkpoints, and the mean of their probabilities, on a radiograph.

    Each checkpoint encodes the radiograph once. `seconds` of a case is the CPU time of the segmentation with the own
    note, which does not depend on what else the machine does.

    Args:
        segmenters: run the checkpoints, by member; each uses the threshold of its card.
        threshold: of the mean.
        conditions: what is measured.
    """

    def measure(sample: Sample) -> ComparedCase:
        radiograph, truth = sample.load()
        answers: dict[str, Answers] = {}
        seconds = {}
        try:
            note = parse_note(sample.note, sample.laterality)
            for member, segmenter in segmenters.items():
                start = time.process_time()
                own = segmenter.segment(radiograph, note)
                seconds[member] = time.process_time() - start
                answers[member] = CheckpointAnswers(segmenter, own)
        except NoteError:
            return ComparedCase(sample.name)
        answers[MEAN] = MeanAnswers(list(answers.values()))
        seconds[MEAN] = sum(seconds.values())
        thresholds = {member: segmenter.card.threshold for member, segmenter in segmenters.items()} | {MEAN: threshold}
        return ComparedCase(
            sample.name,
            {
                member: case_of(sample.name, own, truth, each, thresholds[member], conditions, seconds[member])
                for member, each in answers.items()
            },
        )

    return measure


class Setting(NamedTuple):
    """What decides about a probability.

    Attributes:
        threshold: a pixel is segmented if its probability reaches this value.
        peak: see `lower_doubtful`; None: all areas that reach the threshold.
    """

    threshold: float
    peak: float | None = None

    @property
    def name(self) -> str:
        """The name as a member."""
        return f"{self.threshold:.2f}" if self.peak is None else f"{self.threshold:.2f}, peak {self.peak:.2f}"


def compare_settings_on(
    segmenter: Segmenter, settings: Sequence[Setting], conditions: Conditions
) -> Callable[[Sample], ComparedCase]:
    """Return a function that measures a checkpoint with several settings on a radiograph; it runs the network once.

    Args:
        segmenter: runs the checkpoint; its card has no peak.
        settings: each is a member, by its name.
        conditions: what is measured.
    """

    def measure(sample: Sample) -> ComparedCase:
        radiograph, truth = sample.load()
        try:
            own = segmenter.segment(radiograph, parse_note(sample.note, sample.laterality))
        except NoteError:
            return ComparedCase(sample.name)
        answers = CheckpointAnswers(segmenter, own)
        members = {}
        for each in settings:
            sure = answers if each.peak is None else SureAnswers(answers, each.threshold, each.peak)
            members[each.name] = case_of(sample.name, own, truth, sure, each.threshold, conditions, 0.0)
        return ComparedCase(sample.name, members)

    return measure
