"""The worker's side of standard input and output: lines in, events out."""

from __future__ import annotations

import json
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
    """Writes events in order, one per line, from a background thread, so that a slow reader delays no answer.

    Args:
        stream: the stream to write to.
        on_broken: called if the other program has closed the stream.
    """

    def __init__(self, stream: BinaryIO, on_broken: Callable[[], None]) -> None:
        self._stream = stream
        self._on_broken = on_broken
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="channel", daemon=True)
        self._thread.start()

    def send(self, event: BaseModel) -> None:
        """Send an event as a line."""
        self._lines.put(_line(event))

    def drain(self, seconds: float) -> None:
        """Wait until all events are written, but no longer than `seconds`: the other program may not read them."""
        self._lines.put(None)
        self._thread.join(seconds)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line)
                self._stream.flush()
            except (OSError, ValueError):
                self._on_broken()
                return


def _line(event: BaseModel) -> bytes:
    try:
        return event.model_dump_json().encode() + b"\n"
    except ValueError:  # a file name that is not text: JSON can write its bytes only as escapes
        return json.dumps(event.model_dump(), default=str).encode() + b"\n"


def read_lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Yield each line; None for a line that is too long. An incomplete last line is dropped."""
    while line := stream.readline(protocol.MAX_LINE_BYTES + 1):
        if len(line) > protocol.MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 16)
            yield None
        elif line.endswith(b"\n") and line.strip():
            yield line


def take_stdout() -> BinaryIO:
    """Reserve standard output for the protocol, and return it; redirect everything else that is printed to stderr."""
    sys.stdout.flush()
    protocol_stream = os.fdopen(os.dup(1), "wb")
    try:
        os.dup2(2, 1)
    except OSError:  # standard error is closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    return protocol_stream
