"""Measure how well `parse_note` understands notes, with a file of notes and their meanings. Does not need torch.

    python -m training notes
    python -m training notes --gold Testing/notes/gold/held_out.jsonl --json metrics.json

Each line of the file is a JSON object with id, style, adversarial, note and expected; see docs/notes.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, ValidationError
from rich import box
from rich.console import Console
from rich.table import Table

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.run import run_command
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.notes import Finding, ReferringExpression, Zone, parse_note
from training.options import JsonOption

GOLD = Path(__file__).parents[3] / "Testing" / "notes" / "gold" / "gold.jsonl"

SLOTS = ("side", "zone", "whole", "count", "kind", "negation", "history", "uncertainty", "finding")
"""Parts of a note with an F1 each; "finding" is kind, sides, negation, history and uncertainty together."""

_WIDTH = 130
"""Characters of the table, which is copied into the docs."""


class BenchmarkError(CausalCLIPSegError):
    """The file of notes cannot be read or is malformed."""


class ExpectedFinding(BaseModel):
    """A finding in the file; the fields are those of `Finding`."""

    kind: str
    sides: list[Side] = []
    zones: dict[Side, list[Zone]] = {}
    negated: bool = False
    historical: bool = False
    uncertain: bool = False


class Expected(BaseModel):
    """What a note means; the fields are those of `ReferringExpression`."""

    sides: list[Side]
    zones: dict[Side, list[Zone]]
    whole: list[Side]
    weak: bool
    count: int | None
    findings: list[ExpectedFinding]


class Case(BaseModel):
    """A line of the file: a note with its meaning."""

    id: str
    style: str
    adversarial: bool
    note: str
    expected: Expected


@dataclass
class Tally:
    """Counts for the F1 of one slot: correct values, values that the parser returned, expected values."""

    correct: int = 0
    predicted: int = 0
    expected: int = 0

    def add(self, predicted: Iterable[Hashable], expected: Iterable[Hashable]) -> None:
        """Add the values of one note; a value may occur more than once."""
        predicted_counts, expected_counts = Counter(predicted), Counter(expected)
        self.correct += (predicted_counts & expected_counts).total()
        self.predicted += predicted_counts.total()
        self.expected += expected_counts.total()

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall, in percent; None without predicted and expected values."""
        total = self.predicted + self.expected
        return round(200 * self.correct / total, 1) if total else None


@dataclass
class Score:
    """Counts of a group of notes."""

    n: int = 0
    exact: int = 0
    slots: dict[str, Tally] = field(default_factory=lambda: {slot: Tally() for slot in SLOTS})

    def add(self, expression: ReferringExpression, expected: Expected) -> None:
        """Add a note."""
        self.n += 1
        self.exact += is_exact(expression, expected)
        predicted_slots, expected_slots = _slots(expression), _slots(expected)
        for slot in SLOTS:
            self.slots[slot].add(predicted_slots[slot], expected_slots[slot])

    def metrics(self) -> dict[str, Any]:
        """Return n, "exact" (share of notes whose merged expression is exact), and "f1" by slot, in percent."""
        exact = round(100 * self.exact / self.n, 1) if self.n else None
        return {"n": self.n, "exact": exact, "f1": {slot: tally.f1 for slot, tally in self.slots.items()}}


def is_exact(expression: ReferringExpression, expected: Expected) -> bool:
    """Return whether sides, zones, whole, weak and count are all as expected, in any order."""
    return _merged(expression) == _merged(expected)


def _merged(value: ReferringExpression | Expected) -> tuple[Any, ...]:
    whole = set(value.whole)
    zones = {side: () if side in whole else tuple(sorted(value.zones.get(side, ()))) for side in value.sides}
    return set(value.sides), zones, whole, value.weak, value.count


def _slots(value: ReferringExpression | Expected) -> dict[str, list[Hashable]]:
    findings: Sequence[Finding | ExpectedFinding] = value.findings
    return {
        "side": list(value.sides),
        "zone": [(side, zone) for side in value.sides for zone in value.zones.get(side, ())],
        "whole": list(value.whole),
        "count": [value.count] if value.count else [],
        "kind": [finding.kind for finding in findings],
        "negation": [finding.kind for finding in findings if finding.negated],
        "history": [finding.kind for finding in findings if finding.historical],
        "uncertainty": [finding.kind for finding in findings if finding.uncertain],
        "finding": [(f.kind, frozenset(f.sides), f.negated, f.historical, f.uncertain) for f in findings],
    }


def read_gold(path: Path) -> list[Case]:
    """Return the notes of a file.

    Raises:
        BenchmarkError: the file cannot be read, or a line is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BenchmarkError(f"The file of notes {path} cannot be read: {error.strerror}.") from error
    cases: list[Case] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                cases.append(Case.model_validate_json(line))
            except ValidationError as error:
                raise BenchmarkError(f"Line {number} of {path.name} is not a note with its meaning.") from error
    return cases


def measure(cases: Sequence[Case]) -> tuple[dict[str, Any], list[Case]]:
    """Return the metrics of all notes, of each style and of the adversarial notes; and the inexact notes."""
    overall, adversarial = Score(), Score()
    by_style: dict[str, Score] = {}
    missed: list[Case] = []
    for case in cases:
        expression = parse_note(case.note)
        groups = [overall, by_style.setdefault(case.style, Score())] + [adversarial] * case.adversarial
        for group in groups:
            group.add(expression, case.expected)
        if not is_exact(expression, case.expected):
            missed.append(case)
    metrics = {
        **overall.metrics(),
        "adversarial": adversarial.metrics(),
        "by_style": {style: score.metrics() for style, score in sorted(by_style.items())},
    }
    return metrics, missed


def notes(
    gold: Annotated[Path, typer.Option(help="Notes with their meaning, one JSON object per line.")] = GOLD,
    json_file: JsonOption = None,
    missed: Annotated[bool, typer.Option("--missed", help="Also print the notes that are not exact.")] = False,
) -> None:
    """Measure how well notes are understood: exact matches of the merged expression, and F1 of its parts."""
    metrics, inexact = measure(read_gold(gold))
    if json_file is not None:
        write_text(json_file, json.dumps({"gold": gold.name, **metrics}, indent=2) + "\n")
    console = Console(highlight=False, markup=False, emoji=False, width=_WIDTH)
    console.print(_table(metrics, gold.name))
    for case in inexact if missed else ():
        parsed = parse_note(case.note).to_dict()
        expected = case.expected.model_dump()
        console.print(f"{case.id}: {case.note}", soft_wrap=True)
        for name in ("sides", "zones", "whole", "weak", "count"):
            if parsed[name] != expected[name]:
                console.print(f"    {name}: {parsed[name]}, not {expected[name]}", soft_wrap=True)


def _table(metrics: dict[str, Any], title: str) -> Table:
    table = Table(title=f"{title}: exact match and F1, percent", box=box.MARKDOWN)
    for heading in ("notes", "n", "exact", *SLOTS):
        table.add_column(heading, justify="left" if heading == "notes" else "right")
    rows = {**metrics["by_style"], "adversarial ones": metrics["adversarial"], "all": metrics}
    for name, row in rows.items():
        values = [row["exact"], *(row["f1"][slot] for slot in SLOTS)]
        table.add_row(name, str(row["n"]), *("-" if value is None else f"{value:.1f}" for value in values))
    return table


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(notes)
    raise SystemExit(run_command(app, tracebacks=True))
