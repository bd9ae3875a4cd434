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
from CausalCLIPSegLib.cli import app
from CausalCLIPSegLib.cli import run as run_module
from CausalCLIPSegLib.interruption import ended_by_interrupt

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


_INTERRUPTED = """
import os, runpy, signal, sys

def interrupt(event, arguments):
    if event == "import" and arguments[0] == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.addaudithook(interrupt)
runpy.run_module(sys.argv[2], run_name="__main__", alter_sys=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize(
    ("module", "imported", "message"),
    [
        ("CausalCLIPSegLib.cli", "CausalCLIPSegLib.cli.application", "Stopped; nothing was written.\n"),
        ("CausalCLIPSegLib.cli", "typer", "Stopped; nothing was written.\n"),
        ("CausalCLIPSegLib.cli", "CausalCLIPSegLib.cli.serve", "Stopped; nothing was written.\n"),
        ("CausalCLIPSegLib.worker", "pydantic", ""),
        ("training", "typer", "Stopped.\n"),
        ("training", "training.gpu.command", "Stopped.\n"),
    ],
)
def test_a_command_that_is_stopped_while_it_loads_leaves_no_traceback(module, imported, message):
    run = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, imported, module], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", message)


@pytest.mark.parametrize("part", ["get_command", "has_memory_to_start"])
def test_a_command_that_is_stopped_before_it_begins_says_so(part, monkeypatch, capsys):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_module, part, stop)
    assert run_module.run_command(app) == 130
    assert capsys.readouterr().err == "Stopped; nothing was written.\n"


def test_a_process_that_ignores_the_signal_goes_on():
    """A shell starts background processes with the signal ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with ended_by_interrupt():
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


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
