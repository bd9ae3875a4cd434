"""A note out of a text file, whichever program wrote it."""

from __future__ import annotations

import codecs
from pathlib import Path

from slicer.i18n import tr as _

_MOST_BYTES = 100_000
"""More than the longest note that is read, in any encoding."""


def readNoteFile(path: str | Path) -> str:
    """Return the text of a file: UTF-8, UTF-16 with its mark, or what Windows writes in western Europe.

    Raises:
        ValueError: there is no text to be had, for the reason that the sentence gives.
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(_("The note cannot be read: {reason}.").format(reason=error.strerror)) from error
    if len(data) > _MOST_BYTES:
        raise ValueError(_("This file is too long for a note."))
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "cp1252"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.strip() and "\0" not in text:
            return text
    raise ValueError(_("This file holds no text."))
