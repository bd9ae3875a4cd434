"""Measure several members on one radiograph from the same probabilities: no member asks the network twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from CausalCLIPSegLib.errors import CheckpointError, NoteError
from CausalCLIPSegLib.model.card import Card
from CausalCLIPSegLib.segmenter import Segmenter
from training.data.splits import Sample
from training.evaluation.answers import Answers, CheckpointAnswers, MeanAnswers, case_of
from training.evaluation.conditions import Conditions
from training.evaluation.measures import MEAN, ComparedCase
from training.evaluation.setting import Setting


def common_findings(cards: Sequence[Card]) -> list[str]:
    """Return the findings that all checkpoints outline, in the order of the first one.

    Raises:
        CheckpointError: they have none in common.
    """
    findings = [each for each in cards[0].findings if all(each in card.findings for card in cards)]
    if not findings:
        raise CheckpointError("The checkpoints cannot be compared: they outline different findings.")
    return findings


def compare_checkpoints_on(
    segmenters: Mapping[str, Segmenter], settings: Mapping[str, Setting], conditions: Conditions
) -> Callable[[Sample], ComparedCase]:
    """Return a function that measures checkpoints, and the mean of their probabilities, on a radiograph.

    Each checkpoint encodes the radiograph once. `seconds` of a case is the CPU time of the segmentation with the own
    note, which does not depend on what else the machine does.

    Args:
        segmenters: run the checkpoints, by member; their cards have no peak.
        settings: of each member and of the mean.
        conditions: what is measured.
    """
    findings = common_findings([segmenter.card for segmenter in segmenters.values()])

    def measure(sample: Sample) -> ComparedCase:
        radiograph, truth = sample.load()
        answers: dict[str, Answers] = {}
        seconds = {}
        try:
            note = sample.parse(findings)
            for member, segmenter in segmenters.items():
                start = time.process_time()
                own = segmenter.segment(radiograph, note)
                seconds[member] = time.process_time() - start
                answers[member] = CheckpointAnswers(segmenter, own)
        except NoteError:
            return ComparedCase(sample.name)
        answers[MEAN] = MeanAnswers(list(answers.values()))
        seconds[MEAN] = sum(seconds.values())
        members = {}
        for member, each in answers.items():
            members[member] = case_of(sample.name, own, truth, each, settings[member], conditions, seconds[member])
        return ComparedCase(sample.name, members)

    return measure


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
            own = segmenter.segment(radiograph, sample.parse(segmenter.card.findings))
        except NoteError:
            return ComparedCase(sample.name)
        answers = CheckpointAnswers(segmenter, own)
        members = {}
        for each in settings:
            members[each.name] = case_of(sample.name, own, truth, answers, each, conditions, 0.0)
        return ComparedCase(sample.name, members)

    return measure
