"""The whole way from a DX of 3000 x 3000 pixels to its files: one process, and the worker; now and at a revision."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from dx_images import make_dx, save_dx
from measuring import table
from PIL import Image
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.demo import DEMO_IMAGE, DEMO_NOTE
from CausalCLIPSegLib.radiograph import read_radiograph

ROOT = Path(__file__).parents[2]
_SIDE = 3000
_OTHER_NOTE = "Opacity in the left lower zone."
_WORKER = {
    "worker: from its start to the first answer": "first",
    "worker: another radiograph": "further",
    "worker: another note on the same radiograph": "second note",
}

_LAUNCHER = """
import json, os, resource, sys, time
start = time.perf_counter()
status = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([status, time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss]))
"""
"""Starts a command and prints its status, wall-clock and processor seconds, and peak memory.

Linux counts the memory of the process that starts another one to its peak, so this process is a small one.
"""


def measure(*, rounds: int, against: str | None) -> str:
    """Return the tables of the command and its stages; with a revision, of both and the ratio."""
    with TemporaryDirectory() as name, _roots(against, Path(name)) as roots:
        folder = Path(name)
        images = [make_image(folder / f"{number}.dcm", number) for number in range(2)]
        samples: dict[str, list[dict[str, float]]] = {label: [] for label in roots}
        for number in range(rounds if rounds == 1 else rounds + 1):
            for label, root in roots.items():
                sample = _sample(root, images, folder)
                if number or rounds == 1:  # the first of several rounds does not count
                    samples[label].append(sample)
    medians = {
        label: {key: statistics.median(sample[key] for sample in each) for key in each[0]}
        for label, each in samples.items()
    }
    keys = list(next(iter(medians.values())))
    labels = list(medians)
    rows = [[key, *(f"{medians[label][key]:.2f}" for label in labels)] for key in keys]
    if len(labels) == 2:
        rows = [
            [*row, f"{medians[labels[0]][key] / max(medians[labels[1]][key], 1e-3):.1f}"]
            for row, key in zip(rows, keys, strict=True)
        ]
    return table(["", *labels, *(["ratio"] if len(labels) == 2 else [])], rows)


@contextmanager
def _roots(against: str | None, folder: Path) -> Iterator[dict[str, Path]]:
    """Yield the folders of the code to compare by label, the revision first."""
    if against is None:
        yield {"now": ROOT}
        return
    worktree = folder / "revision"
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(worktree), against], check=True)
    try:
        yield {f"at {against}": worktree, "now": ROOT}
    finally:
        subprocess.run([*git, "remove", "--force", str(worktree)], check=True)


def make_image(path: Path, number: int, shape: tuple[int, int] = (_SIDE, _SIDE)) -> Path:
    """Write the radiograph of the demo as a DX of 12 bits, rows x columns; the numbers give different pixels."""
    demo = read_radiograph(Path(str(get_testdata_file(DEMO_IMAGE, download=False)))).pixels
    pixels = np.asarray(Image.fromarray(demo).resize(shape[::-1], Image.Resampling.BICUBIC))
    noise = np.random.default_rng(number).normal(0, 4, pixels.shape)
    dataset = make_dx(shape, PatientOrientation=["L", "F"])
    dataset.PixelData = (4000 * pixels + noise).clip(0, 4095).astype(np.uint16).tobytes()
    save_dx(dataset, path)
    return path


def _sample(root: Path, images: Sequence[Path], folder: Path) -> dict[str, float]:
    """Run the command, the stages and the worker of one revision once."""
    output = folder / "result"
    options = ["--note", DEMO_NOTE, "--output", str(output), "--force"]
    arguments = ["-m", "CausalCLIPSegLib.cli", "segment", str(images[0]), *options]
    answer = _start(root, ["-c", _LAUNCHER, *arguments]).communicate()[0]
    status, wall, processor, peak = json.loads(answer.splitlines()[-1])
    assert status == 0, f"the command failed in {root}"
    sample = {
        "command, all files: wall-clock seconds": wall,
        "command, all files: processor seconds": processor,
        "command, all files: peak memory in MB": peak * (1 if sys.platform == "darwin" else 1024) / 1e6,
    }
    sample |= _ask_worker(root, images, folder)
    stages = _start(root, [str(Path(__file__).with_name("stages.py")), str(images[0]), str(folder), DEMO_NOTE])
    seconds = json.loads(stages.communicate()[0])
    return sample | {f"processor seconds: {name}": each for name, each in seconds.items()}


def _ask_worker(root: Path, images: Sequence[Path], folder: Path) -> dict[str, float]:
    """Return the wall-clock seconds until the worker's answers."""
    start = time.perf_counter()
    worker = _start(root, ["-m", "CausalCLIPSegLib.worker"])
    requests = [(images[0], DEMO_NOTE), (images[1], DEMO_NOTE), (images[1], _OTHER_NOTE)]
    seconds = {}
    for label, (image, note) in zip(_WORKER, requests, strict=True):
        request = {
            "id": label[:90],
            "request": "segment",
            "image": {"kind": "file", "path": str(image)},
            "note": note,
            "output": str(folder / "worker"),
        }
        assert worker.stdin is not None
        worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.flush()
        _wait_for_answer(worker, label[:90])
        seconds[f"{label}: seconds"] = time.perf_counter() - start
        start = time.perf_counter()
    worker.communicate()
    return seconds


def _wait_for_answer(worker: subprocess.Popen[bytes], identifier: str) -> None:
    assert worker.stdout is not None
    for line in worker.stdout:
        event: dict[str, Any] = json.loads(line)
        if event.get("id") == identifier and event["event"] in ("result", "error"):
            assert event["event"] == "result", event
            return
    raise RuntimeError("the worker ended")


def _start(root: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    paths = [str(root), os.environ.get("PYTHONPATH", "")]  # a revision may need packages that are installed elsewhere
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONWARNINGS": "ignore"}
    return subprocess.Popen(
        [sys.executable, *arguments],
        cwd=root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
