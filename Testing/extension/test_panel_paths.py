"""What happens beside the straight way through the panel, as a person sees it: notes from elsewhere, questions, lists,
a worker that hangs, and what is left behind."""

from __future__ import annotations

import json
import os
from html import unescape
from pathlib import Path
from typing import Any

import pytest

NOTE = "Opacity in the right lower zone."
CONTRADICTION = "Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone."


@pytest.fixture
def panel(open_panel, film, kept_worker, worker_command) -> Any:
    """The panel with a film, and with the worker that these tests share."""
    opened = open_panel(worker=kept_worker("scripted", worker_command))
    opened.ui.imageSelector.setCurrentNode(film)
    return opened


@pytest.fixture
def panel_of_its_own(open_panel, film) -> Any:
    """The panel with a film and a worker of its own."""
    opened = open_panel()
    opened.ui.imageSelector.setCurrentNode(film)
    return opened


def choose(panel, name: str, text: str) -> None:
    """Choose an entry of a list by the keys."""
    from PySide6 import QtCore, QtTest

    combo = getattr(panel.ui, name)._object
    assert combo.isEnabled(), combo.toolTip()
    combo.setFocus()
    wanted = [combo.itemText(index) for index in range(combo.count())].index(text)
    while combo.currentIndex() != wanted:
        down = wanted > combo.currentIndex()
        QtTest.QTest.keyClick(combo, QtCore.Qt.Key.Key_Down if down else QtCore.Qt.Key.Key_Up)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_running(panel, note: str) -> None:
    """Begin a run that comes to no end by itself."""
    panel.write(note)
    panel.click("applyButton")
    panel.wait(lambda: "Looking" in panel.ui.statusLabel.text)


# -- notes from elsewhere ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_note_is_read_from_a_file_of_any_program(panel, application, tmp_path, encoding):
    text = "Verschattung im rechten Unterfeld, größer als früher."
    path = tmp_path / "note.txt"
    path.write_bytes(text.replace(", ", ",\r\n").encode(encoding))
    application.dialogs.answers.append(path)
    panel.click("noteFileButton")
    assert panel.ui.noteEdit.plainText == text.replace(", ", ",\n")
    panel.wait(lambda: panel.logic.understood is not None)
    assert "Patient's right" in panel.ui.understoodLabel.text
    assert panel.ui.applyButton.enabled


def writes_nothing(path: Path) -> None:
    pass


def writes_a_folder(path: Path) -> None:
    path.mkdir()


def writes_a_picture(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 4)


def writes_blanks(path: Path) -> None:
    path.write_text(" \n")


