"""Generate the results page from the files of evaluations, so that no number is typed by hand."""

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
from training.evaluation.markdown import signed, spread, table, with_interval
from training.evaluation.referring import rows_of
from training.evaluation.studies.ablation_tables import ablation_tables
from training.evaluation.studies.comparison_tables import comparison_tables, trade_off_table
from training.yaml_file import read_yaml

Metrics = dict[str, Any]


class Run(BaseModel):
    """A training run and its evaluation.

    Attributes:
        name: name of the run in the tables.
        evaluation: file that `evaluate --json` wrote, in the folder of runs.yaml.
        command: configuration and options of the training.
        seed: random seed.
        hardware: the hardware of the training.
        hours: duration of the training.
    """

    model_config = ConfigDict(extra="forbid")
    name: str
    evaluation: str
    command: str
    seed: str
    hardware: str
    hours: float


class Comparison(BaseModel):
    """Two groups of runs; runs at the same position form a pair and have the same seed.

    Attributes:
        title: title of the table.
        first, second: names of the groups.
        runs: names of the runs in each group.
        remark: what the reader must know, in Markdown.
    """

    model_config = ConfigDict(extra="forbid")
    title: str
    first: str
    second: str
    runs: tuple[list[str], list[str]]
    remark: str = ""


class Section(BaseModel):
    """A section with the tables of one file; it is shown if the file exists.

    Attributes:
        title: title of the section.
        file: file in the folder of runs.yaml.
        remark: what the reader must know, in Markdown.
    """

    model_config = ConfigDict(extra="forbid")
    title: str
    file: str
    remark: str = ""

    def tables(self, metrics: Metrics) -> Iterator[str]:
        """Yield the tables of the file as Markdown."""
        raise NotImplementedError


class TradeOff(Section):
    """A checkpoint at several thresholds, from a file that `trade-off` wrote."""

    def tables(self, metrics: Metrics) -> Iterator[str]:
        """Yield the table of thresholds."""
        yield trade_off_table(metrics)


class Checkpoints(Section):
    """Two checkpoints and their mean, from a file that `compare-checkpoints` wrote."""

    def tables(self, metrics: Metrics) -> Iterator[str]:
        """Yield the tables of the members and of their measures."""
        yield from comparison_tables(metrics)


class Ablation(Section):
    """An ablation, from a file that `ablate --json` wrote.

    Attributes:
        reference: the arm that the others are compared with.
    """

    reference: str

    def tables(self, metrics: Metrics) -> Iterator[str]:
        """Yield the tables of Dice and of further measures."""
        yield from ablation_tables(metrics, self.reference)


class Results(BaseModel):
    """The contents of `runs.yaml`.

    Attributes:
        remark: what the reader must know, in Markdown.
        runs: all runs, in the order of the table.
        notes: names of the runs whose metrics with other notes are shown.
        shifts: names of the runs whose metrics on corrupted radiographs are shown.
        comparisons: comparisons of groups of runs.
        trade_offs, checkpoints, ablations: further sections, in the order of the page.
    """

    model_config = ConfigDict(extra="forbid")
    remark: str
    runs: list[Run]
    notes: list[str] = []
    shifts: list[str] = []
    comparisons: list[Comparison] = []
    trade_offs: list[TradeOff] = []
    checkpoints: list[Checkpoints] = []
    ablations: list[Ablation] = []


class Row(NamedTuple):
    """A metric in which two groups are compared: its name, and how to read it from an evaluation."""

    name: str
    read: Callable[[Metrics], float]


def results_command(
    folder: Annotated[Path, typer.Argument(help="Folder with runs.yaml and the files that evaluate --json wrote.")],
    output: Annotated[Path, typer.Argument(help="The Markdown file to write.")],
) -> None:
    """Write the results page from the files of evaluations."""
    write_text(output, page(folder))


def page(folder: Path) -> str:
    """Return the page as Markdown.

    Raises:
        CheckpointError: runs.yaml cannot be read as YAML.
        DatasetError: runs.yaml is not a list of runs, or a file that it names cannot be read.
    """
    try:
        results = Results.model_validate(read_yaml(folder / "runs.yaml"))
    except ValidationError as error:
        raise DatasetError(f"The file {folder / 'runs.yaml'} is not a list of runs.") from error
    metrics = {run.name: _read(folder / run.evaluation) for run in results.runs}
    parts = [
        "# Results",
        "Written by `python -m training results` from the files in [results](results); no number is typed by hand.",
        results.remark.strip(),
        "## Runs",
        table(_run_rows(results.runs, metrics)),
    ]
    if results.notes:
        rows = _note_rows({name: metrics[name] for name in results.notes})
        parts += ["## Other notes for the same radiographs", table(rows)]
    if results.shifts:
        rows = _corruption_rows({name: metrics[name] for name in results.shifts})
        parts += ["## Corrupted radiographs, own note", table(rows)]
    referring = {name: run["referring"] for name, run in metrics.items() if "referring" in run}
    if referring:
        parts += ["## Notes that name one place", table(_referring_rows(referring))]
    for comparison in results.comparisons:
        first, second = ([metrics[name] for name in group] for group in comparison.runs)
        parts += [f"## {comparison.title}", comparison.remark.strip()]
        parts += [table(_comparison_rows(comparison, first, second))]
    for section in (*results.trade_offs, *results.checkpoints, *results.ablations):
        if (folder / section.file).is_file():
            parts += [f"## {section.title}", section.remark.strip(), *section.tables(_read(folder / section.file))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _read(path: Path) -> Metrics:
    try:
        metrics: Metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"The evaluation {path} cannot be read.") from error
    return metrics


