"""Files that appear whole or not at all, so that a stopped command leaves nothing half-written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from CausalCLIPSegLib.errors import OutputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_whole(path: Path, text: str) -> None:
    """Write text as UTF-8.

    Raises:
        OutputError: if it cannot be written there.
    """
    _write(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))


def write_picture(figure: Figure, path: Path) -> None:
    """Write a figure as PNG.

    Raises:
        OutputError: if it cannot be written there.
    """
    _write(path, lambda unfinished: figure.savefig(unfinished, format="png", dpi=110))


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Write under another name, then give the file its own."""
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(unfinished)
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"The file {path} cannot be written.") from error
    finally:
        unfinished.unlink(missing_ok=True)
