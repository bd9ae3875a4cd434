"""Signals, other runs, and outputs that cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from CausalCLIPSegLib.atomic_files import claimed

ROOT = Path(__file__).parents[2]
NOTE = ["--note", "left opacity"]
TIMEOUT = 120


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_stops_the_command_and_leaves_no_file(png, tmp_path, name):
    process = subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.cli", "segment", png.name, *NOTE, "--output", "out"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # a shell starts background processes with the signal ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(tmp_path.glob(".*")) and process.poll() is None:
        time.sleep(0.01)  # until the command has begun
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (130, "", "Stopped; nothing was written.\n")
    with claimed(tmp_path / "out"):
        pass  # the next run removes a lock, if the signal came in the moment of its creation
    assert list(tmp_path.iterdir()) == [png]


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ("", "argument is empty"),
        ("  ", "argument is empty"),
        (".", "a folder of its own"),
        ("image.png", "is a file, not a folder"),
        ("image.png/below", "is a file, not a folder"),
        ("x" * 300, "file name too long"),
        ("new/" + "x" * 300, "file name too long"),
        ("/".join(["x" * 200] * 30), "file name too long"),
        ("/proc/none", "cannot be written"),
    ],
    ids=[
        "empty",
        "blank",
        "that of the image",
        "file",
        "below a file",
        "long",
        "long below",
        "long path",
        "read-only",
    ],
)
def test_an_output_that_cannot_be_written_is_rejected_before_the_image_is_read(
    rejected, png, tmp_path, output, reason
):
    png.write_bytes(b"no image")
    assert reason in rejected("segment", png.name, *NOTE, "--output", output)
    assert list(tmp_path.iterdir()) == [png]


@pytest.mark.parametrize(
    "command", [["demo"], ["batch", "."], ["pacs", "pull", "--study", "1.2"], ["seg", "convert", "a.dcm"]]
)
def test_no_command_takes_an_empty_output_for_the_current_folder(rejected, tmp_path, command):
    assert "argument is empty" in rejected(*command, "--output", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        ["segment", "", *NOTE],
        ["segment", "a.dcm", "--note-file", ""],
        ["batch", ""],
        ["note", "--file", ""],
        ["seg", "show", ""],
        ["seg", "convert", "a.dcm", "--image", ""],
        ["seg", "revise", "a.dcm", "", "--image", "a.dcm", "--editor", "Roe"],
        ["pacs", "push", "--archive", "dicom://127.0.0.1:1/AE", "a.dcm", ""],
        ["pacs", "pull", "--archive", "dicom://127.0.0.1:1/AE", "--image", ""],
    ],
)
def test_no_command_takes_an_empty_input_for_the_current_folder(rejected, tmp_path, command):
    assert "argument is empty" in rejected(*command)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("output", "reason"), [("image.png", "one of the files to read"), ("y" * 300 + ".seg.nrrd", "file name too long")]
)
def test_a_conversion_overwrites_no_input_and_takes_no_impossible_name(rejected, png, output, reason):
    """This is checked before the file is read, which is no DICOM-SEG."""
    assert reason in rejected("seg", "convert", png.name, "--to", "seg.nrrd", "--output", output, "--force")


def test_a_second_run_with_the_same_output_is_rejected(rejected, png, tmp_path):
    with claimed(tmp_path / "out"):
        assert "Another run is writing out" in rejected("segment", png.name, *NOTE, "--output", "out")
    assert list(tmp_path.iterdir()) == [png]
