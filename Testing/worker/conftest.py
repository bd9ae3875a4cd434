"""Worker processes, and what to ask them."""

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
HANGS = 180
"""Seconds after which a test says that the worker hangs; nothing is measured by it."""

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
LAST = {"result", "error", "cancelled"}


class Process:
    """A worker process. Every line that it writes has to be an event of the protocol."""

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
        self._number = 0

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def write(self, data: bytes) -> None:
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, request: str, **fields: Any) -> str:
        self._number += 1
        identifier = f"{request}-{self._number}"
        self.write(json.dumps({"id": identifier, "request": request, **fields}, default=str).encode() + b"\n")
        return identifier

    def next(self) -> dict[str, Any] | None:
        """The next event; None at the end of the stream."""
        line = self._lines.get(timeout=HANGS)
        if not line:
            return None
        event = json.loads(line)
        EVENTS.validate_python(event)
        self.events.append(event)
        return event

    def wait_for(self, **fields: Any) -> dict[str, Any]:
        """The next event with these fields."""
        while (event := self.next()) is not None:
            if all(event.get(name) == value for name, value in fields.items()):
                return event
        raise AssertionError(f"the worker ended; stderr: {self.log.read_text()}")

    def end_of(self, identifier: str) -> dict[str, Any]:
        """The last event about a request."""
        while (event := self.wait_for(id=identifier))["event"] not in LAST:
            pass
        return event

    def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        return self.end_of(self.send(request, **fields))

    def about(self, identifier: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["id"] == identifier]

    def leave(self) -> int:
        self.process.stdin.close()
        return self.process.wait(HANGS)


@pytest.fixture(scope="session")
def start_worker(tmp_path_factory) -> Iterator[Callable[..., Process]]:
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
    """The folder that handles the worker; see held_worker.py."""
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
    """A film as a program hands it over: 90 rows x 120 columns, int16, with a slice axis."""
    coarse = np.random.default_rng(5).integers(-100, 4000, (9, 12))
    path = tmp_path_factory.mktemp("film") / "film.npy"
    np.save(path, np.kron(coarse, np.ones((10, 10), int)).astype(np.int16)[None])
    return path


@pytest.fixture
def request_of(tiny_checkpoint_to_read, values, tmp_path) -> dict[str, Any]:
    """A segmentation of the made film by the tiny checkpoint."""
    affine = [[0.5, 0, 0, 0], [0, 0.25, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    return {
        "image": {"kind": "array", "path": str(values), "spacing": [0.25, 0.5], "affine": affine},
        "note": "Consolidation in the right lower zone.",
        "checkpoint": str(tiny_checkpoint_to_read),
        "device": "cpu",
        "threshold": 0.3,
        "output": str(tmp_path / "out"),
    }
