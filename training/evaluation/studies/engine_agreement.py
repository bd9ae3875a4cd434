"""How well two engines agree: pixels that differ, and the largest difference of a probability, over a split."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import typer

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import CheckpointOption
from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.model.device import EngineChoice
from training.console import progress_bar
from training.data.splits import read_split, subsample_evenly
from training.options import DataOption, LimitOption, SplitOption

ENGINES: tuple[EngineChoice, ...] = ("onnx", "torch")


@dataclass
class Agreement:
    """The agreement of two engines, added radiograph by radiograph.

    Attributes:
        radiographs: number of radiographs.
        pixels: their pixels.
        differing_pixels: pixels that belong to only one of the two masks.
        differing_radiographs: radiographs with such a pixel.
        largest_difference: largest difference of a probability.
    """

    radiographs: int = 0
    pixels: int = 0
    differing_pixels: int = 0
    differing_radiographs: int = 0
    largest_difference: float = 0.0

    def add(self, first: npt.NDArray[np.float32], second: npt.NDArray[np.float32], threshold: float) -> None:
        """Add the probabilities of the two engines on a radiograph, each rows x columns."""
        differing = int(((first >= threshold) != (second >= threshold)).sum())
        self.radiographs += 1
        self.pixels += first.size
        self.differing_pixels += differing
        self.differing_radiographs += differing > 0
        self.largest_difference = max(self.largest_difference, float(np.abs(first - second).max()))

    def metrics(self, checkpoint: str, split: str) -> dict[str, Any]:
        """Return the contents of the JSON file."""
        share = round(1e5 * self.differing_pixels / max(self.pixels, 1), 4)
        source = {"checkpoint": checkpoint, "split": split, "engines": list(ENGINES)}
        return {**source, **asdict(self), "differing_per_100000": share}


def compare_engines(
    data: DataOption,
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    limit: LimitOption = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures to this file.")] = None,
) -> None:
    """Compare the masks and probabilities of ONNX Runtime and PyTorch, each radiograph with its own note."""
    from CausalCLIPSegLib.segmenter import Segmenter

    segmenters = [Segmenter.from_checkpoint(checkpoint, "cpu", engine) for engine in ENGINES]
    card = segmenters[0].card
    samples = subsample_evenly(read_split(data, split), limit)
    agreement = Agreement()
    with progress_bar(f"Comparing on {split}", len(samples)) as advance:
        for sample in samples:
            radiograph, _ = sample.load()
            try:
                expression = sample.parse(card.findings)
                first, second = (each.segment(radiograph, expression).probability for each in segmenters)
                agreement.add(first, second, card.threshold)
            except NoteError:
                pass  # both refuse it
            advance()
    metrics = agreement.metrics(card.name, split)
    if json_file is not None:
        write_text(json_file, json.dumps(metrics, indent=2) + "\n")
    out.print(
        f"{agreement.radiographs} radiographs: {agreement.differing_pixels} of {agreement.pixels} pixels differ "
        f"({metrics['differing_per_100000']} in 100,000), on {agreement.differing_radiographs} radiographs; "
        f"probabilities differ by at most {agreement.largest_difference:.1e}."
    )
