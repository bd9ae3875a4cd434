"""The study or patient that an image belongs to, by its name, and the images of one study in several splits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from training.data.sample import Sample, Split

_STUDIES = (
    re.compile(r"^(jun_coronacases_case\d+)_", re.IGNORECASE),
    re.compile(r"^(jun_radiopaedia_.+)_\d+$", re.IGNORECASE),
    re.compile(r"^(morozov_study_\d+)_", re.IGNORECASE),
    re.compile(r"^(bjorke)_\d+$", re.IGNORECASE),
    re.compile(r"^(sub-[A-Za-z0-9]+)_"),
)
"""The first group names the study. The images of MosMedData+ are slices of CT studies; those of Bjorke have no study
in their names, so they count as one. The last pattern is that of a subject in a BIDS name, as in QaTa-COV19."""


def study_of(name: str) -> str:
    """Return the study or patient of an image by its stem; the stem itself if it names none."""
    for pattern in _STUDIES:
        if match := pattern.match(name):
            return match[1]
    return name


def _study_of(sample: Sample) -> str:
    return study_of(sample.name).casefold()  # a copy of the data set may have other capitals


class Leak(NamedTuple):
    """How much two splits share.

    Attributes:
        first, second: the splits.
        studies: studies that have images in both.
        images: images of the second split whose study is also in the first one.
        total: images of the second split.
    """

    first: Split
    second: Split
    studies: int
    images: int
    total: int


def leaks(splits: Mapping[Split, Sequence[Sample]]) -> list[Leak]:
    """Return how much each pair of splits shares, in the order of the splits."""
    studies = {split: [_study_of(sample) for sample in samples] for split, samples in splits.items()}
    result = []
    for first, second in combinations(studies, 2):
        shared = set(studies[first]) & set(studies[second])
        result.append(
            Leak(first, second, len(shared), sum(each in shared for each in studies[second]), len(studies[second]))
        )
    return result


def split_by_study(splits: Mapping[Split, Sequence[Sample]]) -> dict[Split, list[Sample]]:
    """Return the samples in splits of about the same sizes, with all images of a study in one split.

    The largest studies are placed first, each into the split that lacks most of its images; equal studies are placed
    in the order of their names, so that the same data set always gives the same splits.
    """
    studies: dict[str, list[Sample]] = {}
    for samples in splits.values():
        for sample in samples:
            studies.setdefault(_study_of(sample), []).append(sample)
    wanted = {split: len(samples) for split, samples in splits.items()}
    result: dict[Split, list[Sample]] = {split: [] for split in splits}
    for _, samples in sorted(studies.items(), key=lambda item: (-len(item[1]), item[0])):
        emptiest = max(wanted, key=lambda split: (wanted[split] - len(result[split])) / max(wanted[split], 1))
        result[emptiest] += samples
    return {split: sorted(samples, key=lambda sample: sample.name) for split, samples in result.items()}
