"""Read and write films.csv: one row per image, written as soon as the image is done, so that runs can continue."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from dataclasses import astuple, dataclass, fields
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args

from CausalCLIPSegLib.atomic_files import claimed, write_text
from CausalCLIPSegLib.batch.cells import read_cell, write_line
from CausalCLIPSegLib.errors import OutputError, reason_of
from CausalCLIPSegLib.regular_files import open_regular

Status = Literal["outlined", "no finding", "refused", "failed"]


@dataclass(frozen=True)
class Row:
    """The outcome of an image. All cells are text, empty if they do not apply.

    Attributes:
        image: name of the image, see `BatchItem`.
        status: "outlined", even if nothing reaches the threshold; "no finding" if the note names no finding; "refused"
            after an error that the user can act on; "failed" after an unexpected error.
        message: why the image was not segmented, in one sentence.
        sides: the patient's sides that the note names.
        sentence, prompt: the prompt for the network; `sentence` is the older name of this column.
        area_mm2, area_fraction, components: as in result.json.
        right_mm2, right_fraction, left_mm2, left_fraction: areas by side of the patient.
        warnings, disagreements: as in result.json, the sentences separated by spaces.
        checkpoint, checkpoint_sha256, threshold, device, version: what the image was segmented with.
        request: hash of everything that the result depends on except the device, see `request_of`.
        not_seen: the places of the note at which nothing reaches the threshold, in sentences separated by spaces.
        not_in_note: the areas outside the places of the note, likewise.
    """

    image: str
    status: Status
    message: str = ""
    sides: str = ""
    sentence: str = ""
    area_mm2: str = ""
    area_fraction: str = ""
    components: str = ""
    right_mm2: str = ""
    right_fraction: str = ""
    left_mm2: str = ""
    left_fraction: str = ""
    warnings: str = ""
    disagreements: str = ""
    checkpoint: str = ""
    checkpoint_sha256: str = ""
    threshold: str = ""
    device: str = ""
    version: str = ""
    request: str = ""
    prompt: str = ""
    not_seen: str = ""
    not_in_note: str = ""


_COLUMNS = [field.name for field in fields(Row)]
_EARLIER_COLUMNS = (_COLUMNS[:-2], _COLUMNS[:-3])
"""The columns that tables of earlier versions have."""


class Rows:
    """The rows of a films.csv. Write to it within `with`, which sorts the rows by image name at the end.

    If the process is killed, the file still contains the rows of all images that were done.

    Args:
        path: path of the table, which need not exist.

    Raises:
        OutputError: the file exists, but is not a films.csv.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._rows = _read(path)
        self._claim = ExitStack()

    def get(self, image: str) -> Row | None:
        """Return the row of an image; None if the image has no row."""
        return self._rows.get(image)

    def put(self, row: Row) -> None:
        """Add or replace the row of an image, here and in the file.

        Raises:
            OutputError: the file cannot be written.
        """
        self._rows[row.image] = row
        if not self.path.exists():
            self._save()
            return
        try:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                file.write(write_line(astuple(row)))
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written: {reason_of(error)}.") from error

    def __enter__(self) -> Rows:
        """Create the folder of the table, and keep other batches out of it.

        Raises:
            OutputError: the folder cannot be created, or another batch is writing into it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"The folder {self.path.parent} cannot be created: {reason_of(error)}.") from error
        self._claim.enter_context(claimed(self.path))
        self._rows = _read(self.path)  # another batch may just have ended
        self._save()  # removes the incomplete last line of a killed run
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self._save()
        finally:
            self._claim.close()
            if not self._rows:
                with suppress(OSError):  # it holds other files
                    self.path.parent.rmdir()

    def _save(self) -> None:
        if not self._rows:
            return  # an empty table would only look like a result
        write_text(self.path, write_line(_COLUMNS) + _text(self._rows[image] for image in sorted(self._rows)))


def _text(rows: Iterable[Row]) -> str:
    return "".join(write_line(astuple(row)) for row in rows)


def _read(path: Path) -> dict[str, Row]:
    """Return the complete rows of a table by image; no rows if the file does not exist.

    A table without the newest columns is read, too, so that a batch of an earlier version can be resumed.
    """
    try:
        with open_regular(path) as file:
            text = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise OutputError(f"{path} cannot be read: {reason_of(error)}.") from error
    complete, _, _ = text.rpartition("\n")  # a killed run may leave an incomplete last line
    try:
        reader = csv.DictReader(StringIO(complete, newline=""))
        cells: list[dict[Any, Any]] = list(reader)
    except csv.Error as error:
        raise OutputError(f"{path} cannot be read.") from error
    if reader.fieldnames not in (_COLUMNS, *_EARLIER_COLUMNS):
        raise OutputError(f"{path} is not a table of this command; give another folder.")
    rows = [
        _row({"prompt": each["sentence"], **each})
        for each in cells
        if None not in each and None not in each.values() and each["status"] in get_args(Status) and each["request"]
    ]
    return {row.image: row for row in rows}


def _row(cells: dict[str, Any]) -> Row:
    texts: dict[str, Any] = {name: read_cell(cell) for name, cell in cells.items()}
    return Row(**texts)
