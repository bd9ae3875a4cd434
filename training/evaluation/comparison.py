"""Measure several members on one radiograph from the same probabilities: no member asks the network twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import Sample
from training.evaluation.answers import Answers, CheckpointAnswers, MeanAnswers, case_of
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


def compare_thresholds_on(
    segmenter: Segmenter, thresholds: Sequence[float], conditions: Conditions
) -> Callable[[Sample], ComparedCase]:
    """Return a function that measures a checkpoint at several thresholds on a radiograph; it runs the network once.

    Args:
        segmenter: runs the checkpoint.
        thresholds: the thresholds; each is a member, see `threshold_name`.
        conditions: what is measured.
    """

    def measure(sample: Sample) -> ComparedCase:
        radiograph, truth = sample.load()
        try:
            own = segmenter.segment(radiograph, parse_note(sample.note, sample.laterality))
        except NoteError:
            return ComparedCase(sample.name)
        answers = CheckpointAnswers(segmenter, own)
        return ComparedCase(
            sample.name,
            {
                threshold_name(each): case_of(sample.name, own, truth, answers, each, conditions, 0.0)
                for each in thresholds
            },
        )

    return measure


def threshold_name(threshold: float) -> str:
    """Return the name of a threshold as a member."""
    return f"{threshold:.2f}"
