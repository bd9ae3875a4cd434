"""List the images of a batch with their notes: a folder with a report beside each image, or a table."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, get_args

from CausalCLIPSegLib.errors import CausalCLIPSegError, NoteError
from CausalCLIPSegLib.laterality import Laterality, SideChoice
from CausalCLIPSegLib.notes.files import read_note_file
from CausalCLIPSegLib.radiograph.formats import image_name

_REPORT = ".txt"
_NOT_IMAGES = (_REPORT, ".csv")


@dataclass(frozen=True)
class BatchItem:
    """An image to segment, with its note.

    Attributes:
        image: path of the image.
        name: name of the image, relative to its folder or as in its table, with / between folders; unique.
        folder: folder of its result, relative to the folder of all results; unique.
        note: free text; empty if the note could not be read, which `fault` explains.
        fault: why the image cannot be segmented, in one sentence; empty if no problem is known yet.
        laterality: whose left and right the note means; None: as in the settings of the batch.
        side: the patient's side to segment; None: as the note says.
        mirrored: whether the image shows the patient's right on the viewer's right; None: as its header says.
    """

    image: Path
    name: str
    folder: PurePath
    note: str = ""
    fault: str = ""
    laterality: Laterality | None = None
    side: SideChoice | None = None
    mirrored: bool | None = None


def read_items(source: Path, results: Path) -> list[BatchItem]:
    """List the images of a folder or a table, sorted by name.

    In a folder and its subfolders, the note of image.png is the text of image.txt or image.png.txt beside it. Tables
    and names that begin with a dot are ignored. Every other file counts as an image, so none is skipped silently.
    A table (comma or semicolon, UTF-8) has the columns image and note, and optionally laterality (patient, viewer),
    side (left, right, both) and mirrored (yes, no); other columns are ignored. Image paths are relative to its folder.

    Args:
        source: a folder or a .csv.
        results: the folder of the results, which is not searched for images.

    Raises:
        CausalCLIPSegError: there is no such folder or table, it holds no images, or two images would share a result.
    """
    items = sorted(
        _read_folder(source, results) if source.is_dir() else _read_table(source), key=lambda item: item.name
    )
    if not items:
        raise CausalCLIPSegError(f"{source} holds no images.")
    by_folder: dict[PurePath, BatchItem] = {}
    for item in items:
        first = by_folder.setdefault(item.folder, item)
        if first is not item:
            raise CausalCLIPSegError(
                f"{first.name} and {item.name} would have their results in one folder, {item.folder}; rename one of "
                "them, or list the image only once."
            )
    return items


def printable(text: str) -> str:
    """Write bytes that could not be decoded, for instance in a file name of another encoding, as \\udce4."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _read_folder(source: Path, results: Path) -> Iterator[BatchItem]:
    results = results.resolve()
    for path in source.rglob("*"):
        relative = path.relative_to(source)
        is_hidden = any(name.startswith(".") for name in relative.parts)
        if is_hidden or not path.is_file() or path.name.endswith(_NOT_IMAGES):
            continue
        if path.resolve().is_relative_to(results):
            continue
        item = BatchItem(path, printable(relative.as_posix()), relative.with_name(image_name(path.name)))
        reports = [path.with_name(name + _REPORT) for name in dict.fromkeys((item.folder.name, path.name))]
        report = next((each for each in reports if each.is_file()), None)
        if report is None:
            yield replace(item, fault=f"There is no report {reports[0].name} beside it.")
            continue
        try:
            yield replace(item, note=read_note_file(report))
        except NoteError as error:
            yield replace(item, fault=str(error))


def _read_table(table: Path) -> Iterator[BatchItem]:
    try:
        text = table.read_text(encoding="utf-8-sig")
        header = text.partition("\n")[0]
        # German and Spanish spreadsheets separate by semicolons.
        delimiter = ";" if header.count(";") > header.count(",") else ","
        rows = list(csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except FileNotFoundError as error:
        raise CausalCLIPSegError(f"There is no folder or table {table}.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CausalCLIPSegError(f"{table} is neither a folder nor a table of comma-separated values.") from error
    for row in rows:
        cells = {(column or "").strip().lower(): (cell or "") for column, cell in row.items() if _is_cell(cell)}
        for column in ("image", "note"):
            if column not in cells:
                raise CausalCLIPSegError(f"The table {table.name} lacks the column {column}.")
        if cells["image"].strip():
            yield _read_row(table.parent, cells)


def _is_cell(cell: Any) -> bool:
    """Return whether a cell belongs to a column; `DictReader` returns surplus cells in a list."""
    return cell is None or isinstance(cell, str)


def _read_row(folder: Path, cells: Mapping[str, str]) -> BatchItem:
    name = cells["image"].strip().replace("\\", "/")
    result = PurePath(name)
    if result.is_absolute() or ".." in result.parts:
        result = PurePath(result.name)  # so that it stays in the folder of the results, wherever the image is
    item = BatchItem(folder / name, name, result.with_name(image_name(result.name)), cells["note"].strip())
    choices: dict[str, Any] = {}
    for column, values in _CHOICES.items():
        cell = cells.get(column, "").strip().lower()
        if cell and cell not in values:
            return replace(item, fault=f"The table has “{cell}” in the column {column}; use {' or '.join(values)}.")
        choices[column] = values[cell] if cell else None
    return replace(item, **choices)


_CHOICES: dict[str, dict[str, Any]] = {
    "laterality": {each: each for each in get_args(Laterality)},
    "side": {each: each for each in get_args(SideChoice)},
    "mirrored": {"yes": True, "no": False},
}
"""The optional columns, with the texts that a cell may contain and the field values that they stand for."""
