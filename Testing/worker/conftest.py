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
"""Seconds after which a test decides that the worker hangs."""

EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
LAST_EVENTS = {"result", "error", "cancelled"}


def sentences_without_id(event: Any) -> Iterator[str]:
    """Yield where `texts` of an event, or of a part of it, does not say which sentence it is."""
    if isinstance(event, dict):
        for name, text in event.get("texts", {}).items():
            if text is None or None in (text if isinstance(text, list) else text.values()):
                yield name
    for part in event.values() if isinstance(event, dict) else event if isinstance(event, list) else ():
        yield from sentences_without_id(part)


class Process:
    """A worker process. Checks that each line that it writes is an event of the protocol, in sentences with an id."""

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
        assert not list(sentences_without_id(event)), event
        self.events.append(event)
        return event

    def wait_for(self, **fields: Any) -> dict[str, Any]:
        """Return the next event with these fields."""
        while (event := self.next()) is not None:
            if all(event.get(name) == value for name, value in fields.items()):
                return event
        raise AssertionError(f"the worker ended; stderr: {self.log.read_text()}")

    def wait_until_network_runs(self, identifier: str) -> None:
        """Wait until the network of a segmentation runs, which controlled_worker.py can make wait."""
        self.wait_for(id=identifier, event="progress", phase="Searching the radiograph")

    def end_of(self, identifier: str) -> dict[str, Any]:
        """Return the last event about a request."""
        while (event := self.wait_for(id=identifier))["event"] not in LAST_EVENTS:
            pass
        return event

    def ask(self, request: str, **fields: Any) -> dict[str, Any]:
        """Send a request, and return the event that ends it."""
        return self.end_of(self.send(request, **fields))

    def events_about(self, identifier: str) -> list[dict[str, Any]]:
        """Return the events about a request that have arrived so far."""
        return [event for event in self.events if event["id"] == identifier]

    def close_input(self) -> int:
        """Close the standard input of the process, and return its exit status."""
        self.process.stdin.close()
        return self.process.wait(TIMEOUT)


@pytest.fixture(scope="session")
def start_worker(tmp_path_factory) -> Iterator[Callable[..., Process]]:
    """Return a function that starts a worker; `script` names a Python file beside this one to run instead."""
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
def control_folder(tmp_path_factory) -> Path:
    """The folder whose files control the shared worker; see controlled_worker.py."""
    return tmp_path_factory.mktemp("control")


@pytest.fixture(scope="session")
def controlled_worker(start_worker, control_folder) -> Process:
    return start_worker(script="controlled_worker.py", CONTROL_FOLDER=str(control_folder))


@pytest.fixture
def worker(controlled_worker, control_folder) -> Iterator[Process]:
    """The process that most tests share."""
    yield controlled_worker
    for path in control_folder.iterdir():
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
    """The fields of a request to segment the radiograph in `values` with the tiny checkpoint."""
    affine = [[0.5, 0, 0, 0], [0, 0.25, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    return {
        "image": {"kind": "array", "path": str(values), "spacing": [0.25, 0.5], "affine": affine},
        "note": "Consolidation in the right lower zone.",
        "checkpoint": str(tiny_checkpoint_to_read),
        "device": "cpu",
        "threshold": 0.3,
        "output": str(tmp_path / "out"),
    }
