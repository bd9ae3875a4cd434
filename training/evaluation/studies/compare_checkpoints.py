"""The command that compares two checkpoints and the average of their probabilities on the same radiographs."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.cli.options import DeviceOption, EngineOption
from CausalCLIPSegLib.model.checkpoint import Checkpoint, open_checkpoint
from training.console import progress_bar
from training.data.splits import read_split, subsample_evenly
from training.evaluation.corruptions import CORRUPTIONS
from training.evaluation.journal import measure_all, open_journal
from training.evaluation.markdown import with_interval
from training.evaluation.measures import MEAN, ComparedCase, Measures
from training.evaluation.note_ablations import NoteKind, most_common_note
from training.evaluation.setting import Setting
from training.options import DataOption, LimitOption, SplitOption

NOTES: tuple[NoteKind, ...] = ("none", "side-only", "bilateral", "constant")
"""The other notes that are compared: a missing one, vague ones, and one that says nothing about the radiograph."""
_STRONG = {("blur", "1.5 % of the width"), ("noise", "sigma 0.10"), ("crop", "up to 15 % a side")}
_STRONG |= {("film curve", "slope 10")}
SHIFTS = tuple(each for each in CORRUPTIONS if (each.kind, each.strength) in _STRONG)
"""The corruptions that are compared: those that cost most, one of each kind."""
PAIRS = {"b minus a": ("b", "a"), "mean minus a": (MEAN, "a"), "mean minus b": (MEAN, "b")}


def compare_checkpoints(
    data: DataOption,
    a: Annotated[str, typer.Option(help="The first checkpoint: its name, or its folder.")],
    b: Annotated[str, typer.Option(help="The second checkpoint.")],
    json_file: Annotated[
        Path, typer.Option("--json", help="Write the metrics to this file; a stopped comparison is continued.")
    ],
    split: SplitOption = "val",
    limit: LimitOption = None,
    threshold: Annotated[
        float | None, typer.Option(min=0.01, max=0.99, help="Of the mean; by default the mean of both thresholds.")
    ] = None,
    peak: Annotated[
        float | None,
        typer.Option(min=0.01, max=0.99, help="Of the mean; by default the mean of the peaks, if both have one."),
    ] = None,
    shifts: Annotated[bool, typer.Option(help="Also compare on corrupted radiographs.")] = True,
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    seed: Annotated[int, typer.Option(help="Seed of the resampling for the intervals.")] = 0,
) -> None:
    """Compare two checkpoints, and the mean of their probabilities, radiograph by radiograph."""
    from CausalCLIPSegLib.segmenter import Segmenter
    from training.evaluation.comparison import common_findings, compare_checkpoints_on
    from training.evaluation.conditions import Conditions

    names = {"a": a, "b": b}
    segmenters = {member: Segmenter.from_checkpoint(name, device, engine) for member, name in names.items()}
    cards = {member: segmenter.card for member, segmenter in segmenters.items()}
    for member, segmenter in segmenters.items():  # the mean is that of unchanged probabilities
        segmenter.card = cards[member].model_copy(update={"peak": None})
    chosen = {member: Setting(card.threshold, card.peak) for member, card in cards.items()}
    chosen[MEAN] = _mean_setting(list(chosen.values()), threshold, peak)
    samples = read_split(data, split)
    constant = most_common_note(samples, common_findings(list(cards.values())))
    conditions = Conditions(NOTES, SHIFTS if shifts else (), referring=True, constant=constant)
    samples = subsample_evenly(samples, limit)
    settings = {
        "cards": {member: card.model_dump(mode="json", exclude={"figures"}) for member, card in cards.items()},
        "mean": chosen[MEAN],
        "constant": str(conditions.constant),
        "corruptions": [(each.kind, each.strength) for each in conditions.corruptions],
        "engines": [each.engine.name for each in segmenters.values()],
    }
    journal = open_journal(json_file, samples, settings, ComparedCase)
    measure = compare_checkpoints_on(segmenters, chosen, conditions)
    with progress_bar(f"Comparing on {split}", len(samples)) as advance:
        cases = [case for case in measure_all(samples, measure, journal, advance) if case.members]
    measures = Measures(cases).compare(PAIRS, seed)
    seconds = {member: [case.members[member].seconds for case in cases] for member in (*names, MEAN)}
    metrics = {
        "split": split,
        "radiographs": len(cases),
        "refused": len(samples) - len(cases),
        "engine": segmenters["a"].engine.name,
        "members": _about({member: open_checkpoint(name) for member, name in names.items()}, chosen, seconds),
        "measures": measures,
    }
    write_text(json_file, json.dumps(metrics, indent=2) + "\n")
    journal.remove()
    table = Table(title=f"{cards['a'].name} (a) and {cards['b'].name} (b) on {split}, percent")
    for heading in ("measure", *seconds, *PAIRS):
        table.add_column(heading)
    for name, row in measures.items():
        values = [f"{row[member]['percent']:.2f}" if member in row else "-" for member in seconds]
        table.add_row(name, *values, *(with_interval(row[pair]) if pair in row else "-" for pair in PAIRS))
    out.print(table)


def _mean_setting(settings: list[Setting], threshold: float | None, peak: float | None) -> Setting:
    """Return the setting of the mean: each value as chosen, else the mean of those on the cards."""
    if threshold is None:
        threshold = statistics.mean(each.threshold for each in settings)
    peaks = [each.peak for each in settings if each.peak is not None]
    if peak is None and len(peaks) == len(settings):
        peak = statistics.mean(peaks)
    return Setting(round(threshold, 4), peak if peak is None else round(peak, 4))


def _about(
    checkpoints: dict[str, Checkpoint], settings: dict[str, Setting], seconds: dict[str, list[float]]
) -> dict[str, Any]:
    """Return names, threshold, peak, size and speed of each member."""
    about: dict[str, dict[str, Any]] = {}
    sizes = {}
    for member, checkpoint in checkpoints.items():
        card = checkpoint.card
        about[member] = {"checkpoint": card.name, "version": card.version, "sha256": card.sha256}
        files = (checkpoint.weights, *(checkpoint.folder / graph for graph in card.graphs))
        sizes[member] = sum(path.stat().st_size for path in files)
    about[MEAN], sizes[MEAN] = {}, sum(sizes.values())
    for member, row in about.items():
        row["threshold"], row["peak"] = settings[member]
        if seconds[member]:
            row["cpu_seconds_per_image"] = round(statistics.mean(seconds[member]), 4)
            row["seconds_relative_to_a"] = round(sum(seconds[member]) / sum(seconds["a"]), 3)
        row["bytes"] = sizes[member]
    return about
