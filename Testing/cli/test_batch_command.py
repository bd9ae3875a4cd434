"""`causalclipseg batch`: its output, its exit statuses, and its end after a signal."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from CausalCLIPSegLib.about import RESEARCH_ONLY
from CausalCLIPSegLib.cli.run import SOME_FAILED, STOPPED

ROOT = Path(__file__).parents[2]


def add(image: Path, folder: Path, name: str, note: str) -> None:
    shutil.copy(image, folder / f"{name}.png")
    (folder / f"{name}.txt").write_text(note, encoding="utf-8")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


def test_prints_a_line_per_image_and_a_summary(causalclipseg, tmp_path, png, folder):
    add(png, folder, "a", "right lower opacity")
    add(png, folder, "b", "Normal chest.")
    completed = causalclipseg("batch", folder.name, "--jobs", "1")
    assert (completed.returncode, completed.stderr) == (0, "")  # a note without a finding is not a failure
    first, second, summary, table, last = completed.stdout.splitlines()
    assert first.startswith("1/2 a.png: patient's right ")
    assert second == "2/2 b.png: no finding: The note names no finding that can be outlined."
    assert summary == "2 images: 1 no finding, 1 outlined."
    assert (tmp_path / table).read_text(encoding="utf-8").count("\n") == 3
    assert last == RESEARCH_ONLY
    (folder / "c.png").write_bytes(b"not an image")
    (folder / "c.txt").write_text("left opacity", encoding="utf-8")
    again = causalclipseg("batch", folder.name)
    assert (again.returncode, again.stderr) == (SOME_FAILED, "")
    assert "1 no finding, 1 outlined before, 1 refused" in again.stdout


@pytest.mark.skipif(os.name == "nt", reason="Windows ends a process at once")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "cluster"])
def test_signal_stops_the_batch_without_partial_results(tmp_path, png, folder, number):
    for image in range(200):
        add(png, folder, f"{image:03}", "right lower opacity")
    process = subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.cli", "batch", folder.name, "--output", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("1/200 00")
    process.send_signal(number)
    _, message = process.communicate()
    assert process.returncode == STOPPED, message
    assert message.startswith("Stopped after ")
    assert message.endswith(" of 200 images; the same command continues.\n")
    count = int(message.split()[2])
    rows = (tmp_path / "out" / "films.csv").read_text(encoding="utf-8").count("\n") - 1
    assert rows in (count, count + 1)  # a row is stored before it is counted
    assert not [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".")]
