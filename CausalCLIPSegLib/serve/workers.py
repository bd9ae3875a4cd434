"""Worker processes, and the queue of the jobs for them."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from CausalCLIPSegLib.serve.children import child_environment
from CausalCLIPSegLib.serve.refusals import Refusal, unexpected
from CausalCLIPSegLib.worker.client import MODULE, OnEvent, WorkerClient

log = logging.getLogger(__name__)

_START_SECONDS = 120
_NOTE_SECONDS = 20
_LONGEST_PAUSE = 30
"""Seconds before a worker that does not start is started again."""

_ENDED = "The process that outlines the radiograph has ended unexpectedly; try again."


class CanceledError(Exception):
    """The client has canceled the job."""


class WorkerError(Exception):
    """A worker answers with an error; the fields are those of its event."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class WorkerProcess:
    """One worker process.

    Args:
        command: the program and its arguments.
        folder: the folder that the process works in.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._command = command
        self._folder = folder
        self._ready = asyncio.Event()

    async def start(self) -> None:
        """Start the process, and return when it is ready.

        Raises:
            OSError: the process cannot be started.
            WorkerError: the process ends or does not answer.
        """
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=self._folder,
            env=child_environment(self._folder),
        )
        assert self._process.stdin is not None
        self._client = WorkerClient(self._process.stdin.write, on_state=lambda state: self._ready.set())
        self.ended = asyncio.create_task(self._read())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), _START_SECONDS)
        except asyncio.CancelledError:  # the server stops
            await self.stop()
            raise
        if self._client.state not in {"ready", "busy"}:
            await self.stop()
            raise WorkerError("ended", "The worker does not start.")

    @property
    def alive(self) -> bool:
        """Whether requests can be sent."""
        return self._client.alive

    def send(self, request: dict[str, Any], on_event: OnEvent) -> tuple[str, asyncio.Future[dict[str, Any]]]:
        """Send a request.

        Returns:
            The identifier of the request, and its result: the last event, or WorkerError or CanceledError.

        Raises:
            WorkerError: the process has ended.
        """
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

        def handle(event: dict[str, Any]) -> None:
            if answer.done():
                return
            match event["event"]:
                case "result":
                    answer.set_result(event)
                case "error":
                    answer.set_exception(WorkerError(event["kind"], event["message"]))
                case "cancelled":
                    answer.set_exception(CanceledError())
                case _:
                    on_event(event)

        if not self.alive:
            raise WorkerError("ended", _ENDED)
        return self._client.send(request, handle), answer

    def cancel(self, identifier: str) -> None:
        """Cancel a request; it then ends in CanceledError."""
        self._client.cancel(identifier)

    async def stop(self) -> None:
        """End the process at once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        await self.ended

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while data := await self._process.stdout.read(1 << 16):
            self._client.feed(data)
        await self._process.wait()
        self._client.finished()
        self._ready.set()


class Job:
    """A request for a worker, from the queue to its answer.

    Attributes:
        request: as in worker.protocol, without "id".
        answer: the event that ends it; WorkerError, CanceledError or Refusal.
        on_event: called with the worker's progress and warnings.
        on_position: called with the number of jobs before this one, 0 when it runs.
    """

    def __init__(
        self,
        request: dict[str, Any],
        on_event: OnEvent = lambda event: None,
        on_position: Callable[[int], None] = lambda position: None,
    ) -> None:
        self.request = request
        self.answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.on_event = on_event
        self.on_position = on_position
        self.cancel_running: Callable[[], None] | None = None


