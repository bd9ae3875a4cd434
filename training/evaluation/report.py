"""The figures of an evaluation as tables for a person."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

Figures = dict[str, Any]


def print_figures(console: Console, figures: Figures, title: str) -> None:
    """Print all that was measured."""
    by_side = [*figures["by_side"].items(), ("all", figures)]
    console.print(_table(title, "side of the patient", by_side))
    interval = figures["interval"]
    if interval:
        console.print(
            f"95 % intervals: Dice {_range(interval['dice'])}, mIoU {_range(interval['miou'])}, "
            f"Dice of pooled pixels {_range(interval['dice_global'])}."
        )
    console.print(_table("by ground-truth area", "area, percent of the film", figures["by_size"].items()))
    if "notes" in figures:
        console.print(_beside_own("other notes for the same films", "note", figures["notes"].items()))
    if "shifts" in figures:
        rows = [
            (f"{kind} {strength}", row)
            for kind, strengths in figures["shifts"].items()
            for strength, row in strengths.items()
        ]
        console.print(_beside_own("changed films, own note", "change", rows))
    listening = figures["listening"]
    console.print(
        f"One-sided notes ({listening['n']}): {listening['area_on_named_side']} % of the outlined area lies on the "
        f"named side; with the side swapped {listening['swapped_area_on_named_side']} % lies on the newly named side, "
        f"and {listening['swapped_area_left_behind']} % of the former area is left behind."
    )
    calibration = figures["calibration"]
    if calibration:
        console.print(
            f"Calibration of pixels: expected error {calibration['ece']:.4f} "
            f"(all bins alike: {calibration['ece_even']:.4f}), "
            f"Brier score {calibration['brier']:.4f}."
        )
    if figures["refused"]:
        console.print(f"{figures['refused']} notes were refused; their films are in no figure.")
    console.print(f"{figures['seconds_per_image']:.3f} s an image ({figures['device']}).")


def _table(title: str, first: str, rows: Iterable[tuple[str, Figures]]) -> Table:
    table = Table(title=title)
    for heading in (first, "n", "Dice", "mIoU", "Dice, pixels pooled"):
        table.add_column(heading, justify="left" if heading == first else "right")
    for name, row in rows:
        table.add_row(name, str(row["n"]), *(_number(row, key) for key in ("dice", "miou", "dice_global")))
    return table


def _beside_own(title: str, first: str, rows: Iterable[tuple[str, Figures]]) -> Table:
    table = Table(title=title)
    rows = list(rows)
    gaps = {"minus_own": "Dice minus as it is", "minus_none": "Dice minus no note"}
    shown = [gap for gap in gaps if any(gap in row for _, row in rows)]
    for heading in (first, "n", "Dice", "mIoU", *(cell for gap in shown for cell in (gaps[gap], "95 %"))):
        table.add_column(heading, justify="left" if heading == first else "right")
    for name, row in rows:
        values = [cell for gap in shown for cell in _gap(row.get(gap))]
        table.add_row(name, str(row["n"]), _number(row, "dice"), _number(row, "miou"), *values)
    return table


def _gap(gap: Figures | None) -> tuple[str, str]:
    return (f"{gap['dice']:+.2f}", _range(gap["interval"])) if gap else ("-", "-")


def _number(row: Figures, key: str) -> str:
    return f"{row[key]:.2f}" if key in row else "-"


def _range(bounds: list[float]) -> str:
    return f"{bounds[0]:.2f} to {bounds[1]:.2f}"
