"""Read notes and tables from text files in any common encoding, with the standard library only."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from CausalCLIPSegLib.errors import NoteError, reason_of
from CausalCLIPSegLib.notes.parser import MAX_NOTE_LENGTH
from CausalCLIPSegLib.regular_files import open_regular

MAX_LIST_LENGTH = 5_000_000
"""Maximum characters of a file with one note per line."""

ENCODINGS = "UTF-8, UTF-16 or Windows-1252"
"""The encodings, as words of a sentence."""

_MAX_CHARACTER_BYTES = 4  # of every encoding below
_MAX_BOM_BYTES = 3
_MIN_UTF16_SHARE = 0.7
"""Share of two-byte units with a zero byte from which a text is UTF-16. In texts in Latin letters almost all have."""

_LINE_END = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
"""Every line end of Unicode (UAX 14) and of `str.splitlines`. Word, spreadsheets and pandas write some in a text."""


def read_note_file(path: str | Path) -> str:
    """Return the note that a file holds, with line ends as "\\n".

    Raises:
        NoteError: as in `read_text`, with `MAX_NOTE_LENGTH`.
    """
    return with_plain_line_ends(read_text(Path(path), "note file", MAX_NOTE_LENGTH))


def read_note_list(path: str | Path) -> list[str]:
    """Return the notes of a file with one note per line, without blank lines.

    A line ends with a line feed, a carriage return, or both; other line ends belong to a note.

    Raises:
        NoteError: as in `read_text`, with `MAX_LIST_LENGTH`.
    """
    lines = read_text(Path(path), "note file", MAX_LIST_LENGTH).split("\n")
    return [with_plain_line_ends(line) for line in lines if line.strip()]


def with_plain_line_ends(text: str) -> str:
    """Write every kind of line end as "\\n"."""
    return _LINE_END.sub("\n", text)


def read_text(path: Path, kind: str, max_length: int) -> str:
    """Return the text of a file, with "\\r\\n" and "\\r" as "\\n".

    The file is UTF-8 or UTF-16 (each with or without byte order mark), or Windows-1252, the encoding of western
    European Windows.

    Args:
        path: the file.
        kind: what messages call it, for instance "note file".
        max_length: maximum characters.

    Raises:
        NoteError: the file cannot be read, is no regular file, is empty, is not text, or is so large that it holds
            more than `max_length` characters in any of these encodings.
    """
    max_bytes = _MAX_BOM_BYTES + _MAX_CHARACTER_BYTES * max_length
    try:
        with open_regular(path) as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        raise NoteError(f"The {kind} {path} cannot be read: {reason_of(error)}.") from error
    if len(data) > max_bytes:
        raise NoteError(f"The {kind} {path} is longer than {max_length:,} characters.")
    text = _decode(data)
    if text is None:
        raise NoteError(f"The {kind} {path} is not plain text in {ENCODINGS}.")
    if not text.strip():
        raise NoteError(f"The {kind} {path} is empty.")
    return text


def _decode(data: bytes) -> str | None:
    """Return the text of a file with line ends as "\\n"; None if no encoding fits, or if it holds a NUL."""
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if "\0" in text else text.replace("\r\n", "\n").replace("\r", "\n")
    return None


def _encodings(data: bytes) -> Iterator[str]:
    """Yield the encodings that a text may have, the likeliest first."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        yield "utf-16"
    elif b"\0" in data:
        yield from _utf16_without_mark(data)
    else:
        yield "utf-8-sig"
        if not _is_damaged_utf8(data):
            yield "cp1252"


def _utf16_without_mark(data: bytes) -> Iterator[str]:
    """Yield the byte order of a UTF-16 text in Latin letters, in which nearly every second byte is zero."""
    for encoding, high_bytes in (("utf-16-le", data[1::2]), ("utf-16-be", data[::2])):
        if high_bytes.count(0) >= _MIN_UTF16_SHARE * len(data) / 2:
            text = data.decode(encoding, "ignore")
            if all(unicodedata.category(each) != "Cc" or each.isspace() for each in text):
                yield encoding


def _is_damaged_utf8(data: bytes) -> bool:
    """Return whether most characters that are not ASCII are whole UTF-8, so that other bytes are damage.

    Read as Windows-1252, such a text would have two wrong letters for each umlaut.
    """
    characters = [each for each in data.decode("utf-8", "surrogateescape") if not each.isascii()]
    damaged = sum(unicodedata.category(each) == "Cs" for each in characters)
    return 0 < damaged < len(characters) - damaged
