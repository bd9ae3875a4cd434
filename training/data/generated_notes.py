"""Notes made of the ground truth, for films that nobody wrote a note for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from CausalCLIPSegLib.mask.description import describe
from CausalCLIPSegLib.mask.lung_extent import lung_extent
from CausalCLIPSegLib.notes import to_prompt
from training.data.cache import Arrays
from training.data.sample import Sample
from training.evaluation.note_ablations import WITHOUT_WORDS

NoteSource = Literal["given", "missing", "described"]
"""given: the data's own notes. missing: those that the data lack are described. described: all are."""


def with_notes(samples: Sequence[Sample], arrays: Arrays, source: NoteSource) -> list[Sample]:
    """Return the samples with the notes of the source, in the samples' own left and right.

    A ground truth without any pixel is given the note without place and number.
    """
    if source == "given":
        return list(samples)
    return [
        sample if sample.note and source == "missing" else replace(sample, note=_describe(sample, arrays, index))
        for index, sample in enumerate(samples)
    ]


def _describe(sample: Sample, arrays: Arrays, index: int) -> str:
    mask = np.asarray(arrays.masks[index])
    film = arrays.images[index].astype(np.float32) / 255
    said = describe(mask, lung_extent(film))
    return to_prompt(said if said.sides else WITHOUT_WORDS, sample.laterality)
