"""Worker processes, and requests to send to them."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from CausalCLIPSegLib.worker.protocol import Event

ROOT = Path(__file__).parents[2]
TIMEOUT = 180
"""Seconds after which a test decides that the worker hangs; no test measures time by it."""

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
LAST_EVENTS = {"result", "error", "cancelled"}


class Process:
    """A worker process. Every line that it writes must be an event of the protocol."""

    def __init__(self, command: list[str], folder: Path, **environment: str) -> None:
        self.log = folder / "stderr.txt"
        with self.log.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            )
        self.events: list[dict[str, Any]] = []
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self._count = 0

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, request: str, **fields: Any) -> str:
        """Send a request, and return its id."""
        self._count += 1
        identifier = f"{request}-{self._count}"
        self.write(json.dumps({"id": identifier, "request": request, **fields}, default=str).encode() + b"\n")
        return identifier

    def next(self) -> dict[str, Any] | None:
        """Return the next event; None at the end of the stream."""
        line = self._lines.get(timeout=TIMEOUT)
        if not line:
            return None
        event = json.loads(line)
        EVENTS.validate_python(event)
        self.events.append(event)
        return event

    def wait_for(self, **fields: Any) -> dict[str, Any]:
        """Return the next event with these fields."""
        while (event := self.next()) is not None:
            if all(event.get(name) == value for name, value in fields.items()):
                return event
        raise AssertionError(f"the worker ended; stderr: {self.log.read_text()}")

    def wait_until_it_searches(self, identifier: str) -> None:
        """Wait until the network of a segmentation runs, where held_worker.py can hold it."""
        self.wait_for(id=identifier, event="progress", phase="Searching the radiograph")

    def end_of(self, identifier: str) -> dict[str, Any]:
        """Return the last event about a request."""
        while (event := self.wait_for(id=identifier))["event"] not in LAST_EVENTS:
            pass
        return event

    def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        """Send a request, and return the event that ends it."""
        return self.end_of(self.send(request, **fields))

    def about(self, identifier: str) -> list[dict[str, Any]]:
        """Return the events so far about a request."""
        return [event for event in self.events if event["id"] == identifier]

    def close_input(self) -> int:
        """Close its standard input, and return its exit status."""
        self.process.stdin.close()
        return self.process.wait(TIMEOUT)


@pytest.fixture(scope="session")
def start_worker(tmp_path_factory) -> Iterator[Callable[..., Process]]:
    """Start a worker; with `script`, the Python file of that name beside this one."""
    started: list[Process] = []

    def start(*arguments: str, script: str | None = None, **environment: str) -> Process:
        command = [str(Path(__file__).with_name(script))] if script else ["-m", "CausalCLIPSegLib.worker"]
        started.append(Process([*command, *arguments], tmp_path_factory.mktemp("worker"), **environment))
        return started[-1]

    yield start
    for process in started:
        process.process.kill()
        process.process.wait()


@pytest.fixture(scope="session")
def hold(tmp_path_factory) -> Path:
    """The folder whose files control the shared worker; see held_worker.py."""
    return tmp_path_factory.mktemp("hold")


@pytest.fixture(scope="session")
def held_worker(start_worker, hold) -> Process:
    return start_worker(script="held_worker.py", HOLD=str(hold))


@pytest.fixture
def worker(held_worker, hold) -> Iterator[Process]:
    """The process that most tests share."""
    yield held_worker
    for path in hold.iterdir():
        path.unlink()


@pytest.fixture(scope="session")
def values(tmp_path_factory) -> Path:
    """A radiograph as another program sends it: .npy, 90 rows x 120 columns, int16, with a slice axis."""
    coarse = np.random.default_rng(5).integers(-100, 4000, (9, 12))
    path = tmp_path_factory.mktemp("radiograph") / "radiograph.npy"
    np.save(path, np.kron(coarse, np.ones((10, 10), int)).astype(np.int16)[None])
    return path


@pytest.fixture
def segment_request(tiny_checkpoint_to_read, values, tmp_path) -> dict[str, Any]:
    """The fields of a request to segment that radiograph with the tiny checkpoint."""
    affine = [[0.5, 0, 0, 0], [0, 0.25, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    return {
        "image": {"kind": "array", "path": str(values), "spacing": [0.25, 0.5], "affine": affine},
        "note": "Consolidation in the right lower zone.",
        "checkpoint": str(tiny_checkpoint_to_read),
        "device": "cpu",
        "threshold": 0.3,
        "output": str(tmp_path / "out"),
    }
