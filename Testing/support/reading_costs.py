"""What it costs to read, or to refuse, each file of a folder: measured in a process of its own."""

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
import json, sys, time
from pathlib import Path
from CausalCLIPSegLib.errors import CausalCLIPSegError
{imports}

read = {readers}
for path in sorted(Path(sys.argv[1]).iterdir()):
    seconds = float("inf")
    for attempt in range(3):  # a busy machine makes it slower, never faster: the least counts
        Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far
        start = time.process_time()
        try:
            read.get(path.suffix[1:], read.get("*"))(path)
            refused = False
        except CausalCLIPSegError:
            refused = True
        seconds = min(seconds, time.process_time() - start)
        if seconds < 1:
            break
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(json.dumps([path.name, seconds, int(peak.split()[1]) / 1000, refused]))
"""


class Cost(NamedTuple):
    """Processor seconds, and the most memory of the process in megabytes; whether the file was refused."""

    name: str
    seconds: float
    megabytes: float
    refused: bool


def reading_costs(folder: Path, imports: str, readers: str) -> list[Cost]:
    """Read all files of a folder.

    Args:
        folder: with the files.
        imports: lines of Python.
        readers: a dictionary in Python, ending of a file without the dot, or "*", to function of a path.
    """
    if not Path("/proc/self/clear_refs").exists():
        pytest.skip("no way to measure the memory of a process")
    command = [sys.executable, "-c", READ_ALL.format(imports=imports, readers=readers), folder]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return [Cost(*json.loads(line)) for line in done.stdout.splitlines()]


def assert_cheap(costs: list[Cost]) -> None:
    """Each took less than two seconds and 500 MB."""
    assert [cost for cost in costs if cost.seconds > 2 or cost.megabytes > 500] == []
