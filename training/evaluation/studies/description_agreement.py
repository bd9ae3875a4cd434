"""How often `describe` says of the ground truth what the note says; and the commands that fit and measure it."""

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
from CausalCLIPSegLib.notes import ZONES, ReferringExpression, parse_note
from training.console import progress_bar
from training.data.sample import DatasetError, Sample
from training.data.splits import read_split, subsample_evenly
from training.evaluation.studies.fit_lung_extent import fit
from training.options import DataOption, JsonOption, LimitOption, SplitOption

Verdicts = dict[str, list[bool]]

EXTENTS = {"film": "lungs as estimated on each film", "default": "lungs at the usual place"}
"""The ways in which the lungs are found."""

_ROWS = {
    "side_right": "patient's right lung named or not",
    "side_left": "patient's left lung named or not",
    "sides_exact": "both sides right",
    "zone_upper": "upper zone of a lung that both name",
    "zone_middle": "middle zone of a lung that both name",
    "zone_lower": "lower zone of a lung that both name",
    "zones_exact": "all zones of a lung that both name",
    "count": "number of areas",
    "note_exact": "all of the note: sides, zones, number",
}


def agreement(samples: list[Sample], advance: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Compare the description of every ground truth with its note.

    Returns:
        n and, for both `EXTENTS`, for each of what is compared the number of comparisons and the percentage in which
        both say the same.

    Raises:
        DatasetError: if the notes cannot be read, or no note names anything.
    """
    verdicts: dict[str, Verdicts] = {name: {row: [] for row in _ROWS} for name in EXTENTS}
    read: dict[str, ReferringExpression] = {}
    for sample in samples:
        try:
            note = read.setdefault(sample.note, parse_note(sample.note, sample.laterality))
        except NoteError as error:
            raise DatasetError(f"The note of {sample.name} cannot be read: {error}") from error
        mask = sample.load_mask()
        extents: dict[str, LungExtent] = {"film": lung_extent(sample.load_image()), "default": default_extent()}
        for name, extent in extents.items():
            _compare(note, describe(mask, extent), verdicts[name])
        advance()
    return {"n": len(samples), **{name: _figures(rows) for name, rows in verdicts.items()}}


def _compare(note: ReferringExpression, described: ReferringExpression, verdicts: Verdicts) -> None:
    for side in SIDES:
        verdicts[f"side_{side}"].append((side in note.sides) == (side in described.sides))
    sides = note.sides == described.sides
    verdicts["sides_exact"].append(sides)
    for side in note.sides:
        if side in described.sides and note.zones[side]:
            for zone in ZONES:
                verdicts[f"zone_{zone}"].append((zone in note.zones[side]) == (zone in described.zones[side]))
            verdicts["zones_exact"].append(note.zones[side] == described.zones[side])
    if note.count is not None:
        verdicts["count"].append(note.count == (described.count or 0))
    verdicts["note_exact"].append(
        sides and dict(note.zones) == dict(described.zones) and note.count in (None, described.count)
    )


def _figures(verdicts: Verdicts) -> dict[str, dict[str, float | None]]:
    return {
        row: {"n": len(same), "agree": round(100 * float(np.mean(same)), 1) if same else None}
        for row, same in verdicts.items()
    }


def print_agreement(console: Console, figures: dict[str, Any], title: str) -> None:
    """Print the comparison as a table."""
    table = Table(title=title)
    table.add_column("compared")
    for heading in ("n", *EXTENTS.values()):
        table.add_column(heading, justify="right")
    for row, words in _ROWS.items():
        shown = (_percent(figures[name][row]["agree"]) for name in EXTENTS)
        table.add_row(words, str(figures["film"][row]["n"]), *shown)
    console.print(table)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def describe_command(
    data: DataOption,
    split: SplitOption = "val",
    json_file: JsonOption = None,
    limit: LimitOption = None,
) -> None:
    """Measure how often the description of a ground truth agrees with the published note."""
    samples = subsample_evenly(read_split(data, split), limit)
    figures = {"split": split, **_with_progress(samples, f"Describing {split}", agreement)}
    if json_file is not None:
        write_text(json_file, json.dumps(figures, indent=2) + "\n")
    print_agreement(out, figures, f"describe(ground truth) and the note, {split}, {len(samples)} films")


def fit_extent_command(
    data: Annotated[Path, typer.Option(help="A folder laid out as LViT's; its training split is used.")],
    output: Annotated[Path, typer.Option(help="Where to write the numbers, lung_extent.json.")],
) -> None:
    """Fit where the lungs lie and what counts as a zone, for the description of a mask."""
    fitted = _with_progress(read_split(data, "train"), "Fitting on train", fit)
    write_text(output, json.dumps(fitted, indent=1) + "\n")
    out.print(", ".join(f"{name} {value}" for name, value in fitted["agreement_on_training"].items()))


def _with_progress(
    samples: list[Sample], title: str, work: Callable[[list[Sample], Callable[[], object]], dict[str, Any]]
) -> dict[str, Any]:
    with progress_bar(title, len(samples)) as advance:
        return work(samples, advance)
