"""The tables of checkpoints, and of thresholds, that were compared on the same radiographs, on the page of results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from training.evaluation.markdown import table, with_interval
from training.evaluation.measures import MEAN
from training.evaluation.setting import Setting
from training.evaluation.studies.compare_checkpoints import PAIRS
from training.evaluation.studies.trade_off import SHOWN

Metrics = dict[str, Any]

_HIDDEN = (
    *("all", "containment zones", "containment lung", "selectivity upper and middle"),
    *("restricted dice upper", "restricted dice middle", "restricted dice lower"),
)
"""Ends of the names of measures that are in the file but not on the page."""


def comparison_tables(metrics: Metrics) -> Iterator[str]:
    """Yield the table of the members, and the table of their measures, from what `compare-checkpoints` wrote."""
    yield table(_member_rows(metrics["members"]))
    yield table(_measure_rows(metrics))


def _member_rows(members: Metrics) -> Iterator[Sequence[str]]:
    yield "", "checkpoint", "version", "threshold", "peak", "MB", "CPU seconds per radiograph", "relative to a"
    for member, row in members.items():
        name = row.get("checkpoint", "mean of both probabilities"), row.get("version", "-")
        speed = f"{row['cpu_seconds_per_image']:.3f}", f"{row['seconds_relative_to_a']:.2f}"
        peak = f"{row['peak']:g}" if row["peak"] is not None else "-"
        yield member, *name, f"{row['threshold']:g}", peak, f"{row['bytes'] / 1e6:.1f}", *speed


def _measure_rows(metrics: Metrics) -> Iterator[Sequence[str]]:
    members = ("a", "b", MEAN)
    yield f"percent, {metrics['radiographs']} radiographs of {metrics['split']}", *members, *PAIRS
    for name, row in metrics["measures"].items():
        if not name.endswith(_HIDDEN):
            values = (f"{row[member]['percent']:.2f}" if member in row else "-" for member in members)
            yield name, *values, *(with_interval(row[pair]) if pair in row else "-" for pair in PAIRS)


def trade_off_table(metrics: Metrics) -> str:
    """Return the table of thresholds from what `trade-off` wrote."""
    return table(_threshold_rows(metrics))


def _threshold_rows(metrics: Metrics) -> Iterator[Sequence[str]]:
    measures = [name for name in SHOWN if name in metrics["measures"]]
    yield f"threshold, {metrics['radiographs']} radiographs of {metrics['split']}", *measures
    chosen = Setting(metrics["threshold"], metrics.get("peak")).name
    for at in dict.fromkeys(at for name in measures for at in metrics["measures"][name]):
        row = (metrics["measures"][name].get(at) for name in measures)
        mark = " (the card's)" if at == chosen else ""
        yield f"{at}{mark}", *(f"{each['percent']:.2f}" if each else "-" for each in row)
