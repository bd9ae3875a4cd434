"""The page of results: tables of what evaluations wrote, so that no figure in it is typed by hand."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from pydantic import BaseModel, ConfigDict, ValidationError

from CausalCLIPSegLib.atomic_files import write_text
from training.data.splits import DatasetError
from training.yaml_file import read_yaml

Figures = dict[str, Any]


class Run(BaseModel):
    """One run that was really done.

    Attributes:
        name: of the run in the tables.
        evaluation: the file that `evaluate --json` wrote, beside the list of runs.
        command: what was trained, and with which switches.
        seed: of the run.
        hardware: what it ran on.
        hours: how long.
    """

    model_config = ConfigDict(extra="forbid")
    name: str
    evaluation: str
    command: str
    seed: str
    hardware: str
    hours: float


class Comparison(BaseModel):
    """Two groups of runs, paired in their order: each with the other's seed.

    Attributes:
        title: of the table.
        first, second: a name for each group.
        runs: of each group, by their names.
        remark: what the reader must know, in Markdown.
    """

    model_config = ConfigDict(extra="forbid")
    title: str
    first: str
    second: str
    runs: tuple[list[str], list[str]]
    remark: str = ""


class Results(BaseModel):
    """The list of runs, `runs.yaml`.

    Attributes:
        remark: what the reader must know, in Markdown.
        runs: in the order of the table.
        notes: runs whose figures with other notes are shown.
        shifts: runs whose figures on changed films are shown.
        comparisons: of groups of runs.
    """

    model_config = ConfigDict(extra="forbid")
    remark: str
    runs: list[Run]
    notes: list[str] = []
    shifts: list[str] = []
    comparisons: list[Comparison] = []


class Row(NamedTuple):
    """A figure that two groups are compared by."""

    name: str
    of: Callable[[Figures], float]


def results_command(
    folder: Annotated[Path, typer.Argument(help="Folder with runs.yaml and the files of evaluate --json.")],
    output: Annotated[Path, typer.Argument(help="The page to write (Markdown).")],
) -> None:
    """Write the page of results from the files of evaluations."""
    write_text(output, page(folder))


def page(folder: Path) -> str:
    """Return the page as Markdown.

    Raises:
        CheckpointError: if the list of runs cannot be read as YAML.
        DatasetError: if it is no list of runs, or a file that it names is not there.
    """
    try:
        results = Results.model_validate(read_yaml(folder / "runs.yaml"))
    except ValidationError as error:
        raise DatasetError(f"The file {folder / 'runs.yaml'} is no list of runs.") from error
    figures = {run.name: _read(folder / run.evaluation) for run in results.runs}
    parts = [
        "# Results",
        "Written by `python -m training results` from the files in [results](results); no table is typed by hand.",
        results.remark.strip(),
        "## Runs",
        _table(_run_rows(results.runs, figures)),
    ]
    if results.notes:
        parts += ["## Other notes for the same films", _table(_note_rows({n: figures[n] for n in results.notes}))]
    if results.shifts:
        parts += ["## Changed films, own note", _table(_shift_rows({n: figures[n] for n in results.shifts}))]
    for comparison in results.comparisons:
        groups = [[figures[name] for name in group] for group in comparison.runs]
        parts += [f"## {comparison.title}", comparison.remark.strip()]
        parts += [_table(_comparison_rows(comparison, *groups))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _read(path: Path) -> Figures:
    try:
        figures: Figures = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"The evaluation {path} cannot be read.") from error
    return figures


def _run_rows(runs: Iterable[Run], figures: dict[str, Figures]) -> Iterator[Sequence[str]]:
    yield "run", "films", "Dice", "95 %", "mIoU", "Dice, pooled", "seed", "hours", "hardware", "command"
    for run in runs:
        row = figures[run.name]
        low, high = row["interval"]["dice"]
        values = (f"{row['dice']:.2f}", f"{low:.1f} to {high:.1f}", f"{row['miou']:.2f}", f"{row['dice_global']:.2f}")
        about = (run.seed, f"{run.hours:.2f}", run.hardware, f"`{run.command}`")
        yield run.name, f"{row['n']} of {row['split']}", *values, *about


def _note_rows(figures: dict[str, Figures]) -> Iterator[Sequence[str]]:
    yield "run", "note", "films", "Dice", "minus own note (95 %)", "minus no note (95 %)"
    for name, row in figures.items():
        for kind, part in row["notes"].items():
            yield name, kind, str(part["n"]), f"{part['dice']:.2f}", _gap(part["minus_own"]), _gap(part["minus_none"])


def _shift_rows(figures: dict[str, Figures]) -> Iterator[Sequence[str]]:
    yield "run", "change", "films", "Dice", "minus as it is (95 %)"
    for name, row in figures.items():
        for kind, strengths in row["shifts"].items():
            for strength, part in strengths.items():
                yield name, f"{kind} {strength}", str(part["n"]), f"{part['dice']:.2f}", _gap(part["minus_own"])


def _gap(gap: Figures) -> str:
    """Return a difference with its interval; adding zero makes -0.00 plain."""
    low, high = (bound + 0.0 for bound in gap["interval"])
    return f"{gap['dice'] + 0.0:+.2f} ({low:.2f} to {high:.2f})"


def _comparison_rows(
    comparison: Comparison, first: Sequence[Figures], second: Sequence[Figures]
) -> Iterator[Sequence[str]]:
    yield "", comparison.first, comparison.second, "difference", "of each pair"
    for row in _rows(first[0]):
        one, other = [row.of(figures) for figures in first], [row.of(figures) for figures in second]
        gaps = [a - b for a, b in zip(one, other, strict=True)]
        each = ", ".join(f"{gap:+.2f}" for gap in gaps)
        yield row.name, _spread(one), _spread(other), f"{statistics.mean(gaps):+.2f}", each


def _rows(example: Figures) -> Iterator[Row]:
    yield Row("Dice", _at("dice"))
    yield Row("mIoU", _at("miou"))
    yield Row("Dice, pixels pooled", _at("dice_global"))
    yield Row("expected calibration error, percent", lambda figures: 100 * figures["calibration"]["ece"])
    for kind in example.get("notes", {}):
        if kind != "own":
            yield Row(f"Dice, note: {kind}", _at("notes", kind, "dice"))
    for kind, strengths in example.get("shifts", {}).items():
        for strength in strengths:
            yield Row(f"Dice, {kind} {strength}", _at("shifts", kind, strength, "dice"))
    if "shifts" in example:
        yield Row("Dice, mean of the changed films", _mean_of_shifts)


def _at(*keys: str) -> Callable[[Figures], float]:
    """Return what reads a figure from its place in the file of an evaluation."""

    def read(figures: Figures) -> float:
        found: Any = figures
        for key in keys:
            found = found[key]
        return float(found)

    return read


def _mean_of_shifts(figures: Figures) -> float:
    return statistics.mean(part["dice"] for strengths in figures["shifts"].values() for part in strengths.values())


def _spread(values: Sequence[float]) -> str:
    mean = f"{statistics.mean(values):.2f}"
    return f"{mean} ± {statistics.stdev(values):.2f}" if len(values) > 1 else mean


def _table(rows: Iterable[Sequence[str]]) -> str:
    heading, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([heading, "|" + "---|" * heading.count(" | ") + "---|", *body])
