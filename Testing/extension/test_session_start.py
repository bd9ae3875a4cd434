"""What the module does when it is loaded: leftovers of a crash, and a module that is added to a running Slicer."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

HOLD = """
import sys
from pathlib import Path
from CausalCLIPSegLib.locks import FileLock
lock = FileLock(Path(sys.argv[1]) / "in-use")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def leftover(slicer) -> Path:
    folder = Path(slicer.app.temporaryPath) / "CausalCLIPSeg-old"
    (folder / "1").mkdir(parents=True)
    (folder / "1" / "radiograph.npy").write_bytes(b"values")
    return folder


def test_the_files_of_a_crashed_slicer_are_removed_and_those_of_a_running_one_stay(open_panel, leftover):
    command = [sys.executable, "-c", HOLD, str(leftover)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "locked\n"
        open_panel(command=None)
        assert (leftover / "1" / "radiograph.npy").is_file()
        other.kill()
    open_panel(command=None)
    assert not leftover.exists()


def test_the_files_of_this_slicer_are_removed_when_the_scene_is_closed(panel, slicer):
    panel.run("Right basal opacity.")
    (folder,) = Path(slicer.app.temporaryPath).glob("CausalCLIPSeg-*")
    slicer.mrmlScene.Clear(0)
    assert not folder.exists()


@pytest.mark.parametrize("running", [True, False])
def test_terminology_and_sample_are_there_also_if_the_module_is_added_later(application, slicer, monkeypatch, running):
    import CausalCLIPSeg

    done: list[str] = []
    for name in ("loadTerminology", "registerSample"):
        monkeypatch.setattr(CausalCLIPSeg, name, lambda name=name: done.append(name))
    monkeypatch.setattr(application, "main_window", SimpleNamespace(visible=running))
    CausalCLIPSeg.CausalCLIPSeg(SimpleNamespace(path=CausalCLIPSeg.__file__))
    assert done == (["loadTerminology", "registerSample"] if running else [])
    slicer.app.complete_startup()
    assert done == ["loadTerminology", "registerSample"]
