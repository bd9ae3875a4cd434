"""Measure a checkpoint on a split through the program's front door: the files, the note, the segmenter."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from CausalCLIPSegLib.notes import ReferringExpression, say
from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph
from CausalCLIPSegLib.segmenter import Segmenter
from CausalCLIPSegLib.sides import split_by_side
from training.dataset import LATERALITY, Sample, Split, read_split
from training.metrics import OverlapMetrics
from training.note_variation import of_other_side

Mask = npt.NDArray[np.bool_]


@dataclass
class Listening:
    """Where the predicted area of one-sided cases lies, in pixels, with the own note and with its side swapped."""

    n: int = 0
    own: int = 0
    own_on_named_side: int = 0
    swapped: int = 0
    swapped_on_named_side: int = 0
    swapped_empty: int = 0

    def add(self, own: Mask, swapped: Mask, named: Mask) -> None:
        """Add a case; `named` is true on the half of the film that its own note names."""
        self.n += 1
        self.own += int(own.sum())
        self.own_on_named_side += int((own & named).sum())
        self.swapped += int(swapped.sum())
        self.swapped_on_named_side += int((swapped & ~named).sum())
        self.swapped_empty += not swapped.any()

    def figures(self) -> dict[str, Any]:
        """Return shares of the predicted area in percent; None where there is none.

        "swapped_area_left_behind" is what the swapped note leaves on the side of the own note, in percent of the area
        that the own note gives.
        """
        return {
            "n": self.n,
            "area_on_named_side": _percent(self.own_on_named_side, self.own),
            "swapped_area_on_named_side": _percent(self.swapped_on_named_side, self.swapped),
            "swapped_area_left_behind": _percent(self.swapped - self.swapped_on_named_side, self.own),
            "swapped_empty": self.swapped_empty,
        }


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


@dataclass
class Evaluation:
    """Figures of a checkpoint, filled case by case."""

    all: OverlapMetrics = field(default_factory=OverlapMetrics)
    by_side: dict[str, OverlapMetrics] = field(
        default_factory=lambda: {name: OverlapMetrics() for name in ("left only", "right only", "both")}
    )
    listening: Listening = field(default_factory=Listening)
    seconds: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Return the contents of the json file; left and right are the patient's."""
        n = int(self.all.images)
        return {
            **_figures(self.all),
            "seconds_per_image": round(self.seconds / max(n, 1), 4),
            "by_side": {name: _figures(metrics) for name, metrics in self.by_side.items()},
            "listening": self.listening.figures(),
        }


def _figures(metrics: OverlapMetrics) -> dict[str, Any]:
    n = int(metrics.images)
    values = {name: round(float(value), 2) for name, value in metrics.compute().items()} if n else {}
    return {"n": n, **values}


def _side_name(expression: ReferringExpression) -> str:
    return f"{expression.sides[0]} only" if len(expression.sides) == 1 else "both"


def evaluate(segmenter: Segmenter, samples: Iterable[Sample], advance: Callable[[], None]) -> dict[str, Any]:
    """Segment every sample by its own note, and one-sided ones by the note of the other side too.

    Args:
        segmenter: the checkpoint.
        samples: of a split.
        advance: called after each sample.

    Returns:
        n, dice, miou (means over images, percent), dice_global (all pixels pooled), seconds_per_image, the same by
        side of the patient, and how far one-sided predictions follow the note ("listening").
    """
    result = Evaluation()
    for sample in samples:
        radiograph, truth = read_radiograph(sample.image), sample.load_mask()
        start = time.perf_counter()
        own = segmenter.segment(radiograph, sample.note, laterality=LATERALITY)
        result.seconds += time.perf_counter() - start
        for metrics in (result.all, result.by_side[_side_name(own.expression)]):
            metrics.update(_batch(own.mask), _batch(truth))
        if len(own.expression.sides) == 1:
            _listen(segmenter, radiograph, own.expression, own.mask, result.listening)
        advance()
    return result.figures()


def _listen(
    segmenter: Segmenter, radiograph: Radiograph, expression: ReferringExpression, own: Mask, listening: Listening
) -> None:
    prompt = say(of_other_side(expression), segmenter.card.laterality)
    swapped = segmenter.probabilities(radiograph, prompt).probability[0, 0].cpu().numpy() >= segmenter.card.threshold
    named = split_by_side(np.ones(own.shape, dtype=bool))[expression.sides[0]]
    listening.add(own, swapped, named)


def _batch(mask: Mask) -> torch.Tensor:
    return torch.from_numpy(mask)[None, None]


def load_split(directory: Path, split: Split, limit: int | None) -> list[Sample]:
    """Return the samples of a split, or the first `limit` of them spread evenly over its table."""
    samples = read_split(directory, split)
    if limit is None or limit >= len(samples):
        return samples
    return [samples[index] for index in np.linspace(0, len(samples) - 1, limit).astype(int)]
