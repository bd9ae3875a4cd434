"""Which films there are, and the note of each: a folder with a report beside each film, or a table."""

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

REPORT = ".txt"
_NO_FILMS = (REPORT, ".csv")
_YES_NO = {"yes": True, "no": False}


@dataclass(frozen=True)
class BatchItem:
    """A film that is to be outlined, with its note.

    Attributes:
        image: the file.
        name: as the folder or the table names it, with / between folders; unique.
        folder: of its result, below that of all results; unique.
        note: free text; empty where there is none.
        fault: why it cannot be outlined, in a sentence; empty where nothing is known yet.
        laterality: whose left and right the note means; None: as for all films.
        side: as in `Segmenter.segment`.
        mirrored: as in `Segmenter.segment`.
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
    """List the films of a folder or a table, by name.

    In a folder, and the folders in it, the note of film.png is the text of film.txt (or film.png.txt) beside it; any
    other file is taken for a film, so that none is passed over, but for tables and what begins with a dot. A
    table (comma or semicolon, UTF-8) has the columns image and note, and may have laterality (patient, viewer), side
    (left, right, both) and mirrored (yes, no); other columns are passed over. Its images are named from its folder.

    Args:
        source: a folder or a .csv.
        results: the folder of the results, which is not searched for films.

    Raises:
        CausalCLIPSegError: there is no such folder or table, it holds no film, or two films would have one result.
    """
    films = sorted(_in_folder(source, results) if source.is_dir() else _in_table(source), key=lambda film: film.name)
    if not films:
        raise CausalCLIPSegError(f"{source} holds no films.")
    seen: dict[PurePath, BatchItem] = {}
    for film in films:
        other = seen.setdefault(film.folder, film)
        if other is not film:
            raise CausalCLIPSegError(
                f"{other.name} and {film.name} would have their results in one folder, {film.folder}; a film may "
                "stand there once."
            )
    return films


def printable(text: str) -> str:
    """Return a text with what is no letter, as of a file that was named in another encoding, written as \\udce4."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _in_folder(source: Path, results: Path) -> Iterator[BatchItem]:
    ours = results.resolve()
    for path in source.rglob("*"):
        inside = path.relative_to(source)
        if any(part.startswith(".") for part in inside.parts) or not path.is_file() or path.name.endswith(_NO_FILMS):
            continue
        if path.resolve().is_relative_to(ours):
            continue
        film = BatchItem(path, printable(inside.as_posix()), inside.with_name(image_name(path.name)))
        reports = [path.with_name(name + REPORT) for name in dict.fromkeys((film.folder.name, path.name))]
        report = next((each for each in reports if each.is_file()), None)
        if report is None:
            yield replace(film, fault=f"There is no report {reports[0].name} beside it.")
            continue
        try:
            yield replace(film, note=read_note_file(report))
        except NoteError as error:
            yield replace(film, fault=str(error))


def _in_table(table: Path) -> Iterator[BatchItem]:
    try:
        text = table.read_text(encoding="utf-8-sig")
        header = text.partition("\n")[0]
        # German and Spanish spreadsheets part by semicolons
        delimiter = ";" if header.count(";") > header.count(",") else ","
        rows = list(csv.DictReader(text.splitlines(keepends=True), delimiter=delimiter, strict=True))
    except FileNotFoundError as error:
        raise CausalCLIPSegError(f"There is no folder or table {table}.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CausalCLIPSegError(f"{table} is neither a folder nor a table of comma-separated values.") from error
    for row in rows:
        cells = {(column or "").strip().lower(): (cell or "") for column, cell in row.items() if _is_text(cell)}
        for column in ("image", "note"):
            if column not in cells:
                raise CausalCLIPSegError(f"The table {table.name} lacks the column {column}.")
        if cells["image"].strip():
            yield _of_row(table.parent, cells)


def _is_text(cell: Any) -> bool:
    """Whether it is a cell of a column: what stands behind the last column comes as a list, what lacks as None."""
    return cell is None or isinstance(cell, str)


def _of_row(folder: Path, cells: Mapping[str, str]) -> BatchItem:
    name = cells["image"].strip().replace("\\", "/")
    inside = PurePath(name)
    if inside.is_absolute() or ".." in inside.parts:
        inside = PurePath(inside.name)  # a result lies below the folder of the results, wherever its film is
    film = BatchItem(folder / name, name, inside.with_name(image_name(inside.name)), cells["note"].strip())
    chosen: dict[str, Any] = {}
    for column, choices in _CHOICES.items():
        cell = cells.get(column, "").strip().lower()
        if cell and cell not in choices:
            return replace(film, fault=f"The table says {column} “{cell}”; it is {' or '.join(choices)}.")
        chosen[column] = choices[cell] if cell else None
    return replace(film, **chosen)


_CHOICES: dict[str, dict[str, Any]] = {
    "laterality": {each: each for each in get_args(Laterality)},
    "side": {each: each for each in get_args(SideChoice)},
    "mirrored": _YES_NO,
}
