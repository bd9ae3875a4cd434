"""The CSV layout: any data set as DIR/train.csv, DIR/val.csv and DIR/test.csv.

Each table has the columns image, mask and note, and may have a column laterality: "viewer", or "patient", which is the
default and what radiologists mean. A column name makes it possible to ask about one image several times; it holds a
different name for each row. Paths are relative to the table. Images may have any format that the program reads;
masks are pictures of 0 and 255.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from CausalCLIPSegLib.batch.note_table import TableRow, read_note_table
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import Laterality
from training.data.sample import DatasetError, Row, stem


def read_csv_rows(table: Path) -> list[Row]:
    """Return the rows of a table, which may be written by a spreadsheet (`read_note_table`).

    Raises:
        DatasetError: the table cannot be read, lacks a column, or names an unknown laterality.
    """
    try:
        return [_row(table, row) for row in read_note_table(table)]
    except CausalCLIPSegError as error:
        raise DatasetError(str(error)) from error


def _row(table: Path, row: TableRow) -> Row:
    if row.fault:
        raise DatasetError(row.fault)
    cells = row.cells
    if "mask" not in cells:
        raise DatasetError(f"The table {table.name} lacks the column mask.")
    laterality = cells.get("laterality") or "patient"
    if laterality not in get_args(Laterality):
        raise DatasetError(f"The table {table.name} has the laterality “{laterality}”; it is “patient” or “viewer”.")
    image, mask = (_existing(table.parent, cells[column]) for column in ("image", "mask"))
    return Row(cells.get("name") or stem(cells["image"]), image, mask, cells["note"], laterality)  # type: ignore[arg-type]


def _existing(folder: Path, name: str) -> Path | None:
    path = folder / name
    return path if name and path.is_file() else None
