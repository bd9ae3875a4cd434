"""Print the metrics of an evaluation as tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.table import Table

from training.evaluation.referring import rows_of

Metrics = dict[str, Any]


def print_metrics(console: Console, metrics: Metrics, title: str) -> None:
    """Print the metrics that `Evaluation.metrics` returns."""
    by_side = [*metrics["by_side"].items(), ("all", metrics)]
    console.print(_table(title, "side of the patient", by_side))
    interval = metrics["interval"]
    if interval:
        console.print(
            f"95 % intervals: Dice {_range(interval['dice'])}, mIoU {_range(interval['miou'])}, "
            f"Dice of pooled pixels {_range(interval['dice_global'])}."
        )
    console.print(_table("by ground-truth area", "area, percent of the image", metrics["by_size"].items()))
    if "notes" in metrics:
        notes = metrics["notes"].items()
        console.print(_comparison_table("other notes for the same radiographs", "note", notes, "own note"))
    if "shifts" in metrics:
        rows = [
            (f"{kind} {strength}", row)
            for kind, strengths in metrics["shifts"].items()
            for strength, row in strengths.items()
        ]
        console.print(_comparison_table("corrupted radiographs, own note", "corruption", rows, "unchanged"))
    adherence = metrics["listening"]
    console.print(
        f"One-sided notes ({adherence['n']}). Predicted area on the side named by the note: "
        f"{_share(adherence['area_on_named_side'])}; on the side named after the swap: "
        f"{_share(adherence['swapped_area_on_named_side'])}; former area that remains on the former side: "
        f"{_share(adherence['swapped_area_left_behind'])}."
    )
    if "referring" in metrics:
        console.print(_referring_table(metrics["referring"]))
    calibration = metrics["calibration"]
    if calibration:
        console.print(
            f"Calibration of pixels: expected error {calibration['ece']:.4f} "
            f"(with all bins weighted equally: {calibration['ece_even']:.4f}), "
            f"Brier score {calibration['brier']:.4f}."
        )
    if metrics["refused"]:
        console.print(f"{metrics['refused']} notes were refused; their radiographs count in no metric.")
    console.print(f"{metrics['seconds_per_image']:.3f} s per image ({metrics['device']}).")


def _table(title: str, first: str, rows: Iterable[tuple[str, Metrics]]) -> Table:
    table = Table(title=title)
    for heading in (first, "n", "Dice", "mIoU", "Dice, pixels pooled"):
        table.add_column(heading, justify="left" if heading == first else "right")
    for name, row in rows:
        table.add_row(name, str(row["n"]), *(_number(row, key) for key in ("dice", "miou", "dice_global")))
    return table


def _comparison_table(title: str, first: str, rows: Iterable[tuple[str, Metrics]], own: str) -> Table:
    """Return a table that compares each row with the `own` results, and with the results without a note if known."""
    table = Table(title=title)
    rows = list(rows)
    headings = {"minus_own": f"Dice minus {own}", "minus_none": "Dice minus no note"}
    differences = [key for key in headings if any(key in row for _, row in rows)]
    for heading in (first, "n", "Dice", "mIoU", *(cell for key in differences for cell in (headings[key], "95 %"))):
        table.add_column(heading, justify="left" if heading == first else "right")
    for name, row in rows:
        values = [cell for key in differences for cell in _difference(row.get(key))]
        table.add_row(name, str(row["n"]), _number(row, "dice"), _number(row, "miou"), *values)
    return table


def _referring_table(metrics: Metrics) -> Table:
    table = Table(title="notes that name one place")
    for heading in ("metric", "place", "n", "percent", "95 %"):
        table.add_column(heading, justify="left" if heading in ("metric", "place") else "right")
    previous = ""
    for metric, group, row in rows_of(metrics):
        interval = _range(row["interval"]) if "interval" in row else "-"
        table.add_row(
            "" if metric == previous else metric.replace("_", " "),
            group,
            str(row["n"]),
            _number(row, "percent"),
            interval,
        )
        previous = metric
    return table


def _difference(difference: Metrics | None) -> tuple[str, str]:
    return (f"{difference['dice']:+.2f}", _range(difference["interval"])) if difference else ("-", "-")


def _number(row: Metrics, key: str) -> str:
    return f"{row[key]:.2f}" if key in row else "-"


def _share(percent: float | None) -> str:
    return "-" if percent is None else f"{percent} %"


def _range(bounds: list[float]) -> str:
    return f"{bounds[0]:.2f} to {bounds[1]:.2f}"
