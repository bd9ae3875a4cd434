"""Tables and cells in Markdown for the page of results."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from typing import Any


def table(rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first row is its heading."""
    heading, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([heading, "|" + "---|" * heading.count(" | ") + "---|", *body])


def spread(values: Sequence[float]) -> str:
    """Return the mean, with the standard deviation if there are several values."""
    mean = f"{statistics.mean(values):.2f}"
    return f"{mean} ± {statistics.stdev(values):.2f}" if len(values) > 1 else mean


def signed(values: Sequence[float]) -> str:
    """Return values with their signs, separated by commas; "-" if there are none. -0.00 becomes +0.00."""
    return ", ".join(f"{value + 0.0:+.2f}" for value in values) or "-"


def with_interval(difference: dict[str, Any]) -> str:
    """Return a difference in percentage points with its 95 % interval; adding zero turns -0.00 into 0.00."""
    low, high = (bound + 0.0 for bound in difference["interval"])
    value = difference["difference"] if "difference" in difference else difference["dice"]
    return f"{value + 0.0:+.2f} ({low:.2f} to {high:.2f})"
