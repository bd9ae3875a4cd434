"""films.csv: a row a film, written as each film ends, so that a run that was stopped goes on where it was."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, get_args

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.errors import OutputError

Status = Literal["outlined", "no finding", "refused", "failed"]


@dataclass(frozen=True)
class Row:
    """What became of a film; all cells are text, empty where there is nothing to say.

    Attributes:
        image: name of the film, see `Film`.
        status: "outlined", also where nothing reaches the threshold; "no finding" where the note names none;
            "refused" for a sentence that a person can do something about; "failed" for what nobody expected.
        message: why, in a sentence, where the film was not outlined.
        sides: those of the patient that the note speaks of.
        sentence, prompt: given to the network; `sentence` is the older name of the same column.
        area_mm2, area_fraction, components: as in result.json.
        right_mm2, right_fraction, left_mm2, left_fraction: areas by side of the patient.
        warnings, disagreements: as in result.json, sentence after sentence.
        checkpoint, checkpoint_sha256, threshold, device, version: what it was outlined with.
        request: hash of all that the result depends on but the device, see `request_of`.
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
    prompt: str = ""
    request: str = ""


_COLUMNS = [field.name for field in fields(Row)]


class Rows:
    """The rows of a films.csv; within `with` the file is kept, and at the end it is in the order of the films' names.

    A process that is killed leaves the rows of all films that ended.
    """

    def __init__(self, path: Path) -> None:
        """Read the rows that are there.

        Args:
            path: of the table, which need not exist.

        Raises:
            OutputError: there is a file that is no such table.
        """
        self.path = path
        self._rows = {row.image: row for row in _read(path)}

    def get(self, image: str) -> Row | None:
        """Return the row of a film, where it has one."""
        return self._rows.get(image)

    def put(self, row: Row) -> None:
        """Keep the row of a film that has ended, in the file as well.

        Raises:
            OutputError: it cannot be written.
        """
        self._rows[row.image] = row
        if not self.path.exists():
            self._save()
            return
        try:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                file.write(_text([row]))
        except OSError as error:
            raise OutputError(f"{self.path} cannot be written: {error.strerror}.") from error

    def __enter__(self) -> Rows:
        self._save()  # a last line that was cut off is gone
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._save()

    def _save(self) -> None:
        if not self._rows:
            return  # nothing has been done here
        header = ",".join(_COLUMNS) + "\n"
        text = header + _text(self._rows[image] for image in sorted(self._rows))
        write_text(self.path, text)


def _text(rows: Iterable[Row]) -> str:
    text = StringIO()
    csv.DictWriter(text, _COLUMNS, lineterminator="\n").writerows(asdict(row) for row in rows)
    return text.getvalue()


def _read(path: Path) -> list[Row]:
    """Return the rows of the file that are whole."""
    try:
        with path.open(encoding="utf-8", newline="", errors="replace") as file:
            reader = csv.DictReader(file)
            cells: list[dict[Any, Any]] = list(reader)
    except FileNotFoundError:
        return []
    except (OSError, csv.Error) as error:
        raise OutputError(f"{path} cannot be read.") from error
    if reader.fieldnames != _COLUMNS:
        raise OutputError(f"{path} is no table of this command; give another folder.")
    return [
        Row(**each) for each in cells if None not in each and each["status"] in get_args(Status) and each["request"]
    ]
