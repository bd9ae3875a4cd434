"""Write cells that a spreadsheet shows as text, whatever an image is called.

A spreadsheet takes a cell that begins with one of a few characters for a formula, and a spreadsheet of another country
splits cells at other characters. An apostrophe before the first, and quotation marks around the second, prevent that
(OWASP, CSV injection).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_ACTIVE = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
"""The beginning of a formula, also after apostrophes, so that `read_cell` gives every text back unchanged."""
_QUOTED = re.compile(r"[,;|\t\r\n\"]|^\s|\s$")


def write_line(cells: Iterable[str]) -> str:
    """Return a line of a table with commas, with its line end."""
    return ",".join(_quote(f"'{cell}" if _ACTIVE.match(cell) else cell) for cell in cells) + "\n"


def read_cell(cell: str) -> str:
    """Return the text that `write_line` was given for a cell."""
    return cell[1:] if cell.startswith("'") and _ACTIVE.match(cell) else cell


def _quote(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if _QUOTED.search(cell) else cell
