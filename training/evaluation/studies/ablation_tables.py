"""The tables of an ablation on the page of results: each arm beside the arm of reference, seed by seed."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from training.evaluation.markdown import signed, spread, table

Summary = dict[str, Any]
"""What `python -m training ablate --json` wrote: by arm the mean Dice, the Dice of each seed, the differences to the
reference, and, in some studies, the same for further measures."""

_SHOWN = (
    *("Dice, own note", "Dice, area under 3 %", "Dice, no note"),
    *("containment upper", "containment middle", "containment lower", "selectivity middle and lower"),
    *("restricted dice zones", "restricted dice lung"),
    *("absence zones", "absence lung", "absence wrong side"),
    *("false absence zones", "false absence lung", "own note empty"),
)
"""The measures on the page; the file holds more."""


def ablation_tables(summary: Summary, reference: str) -> Iterator[str]:
    """Yield the table of Dice, and the table of further measures if the study has them."""
    yield table(_dice_rows(summary, reference))
    if any("measures" in row for row in summary.values()):
        yield table(_measure_rows(summary, reference))


def _dice_rows(summary: Summary, reference: str) -> Iterator[Sequence[str]]:
    yield "arm", "seeds", "Dice", f"minus “{reference}”", "of each seed"
    for arm, row in summary.items():
        differences = [] if arm == reference else row["differences"]
        mean = signed([statistics.mean(differences)] if differences else [])
        yield arm, str(len(row["seeds"])), spread(list(row["seeds"].values())), mean, signed(differences)


def _measure_rows(summary: Summary, reference: str) -> Iterator[Sequence[str]]:
    """Yield a row for each measure: the reference, then the difference of each other arm, its mean and each seed."""
    others = [arm for arm in summary if arm != reference]
    yield "percent", reference, *others
    for name in _SHOWN:
        rows = {arm: row["measures"].get(name) for arm, row in summary.items() if "measures" in row}
        first = rows.get(reference)
        yield name, spread(list(first["seeds"].values())) if first else "-", *(_cell(rows.get(arm)) for arm in others)


def _cell(row: Summary | None) -> str:
    if not row or not row["differences"]:
        return "-"
    return f"{statistics.mean(row['differences']):+.2f} ({signed(row['differences'])})"
