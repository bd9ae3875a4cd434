"""The output of the commands: two consoles, tables, JSON lines, and texts for areas and sides."""

from __future__ import annotations

import json
from typing import Any, TextIO

import typer
from rich.console import Console
from rich.table import Table

from CausalCLIPSegLib.errors import DeviceWarning
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes import swap_sides

# Without markup and emoji: a note may contain brackets and colons, and is shown as it was written.
out = Console(highlight=False, markup=False, emoji=False)
err = Console(stderr=True, highlight=False, markup=False, emoji=False)


def show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print each of our own warnings as one line, and drop those of libraries; replaces `warnings.showwarning`."""
    if issubclass(category, DeviceWarning):
        err.print(str(message))


def area_text(mm2: float | None, fraction: float) -> str:
    """Return an area in square centimeters and as a share of the image."""
    share = f"{100 * fraction:.1f} % of the image"
    return f"{share}, not calibrated" if mm2 is None else f"{mm2 / 100:.1f} cm² ({share})"


def prompt_text(prompt: str, laterality: Laterality, mirrored: bool | None = None) -> str:
    """Return a prompt and, if it names a side, whose left and right it means."""
    if swap_sides(prompt) == prompt:
        return prompt
    turned = " after the image is mirrored back" if mirrored and laterality == "viewer" else ""
    return f"{prompt} (left and right here are the {laterality}'s{turned})"


def plain_table() -> Table:
    """Return a table of two columns without a frame."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def print_json_line(document: dict[str, Any]) -> None:
    """Print a JSON object as one line of standard output, not wrapped and not escaped."""
    typer.echo(json.dumps(document, ensure_ascii=False))
