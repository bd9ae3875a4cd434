"""Read a table of images and notes as spreadsheets and other programs write it."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.notes.files import read_text, with_plain_line_ends

REQUIRED = ("image", "note")
"""The columns that a table must have."""
MAX_TABLE_LENGTH = 50_000_000
"""Maximum characters of a table: 50,000 long reports."""

_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\1*', re.IGNORECASE)  # for spreadsheets, as the first line
_COMMENT = "#"


@dataclass(frozen=True)
class TableRow:
    """A row that is not blank.

    Attributes:
        line: number of its last line in the file, counted from 1.
        cells: the text of each named column, without blanks around it, with line ends as "\\n".
        fault: why the row cannot be used, in one sentence; empty if no problem is known.
    """

    line: int
    cells: dict[str, str]
    fault: str = ""


def read_note_table(path: Path) -> Iterator[TableRow]:
    """Yield the rows of a table with the columns image and note, whose names may be in any letter case.

    Cells are separated by commas, semicolons, tabs or vertical bars. A first line like "sep=;", lines before the
    header that are blank or begin with "#", and blank rows are skipped.

    Raises:
        CausalCLIPSegError: the file cannot be read (`read_text`), is damaged, or lacks a column.
    """
    lines = read_text(path, "table", MAX_TABLE_LENGTH).split("\n")
    separator = _SEPARATOR_LINE.fullmatch(lines[0].strip(" "))
    start = 1 if separator else 0
    while not lines[start].strip() or _is_comment(lines[start]):
        start += 1
        if start == len(lines):
            raise CausalCLIPSegError(f"The table {path.name} has no header.")
    delimiter = _choose_delimiter(lines[start], [separator[1]] if separator else [])
    reader = csv.reader(
        StringIO("\n".join(lines[start:]), newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
    )
    try:
        header = [_column(cell) for cell in next(reader)]
        _check_header(header, path)
        for row in reader:
            cells = [with_plain_line_ends(cell).strip() for cell in row]
            if any(cells) and not (len(row) == 1 and _is_comment(row[0])):
                yield _read_row(start + reader.line_num, header, cells, delimiter)
    except csv.Error as error:
        line = start + reader.line_num
        raise CausalCLIPSegError(f"The table {path.name} cannot be read at line {line}: {_reason(error)}.") from error


def _choose_delimiter(header: str, first: Sequence[str]) -> str:
    """Return the delimiter that gives the header the required columns; else the one with the most columns."""

    def columns(delimiter: str) -> list[str]:
        return [_column(cell) for cell in next(csv.reader([header], delimiter=delimiter), [])]

    delimiters = [*first, *_DELIMITERS]
    return max(delimiters, key=lambda each: (set(REQUIRED) <= set(columns(each)), len(columns(each))))


def _column(cell: str) -> str:
    """Return the name of a column in lower case, without blanks and invisible characters around it."""
    return "".join(each for each in cell if unicodedata.category(each) != "Cf").strip().lower()


def _check_header(header: Sequence[str], path: Path) -> None:
    for column in REQUIRED:
        if column not in header:
            raise CausalCLIPSegError(f"The table {path.name} lacks the column {column}.")
    twice = next((column for column, count in Counter(header).items() if column and count > 1), None)
    if twice:
        raise CausalCLIPSegError(f"The table {path.name} has two columns with the name {twice}.")


def _read_row(line: int, header: Sequence[str], cells: Sequence[str], delimiter: str) -> TableRow:
    width = 1 + max(index for index, column in enumerate(header) if column)
    named = {column: cell for column, cell in zip(header, cells, strict=False) if column}
    fault = ""
    if any(cells[width:]):  # a part of the note would be lost
        fault = (
            f"Line {line} of the table has more cells than its header; put quotation marks around a note that "
            f"contains a {_DELIMITERS.get(delimiter, 'delimiter')}."
        )
    return TableRow(line, dict.fromkeys(header, "") | named, fault)


def _is_comment(line: str) -> bool:
    return line.lstrip('\ufeff \t"').startswith(_COMMENT)


def _reason(error: csv.Error) -> str:
    if "field larger" in str(error):
        return "a cell is too long"
    return "a quotation mark is not closed, or stands in the middle of a cell"
