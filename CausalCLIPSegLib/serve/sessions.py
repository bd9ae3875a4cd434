"""Sessions: what a client has opened, in a folder of its own, deleted when the session ends."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import shutil
import tempfile
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from CausalCLIPSegLib.locks import FileLock, LockedError
from CausalCLIPSegLib.serve.radiographs import OpenRadiograph
from CausalCLIPSegLib.serve.refusals import Refusal, server_full
from CausalCLIPSegLib.serve.runs import Run
from CausalCLIPSegLib.serve.settings import Limits
from CausalCLIPSegLib.serve.workers import Workers

log = logging.getLogger(__name__)

_RESERVE = 1 << 28
"""Bytes of the disk that stay free."""

_PREFIX = "causalclipseg-serve-"
_LOCK = "lock"
_WORK = "work"


class Root:
    """The folder of this server, which only its user can open. It is removed when the server ends.

    A server that was killed cannot remove its folder; the next one removes it.
    """

    def __init__(self) -> None:
        place = Path(tempfile.gettempdir())
        _remove_leftovers(place)
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))  # mode 0700
        self._lock = FileLock(self.folder / _LOCK)
        self.work = self.folder / _WORK
        self.work.mkdir()

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.release()

    def check_room(self, size: int) -> None:
        """Check that the disk has room for some bytes, and a reserve.

        Raises:
            Refusal: the disk is full.
        """
        if shutil.disk_usage(self.folder).free < size + _RESERVE:
            raise server_full()

    def folders(self) -> list[Path]:
        """Return the folders of sessions."""
        return [path for path in self.folder.iterdir() if path.is_dir() and path != self.work]


def _remove_leftovers(place: Path) -> None:
    """Remove the folders of this user's servers that no longer run."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError, LockedError):
            status = folder.lstat()
            if not folder.is_dir() or folder.is_symlink() or (os.name == "posix" and status.st_uid != os.getuid()):
                continue
            lock = FileLock(folder / _LOCK)
            if lock.is_enforced:
                shutil.rmtree(folder, ignore_errors=True)
                log.info("The folder of an earlier server was removed.")
            lock.release()


class Session:
    """What a client has opened.

    Attributes:
        identifier: cannot be guessed.
        owner: name of the key that made it.
        folder: holds everything of the session.
        radiograph: None until one is opened.
        runs: by identifier, oldest first.
        opening: held while a radiograph is opened.
    """

    def __init__(self, owner: str, folder: Path) -> None:
        self.identifier = secrets.token_urlsafe(16)
        self.owner = owner
        self.folder = folder / self.identifier
        self.folder.mkdir(mode=0o700)
        self.radiograph: OpenRadiograph | None = None
        self.runs: OrderedDict[str, Run] = OrderedDict()
        self.opening = asyncio.Lock()
        self.used = time.monotonic()
        self._count = 0

    def new_folder(self) -> Path:
        """Return a new folder for a radiograph."""
        self._count += 1
        folder = self.folder / f"radiograph-{self._count}"
        folder.mkdir(mode=0o700)
        return folder

    def opened(self) -> OpenRadiograph:
        """Return the radiograph.

        Raises:
            Refusal: none was opened.
        """
        if self.radiograph is None:
            raise Refusal(409, "radiograph.missing", "Open a radiograph first.")
        return self.radiograph

    def run(self, identifier: str) -> Run:
        """Return a run.

        Raises:
            Refusal: there is no such run.
        """
        if identifier not in self.runs:
            raise Refusal(404, "run.unknown", "There is no such run, or it was dropped for newer ones.")
        return self.runs[identifier]

    async def replace(self, radiograph: OpenRadiograph, workers: Workers) -> None:
        """Take another radiograph; the earlier one and its runs are deleted."""
        earlier = self.radiograph
        self._drop_runs(workers, 0)
        self.radiograph = radiograph
        if earlier is not None:
            await asyncio.to_thread(shutil.rmtree, earlier.folder, ignore_errors=True)

    def check_room(self, limit: int) -> None:
        """Check that another run may be started.

        Raises:
            Refusal: too many runs of this session have not ended.
        """
        if sum(run.is_open for run in self.runs.values()) >= limit:
            message = f"This session has {limit} runs that have not ended; wait for one, or cancel one."
            raise Refusal(429, "run.too_many", message, retry_after=5, runs=limit)

    def add(self, run: Run, workers: Workers, limit: int) -> None:
        """Add a run; the oldest are dropped."""
        self._drop_runs(workers, limit - 1)
        self.runs[run.identifier] = run

    def _drop_runs(self, workers: Workers, keep: int) -> None:
        while len(self.runs) > keep:
            _, run = self.runs.popitem(last=False)
            run.drop(workers)

    async def close(self, workers: Workers) -> None:
        """Cancel the runs, and delete the folder."""
        self._drop_runs(workers, 0)
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)


class Sessions:
    """The open sessions.

    Args:
        root: see `Root`.
        workers: cancel the jobs of a session that ends.
        limits: see `Limits`.
    """

    def __init__(self, root: Root, workers: Workers, limits: Limits) -> None:
        self._root, self._workers, self._limits = root, workers, limits
        self._open: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._open)

    def new(self, owner: str) -> Session:
        """Open a session.

        Raises:
            Refusal: too many sessions are open.
        """
        if len(self._open) >= self._limits.sessions:
            message = "Too many people use the server; try again later."
            raise Refusal(429, "session.too_many", message, retry_after=60)
        session = Session(owner, self._root.folder)
        self._open[session.identifier] = session
        return session

    def get(self, identifier: str, owner: str) -> Session:
        """Return a session of an owner, and note that it is used.

        Raises:
            Refusal: the session has ended or is another owner's: the answer does not say which.
        """
        session = self._open.get(identifier)
        if session is None or session.owner != owner:
            message = "This session has ended, or the server was started again; open the radiograph again."
            raise Refusal(404, "session.unknown", message)
        session.used = time.monotonic()
        return session

    async def close(self, session: Session) -> None:
        """End a session, and delete everything of it."""
        self._open.pop(session.identifier, None)
        await session.close(self._workers)

    async def close_all(self) -> None:
        """End all sessions."""
        for session in list(self._open.values()):
            await self.close(session)

    async def sweep(self) -> None:
        """End the sessions that are idle for too long; delete what canceled jobs have written after their sessions."""
        oldest = time.monotonic() - self._limits.idle_seconds
        for session in list(self._open.values()):
            if any(run.is_open for run in session.runs.values()):
                session.used = time.monotonic()
            elif session.used < oldest:
                await self.close(session)
        for folder in self._root.folders():
            if folder.name not in self._open:
                await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
