"""Measure the time and memory of reading, or rejecting, each file of a folder, in a separate process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
READ_ALL = """
import ctypes, json, sys, time
from pathlib import Path
from CausalCLIPSegLib.errors import CausalCLIPSegError
{imports}

readers = {readers}
for path in sorted(Path(sys.argv[1]).iterdir()):
    seconds = float("inf")
    for attempt in range(3):  # a busy machine only adds time, so the minimum counts
        ctypes.CDLL(None).malloc_trim(0)  # return memory that the previous file used
        Path("/proc/self/clear_refs").write_text("5")  # reset the peak
        start = time.process_time()
        try:
            readers.get(path.suffix[1:], readers.get("*"))(path)
            rejected = False
        except CausalCLIPSegError:
            rejected = True
        seconds = min(seconds, time.process_time() - start)
        if seconds < 1:
            break
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps([path.name, seconds, int(peak.split()[1]) / 1000, rejected]))
"""


class Cost(NamedTuple):
    """CPU seconds, peak memory of the process in megabytes, and whether the file was rejected."""

    name: str
    seconds: float
    megabytes: float
    rejected: bool


def reading_costs(folder: Path, imports: str, readers: str) -> list[Cost]:
    """Read all files of a folder and return their costs, ordered by file name.

    Args:
        folder: folder with the files.
        imports: Python import statements, one per line.
        readers: Python source of a dictionary from file extension without dot, or "*", to a function of a path.
    """
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("this system cannot measure the memory of a process")
    command = [sys.executable, "-c", READ_ALL.format(imports=imports, readers=readers), folder]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return [Cost(*json.loads(line)) for line in done.stdout.splitlines()]


def assert_cheap(costs: list[Cost]) -> None:
    """Assert that each file took less than two seconds and 500 MB."""
    expensive = [cost for cost in costs if cost.seconds > 2 or cost.megabytes > 500]
    assert not expensive, expensive
