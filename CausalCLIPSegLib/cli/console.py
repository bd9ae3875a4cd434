"""The output of the commands: two consoles, tables, JSON lines, and texts for areas and sides.

Names of files, patients and checkpoints, and notes, come from others. A terminal obeys control characters, so none of
theirs is sent: every text goes through `visible`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from typing import Any, TextIO

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from CausalCLIPSegLib.errors import DeviceWarning
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes import swap_sides

_ACTING = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that act instead of being shown: control, format (for instance the direction of writing),
lone surrogates, ends of lines and paragraphs."""
_JOINERS = "\u200c\u200d"
"""Format characters that Persian and Indic scripts are written with."""


def visible(text: str, keep: str = "") -> str:
    """Write characters that would act on a terminal as in a Python string, for instance \\x1b and \\u202e.

    Args:
        text: any text.
        keep: characters to leave as they are, for instance "\\n".
    """
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in _ACTING and character not in keep and character not in _JOINERS
        else character
        for character in text
    )


class _Console(Console):
    """A console that sends control characters of its own, but none of the texts that it prints.

    A text that is printed on its own is one line; in a table a text may have several.
    """

    def print(self, *objects: Any, **options: Any) -> None:
        super().print(*(visible(each) if isinstance(each, str) else each for each in objects), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text, keep="\n"))


# Without markup and emoji: a note may contain brackets and colons, and is shown as it was written.
out = _Console(highlight=False, markup=False, emoji=False)
err = _Console(stderr=True, highlight=False, markup=False, emoji=False)


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


class _Table(Table):
    """A table whose cells are text with several lines, but no other control characters."""

    def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
        super().add_row(*(visible(cell, keep="\n") if isinstance(cell, str) else cell for cell in cells), **options)


def plain_table() -> Table:
    """Return a table of two columns without a frame."""
    table = _Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def print_json_line(document: dict[str, Any]) -> None:
    """Print a JSON object as one line of standard output, not wrapped; characters that act are escaped."""
    typer.echo(_ACTING_IN_JSON.sub(_escape, json.dumps(document, ensure_ascii=False)))


_ACTING_IN_JSON = re.compile(r"[^\x20-\x7e]")


def _escape(match: re.Match[str]) -> str:
    return match[0] if visible(match[0]) == match[0] else json.dumps(match[0])[1:-1]