class Workers:
    """Several worker processes that take jobs from one queue.

    Attributes:
        restarts: number of processes that have ended unexpectedly.

    Args:
        count: number of processes.
        waiting: number of jobs that may wait.
        seconds: after which a job is given up and its process is ended.
        folder: the folder that the processes work in.
        command: the worker's program and its arguments.
    """

    def __init__(
        self, count: int, waiting: int, seconds: float, folder: Path, command: list[str] | None = None
    ) -> None:
        self.restarts = 0
        self._count, self._limit, self._seconds, self._folder = count, waiting, seconds, folder
        self._command = command or [sys.executable, "-m", MODULE]
        self._queue: deque[Job] = deque()
        self._arrived = asyncio.Condition()
        self._processes: dict[int, WorkerProcess] = {}
        self._busy: set[int] = set()
        self._lanes: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the processes in the background."""
        self._lanes = [asyncio.create_task(self._work(lane)) for lane in range(self._count)]

    async def stop(self) -> None:
        """End all processes; open jobs are canceled."""
        for lane in self._lanes:
            lane.cancel()
        await asyncio.gather(*self._lanes, return_exceptions=True)
        for job in self._queue:
            _settle(job, CanceledError())
        self._queue.clear()

    @property
    def waiting(self) -> int:
        """Number of jobs that wait."""
        return len(self._queue)

    @property
    def busy(self) -> int:
        """Number of processes that run a job."""
        return len(self._busy)

    @property
    def alive(self) -> int:
        """Number of processes that can take a job."""
        return sum(process.alive for process in self._processes.values())

    def check_room(self) -> None:
        """Check that a job may be queued.

        Raises:
            Refusal: too many jobs wait.
        """
        if len(self._queue) >= self._limit:
            message = f"The server is busy: {self._limit} requests are waiting already; try again in a few seconds."
            raise Refusal(429, "queue.full", message, retry_after=5, waiting=self._limit)

    async def put(self, job: Job) -> None:
        """Queue a job.

        Raises:
            Refusal: too many jobs wait.
        """
        self.check_room()
        async with self._arrived:
            self._queue.append(job)
            job.on_position(len(self._queue))
            self._arrived.notify()

    def cancel(self, job: Job) -> None:
        """Cancel a job; its answer is CanceledError, unless it has just ended."""
        if job in self._queue:
            self._queue.remove(job)
            self._tell_positions()
            _settle(job, CanceledError())
        elif job.cancel_running:
            job.cancel_running()

    async def note(self, request: dict[str, Any]) -> dict[str, Any]:
        """Ask any worker what it understands of a note; a worker answers this even while it runs a job.

        Raises:
            Refusal: no worker can be asked now.
            WorkerError: the note cannot be used.
        """
        alive = [lane for lane, process in self._processes.items() if process.alive]
        if not alive:
            raise Refusal(503, "worker.starting", "The server is just starting; try again.", retry_after=2)
        process = self._processes[min(alive, key=lambda lane: lane in self._busy)]
        _, answer = process.send(request, lambda event: None)
        try:
            return await asyncio.wait_for(answer, _NOTE_SECONDS)
        except TimeoutError:
            raise Refusal(503, "server.busy", "The server is busy; try again.", retry_after=5) from None

    async def _work(self, lane: int) -> None:
        """Keep one process running, and give it one job after the other."""
        pause = 0.0
        while True:
            process = WorkerProcess(self._command, self._folder)
            try:
                await process.start()
            except (OSError, WorkerError) as error:
                log.warning("A worker does not start (%s).", type(error).__name__)
                pause = min(2 * pause + 1, _LONGEST_PAUSE)
                await asyncio.sleep(pause)
                continue
            self._processes[lane], pause = process, 0
            try:
                while process.alive and (job := await self._next(process)):
                    await self._run(job, process, lane)
                self.restarts += 1
                log.warning("A worker has ended and is started again.")
            finally:
                del self._processes[lane]
                await process.stop()

    async def _next(self, process: WorkerProcess) -> Job | None:
        """Return the next job; None if the process ends before there is one."""
        waiting = asyncio.create_task(self._take())
        try:
            await asyncio.wait({waiting, process.ended}, return_when=asyncio.FIRST_COMPLETED)
            return waiting.result() if waiting.done() else None
        finally:
            if not waiting.done():
                waiting.cancel()

    async def _take(self) -> Job:
        async with self._arrived:
            await self._arrived.wait_for(lambda: bool(self._queue))
            job = self._queue.popleft()
        self._tell_positions()
        return job

    def _tell_positions(self) -> None:
        for position, job in enumerate(self._queue, 1):
            job.on_position(position)

    async def _run(self, job: Job, process: WorkerProcess, lane: int) -> None:
        if job.answer.done():
            return
        if not process.alive:  # it has ended in the meantime
            self._queue.appendleft(job)
            return
        self._busy.add(lane)
        try:
            job.on_position(0)
            identifier, answer = process.send(job.request, job.on_event)
            job.cancel_running = lambda: process.cancel(identifier)
            done, _ = await asyncio.wait({answer}, timeout=self._seconds)
            if done:
                _settle(job, answer.exception() or answer.result())
            else:
                await process.stop()
                answer.exception()  # it has been noticed
                message = f"This took longer than {self._seconds:g} seconds and was stopped."
                _settle(job, Refusal(503, "run.too_slow", message, seconds=self._seconds))
        except WorkerError as error:
            _settle(job, error)
        finally:
            job.cancel_running = None
            self._busy.discard(lane)
            _settle(job, CanceledError())  # the server stops


def _settle(job: Job, outcome: dict[str, Any] | BaseException) -> None:
    if job.answer.done():
        return
    if isinstance(outcome, BaseException):
        job.answer.set_exception(outcome)
        job.answer.exception()  # a client that has gone asks for no answer
    else:
        job.answer.set_result(outcome)


def refusal_of(error: BaseException, identifier: str = "user") -> Refusal:
    """Return the refusal that tells a client of a job's error.

    Args:
        error: of the job.
        identifier: of an error that a user can act on.
    """
    if isinstance(error, Refusal):
        return error
    if not isinstance(error, WorkerError):
        return unexpected()
    match error.kind:
        case "ended" | "timeout":
            return Refusal(503, "worker.ended", _ENDED, retry_after=5)
        case "mirrored":
            return Refusal(409, "radiograph.mirrored", error.message)
        case "side":
            return Refusal(409, "note.side", error.message)
        case "user":
            return Refusal(422, identifier, error.message)
        case "request":
            return Refusal(422, "request.invalid", "The request is not understood.")
    return unexpected()
