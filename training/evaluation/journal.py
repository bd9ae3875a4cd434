"""The films that an evaluation has measured so far, a line each, so that one that was stopped goes on where it was."""

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


def fingerprint(samples: Sequence[Sample], question: dict[str, Any]) -> str:
    """Return a hash of what is asked and of the films it is asked of: names, notes, and the files' sizes and times."""
    digest = hashlib.sha256(json.dumps(question, sort_keys=True).encode())
    for sample in samples:
        files = [(stat.st_size, stat.st_mtime_ns) for stat in (sample.image.stat(), sample.mask.stat())]
        digest.update(json.dumps([sample.name, sample.note, sample.laterality, files]).encode())
    return digest.hexdigest()


class Journal:
    """A file of JSON lines: the fingerprint of an evaluation, then its cases."""

    def __init__(self, path: Path, mark: str) -> None:
        """Open the journal of an evaluation, and read what it holds of it.

        A journal of another evaluation is begun anew; a last line that was not written to its end is dropped.

        Attributes:
            cases: those measured before, by their names.

        Raises:
            OutputError: if the file cannot be written there.
        """
        self.path = path
        self.cases: dict[str, Case] = {}
        lines = _read(path)
        if lines[:1] == [mark]:
            for line in lines[1:]:
                try:
                    case = _CASE.validate_json(line)
                except ValidationError:
                    break
                self.cases[case.name] = case
        kept = [mark, *(_CASE.dump_json(case).decode() for case in self.cases.values())]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
            self._file = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise OutputError(f"The file {path} cannot be written.") from error

    def add(self, case: Case) -> None:
        """Write a case down."""
        self._file.write(f"{_CASE.dump_json(case).decode()}\n")

    def remove(self) -> None:
        """Remove the file of a finished evaluation."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
