"""List the images of a batch with their notes: a folder with a report beside each image, or a table."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, get_args

from CausalCLIPSegLib.batch.note_table import TableRow, read_note_table
from CausalCLIPSegLib.errors import CausalCLIPSegError, NoteError, reason_of
from CausalCLIPSegLib.laterality import Laterality, SideChoice
from CausalCLIPSegLib.notes.files import read_note_file
from CausalCLIPSegLib.radiograph.formats import image_name
from CausalCLIPSegLib.regular_files import check_regular

TABLE = "films.csv"
"""Name of the table of results, in the folder of all results."""

_REPORT = ".txt"
_NOT_IMAGES = (_REPORT, ".csv")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


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

    In a folder and its subfolders, the note of image.png is the text of image.txt or image.png.txt beside it, in any
    letter case. Tables and names that begin with a dot are ignored, and links to folders are not followed. Every other
    file counts as an image, so none is skipped silently.
    A table (`read_note_table`) has the columns image and note, and optionally laterality (patient, viewer),
    side (left, right, both) and mirrored (yes, no); other columns are ignored. Image paths are relative to its folder.

    Args:
        source: a folder or a table.
        results: the folder of the results, which is not searched for images.

    Raises:
        CausalCLIPSegError: there is no such folder or table, it holds no images, or two images would share a result.
    """
    if not os.path.lexists(source):
        raise CausalCLIPSegError(f"There is no folder or table {source}.")
    found = _read_folder(source, results) if source.is_dir() else _read_table(source)
    items = sorted((_checked(item, results) for item in found), key=lambda item: item.name)
    if not items:
        raise CausalCLIPSegError(f"{source} holds no images.")
    by_result: dict[PurePath | str, BatchItem] = {}
    for item in items:
        for key in (item.folder, item.name):
            first = by_result.setdefault(key, item)
            if first is not item:
                folder = printable(str(item.folder))
                raise CausalCLIPSegError(
                    f"{first.name} and {item.name} would have their results in one folder, {folder}; rename one of "
                    "them, or list the image only once."
                )
    return items


def printable(text: str) -> str:
    """Write control characters, and bytes that could not be decoded, as \\x1b and \\udce4."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _CONTROL.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)


def _checked(item: BatchItem, results: Path) -> BatchItem:
    """Add the fault of an image that is no regular file, or whose result could not be written."""
    if item.fault:
        return item
    try:
        check_regular(item.image)
    except OSError as error:
        return replace(item, fault=f"The image cannot be read: {reason_of(error)}.")
    if item.folder == PurePath(TABLE):
        return replace(item, fault=f"Rename the image: its folder of results would be called {TABLE}, as the table.")
    try:
        (results / item.folder / TABLE).exists()
    except OSError:
        return replace(item, fault="The name of the image is too long for a folder of results.")
    return item


def _read_folder(source: Path, results: Path) -> Iterator[BatchItem]:
    results = results.resolve()
    unreadable: list[OSError] = []
    for path, subfolders, names in os.walk(source, onerror=unreadable.append):
        folder = Path(path)
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        if folder.resolve().is_relative_to(results):
            subfolders.clear()
            continue
        names = [name for name in names if not name.startswith(".")]
        images = [name for name in names if not name.lower().endswith(_NOT_IMAGES)]
        reports = _Reports(names, images)
        for name in images:
            yield _with_report(folder / name, source, reports)
    for error in unreadable:
        folder = Path(error.filename)
        if folder == source:
            raise CausalCLIPSegError(f"The folder {source} cannot be read: {reason_of(error)}.") from error
        relative = folder.relative_to(source)
        yield BatchItem(folder, printable(f"{relative.as_posix()}/"), relative, fault="This folder cannot be read.")


def _with_report(image: Path, source: Path, reports: _Reports) -> BatchItem:
    relative = image.relative_to(source)
    item = BatchItem(image, printable(relative.as_posix()), relative.with_name(image_name(image.name)))
    found = reports.of(image.name)
    if len(found) != 1:
        names = " and ".join(found) or item.folder.name + _REPORT
        problem = f"There are two reports beside it, {names}" if found else f"There is no report {names} beside it"
        return replace(item, fault=f"{problem}.")
    try:
        return replace(item, note=read_note_file(image.with_name(found[0])))
    except NoteError as error:
        return replace(item, fault=str(error))


class _Reports:
    """The reports of a folder, found by the name of their image."""

    def __init__(self, names: Sequence[str], images: Sequence[str]) -> None:
        self._by_key: dict[str, list[str]] = {}
        for name in sorted(names):
            if name.lower().endswith(_REPORT):
                self._by_key.setdefault(_key(name), []).append(name)
        self._images = Counter(_key(image_name(name)) for name in images)

    def of(self, image: str) -> list[str]:
        """Return the report of an image; several if it is not clear which one belongs to it.

        Letter case counts only if names differ in nothing else, for instance a.png, A.png, a.txt and A.TXT.
        """
        stem = image_name(image)
        for wanted in dict.fromkeys((stem, image)):
            found = self._by_key.get(_key(wanted + _REPORT), [])
            same_case = [name for name in found if name[: -len(_REPORT)] == wanted]
            if same_case or (found and self._images[_key(stem)] == 1):
                return same_case or found
        return []


def _key(name: str) -> str:
    """Return a name as file systems compare it that ignore letter case and the composition of letters."""
    return unicodedata.normalize("NFC", name).casefold()


def _read_table(table: Path) -> Iterator[BatchItem]:
    for row in read_note_table(table):
        yield _read_row(table, row)


def _read_row(table: Path, row: TableRow) -> BatchItem:
    name = row.cells["image"].replace("\\", "/")
    result = PurePath(name)
    if result.anchor or ".." in result.parts:
        result = PurePath(result.name)  # so that it stays in the folder of the results, wherever the image is
    if result.name in ("", ".."):
        line = f"line {row.line}"
        fault = f"Line {row.line} of the table names no image."
        return BatchItem(
            table.parent / name, f"{line}: {printable(name)}" if name else line, PurePath(line), fault=fault
        )
    item = BatchItem(
        table.parent / name, printable(name), result.with_name(image_name(result.name)), row.cells["note"], row.fault
    )
    if row.fault:
        return item
    try:
        return replace(item, **_choices(row.cells))
    except CausalCLIPSegError as error:
        return replace(item, fault=str(error))


def _choices(cells: Mapping[str, str]) -> dict[str, Any]:
    choices: dict[str, Any] = {}
    for column, values in _CHOICES.items():
        cell = cells.get(column, "").lower()
        if cell and cell not in values:
            raise CausalCLIPSegError(f"The table has “{cell}” in the column {column}; use {' or '.join(values)}.")
        choices[column] = values[cell] if cell else None
    return choices


_CHOICES: dict[str, dict[str, Any]] = {
    "laterality": {each: each for each in get_args(Laterality)},
    "side": {each: each for each in get_args(SideChoice)},
    "mirrored": {"yes": True, "no": False},
}
"""The optional columns, with the texts that a cell may contain and the field values that they stand for."""
