"""Lock a file for this process; the operating system releases the lock when the process ends, however it ends."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

_HELD_BY_ANOTHER = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


class LockedError(Exception):
    """Another process, or another part of this one, holds the lock."""


class FileLock:
    """An exclusive lock on a file, which is created for it and removed afterwards.

    Attributes:
        is_enforced: false if the file system has no locks, so that nothing is locked.
        content: what the file holds.

    Args:
        path: the file.
        content: what to write into the file; None: leave it as it is.

    Raises:
        LockedError: another process holds the lock.
        OSError: the file cannot be created or written.
    """

    def __init__(self, path: Path, content: bytes | None = None) -> None:
        self.path = path
        while True:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
            try:
                self.is_enforced = _lock(self._descriptor)
                if _is_at(path, self._descriptor):
                    self.content = self._read_or_write(content)
                    return
            except LockedError:
                os.close(self._descriptor)
                raise
            except BaseException:
                self.release()
                raise
            os.close(self._descriptor)  # its last holder has removed the file in the meantime

    def _read_or_write(self, content: bytes | None) -> bytes:
        if content is None:
            return os.read(self._descriptor, 1 << 16)
        os.ftruncate(self._descriptor, 0)
        os.write(self._descriptor, content)
        return content

    def release(self) -> None:
        """Remove the file, and release the lock."""
        if self._descriptor < 0:
            return
        with suppress(OSError):
            self.path.unlink()  # while locked, so that no process locks a file that is about to vanish
        os.close(self._descriptor)
        self._descriptor = -1
        if os.name == "nt":  # Windows removes no open file
            with suppress(OSError):
                self.path.unlink()


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _lock(descriptor: int) -> bool:
    """Lock an open file without waiting; return false if its file system has no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD_BY_ANOTHER:
            raise LockedError from error
        return False
    return True
