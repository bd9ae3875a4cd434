"""One file, written whole or not at all, and never over another one unasked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from CausalCLIPSegLib.errors import OutputError


def write_whole(path: Path, write: Callable[[Path], None], *, force: bool = False) -> None:
    """Let `write` write a hidden file beside `path`, and give it its name when it is complete.

    Args:
        path: the file; its folder is made where it does not exist.
        write: takes the path to write to, which has the same ending.
        force: replace a file that exists.

    Raises:
        OutputError: the file exists without `force`, is a folder, or cannot be written.
    """
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file.")
    if os.path.lexists(path) and not force:
        raise OutputError(f"{path} exists already; --force replaces it.")
    hidden = path.with_name(f".{uuid4().hex}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(hidden)
            hidden.replace(path)
        finally:
            hidden.unlink(missing_ok=True)
    except OSError as error:
        reason = error.strerror or "the disk reports an error"
        raise OutputError(f"{path} cannot be written: {reason}.") from error
