"""Files that appear whole or not at all, so that a stopped command leaves nothing half-written."""

from __future__ import annotations

from pathlib import Path

from CausalCLIPSegLib.errors import OutputError


def write_whole(path: Path, text: str) -> None:
    """Write text as UTF-8 under another name, then give it its own.

    Raises:
        OutputError: if it cannot be written there.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"The file {path} cannot be written.") from error
