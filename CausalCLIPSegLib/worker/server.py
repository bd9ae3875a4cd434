"""One long-lived process that outlines films for another program: `python -m CausalCLIPSegLib.worker [--verbose]`.

Requests and events are JSON lines (worker.protocol.py). Standard output carries nothing else: what libraries print
goes to standard error. The main thread reads, and answers at once what is quick; one thread works off what takes time,
one loads the libraries, one writes. The process ends when its standard input closes, whatever it is at.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, BinaryIO

from pydantic import ValidationError

from CausalCLIPSegLib import __version__
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.channel import Send, lines
from CausalCLIPSegLib.worker.job_queue import JobQueue, failure
from CausalCLIPSegLib.worker.libraries import Libraries


class Worker:
    """Reads requests, and answers them or has them answered."""

    def __init__(self, send: Send, libraries: Libraries, told: Callable[[BaseException], str]) -> None:
        """Be ready to serve.

        Args:
            send: takes events.
            libraries: that load, or will.
            told: makes a sentence of what nobody expected.
        """
        from CausalCLIPSegLib.worker.jobs import checkpoints, export, notes

        self._send = send
        self._told = told
        self._answer_note = notes.answer_note
        self._list_checkpoints = checkpoints.list_checkpoints
        self._formats = list(export.FILES)
        self._libraries = libraries
        self._desk = JobQueue(send, libraries, told)

    def serve(self, stream: BinaryIO) -> None:
        """Answer the requests of a stream until it ends, or one asks to shut down."""
        for line in lines(stream):
            if line is None:
                message = f"The line is longer than {protocol.LONGEST_LINE} bytes and was not read."
                self._send(protocol.ErrorEvent(id=None, kind="request", message=message))
                continue
            try:
                request = protocol.REQUESTS.validate_json(line)
            except ValidationError as error:
                self._send(protocol.ErrorEvent(id=_id_of(line), kind="request", message=_say(error)))
                continue
            if isinstance(request, protocol.ShutdownRequest):
                self._send(protocol.ShutdownResult(id=request.id))
                return
            try:
                self._answer(request)
            except Exception as error:
                self._send(failure(request.id, error, self._told))

    def _answer(self, request: Any) -> None:
        match request:
            case protocol.HelloRequest():
                self._send(self._hello(request))
            case protocol.NoteRequest():
                self._send(self._answer_note(request))
            case protocol.CancelRequest():
                found = self._desk.cancel(request.target)
                self._send(protocol.CancelResult(id=request.id, target=request.target, found=found))
            case _:
                if not self._desk.put(request):
                    message = f"A request with the id {request.id} has not ended yet."
                    self._send(protocol.ErrorEvent(id=None, kind="request", message=message))

    def _hello(self, request: protocol.HelloRequest) -> protocol.HelloResult:
        return protocol.HelloResult(
            id=request.id,
            version=__version__,
            libraries=self._libraries.state,
            devices=self._libraries.devices,
            checkpoints=self._list_checkpoints(),
            formats=self._formats,
        )


def _id_of(line: bytes) -> str | None:
    """Return the id of a line that is no request, where it has one."""
    try:
        identifier = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return identifier if isinstance(identifier, str) and 0 < len(identifier) <= 100 else None


def _say(error: ValidationError) -> str:
    """Say what is wrong with a request, without the values in it."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"The request is not understood: {where + ': ' if where else ''}{first['msg']}."
