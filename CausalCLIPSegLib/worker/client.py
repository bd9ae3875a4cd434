"""The asking side of the worker's protocol: lines, identifiers, timeouts, states; whoever has the process moves bytes.

Standard library only, and no threads: Slicer's interpreter may have nothing else, and its QProcess calls back in the
main thread. A client belongs to one process; for a new process, make a new client.

    client = WorkerClient(write=process.write, on_state=show_state)
    process.readyReadStandardOutput -> client.feed(bytes)
    process.finished                -> client.finished("The exit status is 1.")
    a timer, once a second          -> client.tick()
    client.send({"request": "note", "text": "RLL pneumonia."}, on_event=show_note)
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["starting", "ready", "busy", "ended", "failed"]
"""Of the process: silent yet; idle; at a long request; ended as it was asked to; ended otherwise, or unusable."""

PROTOCOL = 1
"""The version of the protocol that this client knows; a worker of a later one answers it as well."""

MODULE = "CausalCLIPSegLib.worker"
"""What `python -m` starts."""

LONGEST_LINE = 64 << 20
"""Bytes after which output without an end of line is no protocol any more."""

_LONG = frozenset({"segment", "threshold", "export"})
_LAST = frozenset({"result", "error", "cancelled"})

OnEvent = Callable[[dict[str, Any]], None]


@dataclass
class _Pending:
    request: str
    line: bytes
    on_event: OnEvent
    timeout: float | None
    deadline: float | None = None


class WorkerClient:
    """What one worker process was asked, and what it has answered so far.

    Attributes:
        state: see `State`.
        reason: why the state is "failed", one sentence; else "".
        version: of the program on the other side, once it is ready.

    Args:
        write: takes the bytes that are to go to the process's standard input. Not called before the process is ready.
        on_state: called with every new state.
        on_event: called with the events that belong to no request: "ready", "progress" while the libraries load, and
            warnings and errors with a null id.
        start_timeout: seconds until the process has to be ready.
        clock: seconds that never run backwards.
    """

    def __init__(
        self,
        write: Callable[[bytes], Any],
        on_state: Callable[[State], None] | None = None,
        on_event: OnEvent | None = None,
        start_timeout: float | None = 120,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state: State = "starting"
        self.reason = ""
        self.version = ""
        self._write = write
        self._on_state = on_state
        self._on_event = on_event
        self._clock = clock
        self._start_deadline = None if start_timeout is None else clock() + start_timeout
        self._pending: dict[str, _Pending] = {}
        self._buffer = bytearray()
        self._number = 0
        self._leaving = False

    @property
    def alive(self) -> bool:
        """Whether requests can be sent."""
        return self.state not in {"ended", "failed"}

    @property
    def pending(self) -> tuple[str, ...]:
        """The identifiers of the requests that have not ended, the oldest first."""
        return tuple(self._pending)

    def send(self, request: dict[str, Any], on_event: OnEvent, timeout: float | None = None) -> str:
        """Send a request, now or as soon as the process is ready.

        Args:
            request: as in worker.protocol.py, without "id".
            on_event: called with each event about it; the last one is "result", "error" or "cancelled". An error may
                also come from here, of the kind "ended" (the process is gone) or "timeout".
            timeout: seconds without any event about it after which it is given up.

        Returns:
            its identifier.

        Raises:
            RuntimeError: the process is gone.
        """
        if not self.alive:
            raise RuntimeError("The worker has ended.")
        self._number += 1
        name = f"{request['request']}-{self._number}"
        line = json.dumps({**request, "id": name}).encode() + b"\n"
        self._leaving = self._leaving or request["request"] == "shutdown"
        self._pending[name] = _Pending(request["request"], line, on_event, timeout)
        if self.state != "starting":
            self._put(name)
            self._settle()
        return name

    def cancel(self, target: str) -> None:
        """Give up a request; it ends in "cancelled", or in "result" or "error" where that is on its way already."""
        if self.state == "starting":
            pending = self._pending.pop(target, None)
            if pending:
                pending.on_event({"event": "cancelled", "id": target})
        elif target in self._pending and self.alive:
            self.send({"request": "cancel", "target": target}, on_event=lambda event: None)

    def shutdown(self) -> None:
        """Ask the process to end; closing its standard input does the same."""
        self.send({"request": "shutdown"}, on_event=lambda event: None)

    def feed(self, data: bytes) -> None:
        """Take what the process wrote to its standard output, in pieces of any size."""
        if not self.alive:
            return
        self._buffer += data
        # A line leaves the buffer before anybody hears of it: a callback may send, raise, or feed more.
        while self.alive and (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._read(line)
        if len(self._buffer) > LONGEST_LINE:
            self._end("failed", "The worker's output is not readable.")

    def finished(self, how: str = "") -> None:
        """Take note that the process is gone; open requests end in an error.

        Args:
            how: one sentence on how it ended, for instance with which exit status.
        """
        if self._leaving:
            self._end("ended", "")
        else:
            self._end("failed", " ".join(part for part in ("The worker has ended unexpectedly.", how) if part))

    def tick(self) -> None:
        """Look at the clock; to be called about once a second."""
        now = self._clock()
        if self.state == "starting" and self._start_deadline is not None and now > self._start_deadline:
            self._end("failed", "The worker does not start.")
        for name, pending in list(self._pending.items()):
            if pending.deadline is not None and now > pending.deadline:
                self.cancel(name)
                self._pending.pop(name, None)
                self._settle()
                pending.on_event(_error(name, "timeout", "The worker does not answer."))

    def _read(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:  # also UnicodeDecodeError
            return  # something that a library wrote
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            return
        name = event.get("id")
        if not isinstance(name, str):
            if event["event"] == "ready":
                self._begin(event)
            if self._on_event:
                self._on_event(event)
            return
        pending = self._pending.get(name)
        if pending is None:
            return  # given up, and forgotten
        if event["event"] in _LAST:
            del self._pending[name]
            self._settle()
        elif pending.timeout is not None:
            pending.deadline = self._clock() + pending.timeout
        pending.on_event(event)

    def _begin(self, event: dict[str, Any]) -> None:
        if self.state != "starting":
            return
        self.version = str(event.get("version", ""))
        protocol = event.get("protocol")
        if not isinstance(protocol, int) or protocol < PROTOCOL:
            self._end("failed", f"The worker is of an older version ({self.version}); install the current one.")
            return
        self._become("ready")
        for name in list(self._pending):
            if name in self._pending:
                self._put(name)
        self._settle()

    def _put(self, name: str) -> None:
        pending = self._pending[name]
        if pending.timeout is not None:
            pending.deadline = self._clock() + pending.timeout
        self._write(pending.line)

    def _settle(self) -> None:
        """Be "busy" while a long request is open."""
        if self.state in {"ready", "busy"}:
            self._become("busy" if any(each.request in _LONG for each in self._pending.values()) else "ready")

    def _become(self, state: State) -> None:
        if state != self.state:
            self.state = state
            if self._on_state:
                self._on_state(state)

    def _end(self, state: State, reason: str) -> None:
        if not self.alive:
            return
        self.reason = reason
        pending, self._pending = self._pending, {}
        self._buffer.clear()
        self._become(state)
        for name, each in pending.items():
            each.on_event(_error(name, "ended", reason or "The worker was ended."))


def _error(name: str, kind: str, message: str) -> dict[str, Any]:
    return {"event": "error", "id": name, "kind": kind, "message": message}
