"""Open and hash regular files only: reading a pipe or a device may wait forever or never end."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from io import BufferedReader
from pathlib import Path


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file, or a link to one, to read its bytes.

    Raises:
        OSError: the path is missing, is no regular file, or cannot be opened; `strerror` says why.
    """
    check_regular(path)  # before it is opened, because opening a device can act on it
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    try:
        _check(os.fstat(descriptor).st_mode, path)  # it may have been replaced in the meantime
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def sha256(path: Path) -> str:
    """Return the SHA-256 of a regular file, 64 hexadecimal digits.

    Raises:
        OSError: as in `open_regular`.
    """
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_regular(path: Path) -> None:
    """Check that a path names a regular file, or a link to one, without opening it.

    Raises:
        OSError: as in `open_regular`.
    """
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        raise OSError(errno.EINVAL, "its name contains a character that no file name can contain") from error
    except FileNotFoundError as error:
        raise FileNotFoundError(errno.ENOENT, "there is no such file") from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise OSError(errno.ENAMETOOLONG, "its name is too long") from error
    _check(mode, path)


def _check(mode: int, path: Path) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "it is a folder", path)
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a regular file", path)
