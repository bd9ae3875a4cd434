"""The worker's side of standard input and output: lines in, events out."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO

from pydantic import BaseModel

from CausalCLIPSegLib.worker import protocol

Send = Callable[[BaseModel], None]


class Channel:
    """The protocol's side of standard output: events go out whole and in order, and nobody waits for the reader."""

    def __init__(self, stream: BinaryIO, broken: Callable[[], None]) -> None:
        """Begin to write.

        Args:
            stream: where to.
            broken: called when nobody reads any more.
        """
        self._stream = stream
        self._broken = broken
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="channel", daemon=True)
        self._thread.start()

    def send(self, event: BaseModel) -> None:
        """Send an event as a line."""
        self._lines.put(event.model_dump_json().encode() + b"\n")

    def drain(self, seconds: float) -> None:
        """Wait until all is written, or for some seconds where nobody reads."""
        self._lines.put(None)
        self._thread.join(seconds)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):
                self._broken()
                return


def lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Give each line; None for one that is too long. What the end of the stream cuts off is no line."""
    while line := stream.readline(protocol.LONGEST_LINE + 1):
        if len(line) > protocol.LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 16)
            yield None
        elif line.endswith(b"\n") and line.strip():
            yield line


def take_stdout() -> BinaryIO:
    """Return standard output for the protocol alone; everything else that is printed goes to standard error."""
    sys.stdout.flush()
    ours = os.fdopen(os.dup(1), "wb")
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    return ours
