"""Write files whole or not at all: a stopped program leaves nothing half-written, and nothing is replaced unasked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from CausalCLIPSegLib.errors import OutputError

staging_folders: set[Path] = set()
"""Folders with unfinished results; code that ends the process without cleaning up must remove them."""


def write_file(path: Path, write: Callable[[Path], object], *, force: bool = False) -> None:
    """Let `write` write a hidden file beside `path`, and rename it to `path` when it is complete.

    Args:
        path: the file; its folder is created if needed.
        write: takes the path to write to, which has the same ending.
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
    """Write text as UTF-8 with its line ends as they are; an existing file is replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    _write(path, lambda hidden: hidden.write_text(text, encoding="utf-8", newline=""))


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes and wait until they are on the disk; an existing file is replaced.

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

    A failure leaves `folder` as it was; if it did not exist, it does not exist afterwards. Other files in `folder` are
    not touched.

    Args:
        folder: where the files go; created with its parents if needed.
        names: the files.
        force: replace existing files.
        earlier: further files of an earlier result, which are removed when the new ones are in place.

    Raises:
        OutputError: `folder` is a file or cannot be written, or holds one of the files and `force` is false.
    """
    existing = [name for name in dict.fromkeys((*names, *earlier)) if os.path.lexists(folder / name)]
    if existing and not force:
        raise OutputError(f"{folder} already holds the result of an earlier run: {', '.join(existing)}.")
    try:
        stage = _hidden(_nearest_folder(folder))
        staging_folders.add(stage)
        try:
            stage.mkdir()  # not mkdtemp, which makes folders that only this user can open
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


def remove_staging_folders() -> None:
    """Remove all unfinished results, for a process that is about to end."""
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


def _hidden(folder: Path, ending: str = "") -> Path:
    return folder / f".causalclipseg-{uuid4().hex}{ending}"


def _reason(error: OSError) -> str:
    return error.strerror or "the disk reports an error"


def _nearest_folder(folder: Path) -> Path:
    """Return `folder` if it exists, else its nearest parent that does."""
    nearest = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"The result cannot be written to {folder}: {nearest} is a file, not a folder.")
    return nearest


def _replace(existing: Sequence[str], names: Sequence[str], stage: Path, folder: Path) -> None:
    """Move the `existing` files out of `folder` and the new ones in; put everything back after an error."""
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
