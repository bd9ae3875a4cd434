"""Checks of files and values that the readers and writers of every format share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeGuard

from CausalCLIPSegLib.errors import SegmentationError, reason_of
from CausalCLIPSegLib.regular_files import open_regular


def reject_file(path: Path, kind: str, max_bytes: int) -> None:
    """Reject a file before any of it is read.

    Args:
        path: the file.
        kind: what it should be, for the error message.
        max_bytes: the largest size of such a file.

    Raises:
        SegmentationError: the path is a folder, a pipe or a device, or the file is missing, empty, too large or not
            readable.
    """
    try:
        with open_regular(path):
            size = path.stat().st_size
    except IsADirectoryError as error:
        raise SegmentationError(f"{path} is a folder; give the name of a {kind}.") from error
    except FileNotFoundError as error:
        raise SegmentationError(f"There is no file {path}.") from error
    except PermissionError as error:
        raise SegmentationError(f"{path} cannot be opened: you have no permission to read it.") from error
    except OSError as error:
        raise SegmentationError(f"The {kind} cannot be opened: {reason_of(error)}.") from error
    if size == 0:
        raise SegmentationError(f"{path} is empty.")
    if size > max_bytes:
        raise SegmentationError(f"{path} is too large for a {kind}.")


def is_uid(value: Any) -> TypeGuard[str]:
    """Return whether a value is a UID; accept leading zeros, which the standard forbids but real files have."""
    return isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)+", value) is not None and len(value) <= 64


def one_line(text: str, max_length: int = 64) -> str:
    """Return text as a single DICOM value: no separators of values or lines, at most `max_length` characters."""
    encodable = text.encode("utf-8", "replace").decode().replace("\\", "/")
    return " ".join("".join(c if c.isprintable() else " " for c in encodable).split())[:max_length].strip()
