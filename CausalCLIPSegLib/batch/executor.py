"""The interface of what runs a batch: processes of this computer, or those of a cluster."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from CausalCLIPSegLib.batch.inputs import BatchItem
from CausalCLIPSegLib.batch.table import Row

MAX_ATTEMPTS = 2
"""How often an image is tried if its process ends; the first time, something else may have ended the process."""
MAX_SECONDS = 600
"""Seconds after which a process that works on one image is ended. A large image takes a few."""


@dataclass(frozen=True)
class Answer:
    """The row of an image, and sentences for the user that concern the whole batch."""

    row: Row
    warnings: tuple[str, ...] = ()


Work = Callable[[BatchItem], Answer]
"""Segments one image."""


class Executor(Protocol):
    """Runs images in other processes, several at the same time."""

    def run(self, load: Callable[[], Work], items: Sequence[BatchItem]) -> Iterator[tuple[BatchItem, Answer | None]]:
        """Yield each image with its answer as soon as it is there, in any order.

        The answer is None if the image ended each of the processes that tried it, or took longer than `MAX_SECONDS`.

        Args:
            load: returns what segments the images; every process calls it once. It can be pickled.
            items: the images.

        Raises:
            CausalCLIPSegError: `load` failed, or the processes cannot work.
        """


@contextmanager
def time_limit() -> Iterator[None]:
    """End this process if the block takes longer than `MAX_SECONDS`, even if native code never returns."""
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(MAX_SECONDS, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def take_one_thread() -> None:
    """Let the libraries of this process use one thread, unless the user says otherwise: other processes need the rest.

    Call it before `load`, because libraries read these variables when they are imported.
    """
    for variable in ("CAUSALCLIPSEG_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(variable, "1")
