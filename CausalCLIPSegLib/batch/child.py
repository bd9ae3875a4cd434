"""Start a process that works for this one: it leaves Ctrl-C to this one, stays quiet, and ends with this one."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from CausalCLIPSegLib.atomic_files import remove_unfinished

POLL_SECONDS = 1
"""Seconds to wait for an answer at a time, so that Ctrl-C is noticed on Windows, too."""
END_SECONDS = 10
"""Seconds for a process to remove its unfinished result after the batch was stopped."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# A fork of this process would copy locks of threads that it does not copy. Linux forks a process without threads.
_CAN_FORK = sys.platform == "linux"
_Process = (
    multiprocessing.get_context("forkserver").Process if _CAN_FORK else multiprocessing.get_context("spawn").Process
)


def preload(module: str) -> None:
    """Import a module once for all processes that are started later, if the system can fork them."""
    if _CAN_FORK:
        multiprocessing.set_forkserver_preload([module])


class Child:
    """A process, and this end of the pipe to it. The pipe ends with the process.

    Args:
        work: called in the process with the other end of the pipe and `arguments`; all can be pickled.
    """

    def __init__(self, work: Callable[..., None], *arguments: Any) -> None:
        self.pipe, other_end = multiprocessing.Pipe()
        level = logging.getLogger("CausalCLIPSegLib").getEffectiveLevel()
        self._process = _Process(target=_run, args=(level, work, other_end, *arguments), daemon=True)
        with _blocked_signals():
            self._process.start()
        other_end.close()

    def terminate(self) -> None:
        """Ask the process to end at once."""
        self._process.terminate()

    def end(self, seconds: float) -> int | None:
        """Wait for the end of the process, and return its exit status; None if it has not ended in time."""
        self.pipe.close()
        self._process.join(seconds)
        return self._process.exitcode

    def kill(self) -> None:
        """End the process, if it has not ended."""
        self._process.kill()
        self._process.join()


@contextmanager
def _blocked_signals() -> Iterator[None]:
    """Let a new process begin with blocked signals, which it handles when it is ready."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it unblocks the signals when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _run(log_level: int, work: Callable[..., None], pipe: Connection, *arguments: Any) -> None:
    """Prepare the process, and do the work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to all; the parent decides
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    logging.basicConfig(level=logging.CRITICAL, format="%(name)s: %(message)s")
    logging.getLogger("CausalCLIPSegLib").setLevel(log_level)
    if log_level > logging.DEBUG:  # native libraries print what they find in damaged files
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    work(pipe, *arguments)


def _end_with_parent() -> None:
    """End this process when its parent has ended without stopping it, so that nothing is written any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        remove_unfinished()
        os._exit(1)
