"""Run a batch in processes of this computer, each replaced if it ends.

`ProcessPoolExecutor` of the standard library and loky give up when one process ends. Here the parent knows which image
each process works on, replaces a process that has ended, and takes all processes with it when it ends.
"""

from __future__ import annotations

import logging
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait

from CausalCLIPSegLib.batch.child import END_SECONDS, POLL_SECONDS, Child, preload
from CausalCLIPSegLib.batch.executor import MAX_ATTEMPTS, Answer, Work, take_one_thread, time_limit
from CausalCLIPSegLib.batch.inputs import BatchItem
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.privacy import public_message, safe_traceback

log = logging.getLogger(__name__)

_LOADED = "loaded"
_MAX_FAILED_STARTS = 3


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Processes:
    """Processes of this computer.

    Args:
        count: how many images are segmented at the same time; None: as many as there are cores.
    """

    def __init__(self, count: int | None = None) -> None:
        self._count = count or usable_cores()
        self._processes: dict[Connection, _Process] = {}
        self._waiting: deque[BatchItem] = deque()
        self._attempts: Counter[str] = Counter()
        self._failed_starts = 0

    def run(self, load: Callable[[], Work], items: Sequence[BatchItem]) -> Iterator[tuple[BatchItem, Answer | None]]:
        """Yield each image with its answer; see `Executor`."""
        self._waiting = deque(items)
        preload("CausalCLIPSegLib.batch.preload")
        try:
            while self._waiting or any(each.item for each in self._processes.values()):
                self._start(load)
                self._hand_out()
                for pipe in wait(list(self._processes), POLL_SECONDS):
                    yield from self._receive(self._processes[pipe])  # type: ignore[index]
        finally:
            self._end()

    def _start(self, load: Callable[[], Work]) -> None:
        """Start processes while there is more to do than they take."""
        free = sum(each.item is None for each in self._processes.values())
        for _ in range(min(self._count - len(self._processes), len(self._waiting) - free)):
            process = _Process(load, use_one_thread=2 * self._count > usable_cores())
            self._processes[process.pipe] = process

    def _hand_out(self) -> None:
        for process in self._processes.values():
            if self._waiting and process.is_loaded and process.item is None:
                process.give(self._waiting.popleft())

    def _receive(self, process: _Process) -> Iterator[tuple[BatchItem, Answer | None]]:
        try:
            answer = process.pipe.recv()
        except (EOFError, OSError):
            yield from self._replace(process)
            return
        if isinstance(answer, CausalCLIPSegError):
            raise answer
        item, process.item, process.is_loaded = process.item, None, True
        self._failed_starts = 0
        self._hand_out()  # before the caller stores the row, so that the process does not wait for it
        if item is not None:
            yield item, answer

    def _replace(self, process: _Process) -> Iterator[tuple[BatchItem, Answer | None]]:
        """Forget a process that has ended, and try its image again or give it up."""
        del self._processes[process.pipe]
        log.debug("A process ended with status %s.", process.end(END_SECONDS))
        item = process.item
        if not process.is_loaded:
            self._failed_starts += 1
            if self._failed_starts >= _MAX_FAILED_STARTS:
                raise CausalCLIPSegError(
                    "The processes of the batch end while they load the checkpoint; there may be too little memory: "
                    "try fewer at a time with --jobs."
                )
        elif item is not None:
            self._attempts[item.name] += 1
            if self._attempts[item.name] < MAX_ATTEMPTS:
                self._waiting.append(item)
            else:
                yield item, None

    def _end(self) -> None:
        """End all processes; those that still work are stopped and remove their unfinished result."""
        processes, self._processes = list(self._processes.values()), {}
        try:
            for process in processes:
                process.stop()
            for process in processes:
                process.end(END_SECONDS)
        finally:  # also after a second Ctrl-C
            for process in processes:
                process.kill()


class _Process(Child):
    """A process, and what it is doing. Its pipe receives `_LOADED` first, then an `Answer` for each image.

    If loading fails, the pipe receives the error instead.

    Attributes:
        is_loaded: it waits for images or works on one.
        item: the image that it works on.
    """

    def __init__(self, load: Callable[[], Work], *, use_one_thread: bool) -> None:
        super().__init__(_serve, load, use_one_thread)
        self.is_loaded = False
        self.item: BatchItem | None = None

    def give(self, item: BatchItem) -> None:
        self.item = item
        with suppress(OSError):  # if the process has ended, the pipe says so
            self.pipe.send(item)

    def stop(self) -> None:
        """Ask the process to end: at once if it works on an image."""
        self.pipe.close()
        if self.item or not self.is_loaded:
            self.terminate()


def _serve(pipe: Connection, load: Callable[[], Work], use_one_thread: bool) -> None:
    """Segment the images that come through the pipe, until it is closed: what a process does."""
    if use_one_thread:
        take_one_thread()
    try:
        work = load()
    except CausalCLIPSegError as error:
        log.debug(safe_traceback(error))
        pipe.send(CausalCLIPSegError(str(error)))
        return
    except Exception as error:
        log.debug(safe_traceback(error))
        pipe.send(CausalCLIPSegError(public_message(error)))
        return
    pipe.send(_LOADED)
    with suppress(EOFError, OSError):  # the pipe is closed
        while True:
            item = pipe.recv()
            with time_limit():
                answer = work(item)
            pipe.send(answer)
