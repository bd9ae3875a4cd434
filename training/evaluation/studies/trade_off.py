"""The command that measures a checkpoint at several thresholds or peaks, to show what is gained and what is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import CheckpointOption, DeviceOption, EngineOption
from CausalCLIPSegLib.errors import CausalCLIPSegError
from training.console import progress_bar
from training.data.splits import read_split, subsample_evenly
from training.evaluation.journal import measure_all, open_journal
from training.evaluation.measures import ComparedCase, Measures
from training.evaluation.setting import Setting
from training.options import DataOption, LimitOption, SplitOption

THRESHOLDS = "0.2,0.3,0.4,0.5,0.6,0.7,0.8"
SHOWN = (
    *("Dice, own note", "Dice, no note", "absence zones", "absence lung", "absence wrong side"),
    *("false absence zones", "false absence lung", "own note empty", "containment zones", "restricted dice zones"),
)
"""The measures that are printed and on the page; the file holds all."""


def trade_off(
    data: DataOption,
    json_file: Annotated[
        Path, typer.Option("--json", help="Write the metrics to this file; a stopped evaluation is continued.")
    ],
    split: SplitOption = "val",
    checkpoint: CheckpointOption = "default",
    limit: LimitOption = None,
    thresholds: Annotated[str, typer.Option(help="Thresholds, separated by commas.")] = THRESHOLDS,
    peaks: Annotated[
        str, typer.Option(help="Peaks, separated by commas, each at every threshold; by default no peak.")
    ] = "",
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    seed: Annotated[int, typer.Option(help="Seed of the resampling for the intervals.")] = 0,
) -> None:
    """Measure a checkpoint at several thresholds and peaks from the same probabilities."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.comparison import compare_settings_on
    from training.evaluation.conditions import Conditions

    values = [
        Setting(threshold, peak)
        for threshold in parse_thresholds(thresholds)
        for peak in (parse_thresholds(peaks) if peaks else [None])
    ]
    segmenter = Segmenter.from_checkpoint(checkpoint, device, engine)
    card = segmenter.card
    segmenter.card = card.model_copy(update={"peak": None})  # each setting has its own
    samples = subsample_evenly(read_split(data, split), limit)
    settings = {
        "card": card.model_dump(mode="json", exclude={"figures"}),
        "thresholds": [each.name for each in values],
        "engine": segmenter.engine.name,
    }
    journal = open_journal(json_file, samples, settings, ComparedCase)
    measure = compare_settings_on(segmenter, values, Conditions(("none",), referring=True))
    with progress_bar(f"Evaluating on {split}", len(samples)) as advance:
        cases = [case for case in measure_all(samples, measure, journal, advance) if case.members]
    measures = Measures(cases).compare(seed=seed)
    metrics = {
        "checkpoint": card.name,
        "version": card.version,
        "sha256": card.sha256,
        "threshold": card.threshold,
        "peak": card.peak,
        "split": split,
        "radiographs": len(cases),
        "measures": measures,
    }
    write_text(json_file, json.dumps(metrics, indent=2) + "\n")
    journal.remove()
    names = [each.name for each in values]
    table = Table(title=f"{card.name} on {split}, percent at each threshold")
    for heading in ("measure", *names):
        table.add_column(heading)
    for name in SHOWN:
        row = measures.get(name, {})
        table.add_row(name, *(f"{row[at]['percent']:.2f}" if at in row else "-" for at in names))
    out.print(table)


def parse_thresholds(text: str) -> list[float]:
    """Return the thresholds of a list, each once, in ascending order.

    Raises:
        CausalCLIPSegError: one of them is no number above 0 and below 1.
    """
    try:
        values = sorted({round(float(word), 2) for word in text.split(",")})
    except ValueError:
        values = []
    if not values or not all(0 < value < 1 for value in values):
        raise CausalCLIPSegError(f"“{text}” is no list of thresholds; write, for instance, {THRESHOLDS}.")
    return values
