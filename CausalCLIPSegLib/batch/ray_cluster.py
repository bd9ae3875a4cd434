"""Run a batch on a Ray cluster, whose computers share the folders of images and results."""

from __future__ import annotations

import logging
import signal
import socket
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.atomic_files import claimed
from CausalCLIPSegLib.batch.executor import MAX_ATTEMPTS, Answer, Work, take_one_thread, time_limit
from CausalCLIPSegLib.batch.inputs import BatchItem
from CausalCLIPSegLib.errors import CausalCLIPSegError

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10
_QUEUED = 2
"""Images for each core that the cluster gets at the same time, so that no core waits for the next one."""


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
        try:
            import ray
        except ImportError as error:
            raise CausalCLIPSegError("Ray is not installed; install causalclipseg[ray].") from error
        self._ray: Any = ray
        self._address = address
        self._shared = shared
        self._count = count

    def run(self, load: Callable[[], Work], items: Sequence[BatchItem]) -> Iterator[tuple[BatchItem, Answer | None]]:
        """Yield each image with its answer; see `Executor`."""
        if not items:
            return
        ray = self._ray
        waiting = deque(items)
        attempts: Counter[str] = Counter()
        running: dict[object, BatchItem] = {}
        self._connect()
        try:
            with claimed(self._shared / uuid4().hex) as hidden:  # its lock is in no other folder
                segment = ray.remote(num_cpus=1, max_retries=0)(_segment)
                run = ray.put(_Run(hidden.lock.resolve(), __version__, load))
                while waiting or running:
                    while waiting and len(running) < (self._count or _QUEUED * self._cores()):
                        item = waiting.popleft()
                        running[segment.remote(run, item)] = item
                    for reference in ray.wait(list(running), timeout=1)[0]:
                        item = running.pop(reference)
                        try:
                            answer = self._answer(reference)
                        except ray.exceptions.NodeDiedError:
                            waiting.append(item)
                        except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
                            attempts[item.name] += 1
                            if attempts[item.name] < MAX_ATTEMPTS:
                                waiting.append(item)
                            else:
                                yield item, None
                        else:
                            yield item, answer
        finally:
            ray.shutdown()

    def _connect(self) -> None:
        on_termination = signal.getsignal(signal.SIGTERM)
        try:
            self._check_address()
            self._ray.init(address=self._address, log_to_driver=False, logging_level=logging.CRITICAL)
        except (OSError, RuntimeError, ValueError) as error:
            raise CausalCLIPSegError(f"There is no Ray cluster at {self._address}.") from error
        finally:
            signal.signal(signal.SIGTERM, on_termination)  # Ray replaces it
        if not self._cores():
            raise CausalCLIPSegError(f"The Ray cluster at {self._address} has no cores.")

    def _check_address(self) -> None:
        """Fail within seconds if no program listens, which takes Ray minutes, and never start a new cluster."""
        if self._address in ("", "local"):
            raise ValueError(self._address)
        url = urlsplit(self._address if "://" in self._address else f"//{self._address}")
        if url.hostname and url.port:
            socket.create_connection((url.hostname, url.port), timeout=_CONNECT_SECONDS).close()

    def _cores(self) -> int:
        return int(self._ray.cluster_resources().get("CPU", 0))

    def _answer(self, reference: object) -> Answer:
        """Return the answer of a task; the end of its process or computer is one of Ray's exceptions."""
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            if isinstance(error.cause, CausalCLIPSegError):
                raise CausalCLIPSegError(str(error.cause)) from error
            raise CausalCLIPSegError(
                f"The computers of the Ray cluster cannot run this program; install version {__version__} on each."
            ) from error
        except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as error:
            log.debug("A process of the cluster has ended: %s.", type(error).__name__)
            raise
        except errors.RayError as error:
            raise CausalCLIPSegError(f"The Ray cluster at {self._address} has failed.") from error


@dataclass(frozen=True)
class _Run:
    """What every process of a cluster gets once: a file that it must see, the version that it must have, the work."""

    marker: Path
    version: str
    load: Callable[[], Work]


_loaded: dict[Path, Work] = {}
"""What this process of a cluster has loaded, by marker."""


def _segment(run: _Run, item: BatchItem) -> Answer:
    """Segment an image in a process of the cluster."""
    if run.marker not in _loaded:
        if run.version != __version__:
            raise CausalCLIPSegError(
                f"A computer of the Ray cluster has version {__version__} of this program; it needs {run.version}."
            )
        if not run.marker.exists():
            raise CausalCLIPSegError(
                f"A computer of the Ray cluster does not see the folder {run.marker.parent}; all must share it."
            )
        take_one_thread()
        _loaded.clear()
        _loaded[run.marker] = run.load()
    with time_limit():
        return _loaded[run.marker](item)
