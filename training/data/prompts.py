"""Turn notes in free text into prompts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import to_prompt
from training.augmentation.notes import parse_any_finding
from training.data.sample import DatasetError, Sample


def with_prompts(samples: Iterable[Sample]) -> list[Sample]:
    """Return the samples with the prompt that the program would make of each note, in the samples' left and right.

    A note that names no infection is about another finding, as those of ChestX-Det are.

    Raises:
        DatasetError: some notes name nothing that can be segmented; the message counts them and names the first.
    """
    prompted, rejected = [], []
    for sample in samples:
        try:
            prompt = to_prompt(parse_any_finding(sample.note, sample.laterality), sample.laterality)
            prompted.append(replace(sample, note=prompt))
        except NoteError:
            rejected.append(sample.name)
    if rejected:
        raise DatasetError(
            f"{len(rejected)} notes name nothing that can be outlined; the first is that of {rejected[0]}."
        )
    return prompted
