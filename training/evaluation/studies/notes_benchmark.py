"""How well notes are understood: a file of notes with what they mean, against `parse_note`. Needs no torch.

    python -m training notes
    python -m training notes --gold Testing/notes/gold/held_out.jsonl --json figures.json

A line of the file is a JSON object: id, style, adversarial, note, expected; see docs/notes.md.
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

from CausalCLIPSegLib.cli.run import run_command
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.notes import Finding, ReferringExpression, Zone, parse_note
from training.options import JsonOption

GOLD = Path(__file__).parents[3] / "Testing" / "notes" / "gold" / "gold.jsonl"

SLOTS = ("side", "zone", "whole", "count", "kind", "negation", "history", "uncertainty", "finding")
"""What is counted, by its F1; "finding" is kind, sides, negation, history and uncertainty together."""


_WIDTH = 130  # of the table, which goes into the docs as it is printed


class BenchmarkError(CausalCLIPSegError):
    """The file of notes cannot be read."""


class ExpectedFinding(BaseModel):
    """A finding as the file has it; the fields are those of `Finding`."""

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
    """A line of the file."""

    id: str
    style: str
    adversarial: bool
    note: str
    expected: Expected


@dataclass
class Tally:
    """Hits and misses of one slot."""

    hits: int = 0
    said: int = 0
    meant: int = 0

    def add(self, said: Iterable[Hashable], meant: Iterable[Hashable]) -> None:
        """Add what was understood of a note and what it means."""
        ours, theirs = Counter(said), Counter(meant)
        self.hits += (ours & theirs).total()
        self.said += ours.total()
        self.meant += theirs.total()

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall, percent; None where there is nothing to find and none was."""
        return round(200 * self.hits / (self.said + self.meant), 1) if self.said + self.meant else None


@dataclass
class Score:
    """Figures of a group of notes."""

    n: int = 0
    exact: int = 0
    slots: dict[str, Tally] = field(default_factory=lambda: {slot: Tally() for slot in SLOTS})

    def add(self, expression: ReferringExpression, expected: Expected) -> None:
        """Add a note."""
        self.n += 1
        self.exact += is_exact(expression, expected)
        said, meant = _slots(expression), _slots(expected)
        for slot in SLOTS:
            self.slots[slot].add(said[slot], meant[slot])

    def figures(self) -> dict[str, Any]:
        """Return n, the share of exact matches of the merged expression in percent, and F1 by slot in percent."""
        exact = round(100 * self.exact / self.n, 1) if self.n else None
        return {"n": self.n, "exact": exact, "f1": {slot: tally.f1 for slot, tally in self.slots.items()}}


def is_exact(expression: ReferringExpression, expected: Expected) -> bool:
    """Whether sides, zones, whole, weak and count are all as expected; an order does not matter."""
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
        BenchmarkError: it is missing, or a line is not as it should be.
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
    """Return the figures over all notes, by style and for the adversarial ones, and the notes that are not exact."""
    everything, adversarial = Score(), Score()
    by_style: dict[str, Score] = {}
    missed: list[Case] = []
    for case in cases:
        expression = parse_note(case.note)
        groups = [everything, by_style.setdefault(case.style, Score())] + [adversarial] * case.adversarial
        for group in groups:
            group.add(expression, case.expected)
        if not is_exact(expression, case.expected):
            missed.append(case)
    figures = {
        **everything.figures(),
        "adversarial": adversarial.figures(),
        "by_style": {style: score.figures() for style, score in sorted(by_style.items())},
    }
    return figures, missed


def notes(
    gold: Annotated[Path, typer.Option(help="Notes with their meaning, one JSON object a line.")] = GOLD,
    json_file: JsonOption = None,
    missed: Annotated[bool, typer.Option("--missed", help="Also print the notes that are not understood.")] = False,
) -> None:
    """Measure how well notes are understood: exact match of the merged expression, and F1 of its parts."""
    figures, wrong = measure(read_gold(gold))
    if json_file is not None:
        json_file.write_text(json.dumps({"gold": gold.name, **figures}, indent=2) + "\n", encoding="utf-8")
    console = Console(highlight=False, markup=False, emoji=False, width=_WIDTH)
    console.print(_table(figures, gold.name))
    for case in wrong if missed else ():
        understood = parse_note(case.note).to_dict()
        meant = case.expected.model_dump()
        console.print(f"{case.id}: {case.note}", soft_wrap=True)
        for name in ("sides", "zones", "whole", "weak", "count"):
            if understood[name] != meant[name]:
                console.print(f"    {name}: {understood[name]}, not {meant[name]}", soft_wrap=True)


def _table(figures: dict[str, Any], title: str) -> Table:
    table = Table(title=f"{title}: exact match and F1, percent", box=box.MARKDOWN)
    for heading in ("notes", "n", "exact", *SLOTS):
        table.add_column(heading, justify="left" if heading == "notes" else "right")
    rows = {**figures["by_style"], "adversarial ones": figures["adversarial"], "all": figures}
    for name, row in rows.items():
        values = [row["exact"], *(row["f1"][slot] for slot in SLOTS)]
        table.add_row(name, str(row["n"]), *("-" if value is None else f"{value:.1f}" for value in values))
    return table


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(notes)
    raise SystemExit(run_command(app, tracebacks=True))
