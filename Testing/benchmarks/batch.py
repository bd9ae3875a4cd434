"""`causalclipseg batch` on radiographs of 2500 x 2000 pixels: images in a second, with and without pictures.

The rate counts from the first result to the last one, so the start of the processes is not in it.
"""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from measuring import table
from whole_way import ROOT, make_image

from CausalCLIPSegLib.demo import DEMO_NOTE

_SHAPE = (2500, 2000)
_IMAGES = 48
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_FORMS = {
    "all files, --jobs 1": ["--jobs", "1"],
    "all files": [],
    "without pictures, --jobs 1": ["--no-pictures", "--jobs", "1"],
    "without pictures": ["--no-pictures"],
}


def measure(*, rounds: int) -> str:
    """Return the table of images in a second."""
    _adopt_orphans()
    samples: dict[str, list[tuple[float, float, float]]] = {name: [] for name in _FORMS}
    with TemporaryDirectory() as name:
        images = Path(name) / "images"
        images.mkdir()
        for number in range(_IMAGES):
            make_image(images / f"{number:02}.dcm", number, _SHAPE)
            (images / f"{number:02}.txt").write_text(DEMO_NOTE, encoding="utf-8")
        for number in range(rounds):
            for form, options in _FORMS.items():
                samples[form].append(_run(images, Path(name) / f"{number} {form}", options))
    rows = []
    for form, each in samples.items():
        rate, processor, wall = (statistics.median(values) for values in zip(*each, strict=True))
        rows.append([form, f"{rate:.2f}", f"{processor:.2f}", f"{wall:.1f}"])
    head = ["form", "images in a second", "processor seconds for one image", f"seconds for {_IMAGES}, with the start"]
    return table(head, rows)


def _run(images: Path, results: Path, options: list[str]) -> tuple[float, float, float]:
    """Return images in a second, processor seconds for one image, and wall-clock seconds, of a new command."""
    command = [sys.executable, "-m", "CausalCLIPSegLib.cli", "batch", str(images), "--output", str(results), *options]
    before, start = _processor_seconds(), time.perf_counter()
    subprocess.run(
        command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    wall = time.perf_counter() - start
    _wait_for_orphans()
    written = sorted(path.stat().st_mtime for path in results.glob("*/result.json"))
    assert len(written) == _IMAGES, "an image was not segmented"
    rate = (len(written) - 1) / (written[-1] - written[0])
    return rate, (_processor_seconds() - before) / _IMAGES, wall


def _adopt_orphans() -> None:
    """Become the parent of processes whose parent ends, so that their processor seconds are counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _wait_for_orphans() -> None:
    with suppress(ChildProcessError):  # none is left
        while True:
            os.wait()


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
