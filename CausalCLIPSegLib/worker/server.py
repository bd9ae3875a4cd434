"""One long-lived process that outlines films for another program: `python -m CausalCLIPSegLib.worker [--verbose]`.

Requests and events are JSON lines (worker_protocol.py). Standard output carries nothing else: what libraries print
goes to standard error. The main thread reads, and answers at once what is quick; one thread works off what takes time,
one loads the libraries, one writes. The process ends when its standard input closes, whatever it is at.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import queue
import shutil
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Literal, NoReturn

from pydantic import BaseModel, ValidationError

from CausalCLIPSegLib import __version__
from CausalCLIPSegLib import worker_protocol as protocol
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.privacy import frames, sentence

log = logging.getLogger("CausalCLIPSegLib.worker")  # also where this is run as __main__

Send = Callable[[BaseModel], None]
LongRequest = protocol.SegmentRequest | protocol.ThresholdRequest | protocol.ExportRequest

_LOADING = "Loading the libraries"


class CancelledError(Exception):
    """The request that is being worked on was cancelled."""


class LibrariesError(Exception):
    """Torch or the network cannot be loaded; the message is one sentence."""


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


class Libraries:
    """Torch and the network, loaded in a thread of their own while notes are read already."""

    def __init__(self, send: Send, told: Callable[[BaseException], str]) -> None:
        """Load nothing yet.

        Args:
            send: takes events.
            told: makes a sentence of what nobody expected.
        """
        self.state: Literal["loading", "loaded", "failed"] = "loading"
        self.devices: list[Literal["cpu", "cuda"]] | None = None
        self._send = send
        self._told = told
        self._ended = threading.Event()
        self._message = ""

    def start(self) -> None:
        """Begin to load."""
        threading.Thread(target=self._load, name="libraries", daemon=True).start()

    def wait(self, check: Callable[[], None]) -> None:
        """Return when they are loaded; meanwhile call `check` now and then, which may raise.

        Raises:
            LibrariesError: they cannot be loaded.
        """
        while not self._ended.wait(0.1):
            check()
        if self.state == "failed":
            raise LibrariesError(self._message)

    def _load(self) -> None:
        self._send(protocol.ProgressEvent(id=None, phase=_LOADING, fraction=0))
        try:
            import torch

            import CausalCLIPSegLib.segmenter  # noqa: F401 - the network with all that it needs

            self.devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
            self.state = "loaded"
        except BaseException as error:  # a damaged installation raises anything
            self._message = f"The libraries that the network needs cannot be loaded. {self._told(error)}"
            self.state = "failed"
            self._send(protocol.ErrorEvent(id=None, kind="unexpected", message=self._message))
        self._ended.set()
        self._send(protocol.ProgressEvent(id=None, phase=_LOADING, fraction=1))


class Job:
    """A request that takes time, on its way from the queue to its last event."""

    def __init__(self, request: LongRequest) -> None:
        self.request = request
        self.cancelled = False
        self.past_stopping = False


class Desk:
    """Works off the requests that take time, one after the other, in a thread of its own."""

    def __init__(self, send: Send, libraries: Libraries, told: Callable[[BaseException], str]) -> None:
        from CausalCLIPSegLib import worker_jobs

        self._send = send
        self._libraries = libraries
        self._told = told
        self._jobs = worker_jobs
        self._segmenters = worker_jobs.Segmenters()
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        threading.Thread(target=self._work, name="desk", daemon=True).start()

    def put(self, request: LongRequest) -> bool:
        """Queue a request; False where one with the same id has not ended."""
        with self._changed:
            if self._find(request.id):
                return False
            self._waiting.append(Job(request))
            self._changed.notify()
        return True

    def cancel(self, target: str) -> bool:
        """Give up a request; False where it has ended, is past stopping, or never was."""
        with self._changed:
            job = self._find(target)
            if job is None or job.past_stopping:
                return False
            job.cancelled = True
            if job is not self._running:
                self._waiting.remove(job)
                self._send(protocol.CancelledEvent(id=target))
        return True

    def _find(self, identifier: str) -> Job | None:
        jobs = (*self._waiting, *([self._running] if self._running else []))
        return next((job for job in jobs if job.request.id == identifier), None)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                job = self._running = self._waiting.popleft()
            event = self._do(job)
            with self._changed:
                self._running = None
                # cancelled in its last phase, in which it failed: the asker is told what was asked for
                cancelled = job.cancelled and not job.past_stopping
                self._send(protocol.CancelledEvent(id=job.request.id) if cancelled else event)

    def _do(self, job: Job) -> BaseModel:
        """Return the last event about a request."""
        identifier = job.request.id
        try:
            return self._result(job)
        except CancelledError:
            return protocol.CancelledEvent(id=identifier)
        except BaseException as error:  # the thread goes on whatever happens
            if not isinstance(error, CausalCLIPSegError):
                self._segmenters.clear()
            return failure(identifier, error, self._told)

    def _result(self, job: Job) -> BaseModel:
        request = job.request

        def check() -> None:
            if job.cancelled:
                raise CancelledError

        def begin(phase: str, fraction: float) -> None:
            with self._changed:
                check()
                job.past_stopping = fraction >= 1
            self._send(protocol.ProgressEvent(id=request.id, phase=phase, fraction=fraction))

        def warn(message: str) -> None:
            self._send(protocol.WarningEvent(id=request.id, message=message))

        if isinstance(request, protocol.SegmentRequest):
            return self._jobs.segment(request, begin, warn, self._segmenters, lambda: self._libraries.wait(check))
        if isinstance(request, protocol.ThresholdRequest):
            return self._jobs.threshold(request, begin)
        return self._jobs.export(request, begin)


class Worker:
    """Reads requests, and answers them or has them answered."""

    def __init__(self, send: Send, libraries: Libraries, told: Callable[[BaseException], str]) -> None:
        """Be ready to serve.

        Args:
            send: takes events.
            libraries: that load, or will.
            told: makes a sentence of what nobody expected.
        """
        from CausalCLIPSegLib import worker_jobs

        self._send = send
        self._told = told
        self._jobs = worker_jobs
        self._libraries = libraries
        self._desk = Desk(send, libraries, told)

    def serve(self, stream: BinaryIO) -> None:
        """Answer the requests of a stream until it ends, or one asks to shut down."""
        for line in _lines(stream):
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
                self._send(self._jobs.answer_note(request))
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
            checkpoints=self._jobs.list_checkpoints(),
            formats=list(self._jobs.FILES),
        )


def failure(identifier: str, error: BaseException, told: Callable[[BaseException], str]) -> protocol.ErrorEvent:
    """Return the event for an exception that ended a request."""
    from CausalCLIPSegLib.worker_jobs import AskMirroredError, AskSideError

    kind: Literal["mirrored", "side", "user", "unexpected"] = "user"
    message = " ".join(str(error).split())
    if isinstance(error, AskMirroredError):
        kind = "mirrored"
    elif isinstance(error, AskSideError):
        kind = "side"
    elif isinstance(error, MemoryError):
        message = "This computer has too little free memory for it."
    elif isinstance(error, LibrariesError):
        kind = "unexpected"
    elif not isinstance(error, CausalCLIPSegError):
        kind, message = "unexpected", told(error)
    return protocol.ErrorEvent(id=identifier, kind=kind, message=message)


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Give each line; None for one that is too long. What the end of the stream cuts off is no line."""
    while line := stream.readline(protocol.LONGEST_LINE + 1):
        if len(line) > protocol.LONGEST_LINE:
            while line and not line.endswith(b"\n"):
                line = stream.readline(1 << 16)
            yield None
        elif line.endswith(b"\n") and line.strip():
            yield line


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


