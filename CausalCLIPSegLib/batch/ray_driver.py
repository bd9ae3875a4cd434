"""Hand the images of a batch to the processes of a Ray cluster: what the process beside the command does.

Each image is a task of Ray. The driver tries an image again if a computer or a process of the cluster is lost.
"""

from __future__ import annotations

import logging
import os
import platform
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.batch.executor import MAX_ATTEMPTS, Answer, Work, take_one_thread, time_limit
from CausalCLIPSegLib.batch.inputs import BatchItem
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.privacy import safe_traceback

log = logging.getLogger(__name__)

NOT_INSTALLED = "Ray is not installed; install causalclipseg[ray]."
_QUEUED = 2
"""Images for each core that the cluster gets at the same time, so that no core waits for the next one."""


def no_cluster(address: str) -> str:
    """Return the sentence for an address at which no cluster answers."""
    return f"There is no Ray cluster at {address}."


def cluster_failed(address: str) -> str:
    """Return the sentence for a cluster that stopped working."""
    return f"The Ray cluster at {address} has failed; the same command continues on another one."


@dataclass(frozen=True)
class Run:
    """What every process of a cluster gets once: a file that it must see, the version that it must have, the work."""

    marker: Path
    version: str
    load: Callable[[], Work]


def drive(pipe: Connection, address: str, run: Run, items: Sequence[BatchItem], count: int | None) -> None:
    """Run a batch on a cluster, and send what happens through a pipe.

    It sends True when it is connected, then the number of each image with its answer, and None at the end; or a
    `CausalCLIPSegError`.

    Args:
        pipe: the pipe.
        address, count: see `RayCluster`.
        run: the work.
        items: the images.
    """
    try:
        ray = _connect(address)
        pipe.send(True)
        try:
            for answer in _answers(ray, run, items, count):
                pipe.send(answer)
        finally:
            ray.shutdown()
        pipe.send(None)
    except CausalCLIPSegError as error:
        log.debug(safe_traceback(error))
        pipe.send(CausalCLIPSegError(str(error)))
    except Exception as error:
        log.debug(safe_traceback(error))
        pipe.send(CausalCLIPSegError(cluster_failed(address)))


def _connect(address: str) -> Any:
    """Return Ray, connected to the cluster.

    Raises:
        CausalCLIPSegError: Ray is not installed here or in another version than there, or there is no cluster.
    """
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # else Ray may copy the current folder to the cluster
    try:
        import ray

        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except ImportError as error:  # ray:// needs a further package
        raise CausalCLIPSegError(NOT_INSTALLED) from error
    except Exception as error:
        raise CausalCLIPSegError(other_version(address, ray.__version__, str(error)) or no_cluster(address)) from error
    if not _cores(ray):
        raise CausalCLIPSegError(f"The Ray cluster at {address} has no cores.")
    return ray


def other_version(address: str, version: str, message: str) -> str:
    """Return a sentence if Ray's message says that its version or Python's differ, otherwise an empty text."""
    if "Version mismatch" not in message:
        return ""
    versions = re.findall(r"(?:Ray|Python): (\S+)", message)
    there = f"Ray {versions[0]} with Python {versions[1]}" if len(versions) > 1 else "another version"
    here = f"Ray {version} with Python {platform.python_version()}"
    return f"The Ray cluster at {address} has {there}, but this computer has {here}; install the same on both."


def _answers(ray: Any, run: Run, items: Sequence[BatchItem], count: int | None) -> Iterator[tuple[int, Answer | None]]:
    """Yield the number of each image with its answer; see `Executor.run`."""
    segment = ray.remote(num_cpus=1, max_retries=0)(_segment)
    shared = ray.put(run)
    waiting = deque(range(len(items)))
    attempts: Counter[int] = Counter()
    running: dict[object, int] = {}
    while waiting or running:
        while waiting and len(running) < (count or _QUEUED * _cores(ray)):
            number = waiting.popleft()
            running[segment.remote(shared, items[number])] = number
        for reference in ray.wait(list(running), timeout=1)[0]:
            number = running.pop(reference)
            try:
                yield number, _answer(ray, reference)
            except ray.exceptions.NodeDiedError:
                waiting.append(number)
            except (ray.exceptions.WorkerCrashedError, ray.exceptions.OutOfMemoryError):
                attempts[number] += 1
                if attempts[number] < MAX_ATTEMPTS:
                    waiting.append(number)
                else:
                    yield number, None


def _answer(ray: Any, reference: object) -> Answer:
    """Return the answer of a task; the end of its process or computer is one of Ray's exceptions."""
    errors = ray.exceptions
    try:
        return ray.get(reference)
    except errors.RayTaskError as error:
        if isinstance(error.cause, CausalCLIPSegError):
            raise CausalCLIPSegError(str(error.cause)) from error
        raise CausalCLIPSegError(
            f"The computers of the Ray cluster cannot run this program; install version {__version__} on each."
        ) from error
    except (errors.WorkerCrashedError, errors.NodeDiedError, errors.OutOfMemoryError) as error:
        log.debug("A process of the cluster has ended: %s.", type(error).__name__)
        raise


def _cores(ray: Any) -> int:
    return int(ray.cluster_resources().get("CPU", 0))


_loaded: dict[Path, Work] = {}
"""What this process of a cluster has loaded, by marker."""


def _segment(run: Run, item: BatchItem) -> Answer:
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
