"""Results appear in their folder whole or not at all, also if the process is ended from outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from CausalCLIPSegLib.errors import (
    OutputError,
)

staging_dirs: set[Path] = set()
"""Folders that hold half a result now; whoever ends the process without notice removes them."""


@contextmanager
def staged(folder: Path, names: list[str], *, force: bool) -> Iterator[Path]:
    """Give a hidden folder to write `names` into, and move them into `folder` when all is well.

    Raises:
        OutputError: one of them exists and `force` is not given, or the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = [name for name in names if (folder / name).exists()]
        if there and not force:
            raise OutputError(f"{folder} already holds {', '.join(there)}.")
        stage = folder / f".causalclipseg-{uuid4().hex}"
        staging_dirs.add(stage)
        try:
            stage.mkdir()
            yield stage
            for name in names:
                (stage / name).replace(folder / name)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            staging_dirs.discard(stage)
    except OSError as error:
        reason = error.strerror or "the disk reports an error"
        raise OutputError(f"The result cannot be written to {folder}: {reason}.") from error
