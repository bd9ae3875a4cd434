"""Work for batches without a network: plain rows, and images that end the process that works on them."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from CausalCLIPSegLib.batch.executor import Answer, Work
from CausalCLIPSegLib.batch.inputs import BatchItem
from CausalCLIPSegLib.batch.table import Row
from CausalCLIPSegLib.errors import CheckpointError


class InThisProcess:
    """An executor without processes, so that a test can replace parts of the work."""

    def run(self, load: Callable[[], Work], items: Sequence[BatchItem]) -> Iterator[tuple[BatchItem, Answer | None]]:
        if items:
            work = load()
            yield from ((item, work(item)) for item in items)


def _read_address_zero() -> None:
    ctypes.string_at(0)


ENDINGS: dict[str, Callable[[], object]] = {
    "SIGSEGV": _read_address_zero,
    "SIGABRT": os.abort,
    "out of memory": lambda: os.kill(os.getpid(), signal.SIGKILL),  # as the kernel ends a process
    "exit": lambda: os._exit(0),
    "exit of Python": lambda: exit(3),
}
"""Ways in which an image ends the process that works on it, by the name of the image."""


@dataclass(frozen=True)
class Load:
    """Loads work that gives each item a row; an item whose name is in `ENDINGS` ends the process.

    Attributes:
        log: folder in which each process and each piece of work leaves a file.
        seconds: how long an item takes.
        together: how many processes must have started before an item is done.
        fault: "error" if the checkpoint is damaged, "crash" if loading it ends the process.
    """

    log: Path
    seconds: float = 0
    together: int = 1
    fault: str = ""

    def __call__(self) -> Work:
        (self.log / f"process {os.getpid()}").touch()
        if self.fault == "error":
            raise CheckpointError("The weights are damaged.")
        if self.fault == "crash":
            os._exit(1)
        return self._segment

    def _segment(self, item: BatchItem) -> Answer:
        (self.log / f"{item.name} in {os.getpid()} at {time.monotonic_ns()}").touch()
        while len(list(self.log.glob("process *"))) < self.together:
            time.sleep(0.02)
        time.sleep(self.seconds)
        if item.name in ENDINGS:
            ENDINGS[item.name]()
        return Answer(Row(item.name, "outlined", request="1"))


def items_with_names(*names: str) -> list[BatchItem]:
    return [BatchItem(Path(name), name, PurePath(name)) for name in names]
