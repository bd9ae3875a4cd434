"""Requests that take time: queued, run one after the other in a thread, cancelled."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel

from CausalCLIPSegLib.errors import CausalCLIPSegError, MirroredQuestionError, SideQuestionError
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.channel import Send
from CausalCLIPSegLib.worker.libraries import Libraries, LibrariesError

LongRequest = protocol.SegmentRequest | protocol.ThresholdRequest | protocol.ExportRequest


class CancelledError(Exception):
    """The request that is being worked on was cancelled."""


class Job:
    """A request that takes time, on its way from the queue to its last event."""

    def __init__(self, request: LongRequest) -> None:
        self.request = request
        self.cancelled = False
        self.past_stopping = False


class JobQueue:
    """Works off the requests that take time, one after the other, in a thread of its own."""

    def __init__(self, send: Send, libraries: Libraries, told: Callable[[BaseException], str]) -> None:
        from CausalCLIPSegLib.worker.jobs.export import export
        from CausalCLIPSegLib.worker.jobs.segment import segment
        from CausalCLIPSegLib.worker.jobs.threshold import threshold
        from CausalCLIPSegLib.worker.segmenters import Segmenters  # NumPy and pydicom take their time

        self._send = send
        self._libraries = libraries
        self._told = told
        self._segment, self._threshold, self._export = segment, threshold, export
        self._segmenters = Segmenters()
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
            return self._segment(request, begin, warn, self._segmenters, lambda: self._libraries.wait(check))
        if isinstance(request, protocol.ThresholdRequest):
            return self._threshold(request, begin)
        return self._export(request, begin)


def failure(identifier: str, error: BaseException, told: Callable[[BaseException], str]) -> protocol.ErrorEvent:
    """Return the event for an exception that ended a request."""

    kind: Literal["mirrored", "side", "user", "unexpected"] = "user"
    message = " ".join(str(error).split())
    if isinstance(error, MirroredQuestionError):
        kind = "mirrored"
    elif isinstance(error, SideQuestionError):
        kind = "side"
    elif isinstance(error, MemoryError):
        message = "This computer has too little free memory for it."
    elif isinstance(error, LibrariesError):
        kind = "unexpected"
    elif not isinstance(error, CausalCLIPSegError):
        kind, message = "unexpected", told(error)
    return protocol.ErrorEvent(id=identifier, kind=kind, message=message)