def _run_rows(runs: Iterable[Run], metrics: dict[str, Metrics]) -> Iterator[Sequence[str]]:
    yield "run", "radiographs", "Dice", "95 %", "mIoU", "Dice, pooled", "seed", "hours", "hardware", "command"
    for run in runs:
        row = metrics[run.name]
        low, high = row["interval"]["dice"]
        values = (f"{row['dice']:.2f}", f"{low:.1f} to {high:.1f}", f"{row['miou']:.2f}", f"{row['dice_global']:.2f}")
        origin = (run.seed, f"{run.hours:.2f}", run.hardware, f"`{run.command}`")
        yield run.name, f"{row['n']} of {row['split']}", *values, *origin


def _note_rows(metrics: dict[str, Metrics]) -> Iterator[Sequence[str]]:
    yield "run", "note", "radiographs", "Dice", "minus own note (95 %)", "minus no note (95 %)"
    for name, run in metrics.items():
        for kind, row in run["notes"].items():
            differences = with_interval(row["minus_own"]), with_interval(row["minus_none"])
            yield name, kind, str(row["n"]), f"{row['dice']:.2f}", *differences


def _corruption_rows(metrics: dict[str, Metrics]) -> Iterator[Sequence[str]]:
    yield "run", "corruption", "radiographs", "Dice", "minus unchanged (95 %)"
    for name, run in metrics.items():
        for kind, strengths in run["shifts"].items():
            for strength, row in strengths.items():
                yield name, f"{kind} {strength}", str(row["n"]), f"{row['dice']:.2f}", with_interval(row["minus_own"])


def _referring_rows(runs: dict[str, Metrics]) -> Iterator[Sequence[str]]:
    """Yield a row for each metric and place that a run has, with a column for each run: percent and 95 % interval."""
    yield "percent (95 %)", "place", *runs
    for rows in zip(*(rows_of(run) for run in runs.values()), strict=True):
        metric, group, _ = rows[0]
        if any(row["n"] for _, _, row in rows):
            yield _words(metric), group, *(_percent(row) for _, _, row in rows)


def _words(metric: str) -> str:
    return metric.replace("_", " ")


def _percent(row: Metrics) -> str:
    if not row["n"]:
        return "-"
    low, high = row["interval"]
    return f"{row['percent']:.1f} ({low:.1f} to {high:.1f})"


def _comparison_rows(
    comparison: Comparison, first: Sequence[Metrics], second: Sequence[Metrics]
) -> Iterator[Sequence[str]]:
    yield "", comparison.first, comparison.second, "difference", "of each pair"
    for row in _rows([*first, *second]):
        first_values, second_values = [row.read(run) for run in first], [row.read(run) for run in second]
        differences = [a - b for a, b in zip(first_values, second_values, strict=True)]
        mean = f"{statistics.mean(differences):+.2f}"
        yield row.name, spread(first_values), spread(second_values), mean, signed(differences)


def _rows(runs: Sequence[Metrics]) -> Iterator[Row]:
    """Yield a row for each metric that the evaluations contain."""
    example = runs[0]
    yield Row("Dice", _at("dice"))
    yield Row("mIoU", _at("miou"))
    yield Row("Dice, pixels pooled", _at("dice_global"))
    yield Row("expected calibration error, percent", lambda metrics: 100 * metrics["calibration"]["ece"])
    if all("referring" in run for run in runs):
        for rows in zip(*(rows_of(run["referring"]) for run in runs), strict=True):
            metric, group, _ = rows[0]
            if all(row["n"] for _, _, row in rows):
                keys = ("referring", metric, *([group] if group else []), "percent")
                yield Row(f"{_words(metric)} {group}".strip(), _at(*keys))
    for kind in example.get("notes", {}):
        if kind != "own":
            yield Row(f"Dice, note: {kind}", _at("notes", kind, "dice"))
    for kind, strengths in example.get("shifts", {}).items():
        for strength in strengths:
            yield Row(f"Dice, {kind} {strength}", _at("shifts", kind, strength, "dice"))
    if "shifts" in example:
        yield Row("Dice, mean of the corrupted radiographs", _mean_of_corruptions)


def _at(*keys: str) -> Callable[[Metrics], float]:
    """Return a function that reads the metric below these keys."""

    def read(metrics: Metrics) -> float:
        value: Any = metrics
        for key in keys:
            value = value[key]
        return float(value)

    return read


def _mean_of_corruptions(metrics: Metrics) -> float:
    return statistics.mean(row["dice"] for strengths in metrics["shifts"].values() for row in strengths.values())
