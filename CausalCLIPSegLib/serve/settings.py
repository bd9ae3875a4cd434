"""What the person who starts the server decides, and the limits of what a client may use."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from CausalCLIPSegLib.model.device import Device, EngineChoice

if TYPE_CHECKING:
    from CausalCLIPSegLib.serve.keys import Keys

API_VERSION = 1
"""Version of the HTTP API; it is part of every address."""


@dataclass(frozen=True)
class Limits:
    """What a client may use.

    Attributes:
        bytes: of an uploaded radiograph.
        pixels: of a radiograph.
        seconds: of a run or an export on a worker, and of reading a radiograph.
        idle_seconds: after which an unused session is deleted.
        waiting: runs and exports that may wait for a worker.
        sessions: open at the same time.
        runs: kept of a session; the oldest is dropped.
        open_runs: of a session that wait or run at the same time.
        failures: wrong keys of an address in a minute, after which it has to wait.
        body_seconds: between two pieces of a request or a response.
        upload_seconds: for a whole request.
    """

    bytes: int = 128 << 20
    pixels: int = 32_000_000
    seconds: float = 120
    idle_seconds: float = 3600
    waiting: int = 20
    sessions: int = 100
    runs: int = 20
    open_runs: int = 4
    failures: int = 10
    body_seconds: float = 20
    upload_seconds: float = 300


@dataclass(frozen=True)
class Settings:
    """How to serve.

    Attributes:
        keys: who may use the server.
        hosts: names, in lower case, by which clients may address the server.
        any_address: clients may also address the server by any IP address, not only by one of this computer itself.
        limits_failures: an address that sends wrong keys has to wait.
        allowed: folders below which clients may open files.
        workers: number of worker processes.
        checkpoint, device, engine: as on the command line.
        with_note: DICOM-SEG files hold the note.
        limits: see `Limits`.
        worker_command: the worker's program and its arguments; None: this installation's.
    """

    keys: Keys
    hosts: frozenset[str] = frozenset({"localhost"})
    any_address: bool = False
    limits_failures: bool = False
    allowed: tuple[Path, ...] = ()
    workers: int = 1
    checkpoint: str = "default"
    device: Device = "auto"
    engine: EngineChoice = "auto"
    with_note: bool = True
    limits: Limits = field(default_factory=Limits)
    worker_command: list[str] | None = None


def is_loopback(host: str) -> bool:
    """Return whether a host, without a port, is this computer itself."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
