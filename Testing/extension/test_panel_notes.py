"""Notes from files, from the clipboard and from the history, and questions about a note."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from panel_driver import save_and_reopen
from PySide6 import QtWidgets

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
MODULE = ROOT / "CausalCLIPSegExtension/CausalCLIPSeg"
RIGHT_NOTE = "Opacity in the right lower zone."
LEFT_NOTE = "Opacity in the left lower zone."
CONTRADICTION = "Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_reads_a_note_file_in_any_encoding(panel, application, tmp_path, encoding):
    note = "Verschattung im rechten Unterfeld, größer als früher."
    path = tmp_path / "note.txt"
    path.write_bytes(note.replace(", ", ",\r\n").encode(encoding))
    application.dialogs.answers.append(path)
    panel.click("noteFileButton")
    assert panel.ui.noteEdit.plainText == note.replace(", ", ",\n")
    panel.wait(lambda: panel.logic.understood is not None)
    assert "Patient's right" in panel.ui.understoodLabel.text
    assert panel.ui.applyButton.enabled


def sparse_file(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(1 << 40)


BAD_NOTE_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "cannot be read: there is no such file."),
    "folder": (Path.mkdir, "cannot be read: it is a folder."),
    "binary": (
        lambda path: path.write_bytes(bytes(range(256)) * 4),
        "is not plain text in UTF-8, UTF-16 or Windows-1252.",
    ),
    "blank": (lambda path: path.write_text(" \n"), "is empty."),
    "huge": (sparse_file, "is longer than 20,000 characters."),
}


@pytest.mark.parametrize(("create", "reason"), BAD_NOTE_FILES.values(), ids=BAD_NOTE_FILES)
def test_bad_note_file_is_reported_and_the_note_stays(panel, application, tmp_path, create, reason):
    panel.write(RIGHT_NOTE)
    path = tmp_path / "note.txt"
    create(path)
    application.dialogs.answers.append(path)
    panel.click("noteFileButton")
    assert panel.ui.statusLabel.text == f"The note file {path} {reason}"
    assert panel.ui.noteEdit.plainText == RIGHT_NOTE
    assert panel.ui.applyButton.enabled


def test_note_file_after_an_error_clears_the_error(panel, application, tmp_path):
    panel.write(RIGHT_NOTE)
    path = tmp_path / "note.txt"
    path.write_text(LEFT_NOTE)
    cancel = ""
    application.dialogs.answers = [tmp_path / "missing.txt", cancel, path]
    panel.click("noteFileButton")
    panel.click("noteFileButton")
    assert panel.ui.noteEdit.plainText == RIGHT_NOTE
    panel.click("noteFileButton")
    assert panel.ui.noteEdit.plainText == LEFT_NOTE
    assert panel.ui.statusLabel.text == ""


NOT_IN_SLICER = (
    *("torch", "torchvision", "open_clip", "timm", "safetensors", "pydantic", "highdicom", "rapidfuzz", "nrrd"),
    *("slicerio", "typer", "rich", "imagecodecs", "onnxruntime", "nibabel", "tifffile"),
)


def test_panel_reads_a_note_file_before_the_packages_are_installed(tmp_path):
    """Open the panel in a new process in which the packages of the network cannot be imported."""
    path = tmp_path / "note.txt"
    path.write_text(RIGHT_NOTE)
    script = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
sys.modules.update(dict.fromkeys({NOT_IN_SLICER!r}))
import slicer_runtime
application = slicer_runtime.start([{str(MODULE)!r}])
import CausalCLIPSeg
from slicer_runtime.application import make_parent
from CausalCLIPSegModule.installation import Installation
files = [{str(MODULE / "Resources" / "requirements")!r} + ending for ending in (".txt", "-gpu.txt")]
installation = Installation(*files, None, dict)
widget = CausalCLIPSeg.CausalCLIPSegWidget(make_parent(), None, installation)
widget.setup()
application.dialogs.answers.append({str(path)!r})
widget.ui.noteFileButton.click()
print(widget.ui.noteEdit.plainText)
widget.cleanup()
application.close()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, timeout=120)
    assert done.stdout.splitlines() == [RIGHT_NOTE], done.stderr


def test_pasted_note_replaces_the_note(panel):
    panel.write(LEFT_NOTE)
    QtWidgets.QApplication.clipboard().setText(RIGHT_NOTE)
    panel.click("pasteButton")
    panel.wait(lambda: "Patient's right" in panel.ui.understoodLabel.text)
    assert panel.ui.noteEdit.plainText == RIGHT_NOTE
    QtWidgets.QApplication.clipboard().clear()
    panel.click("pasteButton")
    assert panel.ui.noteEdit.plainText == RIGHT_NOTE
    assert panel.ui.statusLabel.text == "The clipboard holds no text."


@pytest.mark.parametrize("length", [30_000, 2_000_000])
def test_note_that_is_too_long_is_reported(panel, length):
    QtWidgets.QApplication.clipboard().setText("opacity " * (length // 8))
    panel.click("pasteButton")
    panel.wait(lambda: "longer than 20,000 characters" in panel.ui.statusLabel.text)
    assert "cannot be read" in panel.ui.understoodLabel.text
    assert not panel.ui.applyButton.enabled
    assert "The note cannot be read." in panel.ui.applyButton.toolTip
    panel.write(RIGHT_NOTE)
    assert panel.ui.statusLabel.text == ""
    assert panel.ui.applyButton.enabled


def test_history_is_saved_with_the_scene_newest_first(panel, slicer, tmp_path):
    notes = [RIGHT_NOTE, LEFT_NOTE, 'A "quoted" | opacity ~ of the right lung.']
    for note in notes:
        panel.run(note)
    save_and_reopen(slicer, tmp_path)
    combo = panel.ui.historyCombo
    assert [combo.itemText(index) for index in range(1, combo.count)] == notes[::-1]
    panel.choose("historyCombo", notes[0])
    assert panel.ui.noteEdit.plainText == notes[0]
    panel.wait(lambda: "Patient's right" in panel.ui.understoodLabel.text)


def test_history_of_an_empty_scene_is_disabled(panel):
    assert not panel.ui.historyCombo.enabled
    assert "No note was run in this scene yet." in panel.ui.historyCombo.toolTip


def test_contradicting_note_runs_on_the_chosen_side(panel):
    panel.write(CONTRADICTION)
    assert panel.logic.understood["questions"][0] in unescape(panel.ui.understoodLabel.text)
    assert not panel.ui.applyButton.enabled
    assert "Choose a side first." in panel.ui.applyButton.toolTip
    panel.choose("sideCombo", "left")
    panel.wait(lambda: panel.logic.understood is not None)
    assert "Patient's left" in panel.ui.understoodLabel.text
    assert "Patient's right" not in panel.ui.understoodLabel.text
    panel.run()
    assert "Opacity, left lung" in panel.ui.resultLabel.text
    assert "Opacity, right lung" not in panel.ui.resultLabel.text


def test_side_that_the_note_does_not_name_is_rejected(panel):
    panel.write(RIGHT_NOTE)
    panel.choose("sideCombo", "left")
    panel.wait(lambda: panel.ui.statusLabel.text != "")
    assert panel.ui.statusLabel.text == "The note does not name the patient's left lung, which was chosen."
    assert not panel.ui.applyButton.enabled
    panel.choose("sideCombo", "As the note says")
    panel.wait(lambda: panel.ui.applyButton.enabled)
    assert panel.ui.statusLabel.text == ""


def test_mirrored_radiograph_runs_after_the_user_has_confirmed_it(panel):
    panel.run("turned right basal opacity")
    assert panel.ui.statusLabel.text == (
        "The header of this radiograph says that it is mirrored, with the patient's right on the right of the image."
        " Say under Settings whether the radiograph is mirrored, then press Apply again."
    )
    assert panel.logic.parameters.segmentation is None
    panel.ui.advancedSection.collapsed = False
    panel.choose("mirroredCombo", "not mirrored")
    panel.wait(lambda: panel.ui.applyButton.enabled)
    panel.run()
    assert "Opacity, right lung" in panel.ui.resultLabel.text
