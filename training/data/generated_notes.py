"""Generate notes from the ground truth, for radiographs without a note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np

from CausalCLIPSegLib.mask.description import describe
from CausalCLIPSegLib.mask.lung_extent import lung_extent
from CausalCLIPSegLib.notes import to_prompt
from training.augmentation.notes import WITHOUT_LOCATION
from training.data.cache import Arrays
from training.data.sample import Sample

NoteSource = Literal["given", "missing", "described"]
"""given: use the data set's notes. missing: generate the notes that it lacks. described: generate all notes."""


def with_notes(samples: Sequence[Sample], arrays: Arrays, source: NoteSource) -> list[Sample]:
    """Return the samples with notes from the source, in the samples' own left and right.

    For an empty ground truth the generated note has no location and number.

    Args:
        samples: the samples.
        arrays: their radiographs and masks, in the same order.
        source: where the notes come from.
    """
    if source == "given":
        return list(samples)
    return [
        sample if sample.note and source == "missing" else replace(sample, note=_describe(sample, arrays, index))
        for index, sample in enumerate(samples)
    ]


def _describe(sample: Sample, arrays: Arrays, index: int) -> str:
    pixels = arrays.images[index].astype(np.float32) / 255
    expression = describe(np.asarray(arrays.masks[index]), lung_extent(pixels))
    return to_prompt(expression if expression.sides else WITHOUT_LOCATION, sample.laterality)
