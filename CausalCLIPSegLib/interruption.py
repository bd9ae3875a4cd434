"""Ctrl-C while a command is still being loaded."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STOPPED = 130
"""Exit status of a command that the user stopped."""


@contextmanager
def ended_by_interrupt(message: str = "") -> Iterator[None]:
    """End the process at once with status 130 and one line on stderr if the user presses Ctrl-C meanwhile.

    A KeyboardInterrupt would not do for imports: Python may lose it in a callback of an import, or wrap it into
    another error. Use this only while nothing is written that the end of the process would leave behind.

    Args:
        message: the line; empty for none.
    """

    def end(*_: object) -> None:
        os.write(2, f"{message}\n".encode() if message else b"")
        os._exit(STOPPED)

    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield  # the process ignores the signal, or is not ours
        return
    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
