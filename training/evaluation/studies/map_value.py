"""The command that measures what the maps of a checkpoint are worth (docs/maps.md)."""

from __future__ import annotations

import json

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import CheckpointOption, DeviceOption, EngineOption
from training.console import progress_bar
from training.data.splits import read_split, subsample_evenly
from training.options import DataOption, JsonOption, LimitOption, SplitOption


def measure_maps(
    data: DataOption,
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    json_file: JsonOption = None,
) -> None:
    """Measure how the maps agree with the ground truth, and what deleting their highest places changes."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.map_value import MapValue

    segmenter = Segmenter.from_checkpoint(checkpoint, device, engine)
    samples = subsample_evenly(read_split(data, split), limit)
    value = MapValue()
    with progress_bar(f"Measuring maps on {split}", len(samples)) as advance:
        for sample in samples:
            value.add(segmenter, sample)
            advance()
    metrics = value.metrics()
    card = segmenter.card
    if json_file is not None:
        source = {"checkpoint": card.name, "sha256": card.sha256, "split": split}
        write_text(json_file, json.dumps({**source, **metrics}, indent=2) + "\n")
    out.print(f"{card.name}, {metrics['n']} radiographs of {split}")
    out.print(f"random cells deleted: the probability falls by {metrics['random']['probability_falls_by']}")
    for name, values in metrics["maps"].items():
        out.print(
            f"{name}: correlation {values['correlation']}, the probability falls by "
            f"{values['probability_falls_by']}, range {values['lowest']} to {values['highest']}"
        )
    for word, each in metrics["words"].items():
        out.print(f"word “{word}”: weight {each['weight']} in {each['n']} prompts")
