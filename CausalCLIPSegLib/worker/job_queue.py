"""Run long requests one after the other in a background thread, and cancel them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel

from CausalCLIPSegLib.atomic_files import claimed
from CausalCLIPSegLib.errors import CausalCLIPSegError, MirroredQuestionError, SideQuestionError
from CausalCLIPSegLib.memory import TOO_LITTLE_MEMORY, is_out_of_memory
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.channel import Send
from CausalCLIPSegLib.worker.libraries import Libraries, LibrariesError

LongRequest = protocol.SegmentRequest | protocol.ThresholdRequest | protocol.ExportRequest


MAX_WAITING = 1000
"""Maximum number of requests in the queue."""


class CanceledError(Exception):
    """The request that is running was canceled."""


class Job:
    """A long request, from the queue to its last event.

    Attributes:
        request: the request.
        canceled: whether the other program has canceled it; then its request has ended.
        committed: whether its files are about to appear, so that it can no longer be canceled.
    """

    def __init__(self, request: LongRequest) -> None:
        self.request = request
        self.canceled = False
        self.committed = False


class JobQueue:
    """Runs long requests one after the other, in a background thread.

    Args:
        send: called with each event to send.
        libraries: the libraries of the segmenter; a segmentation waits until they are loaded.
        describe_error: turns an unexpected error into one sentence.
    """

    def __init__(self, send: Send, libraries: Libraries, describe_error: Callable[[BaseException], str]) -> None:
        # Imported after the ready event was sent, because NumPy and pydicom take time to load.
        from CausalCLIPSegLib.worker.jobs.arrays import PROBABILITY
        from CausalCLIPSegLib.worker.jobs.export import export
        from CausalCLIPSegLib.worker.jobs.segment import segment
        from CausalCLIPSegLib.worker.jobs.threshold import threshold
        from CausalCLIPSegLib.worker.segmenters import Segmenters

        self._send = send
        self._libraries = libraries
        self._describe_error = describe_error
        self._segment, self._threshold, self._export = segment, threshold, export
        self._segmenters = Segmenters()
        self._file_name = PROBABILITY  # as long as any other
        self._changed = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._running: Job | None = None
        threading.Thread(target=self._work, name="jobs", daemon=True).start()

    def put(self, request: LongRequest) -> str:
        """Queue a request; return why that is not possible, in one sentence, or "" if it is."""
        with self._changed:
            if self._find(request.id):
                return f"A request with the id {request.id} has not ended yet."
            if len(self._waiting) == MAX_WAITING:
                return f"{MAX_WAITING} requests are waiting already; the request {request.id} was not taken."
            self._waiting.append(Job(request))
            self._changed.notify()
        return ""

    def cancel(self, target: str, answer: Callable[[bool], None]) -> None:
        """Cancel a request, which then ends at once. If it is running, its phase goes on, and its result is dropped.

        Args:
            target: the id of the request.
            answer: called before the request ends, with false if it is unknown, has ended, or cannot be canceled now.
        """
        with self._changed:
            job = self._find(target)
            if job is None or job.committed:
                answer(False)
                return
            answer(True)
            job.canceled = True
            if job is not self._running:
                self._waiting.remove(job)
            self._send(protocol.CancelledEvent(id=target))

    def _find(self, identifier: str) -> Job | None:
        """Return the job whose request has this id and has not ended."""
        jobs = (*self._waiting, *([self._running] if self._running and not self._running.canceled else []))
        return next((job for job in jobs if job.request.id == identifier), None)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                job = self._running = self._waiting.popleft()
            event = self._last_event(job)
            with self._changed:
                self._running = None
                if not job.canceled:  # otherwise its request has ended already
                    self._send(event)

    def _last_event(self, job: Job) -> BaseModel:
        """Run a job, and return the event that ends its request."""
        identifier = job.request.id
        try:
            with claimed(job.request.output, [self._file_name]):
                return self._run(job)
        except CanceledError:
            return protocol.CancelledEvent(id=identifier)
        except BaseException as error:  # no error may end the thread
            if not isinstance(error, CausalCLIPSegError):
                self._segmenters.clear()
            return error_event(identifier, error, self._describe_error)

    def _run(self, job: Job) -> BaseModel:
        request = job.request

        def check() -> None:
            if job.canceled:
                raise CanceledError

        def begin(phase: str, fraction: float) -> None:
            with self._changed:
                check()
                job.committed = fraction >= 1
                self._send(protocol.ProgressEvent(id=request.id, phase=phase, fraction=fraction))

        def warn(message: str) -> None:
            with self._changed:
                check()
                self._send(protocol.WarningEvent(id=request.id, message=message))

        if isinstance(request, protocol.SegmentRequest) and request.server is not None:
            from CausalCLIPSegLib.worker.jobs.remote import segment_on_server  # needs requests

            return segment_on_server(request, request.server, begin)
        if isinstance(request, protocol.SegmentRequest):
            return self._segment(request, begin, warn, self._segmenters, lambda: self._libraries.wait(check))
        if isinstance(request, protocol.ThresholdRequest):
            return self._threshold(request, begin)
        return self._export(request, begin)


def error_event(
    identifier: str, error: BaseException, describe_error: Callable[[BaseException], str]
) -> protocol.ErrorEvent:
    """Return the event for an error that ended a request.

    Args:
        identifier: the id of the request.
        error: the error that ended the request.
        describe_error: turns an unexpected error into one sentence.
    """
    kind: Literal["mirrored", "side", "user", "unexpected"] = "user"
    message = " ".join(str(error).split())
    if isinstance(error, MirroredQuestionError):
        kind = "mirrored"
    elif isinstance(error, SideQuestionError):
        kind = "side"
    elif is_out_of_memory(error):
        message = TOO_LITTLE_MEMORY
    elif isinstance(error, LibrariesError):
        kind = "unexpected"
    elif not isinstance(error, CausalCLIPSegError):
        kind, message = "unexpected", describe_error(error)
    return protocol.ErrorEvent(id=identifier, kind=kind, message=message)
