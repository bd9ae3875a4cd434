"""Run a batch on a Ray cluster, whose computers share the folders of images and results.

Ray's native code may wait for a cluster without end, does not heed signals meanwhile, and ends its process when the
cluster is lost. So it runs in a process beside this one (`ray_driver`).
"""

from __future__ import annotations

import importlib.util
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.atomic_files import claimed
from CausalCLIPSegLib.batch.child import END_SECONDS, POLL_SECONDS, Child
from CausalCLIPSegLib.batch.executor import Answer, Work
from CausalCLIPSegLib.batch.inputs import BatchItem
from CausalCLIPSegLib.batch.ray_driver import NOT_INSTALLED, Run, cluster_failed, drive, no_cluster
from CausalCLIPSegLib.errors import CausalCLIPSegError

_REACH_SECONDS = 10
_CONNECT_SECONDS = 30
"""Seconds to import Ray and to connect, which takes three on a computer with little else to do."""


class RayCluster:
    """The computers of a Ray cluster, on each of which this program is installed in the same version.

    Args:
        address: "auto" for the cluster that this computer belongs to, host:port, or ray://host:port.
        shared: the folder of the results, which all computers must see.
        count: how many images are segmented at the same time; None: as many as the cluster has cores.

    Raises:
        CausalCLIPSegError: Ray is not installed.
    """

    def __init__(self, address: str, shared: Path, count: int | None = None) -> None:
        if importlib.util.find_spec("ray") is None:
            raise CausalCLIPSegError(NOT_INSTALLED)
        # Ray, too, prefers this variable to "auto".
        self._address = (os.environ.get("RAY_ADDRESS") if address == "auto" else None) or address
        self._shared = shared
        self._count = count

    def run(self, load: Callable[[], Work], items: Sequence[BatchItem]) -> Iterator[tuple[BatchItem, Answer | None]]:
        """Yield each image with its answer; see `Executor`."""
        if not items:
            return
        self._check_address()
        with claimed(self._shared / uuid4().hex) as hidden:  # its lock is in no other folder
            run = Run(hidden.lock.resolve(), __version__, load)
            driver = Child(drive, self._address, run, items, self._count)
            seconds_to_end = 0  # Ray does not heed signals while it waits for a cluster
            try:
                self._wait_for_connection(driver)
                seconds_to_end = END_SECONDS
                while (received := self._receive(driver)) is not None:
                    number, answer = received
                    yield items[number], answer
            finally:
                driver.terminate()
                driver.end(seconds_to_end)
                driver.kill()

    def _check_address(self) -> None:
        """Fail at once if no program listens, and never start a new cluster."""
        try:
            if self._address in ("", "local"):
                raise ValueError(self._address)
            url = urlsplit(self._address if "://" in self._address else f"//{self._address}")
            if url.hostname and url.port:
                socket.create_connection((url.hostname, url.port), timeout=_REACH_SECONDS).close()
        except (OSError, ValueError) as error:
            raise CausalCLIPSegError(no_cluster(self._address)) from error

    def _wait_for_connection(self, driver: Child) -> None:
        last = time.monotonic() + _CONNECT_SECONDS
        while not driver.pipe.poll(POLL_SECONDS):
            if time.monotonic() > last:
                raise CausalCLIPSegError(no_cluster(self._address))
        self._receive(driver)

    def _receive(self, driver: Child) -> Any:
        """Return what the driver sends next; see `drive`."""
        while not driver.pipe.poll(POLL_SECONDS):
            pass
        try:
            received = driver.pipe.recv()
        except (EOFError, OSError):
            raise CausalCLIPSegError(cluster_failed(self._address)) from None
        if isinstance(received, CausalCLIPSegError):
            raise received
        return received
