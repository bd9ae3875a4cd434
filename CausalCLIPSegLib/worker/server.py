"""Read requests and answer them: quick requests at once, long requests through the job queue.

The process has four threads. The main thread reads requests and answers the quick ones, one thread runs the jobs, one
loads the libraries, and one writes events. See docs/worker.md.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, BinaryIO

from pydantic import ValidationError

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.channel import Send, read_lines
from CausalCLIPSegLib.worker.job_queue import JobQueue, error_event
from CausalCLIPSegLib.worker.libraries import Libraries
from CausalCLIPSegLib.worker.protocol.values import is_encodable


class Worker:
    """Answers the requests of another program.

    Args:
        send: called with each event to send.
        libraries: the libraries of the segmenter, loading or about to load.
        describe_error: turns an unexpected error into one sentence.
    """

    def __init__(self, send: Send, libraries: Libraries, describe_error: Callable[[BaseException], str]) -> None:
        from CausalCLIPSegLib.worker.jobs import checkpoints, export, notes

        self._send = send
        self._describe_error = describe_error
        self._answer_note = notes.answer_note
        self._list_checkpoints = checkpoints.list_checkpoints
        self._formats = list(export.FILES)
        self._libraries = libraries
        self._jobs = JobQueue(send, libraries, describe_error)

    def serve(self, stream: BinaryIO) -> None:
        """Answer the requests of a stream until it ends or a request asks to shut down."""
        for line in read_lines(stream):
            if line is None:
                message = f"The line is longer than {protocol.MAX_LINE_BYTES} bytes and was not read."
                self._send(protocol.ErrorEvent(id=None, kind="request", message=message))
                continue
            try:
                request = protocol.REQUESTS.validate_json(line)
            except Exception as error:
                self._send(protocol.ErrorEvent(id=_id_of(line), kind="request", message=_validation_message(error)))
                continue
            if isinstance(request, protocol.ShutdownRequest):
                self._send(protocol.ShutdownResult(id=request.id))
                return
            try:
                self._answer(request)
            except Exception as error:
                self._send(error_event(request.id, error, self._describe_error))

    def _answer(self, request: Any) -> None:
        match request:
            case protocol.HelloRequest():
                self._send(self._hello(request))
            case protocol.NoteRequest():
                self._send(self._answer_note(request))
            case protocol.ServerRequest():
                threading.Thread(target=self._ask_server, args=(request,), name="server", daemon=True).start()
            case protocol.CancelRequest():
                self._jobs.cancel(
                    request.target,
                    lambda found: self._send(protocol.CancelResult(id=request.id, target=request.target, found=found)),
                )
            case _:
                if problem := self._jobs.put(request):
                    self._send(protocol.ErrorEvent(id=None, kind="request", message=problem))

    def _ask_server(self, request: protocol.ServerRequest) -> None:
        """Answer "server", which may take a while."""
        try:
            from CausalCLIPSegLib.worker.jobs.remote import answer_server  # needs requests

            self._send(answer_server(request))
        except Exception as error:
            self._send(error_event(request.id, error, self._describe_error))

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
    """Return the id of an invalid request; None if it has no valid id."""
    try:
        identifier = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    is_valid = isinstance(identifier, str) and 0 < len(identifier) <= 100 and is_encodable(identifier)
    return identifier if is_valid else None


def _validation_message(error: Exception) -> str:
    """Return what is wrong with a request, without its values, which may quote the patient."""
    if not isinstance(error, ValidationError):
        return "The request is not understood."
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(name) for name in first["loc"])
    return f"The request is not understood: {field + ': ' if field else ''}{first['msg']}."