def _take_stdout() -> BinaryIO:
    """Return standard output for the protocol alone; everything else that is printed goes to standard error."""
    sys.stdout.flush()
    ours = os.fdopen(os.dup(1), "wb")
    try:
        os.dup2(2, 1)
    except OSError:  # there is no standard error
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.stdout = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    return ours


def _be_quiet(verbose: bool) -> None:
    """Let nothing of films and notes into logs: libraries quote what they find odd."""
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr, format="%(name)s: %(message)s")
    logging.getLogger("CausalCLIPSegLib").setLevel(logging.DEBUG if verbose else logging.CRITICAL)
    warnings.showwarning = lambda *args, **kwargs: None


def main() -> NoReturn:
    """Serve on standard input and output until the input ends; does not return."""
    parser = argparse.ArgumentParser(prog="python -m CausalCLIPSegLib.worker", description=__doc__.split("\n")[0])
    parser.add_argument("--verbose", action="store_true", help="tell technical details of errors on standard error")
    verbose = parser.parse_args().verbose
    channel = Channel(_take_stdout(), broken=lambda: _leave(1))
    _be_quiet(verbose)

    def told(error: BaseException) -> str:
        log.debug(frames(error))
        return sentence(error)

    channel.send(protocol.ReadyEvent(version=__version__, pid=os.getpid()))
    status = 0
    try:
        libraries = Libraries(channel.send, told)
        worker = Worker(channel.send, libraries, told)
        libraries.start()
        worker.serve(sys.stdin.buffer)
    except KeyboardInterrupt:
        status = 130
    except BaseException as error:
        channel.send(protocol.ErrorEvent(id=None, kind="unexpected", message=told(error)))
        status = 1
    channel.drain(2)
    _leave(status)


def _leave(status: int) -> NoReturn:
    """End at once: a network that runs in another thread does not stop for anybody."""
    jobs = sys.modules.get("CausalCLIPSegLib.worker_jobs")
    for stage in list(jobs.open_stages) if jobs else []:
        shutil.rmtree(stage, ignore_errors=True)
    os._exit(status)


if __name__ == "__main__":
    main()
