"""Workers that hang, crash or do not start, files that cannot be written, and what a closed panel leaves behind."""

from __future__ import annotations

import os
import signal
import sys

import pytest

NOTE = "Opacity in the right lower zone."


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_error_looks_like_an_error_and_a_status_does_not(panel):
    panel.run(NOTE)
    assert "Done in" in panel.ui.statusLabel.text
    assert not panel.ui.errorIcon.visible
    panel.run("crash right basal opacity")
    assert panel.ui.errorIcon.visible
    assert not panel.ui.errorIcon.pixmap.isNull()
    assert "exit status" not in panel.ui.statusLabel.text, "that is for the log"
    assert "worker: exit status 9" in panel.logic.worker.log
    panel.run(NOTE)
    assert not panel.ui.errorIcon.visible


def test_worker_that_does_not_stop_is_killed_and_starts_again(panel):
    panel.start("stuck right basal opacity")
    pid = panel.logic.worker.pid
    panel.click("cancelButton")
    assert "Canceling" in panel.ui.statusLabel.text
    assert panel.ui.cancelButton.text == "Force stop"
    panel.click("cancelButton")
    panel.wait(lambda: panel.logic.running is None)
    assert panel.ui.statusLabel.text == "Canceled; nothing was changed."
    panel.wait(lambda: not is_alive(pid))
    panel.run(NOTE)
    assert "Opacity, right lung" in panel.ui.resultLabel.text


def test_worker_that_crashes_is_reported_and_starts_again(panel):
    panel.run("crash right basal opacity")
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert "Press Apply" in panel.ui.statusLabel.text
    panel.picture("error")
    panel.run("Left basal opacity.")
    assert "Opacity, left lung" in panel.ui.resultLabel.text
    assert "unexpectedly" not in panel.ui.statusLabel.text


def test_worker_that_is_killed_from_outside_is_reported(panel):
    panel.start("slow right basal opacity")
    os.kill(panel.logic.worker.pid, signal.SIGKILL)
    panel.wait(lambda: panel.logic.running is None)
    assert "ended unexpectedly" in panel.ui.statusLabel.text
    assert panel.ui.applyButton.enabled  # so that the user can start the worker again


def test_worker_that_does_not_start_is_reported(open_panel, volume, tmp_path):
    panel = open_panel(command=lambda: (str(tmp_path / "no such program"), [], str(tmp_path)), image=volume)
    panel.type(NOTE)
    panel.wait(lambda: "does not start" in panel.ui.statusLabel.text)
    assert "Settings" in panel.ui.statusLabel.text
    assert "the worker is not running" in panel.ui.understoodLabel.text


def test_output_that_cannot_be_written_is_reported(panel, tmp_path):
    panel.run(NOTE)
    panel.ui.exportSection.collapsed = False
    panel.export("Picture", tmp_path / "nowhere" / "picture.png")
    assert panel.ui.statusLabel.text == "The file cannot be written: No such file or directory."
    assert panel.ui.exportButton.enabled


def test_a_format_that_the_worker_cannot_write_is_reported_with_its_reason(panel, tmp_path):
    panel.run("unwritable right basal opacity")
    panel.export("Picture", tmp_path / "picture.png")
    assert panel.ui.statusLabel.text == "The segments cannot be written."
    assert panel.ui.errorIcon.visible
    assert not (tmp_path / "picture.png").exists()


def test_the_next_action_replaces_an_error(panel):
    panel.run(NOTE)
    panel.logic.session.fail("The file cannot be written.")
    assert panel.ui.statusLabel.text == "The file cannot be written."
    panel.ui.thresholdSlider.value = 0.3
    assert "Outlined again" in panel.ui.statusLabel.text


def test_result_is_dropped_if_its_radiograph_is_removed_during_the_run(panel, volume, slicer):
    panel.write(NOTE)
    panel.click("applyButton")
    slicer.mrmlScene.RemoveNode(volume)
    panel.wait(lambda: panel.logic.running is None)
    assert panel.ui.statusLabel.text == "The radiograph was removed, so its result was dropped."
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_scene_closed_during_a_run_cancels_it_and_adds_no_node(panel, slicer):
    panel.start("slow right basal opacity")
    slicer.mrmlScene.Clear(0)
    panel.wait(lambda: panel.logic.worker.state == "ready")
    assert panel.logic.running is None
    assert not panel.ui.cancelButton.visible
    assert panel.ui.noteEdit.plainText == ""
    assert panel.ui.statusLabel.text == ""
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == 0


@pytest.mark.parametrize("note", ["slow right basal opacity", "stuck right basal opacity"])
def test_panel_closed_during_a_run_leaves_no_process_file_node_or_observer(
    panel_with_own_worker, slicer, application, note
):
    panel = panel_with_own_worker
    panel.start(note)
    pid = panel.logic.worker.pid
    panel.widget.cleanup()
    assert not is_alive(pid)
    assert list(application.folder.glob("CausalCLIPSeg-*")) == []
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentEditorNode") == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0
    assert panel.widget.Observations == []
    assert panel.logic.result.Observations == []
    assert not any(timer.active for timer in (panel.widget._noteTimer, panel.widget._clock, panel.logic.worker._timer))
    slicer.mrmlScene.Clear(0)  # a remaining observer would fail here


def test_panel_opened_again_shows_the_result(panel_with_own_worker, open_panel, slicer):
    panel = panel_with_own_worker
    panel.run("Right basal opacity.")
    pid, folder = panel.logic.worker.pid, panel.logic.session._folder
    panel.widget.cleanup()
    assert not is_alive(pid)
    assert not folder.exists()
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentEditorNode") == 0
    reopened = open_panel()
    assert reopened.ui.noteEdit.plainText == "Right basal opacity."
    assert "Opacity, right lung" in reopened.ui.resultLabel.text


def test_reload_loads_all_files_of_the_module(open_panel, slicer, monkeypatch):
    panel = open_panel()
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    loaded = set(sys.modules)
    calls: list[tuple[str, set[str]]] = []
    reload = lambda name: calls.append((name, loaded - set(sys.modules)))  # noqa: E731
    monkeypatch.setattr(slicer.util, "reloadScriptedModule", reload, raising=False)
    panel.widget.onReload()
    ((name, forgotten),) = calls
    assert name == "CausalCLIPSeg"
    assert {module for module in loaded if module.split(".")[0] == "CausalCLIPSegModule"} == forgotten
    assert {f"CausalCLIPSegModule.{part}" for part in ("logic", "run", "result", "export")} <= forgotten