def writes_very_much(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


@pytest.mark.parametrize(
    ("writes", "sentence"),
    [
        (writes_nothing, "The note file {path} cannot be read: No such file or directory."),
        (writes_a_folder, "The note file {path} cannot be read: Is a directory."),
        (writes_a_picture, "The note file {path} is not plain text (UTF-8, UTF-16 or Windows-1252)."),
        (writes_blanks, "The note file {path} is empty."),
        (writes_very_much, "The note file {path} is longer than 20,000 characters."),
    ],
)
def test_a_file_without_a_note_is_told_and_leaves_the_note_alone(panel, application, tmp_path, writes, sentence):
    panel.write(NOTE)
    writes(tmp_path / "note.txt")
    application.dialogs.answers.append(tmp_path / "note.txt")
    panel.click("noteFileButton")
    assert panel.ui.statusLabel.text == sentence.format(path=tmp_path / "note.txt")
    assert panel.ui.noteEdit.plainText == NOTE
    assert panel.ui.applyButton.enabled
    (tmp_path / "good.txt").write_text("Opacity in the left lower zone.")
    application.dialogs.answers = ["", tmp_path / "good.txt"]  # Cancel at first
    panel.click("noteFileButton")
    assert panel.ui.noteEdit.plainText == NOTE
    panel.click("noteFileButton")
    assert panel.ui.noteEdit.plainText == "Opacity in the left lower zone."
    assert panel.ui.statusLabel.text == ""


def test_a_note_is_pasted_in_the_place_of_the_old_one(panel):
    from PySide6 import QtWidgets

    panel.write("Opacity in the left lower zone.")
    QtWidgets.QApplication.clipboard().setText(NOTE)
    panel.click("pasteButton")
    panel.wait(lambda: "Patient's right" in panel.ui.understoodLabel.text)
    assert panel.ui.noteEdit.plainText == NOTE
    QtWidgets.QApplication.clipboard().clear()
    panel.click("pasteButton")
    assert panel.ui.noteEdit.plainText == NOTE
    assert panel.ui.statusLabel.text == "The clipboard holds no text."


def test_why_something_failed_gives_way_to_what_is_done_next(panel):
    panel.write(NOTE)
    panel.run()
    panel.logic.session.fail("The file cannot be written.")
    assert panel.ui.statusLabel.text == "The file cannot be written."
    panel.ui.thresholdSlider.value = 0.3
    assert "Outlined again" in panel.ui.statusLabel.text


@pytest.mark.parametrize("length", [30_000, 2_000_000])
def test_a_note_that_is_too_long_is_told_where_it_is_missed(panel, length):
    from PySide6 import QtWidgets

    QtWidgets.QApplication.clipboard().setText("opacity " * (length // 8))
    panel.click("pasteButton")
    panel.wait(lambda: "longer than 20,000 characters" in panel.ui.statusLabel.text)
    assert "cannot be read" in panel.ui.understoodLabel.text
    assert not panel.ui.applyButton.enabled
    assert "The note cannot be read." in panel.ui.applyButton.toolTip
    panel.write(NOTE)
    assert panel.ui.statusLabel.text == ""
    assert panel.ui.applyButton.enabled


def test_earlier_notes_are_kept_with_the_scene_the_newest_first(panel, slicer, tmp_path):
    notes = [NOTE, "Opacity in the left lower zone.", 'A "quoted" | opacity ~ of the right lung.']
    for note in notes:
        panel.write(note)
        panel.run()
    assert slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    assert not panel.ui.historyCombo.enabled
    assert "No note was run in this scene yet." in panel.ui.historyCombo.toolTip
    (tmp_path / "unpacked").mkdir()
    slicer.mrmlScene.SetRootDirectory(str(tmp_path / "unpacked"))
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    combo = panel.ui.historyCombo
    assert [combo.itemText(index) for index in range(1, combo.count)] == notes[::-1]
    choose(panel, "historyCombo", notes[0])
    assert panel.ui.noteEdit.plainText == notes[0]
    panel.wait(lambda: "Patient's right" in panel.ui.understoodLabel.text)


# -- questions --------------------------------------------------------------------------------------------------------


def test_a_note_that_contradicts_itself_is_asked_about_and_run_on_the_chosen_side(panel):
    panel.write(CONTRADICTION)
    assert panel.logic.understood["questions"][0] in unescape(panel.ui.understoodLabel.text)
    assert not panel.ui.applyButton.enabled
    assert "Choose a side first." in panel.ui.applyButton.toolTip
    choose(panel, "sideCombo", panel.ui.sideCombo.itemText(2))
    panel.wait(lambda: panel.logic.understood is not None)
    assert "Patient's left" in panel.ui.understoodLabel.text
    assert "Patient's right" not in panel.ui.understoodLabel.text
    panel.run()
    assert "Opacity, left lung" in panel.ui.resultLabel.text
    assert "Opacity, right lung" not in panel.ui.resultLabel.text


def test_a_side_that_the_note_does_not_name_cannot_be_chosen(panel):
    panel.write(NOTE)
    choose(panel, "sideCombo", panel.ui.sideCombo.itemText(2))
    panel.wait(lambda: panel.ui.statusLabel.text != "")
    assert panel.ui.statusLabel.text == "The note does not speak of the patient's left lung, which was chosen."
    assert not panel.ui.applyButton.enabled
    choose(panel, "sideCombo", panel.ui.sideCombo.itemText(0))
    panel.wait(lambda: panel.ui.applyButton.enabled)
    assert panel.ui.statusLabel.text == ""


def test_a_mirrored_film_is_asked_about_and_run_when_that_is_said(panel):
    panel.write("turned right basal opacity")
    panel.run()
    assert panel.ui.statusLabel.text == (
        "The radiograph is marked as mirrored."
        " Say under Advanced whether the radiograph is mirrored, then press Apply again."
    )
    assert panel.logic.parameters.segmentation is None
    panel.ui.advancedSection.collapsed = False
    choose(panel, "mirroredCombo", panel.ui.mirroredCombo.itemText(1))
    panel.wait(lambda: panel.ui.applyButton.enabled)
    panel.run()
    assert "Opacity, right lung" in panel.ui.resultLabel.text


# -- lists ------------------------------------------------------------------------------------------------------------


def test_checkpoint_and_device_are_those_of_the_lists(panel):
    panel.write(NOTE)
    panel.wait(lambda: panel.ui.checkpointCombo.count == 3)
    panel.ui.advancedSection.collapsed = False
    choose(panel, "checkpointCombo", "second")
    choose(panel, "deviceCombo", panel.ui.deviceCombo.itemText(2))
    panel.wait(lambda: panel.ui.applyButton.enabled)
    panel.run()
    assert "on cuda." in panel.ui.statusLabel.text
    assert json.loads(panel.logic.parameters.resultJson)["provenance"]["checkpoint"]["name"] == "second"


def test_a_checkpoint_of_a_saved_scene_that_is_not_at_hand_is_shown(panel):
    panel.logic.setChoice("checkpoint", "of another machine")
    assert panel.ui.checkpointCombo.currentText == "of another machine"


# -- a worker that hangs ----------------------------------------------------------------------------------------------


def test_a_worker_that_does_not_stop_is_ended_by_force_and_starts_again(panel):
    is_running(panel, "stuck right basal opacity")
    pid = panel.logic.worker.pid
    panel.click("applyButton")
    assert "Canceling" in panel.ui.statusLabel.text
    assert panel.ui.applyButton.text == "End by force"
    panel.click("applyButton")
    panel.wait(lambda: panel.logic.running is None)
    assert panel.ui.statusLabel.text == "Canceled; nothing was changed."
    panel.wait(lambda: not is_alive(pid))
    panel.write(NOTE)
    panel.run()
    assert "Opacity, right lung" in panel.ui.resultLabel.text


def test_a_film_that_goes_in_mid_run_takes_its_result_along(panel, film, slicer):
    panel.write(NOTE)
    panel.click("applyButton")
    slicer.mrmlScene.RemoveNode(film)
    panel.wait(lambda: panel.logic.running is None)
    assert panel.ui.statusLabel.text == "The radiograph was removed, so its result was dropped."
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0


def test_a_program_that_is_no_worker_is_told(open_panel, film, tmp_path):
    panel = open_panel(command=lambda: (str(tmp_path / "no such program"), [], str(tmp_path)))
    panel.ui.imageSelector.setCurrentNode(film)
    panel.type(NOTE)
    panel.wait(lambda: "does not start" in panel.ui.statusLabel.text)
    assert "section Installation" in panel.ui.statusLabel.text
    assert "the worker does not run" in panel.ui.understoodLabel.text


def test_output_that_cannot_be_written_is_told(panel, tmp_path, application):
    panel.write(NOTE)
    panel.run()
    panel.ui.exportSection.collapsed = False
    choose(panel, "exportCombo", panel.ui.exportCombo.itemText(3))
    application.dialogs.answers.append(tmp_path / "nowhere" / "picture.png")
    panel.click("exportButton")
    panel.wait(lambda: panel.logic.exporting is None)
    assert panel.ui.statusLabel.text == "The file cannot be written: No such file or directory."
    assert panel.ui.exportButton.enabled


# -- nothing is left behind -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("note", ["slow right basal opacity", "stuck right basal opacity"])
def test_closing_the_panel_in_mid_run_leaves_no_process_node_observer_timer_or_file(
    panel_of_its_own, slicer, application, note
):
    panel = panel_of_its_own
    is_running(panel, note)
    pid = panel.logic.worker.pid
    panel.widget.cleanup()
    assert not is_alive(pid)
    assert list(application.folder.glob("CausalCLIPSeg-*")) == []
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentEditorNode") == 0
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 0
    assert panel.widget.Observations == []
    assert panel.logic.result.Observations == []
    assert not any(timer.active for timer in (panel.widget._noteTimer, panel.widget._clock, panel.logic.worker._timer))
    slicer.mrmlScene.Clear(0)  # nobody answers to what comes


def test_a_second_run_right_after_the_first_leaves_one_result(panel, slicer, application):
    for note in (NOTE, "Opacity in the left lower zone."):
        panel.write(note)
        panel.run()
    assert "Opacity, left lung" in panel.ui.resultLabel.text
    assert "Opacity, right lung" not in panel.ui.resultLabel.text
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationDisplayNode") == 1
    names = [node.GetName() for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    assert [name.split("_")[0] for name in sorted(names)] == ["Probability", "film"]
