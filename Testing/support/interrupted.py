"""Interrupt a function at its n-th access to the file system: by an error, or by the end of the process."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator

_EVENTS = ("open", "os.", "shutil.", "fcntl.")


def interruptions(
    prepare: Callable[[], None], run: Callable[[], object], how: Callable[[], object]
) -> Iterator[tuple[int, int]]:
    """Run a function again and again, each time interrupted a little later, until it ends before the interruption.

    Args:
        prepare: called before each run.
        run: called in a process of its own (a fork).
        how: called at the n-th audit event about files (https://docs.python.org/3/library/audit_events.html); it ends
            the process or raises.

    Yields:
        After each run: the number of the access, and the exit status of the process; 0: not interrupted, 1: an error.
    """
    number, status = 0, -1
    while status != 0:
        number += 1
        prepare()
        status = _run_interrupted(run, how, number)
        yield number, status


def in_another_process(run: Callable[[], object]) -> int:
    """Run a function in a process of its own, and return its exit status; 1: an error."""
    return _run_interrupted(run, lambda: None, sys.maxsize)


def _run_interrupted(run: Callable[[], object], how: Callable[[], object], number: int) -> int:
    process = os.fork()
    if process:
        return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    count = 0

    def count_event(event: str, _: object) -> None:
        nonlocal count
        if event.startswith(_EVENTS):
            count += 1
            if count == number:
                how()

    try:
        sys.addaudithook(count_event)
        run()
    except BaseException:
        os._exit(1)
    os._exit(0 if count < number else 2)
