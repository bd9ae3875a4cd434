"""The client side of the worker's protocol: lines, identifiers, timeouts and states.

The caller owns the process and moves its bytes. Standard library only, because Slicer's interpreter may have nothing
else; no threads, because its QProcess calls back in the main thread. A client belongs to one process: for a new
process, create a new client.

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
from dataclasses import asdict, dataclass
from typing import Any, Literal

from CausalCLIPSegLib import messages

State = Literal["starting", "ready", "busy", "ended", "failed"]
"""State of the process: not ready yet; idle; running a long request; ended on request; crashed or unusable."""

PROTOCOL = 1
"""The version of the protocol that this client knows. Workers of later versions answer it too."""

MODULE = "CausalCLIPSegLib.worker"
"""The module that `python -m` runs."""

MAX_LINE_BYTES = 64 << 20
"""Output without a line end within this many bytes is not the protocol."""

_LONG_REQUESTS = frozenset({"segment", "threshold", "export"})
_LAST_EVENTS = frozenset({"result", "error", "cancelled"})

OnEvent = Callable[[dict[str, Any]], None]


@dataclass
class _Pending:
    request: str
    line: bytes
    on_event: OnEvent
    timeout: float | None
    deadline: float | None = None


class WorkerClient:
    """The open requests of one worker process, and its state.

    Attributes:
        state: see `State`.
        reason: why the state is "failed", in one sentence; otherwise empty.
        version: version of the worker; empty until it is ready.

    Args:
        write: called with bytes for the process's standard input, but not before the process is ready.
        on_state: called with every new state.
        on_event: called with the events that belong to no request: "ready", "progress" while the libraries load, and
            warnings and errors with a null id.
        start_timeout: seconds within which the process must be ready.
        clock: returns monotonic seconds.
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
        self._count = 0
        self._shutting_down = False

    @property
    def alive(self) -> bool:
        """Whether requests can be sent."""
        return self.state not in {"ended", "failed"}

    @property
    def pending(self) -> tuple[str, ...]:
        """The identifiers of the requests that have not ended, oldest first."""
        return tuple(self._pending)

    def send(self, request: dict[str, Any], on_event: OnEvent, timeout: float | None = None) -> str:
        """Send a request, now or as soon as the process is ready.

        Args:
            request: as in worker.protocol, without "id".
            on_event: called with each event about the request; the last one is "result", "error" or "cancelled". The
                client itself sends errors of the kinds "ended" (the process has ended) and "timeout".
            timeout: seconds without an event about the request after which it is canceled.

        Returns:
            The identifier of the request.

        Raises:
            RuntimeError: the process has ended.
        """
        if not self.alive:
            raise RuntimeError("The worker has ended.")
        self._count += 1
        identifier = f"{request['request']}-{self._count}"
        line = json.dumps({**request, "id": identifier}).encode() + b"\n"
        self._shutting_down = self._shutting_down or request["request"] == "shutdown"
        self._pending[identifier] = _Pending(request["request"], line, on_event, timeout)
        if self.state != "starting":
            self._write_request(identifier)
            self._update_state()
        return identifier

    def cancel(self, target: str) -> None:
        """Cancel a request. It ends in "cancelled", or in "result" or "error" if that event is already on its way."""
        if self.state == "starting":
            pending = self._pending.pop(target, None)
            if pending:
                pending.on_event({"event": "cancelled", "id": target})
        elif target in self._pending and self.alive:
            self.send({"request": "cancel", "target": target}, on_event=lambda event: None)

    def shutdown(self) -> None:
        """Ask the process to end. Closing its standard input does the same."""
        self.send({"request": "shutdown"}, on_event=lambda event: None)

    def feed(self, data: bytes) -> None:
        """Take bytes that the process wrote to its standard output, in pieces of any size."""
        if not self.alive:
            return
        self._buffer += data
        # Take the line out of the buffer before the callbacks run: they may send, raise, or feed more.
        while self.alive and (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._handle_line(line)
        if len(self._buffer) > MAX_LINE_BYTES:
            self._end("failed", "The worker's output is not readable.")

    def finished(self, how: str = "") -> None:
        """Report that the process has ended; open requests end in an error.

        Args:
            how: one sentence on how it ended, for instance its exit status.
        """
        if self._shutting_down:
            self._end("ended", "")
        else:
            self._end("failed", f"The worker has ended unexpectedly. {how}".strip())

    def tick(self) -> None:
        """Check the timeouts; call it about once a second."""
        now = self._clock()
        if self.state == "starting" and self._start_deadline is not None and now > self._start_deadline:
            self._end("failed", "The worker does not start.")
        for identifier, pending in list(self._pending.items()):
            if pending.deadline is not None and now > pending.deadline:
                self.cancel(identifier)
                self._pending.pop(identifier, None)
                self._update_state()
                pending.on_event(_error(identifier, "timeout", "The worker does not answer."))

    def _handle_line(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:  # also UnicodeDecodeError
            return  # a library printed this
        if not isinstance(event, dict) or not isinstance(event.get("event"), str):
            return
        identifier = event.get("id")
        if not isinstance(identifier, str):
            if event["event"] == "ready":
                self._handle_ready(event)
            if self._on_event:
                self._on_event(event)
            return
        pending = self._pending.get(identifier)
        if pending is None:
            return  # the client has given up this request
        if event["event"] in _LAST_EVENTS:
            del self._pending[identifier]
            self._update_state()
        elif pending.timeout is not None:
            pending.deadline = self._clock() + pending.timeout
        pending.on_event(event)

    def _handle_ready(self, event: dict[str, Any]) -> None:
        if self.state != "starting":
            return
        self.version = str(event.get("version", ""))
        protocol = event.get("protocol")
        if not isinstance(protocol, int) or protocol < PROTOCOL:
            self._end("failed", f"The worker has an older version ({self.version}); install the current one.")
            return
        self._set_state("ready")
        for identifier in list(self._pending):
            if identifier in self._pending:
                self._write_request(identifier)
        self._update_state()

    def _write_request(self, identifier: str) -> None:
        pending = self._pending[identifier]
        if pending.timeout is not None:
            pending.deadline = self._clock() + pending.timeout
        self._write(pending.line)

    def _update_state(self) -> None:
        """Set the state to "busy" while a long request is open, otherwise to "ready"."""
        if self.state in {"ready", "busy"}:
            self._set_state(
                "busy" if any(each.request in _LONG_REQUESTS for each in self._pending.values()) else "ready"
            )

    def _set_state(self, state: State) -> None:
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
        self._set_state(state)
        for identifier, each in pending.items():
            each.on_event(_error(identifier, "ended", reason or "The worker was ended."))


def _error(identifier: str, kind: str, message: str) -> dict[str, Any]:
    known = messages.identify(message)
    texts = {"message": None if known is None else asdict(known)}
    return {"event": "error", "id": identifier, "kind": kind, "message": message, "texts": texts}
