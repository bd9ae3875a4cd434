"""The CSV layout: any data set as DIR/train.csv, DIR/val.csv and DIR/test.csv.

Each table has the columns image, mask and note, and may have a column laterality: "viewer", or "patient", which is the
default and what radiologists mean. A column name makes it possible to ask about one image several times; it holds a
different name for each row. Paths are relative to the table. Images may have any format that the program reads;
masks are pictures of 0 and 255.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import get_args

from CausalCLIPSegLib.laterality import Laterality
from training.data.sample import DatasetError, Row, stem


def read_csv_rows(table: Path) -> list[Row]:
    """Return the rows of a table.

    Raises:
        DatasetError: the table cannot be read, lacks a column, or names an unknown laterality.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = {(name or "").strip().lower(): name for name in reader.fieldnames or ()}
            missing = [name for name in ("image", "mask", "note") if name not in columns]
            if missing:
                raise DatasetError(f"The table {table.name} lacks the column {missing[0]}.")
            return [_row(table, {name: row[key] or "" for name, key in columns.items()}) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"The table {table.name} cannot be read as a table of comma-separated values.") from error


def _row(table: Path, row: dict[str, str]) -> Row:
    laterality = row.get("laterality", "").strip() or "patient"
    if laterality not in get_args(Laterality):
        raise DatasetError(f"The table {table.name} has the laterality “{laterality}”; it is “patient” or “viewer”.")
    name = row.get("name", "").strip() or stem(row["image"])
    image, mask = (_existing(table.parent, row[column]) for column in ("image", "mask"))
    return Row(name, image, mask, row["note"].strip(), laterality)  # type: ignore[arg-type]


def _existing(folder: Path, name: str) -> Path | None:
    path = folder / name.strip()
    return path if name.strip() and path.is_file() else None
