"""A note in a text file."""

from __future__ import annotations

from pathlib import Path

from CausalCLIPSegLib.errors import NoteError


def read_note_file(path: Path) -> str:
    """Return the text of a file.

    Raises:
        NoteError: it cannot be read, or is no text in UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise NoteError(f"The note file {path} is not plain text (UTF-8).") from error
    except OSError as error:
        raise NoteError(f"The note file {path} cannot be read: {error.strerror}.") from error
