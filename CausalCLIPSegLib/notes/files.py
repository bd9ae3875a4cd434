"""Read notes from text files in any common encoding, with the standard library only."""

from __future__ import annotations

import codecs
from pathlib import Path

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes.parser import MAX_NOTE_LENGTH

MAX_LIST_LENGTH = 5_000_000
"""Maximum characters of a file with one note per line."""

_MAX_CHARACTER_BYTES = 4  # of every encoding below
_MAX_BOM_BYTES = 3


def read_note_file(path: str | Path) -> str:
    """Return the note that a file holds, with line ends as "\\n".

    The file is UTF-8 (with or without BOM), UTF-16 with BOM, or Windows-1252, the encoding of western European
    Windows.

    Raises:
        NoteError: the file cannot be read, is empty, is not text, or is so large that it holds more than
            `MAX_NOTE_LENGTH` characters in any of these encodings.
    """
    return _read(Path(path), MAX_NOTE_LENGTH)


def read_note_list(path: str | Path) -> list[str]:
    """Return the notes of a file with one note per line, without blank lines.

    Raises:
        NoteError: as in `read_note_file`, except that the limit is `MAX_LIST_LENGTH` characters.
    """
    return [line for line in _read(Path(path), MAX_LIST_LENGTH).splitlines() if line.strip()]


def _read(path: Path, max_length: int) -> str:
    max_bytes = _MAX_BOM_BYTES + _MAX_CHARACTER_BYTES * max_length
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise NoteError(f"The note file {path} cannot be read: {error.strerror}.") from error
    if len(data) > max_bytes:
        raise NoteError(f"The note file {path} is longer than {max_length:,} characters.")
    text = _decode(data)
    if text is None:
        raise NoteError(
            f"The note file {path} is not plain text (UTF-8, UTF-16 with a byte order mark, or Windows-1252)."
        )
    if not text.strip():
        raise NoteError(f"The note file {path} is empty.")
    return text


def _decode(data: bytes) -> str | None:
    """Return the text of a file with line ends as "\\n"; None if no encoding fits, or if it holds a NUL."""
    is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")
    return None
