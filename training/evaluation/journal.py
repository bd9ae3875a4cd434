"""Store the cases that an evaluation has measured so far, so that a stopped evaluation can continue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from CausalCLIPSegLib.errors import OutputError
from training.data.sample import Sample
from training.evaluation.case import Case

_CASE = TypeAdapter(Case)


def fingerprint(samples: Sequence[Sample], settings: dict[str, Any]) -> str:
    """Return a hash of an evaluation: its settings, and the samples' names, notes, file sizes and times."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for sample in samples:
        files = [(stat.st_size, stat.st_mtime_ns) for stat in (sample.image.stat(), sample.mask.stat())]
        digest.update(json.dumps([sample.name, sample.note, sample.laterality, files]).encode())
    return digest.hexdigest()


class Journal:
    """A text file with the fingerprint of an evaluation in the first line, then one case in JSON per line.

    Opening it reads the cases. A journal of another evaluation is replaced by an empty one. An incomplete last line is
    dropped.

    Attributes:
        cases: the cases that were measured before, by name.

    Args:
        path: path of the file; it and its folder are created if needed.
        evaluation: fingerprint of the evaluation, see `fingerprint`.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, evaluation: str) -> None:
        self.path = path
        self.cases: dict[str, Case] = {}
        lines = _read(path)
        if lines[:1] == [evaluation]:
            for line in lines[1:]:
                try:
                    case = _CASE.validate_json(line)
                except ValidationError:
                    break
                self.cases[case.name] = case
        complete = [evaluation, *(_CASE.dump_json(case).decode() for case in self.cases.values())]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in complete), encoding="utf-8")
            self._file = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise OutputError(f"The file {path} cannot be written.") from error

    def add(self, case: Case) -> None:
        """Append a case to the file."""
        self._file.write(f"{_CASE.dump_json(case).decode()}\n")

    def remove(self) -> None:
        """Delete the file, because the evaluation is complete."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
