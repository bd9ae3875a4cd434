"""Write files completely or not at all: a stopped program leaves no half-written file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from CausalCLIPSegLib.errors import OutputError

staging_folders: set[Path] = set()
"""Folders with unfinished results. A process that ends with `os._exit` first calls `remove_staging_folders`."""


def write_file(path: Path, write: Callable[[Path], object], *, force: bool = False) -> None:
    """Let `write` create a hidden file beside `path`, and rename it to `path` when it is complete.

    Args:
        path: the file; its folder is created if needed.
        write: takes the path of the hidden file, which has the same extension.
        force: replace an existing file.

    Raises:
        OutputError: the file exists without `force`, is a folder, or cannot be written.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file.")
    if os.path.lexists(path) and not force:
        raise OutputError(f"{path} exists already; --force replaces it.")
    _write(path, write)


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, without changing its line endings; an existing file is replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    _write(path, lambda hidden: hidden.write_text(text, encoding="utf-8", newline=""))


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes and wait until they are on the disk (fsync); an existing file is replaced.

    Raises:
        OutputError: the file cannot be written.
    """

    def write(hidden: Path) -> None:
        with hidden.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    _write(path, write)


@contextmanager
def staged_files(folder: Path, names: Sequence[str], *, force: bool, earlier: Sequence[str] = ()) -> Iterator[Path]:
    """Yield a hidden folder to write `names` into, and move them into `folder` when all are complete.

    After an error `folder` is as it was before; if it did not exist, it still does not. Other files in `folder` stay.

    Args:
        folder: destination; created with its parents if needed.
        names: the files to write.
        force: replace existing files.
        earlier: names that an earlier result may have left; those files are removed once the new ones are in place.

    Raises:
        OutputError: `folder` is a file, cannot be written, or already holds one of the files and `force` is false.
    """
    all_names = list(dict.fromkeys((*names, *earlier)))
    if not force:
        reject_existing(folder, all_names)
    existing = _existing(folder, all_names)
    try:
        stage = _hidden(_nearest_folder(folder))
        staging_folders.add(stage)
        try:
            stage.mkdir()  # not mkdtemp, whose folders only this user can open
            yield stage
            if folder.exists():
                _replace(existing, names, stage, folder)
            else:
                folder.parent.mkdir(parents=True, exist_ok=True)
                stage.rename(folder)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            staging_folders.discard(stage)
    except OSError as error:
        raise OutputError(f"The result cannot be written to {folder}: {_reason(error)}.") from error


def reject_existing(folder: Path, names: Sequence[str]) -> None:
    """Check that a folder holds none of the files.

    Raises:
        OutputError: the folder holds some of the files.
    """
    if existing := _existing(folder, names):
        raise OutputError(f"{folder} already holds the result of an earlier run: {', '.join(existing)}.")


def remove_staging_folders() -> None:
    """Remove all unfinished results before the process exits."""
    for folder in list(staging_folders):
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    hidden = _hidden(path.parent, f"-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(hidden)
            hidden.replace(path)
        finally:
            with suppress(OSError):
                hidden.unlink()
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {_reason(error)}.") from error


def _existing(folder: Path, names: Sequence[str]) -> list[str]:
    return [name for name in names if os.path.lexists(folder / name)]


def _hidden(folder: Path, suffix: str = "") -> Path:
    return folder / f".causalclipseg-{uuid4().hex}{suffix}"


def _reason(error: OSError) -> str:
    return error.strerror or "the disk reports an error"


def _nearest_folder(folder: Path) -> Path:
    """Return `folder` if it exists, else its nearest existing parent."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"The result cannot be written to {folder}: {nearest} is a file, not a folder.")
    return nearest


def _replace(existing: Sequence[str], names: Sequence[str], stage: Path, folder: Path) -> None:
    """Move `existing` files out of `folder` and the new ones in; restore everything after an error."""
    replaced = stage / "replaced"
    replaced.mkdir()
    with ExitStack() as undo:
        for name in existing:
            (folder / name).replace(replaced / name)
            undo.callback((replaced / name).replace, folder / name)
        for name in names:
            (stage / name).replace(folder / name)
            undo.callback((folder / name).unlink)
        undo.pop_all()
