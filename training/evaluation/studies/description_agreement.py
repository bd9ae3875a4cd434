"""Measure how often the description of the ground truth agrees with the note, and fit the extent of the lungs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask.description import describe
from CausalCLIPSegLib.mask.lung_extent import LungExtent, default_extent, lung_extent
from CausalCLIPSegLib.notes import ZONES, ReferringExpression
from training.augmentation.notes import parse_any_finding
from training.console import progress_bar
from training.data.sample import DatasetError, Sample
from training.data.splits import read_split, subsample_evenly
from training.evaluation.studies.fit_lung_extent import fit
from training.options import DataOption, JsonOption, LimitOption, SplitOption

Verdicts = dict[str, list[bool]]

EXTENTS = {"film": "lungs as estimated on each radiograph", "default": "lungs at the usual place"}
"""How the extent of the lungs is determined; the keys are those of the JSON file."""

_ROWS = {
    "side_right": "patient's right lung named or not",
    "side_left": "patient's left lung named or not",
    "sides_exact": "both sides correct",
    "zone_upper": "upper zone of a lung that both name",
    "zone_middle": "middle zone of a lung that both name",
    "zone_lower": "lower zone of a lung that both name",
    "zones_exact": "all zones of a lung that both name",
    "count": "number of areas",
    "note_exact": "the whole note: sides, zones, number",
}


def agreement(samples: list[Sample], advance: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Compare the description of every ground truth with its note.

    Returns:
        n and, for both `EXTENTS` and each row of the table, the number of comparisons "n" and the percentage "agree"
        in which description and note are equal.

    Raises:
        DatasetError: a note is not understood, or a file cannot be read.
    """
    verdicts: dict[str, Verdicts] = {name: {row: [] for row in _ROWS} for name in EXTENTS}
    for sample in samples:
        try:
            note = parse_any_finding(sample.note, sample.laterality)
        except NoteError as error:
            raise DatasetError(f"The note of {sample.name} cannot be read: {error}") from error
        mask = sample.load_mask()
        extents: dict[str, LungExtent] = {"film": lung_extent(sample.load_image()), "default": default_extent()}
        for name, extent in extents.items():
            _compare(note, describe(mask, extent), verdicts[name])
        advance()
    return {"n": len(samples), **{name: _metrics(rows) for name, rows in verdicts.items()}}


def _compare(note: ReferringExpression, described: ReferringExpression, verdicts: Verdicts) -> None:
    for side in SIDES:
        verdicts[f"side_{side}"].append((side in note.sides) == (side in described.sides))
    same_sides = note.sides == described.sides
    verdicts["sides_exact"].append(same_sides)
    for side in note.sides:
        if side in described.sides and note.zones[side]:
            for zone in ZONES:
                verdicts[f"zone_{zone}"].append((zone in note.zones[side]) == (zone in described.zones[side]))
            verdicts["zones_exact"].append(note.zones[side] == described.zones[side])
    if note.count is not None:
        verdicts["count"].append(note.count == (described.count or 0))
    verdicts["note_exact"].append(
        same_sides and dict(note.zones) == dict(described.zones) and note.count in (None, described.count)
    )


def _metrics(verdicts: Verdicts) -> dict[str, dict[str, float | None]]:
    return {
        row: {"n": len(equal), "agree": round(100 * float(np.mean(equal)), 1) if equal else None}
        for row, equal in verdicts.items()
    }


def print_agreement(console: Console, metrics: dict[str, Any], title: str) -> None:
    """Print the comparison as a table."""
    table = Table(title=title)
    table.add_column("compared")
    for heading in ("n", *EXTENTS.values()):
        table.add_column(heading, justify="right")
    for row, label in _ROWS.items():
        values = (_percent(metrics[name][row]["agree"]) for name in EXTENTS)
        table.add_row(label, str(metrics["film"][row]["n"]), *values)
    console.print(table)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def describe_command(
    data: DataOption,
    split: SplitOption = "val",
    json_file: JsonOption = None,
    limit: LimitOption = None,
) -> None:
    """Measure how often the description of the ground truth agrees with the published note."""
    samples = subsample_evenly(read_split(data, split), limit)
    metrics = {"split": split, **_with_progress(samples, f"Describing {split}", agreement)}
    if json_file is not None:
        write_text(json_file, json.dumps(metrics, indent=2) + "\n")
    print_agreement(out, metrics, f"describe(ground truth) and the note, {split}, {len(samples)} radiographs")


def fit_extent_command(
    data: Annotated[Path, typer.Option(help="Folder laid out as LViT's; the training split is used.")],
    output: Annotated[Path, typer.Option(help="The file to write, lung_extent.json.")],
) -> None:
    """Fit the extent of the lungs and the thresholds of zones, for the description of a mask."""
    fitted = _with_progress(read_split(data, "train"), "Fitting on train", fit)
    write_text(output, json.dumps(fitted, indent=1) + "\n")
    out.print(", ".join(f"{name} {value}" for name, value in fitted["agreement_on_training"].items()))


def _with_progress(
    samples: list[Sample], title: str, work: Callable[[list[Sample], Callable[[], object]], dict[str, Any]]
) -> dict[str, Any]:
    with progress_bar(title, len(samples)) as advance:
        return work(samples, advance)
