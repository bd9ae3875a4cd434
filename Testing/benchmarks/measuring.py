"""Measure interleaved: every round runs each candidate once, so that a busy moment slows all of them alike."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("numpy", "onnxruntime", "torch", "highdicom", "pillow")


def interleave(candidates: Mapping[str, Callable[[], object]], repeat: int) -> dict[str, float]:
    """Return the median wall-clock seconds of each candidate over `repeat` rounds, after one that does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(repeat + 1):
        for name, work in candidates.items():
            start = time.perf_counter()
            work()
            if number:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in seconds.items()}


def describe_machine() -> str:
    """Return one line on the date, the processor, the load and the versions."""
    versions = ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)
    load = os.getloadavg()[0]
    return (
        f"{date.today()}, {_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}; "
        f"load average {load:.1f} at the end{', so other processes shared the cores' if load > 1.5 else ''}."
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
