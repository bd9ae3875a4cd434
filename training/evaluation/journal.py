"""Store the cases that an evaluation has measured so far, so that a stopped evaluation can continue."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.cli.console import err
from CausalCLIPSegLib.errors import OutputError
from training.data.sample import Sample


class NamedCase(Protocol):
    """A pydantic dataclass with what was measured on one radiograph."""

    @property
    def name(self) -> str:
        """Name of the radiograph."""


CaseT = TypeVar("CaseT", bound=NamedCase)


def fingerprint(samples: Sequence[Sample], settings: dict[str, Any]) -> str:
    """Return a hash of an evaluation: its settings, and the samples' names, notes, file sizes and times."""
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    for sample in samples:
        files = [(stat.st_size, stat.st_mtime_ns) for stat in (sample.image.stat(), sample.mask.stat())]
        digest.update(json.dumps([sample.name, sample.note, sample.laterality, files]).encode())
    return digest.hexdigest()


class Journal(Generic[CaseT]):
    """A text file with the fingerprint of an evaluation in the first line, then one case in JSON per line.

    Opening it reads the cases. A journal of another evaluation is replaced by an empty one. An incomplete last line is
    dropped.

    Attributes:
        cases: the cases that were evaluated before, by name.

    Args:
        path: path of the file; it and its folder are created if needed.
        evaluation: fingerprint of the evaluation, see `fingerprint`.
        kind: the class of the cases.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path, evaluation: str, kind: type[CaseT]) -> None:
        self.path = path
        self.cases: dict[str, CaseT] = {}
        self._kind = TypeAdapter(kind)
        lines = _read(path)
        if lines[:1] == [evaluation]:
            for line in lines[1:]:
                try:
                    case = self._kind.validate_json(line)
                except ValidationError:
                    break
                self.cases[case.name] = case
        complete = [evaluation, *(self._kind.dump_json(case).decode() for case in self.cases.values())]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{line}\n" for line in complete), encoding="utf-8")
            self._file = path.open("a", encoding="utf-8", buffering=1)
        except OSError as error:
            raise OutputError(f"The file {path} cannot be written.") from error

    def add(self, case: CaseT) -> None:
        """Append a case to the file."""
        self._file.write(f"{self._kind.dump_json(case).decode()}\n")

    def remove(self) -> None:
        """Delete the file, because the evaluation is complete."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def open_journal(
    json_file: Path, samples: Sequence[Sample], settings: dict[str, Any], kind: type[CaseT]
) -> Journal[CaseT]:
    """Open the journal beside the file that an evaluation will write, and say if it continues a stopped one.

    Args:
        json_file: the file of the metrics.
        samples, settings: see `fingerprint`; the version of the program is added.
        kind: the class of the cases.

    Raises:
        OutputError: the journal cannot be written.
    """
    evaluation = fingerprint(samples, {"program": __version__, **settings})
    journal = Journal(json_file.with_name(f"{json_file.name}.journal"), evaluation, kind)
    if journal.cases:
        err.print(f"Continuing: {len(journal.cases)} of {len(samples)} radiographs were evaluated before.")
    return journal


def measure_all(
    samples: Sequence[Sample],
    measure: Callable[[Sample], CaseT],
    journal: Journal[CaseT] | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Iterator[CaseT]:
    """Yield the case of each sample; those in the journal are not measured again, and new ones are added to it.

    Args:
        samples: the samples of a split.
        measure: measures a sample.
        journal: journal of this evaluation.
        advance: called after each sample.
    """
    for sample in samples:
        case = None if journal is None else journal.cases.get(sample.name)
        if case is None:
            try:
                case = measure(sample)
            except KeyboardInterrupt:
                if journal is not None:
                    err.print("Repeat the command to continue where it was stopped.")
                raise
            if journal is not None:
                journal.add(case)
        yield case
        advance()


def _read(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
