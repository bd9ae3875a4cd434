"""The command that calibrates the statements about places of a checkpoint, and writes the settings to its card."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import CheckpointOption, DeviceOption, EngineOption
from CausalCLIPSegLib.model.card import find_checkpoint, write_card
from training.console import progress_bar
from training.data.splits import DatasetError, read_split, subsample_evenly
from training.options import DataOption, JsonOption, LimitOption, SplitOption


def calibrate_places(
    data: DataOption,
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    limit: LimitOption = None,
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    json_file: JsonOption = None,
    to_card: Annotated[
        bool, typer.Option("--write-card", help="Write the settings and their figures to the card of the checkpoint.")
    ] = False,
) -> None:
    """Calibrate whether something is at a place, and choose how to search outside the places of a note."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.places import calibrate, measure

    segmenter = Segmenter.from_checkpoint(checkpoint, device, engine)
    card = segmenter.card
    samples = subsample_evenly(read_split(data, split), limit)
    cases = []
    with progress_bar(f"Asking about places on {split}", len(samples)) as advance:
        for sample in samples:
            cases.append(measure(segmenter, sample))
            advance()
    measured = [case for case in cases if case is not None]
    if not any(case.presence for case in measured):
        raise DatasetError(f"No note of the {split} split names a place.")
    settings, metrics = calibrate(measured, card.threshold)
    command = f"python -m training calibrate-places --data DIR --split {split} --checkpoint {card.name}"
    command += "" if limit is None else f" --limit {limit}"
    metrics = {"checkpoint": card.name, "sha256": card.sha256, "split": split, "command": command, **metrics}
    if json_file is not None:
        write_text(
            json_file, json.dumps({**metrics, "settings": settings.model_dump(exclude={"figures"})}, indent=2) + "\n"
        )
    if to_card:
        elsewhere = {name: value for name, value in metrics["elsewhere"].items() if name != "curve"}
        figures = {**metrics, "elsewhere": elsewhere}
        places = settings.model_copy(update={"figures": figures})
        write_card(card.model_copy(update={"places": places}), find_checkpoint(checkpoint))
    chosen = metrics["elsewhere"]["chosen"]
    out.print(
        f"{metrics['radiographs']} radiographs: something reaches the threshold at "
        f"{metrics['presence']['reached_with_lesion']} % of the places with a lesion and at "
        f"{metrics['presence']['reached_without_lesion']} % of those without."
    )
    out.print(
        f"Search with threshold {chosen['threshold']} and areas from {100 * chosen['smallest_area']:g} % of the "
        f"image: {chosen['found_sides']} % of the deleted sides and {chosen['found_zones']} % of the deleted zones "
        f"are found, with {chosen['areas_per_radiograph']} areas per radiograph if nothing was deleted."
    )
