"""Operate the panel, and the segment editor in it, as a user does: by clicks and keys."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtTest, QtWidgets

ROOT = Path(__file__).parent.parent.parent
PICTURES = Path(os.environ.get("CAUSALCLIPSEG_PICTURES", ROOT / "build" / "panel"))
"""Where pictures of the panel are saved; git ignores the default folder."""
SEARCHING = "Searching the radiograph"
"""What the scripted worker does in the language of the panel."""


def reveal(widget: Any) -> None:
    """Unfold the sections and turn to the page that a widget lies in, from the outside to the inside."""
    parent = widget.parentWidget()
    if parent is None:
        return
    reveal(parent)
    if parent.property("collapsed"):
        parent.setProperty("collapsed", False)
    pages = parent.parentWidget()
    if isinstance(pages, QtWidgets.QTabWidget):
        pages.setCurrentWidget(parent)
    QtWidgets.QApplication.processEvents()


class Panel:
    """The panel as a user operates it: reads texts, presses buttons and keys."""

    def __init__(self, application: Any, widget: Any, parent: Any) -> None:
        self.application, self.widget, self.parent = application, widget, parent
        self.ui, self.logic = widget.ui, widget.logic
        self.editor = Editor(self.ui.segmentEditor._object)

    def wait(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        assert self.application.process(condition, seconds), (
            f"timed out; status: {self.ui.statusLabel.text!r}, log: {self.ui.logEdit.plainText[-1500:]!r}"
        )

    def click(self, name: str) -> None:
        """Click on a control, which has to be enabled; unfold its section first."""
        control = getattr(self.ui, name)._object
        reveal(control)
        assert control.isEnabled(), f"{name} is disabled: {control.toolTip()}"
        # a check box reacts only on its square and its text
        place = (
            QtCore.QPoint(8, control.height() // 2) if isinstance(control, QtWidgets.QCheckBox) else QtCore.QPoint()
        )
        QtTest.QTest.mouseClick(control, QtCore.Qt.MouseButton.LeftButton, pos=place)

    def double_click(self, name: str) -> None:
        """Click twice on a control, as quickly as for a double click."""
        control = getattr(self.ui, name)._object
        QtTest.QTest.mouseClick(control, QtCore.Qt.MouseButton.LeftButton)
        QtTest.QTest.mouseDClick(control, QtCore.Qt.MouseButton.LeftButton)

    def type(self, text: str) -> None:
        """Replace the note by typing."""
        edit = self.ui.noteEdit._object
        reveal(edit)
        edit.setFocus()
        edit.selectAll()
        QtTest.QTest.keyClicks(edit, text)

    def press_return(self, *, control: bool = False) -> None:
        """Press Return in the note, with or without Ctrl."""
        modifier = QtCore.Qt.KeyboardModifier.ControlModifier if control else QtCore.Qt.KeyboardModifier.NoModifier
        QtTest.QTest.keyClick(self.ui.noteEdit._object, QtCore.Qt.Key.Key_Return, modifier)

    def choose(self, name: str, text: str) -> None:
        """Choose the entry of a list that contains the text, with the arrow keys."""
        combo = getattr(self.ui, name)._object
        reveal(combo)
        assert combo.isEnabled(), combo.toolTip()
        combo.setFocus()
        target = next(index for index in range(combo.count()) if text in combo.itemText(index))
        while combo.currentIndex() != target:
            down = target > combo.currentIndex()
            QtTest.QTest.keyClick(combo, QtCore.Qt.Key.Key_Down if down else QtCore.Qt.Key.Key_Up)

    def write(self, note: str) -> None:
        """Type a note, and wait until it is understood."""
        self.type(note)
        self.wait(lambda: self.logic.parameters.note == note and self.logic.understood is not None)

    def start(self, note: str) -> None:
        """Start a run that never ends by itself, and wait until it has begun."""
        self.write(note)
        self.click("applyButton")
        self.wait(lambda: SEARCHING in self.ui.statusLabel.text)

    def run(self, note: str | None = None, seconds: float = 30) -> None:
        """Type a note if one is given, press Apply, and wait until the run has ended."""
        if note is not None:
            self.write(note)
        self.click("applyButton")
        self.wait(lambda: self.logic.running is None, seconds)

    def export(self, format: str, path: Path | None = None) -> None:
        """Choose a format and a file, press Export, and wait until the export has ended."""
        self.choose("exportCombo", format)
        if path is not None:
            self.application.dialogs.answers.append(path)
        self.click("exportButton")
        self.wait(lambda: self.logic.exporting is None, 240)

    def map(self, name: str) -> Any:
        """Return the values of a map of the result, by its title."""
        import numpy as np

        from CausalCLIPSegLib import scene

        result = json.loads(self.logic.parameters.resultJson)
        return np.load(next(each["file"] for each in result["maps"] if scene.OVERLAYS[each["name"]][0] == name))

    def area_fractions(self) -> list[float]:
        return [segment["area_fraction"] for segment in self.logic.segments]

    def corrected(self) -> list[bool]:
        return [segment["corrected"] for segment in self.logic.segments]

    def picture(self, name: str) -> Path:
        """Save a picture of the panel."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        for _ in range(3):  # a label that grew requests a new layout, which may make another one grow
            self.application.qt_application.processEvents()
            self.widget.uiWidget._object.layout().activate()
        assert self.widget.uiWidget._object.grab().save(str(path))
        return path


class Editor:
    """The segment editor in the panel, as a user operates it."""

    def __init__(self, widget: Any) -> None:
        self.widget = widget

    def child(self, name: str) -> Any:
        return self.widget.findChild(QtWidgets.QWidget, name)

    def click(self, name: str) -> None:
        button = self.child(name)
        reveal(button)
        assert button.isVisible(), name
        assert button.isEnabled(), name
        QtTest.QTest.mouseClick(button, QtCore.Qt.MouseButton.LeftButton)

    def choose(self, segment: str) -> None:
        table = self.child("SegmentsTableView")
        (item,) = table.findItems(segment, QtCore.Qt.MatchFlag.MatchExactly)
        table.setCurrentItem(item)

    def paint(self, row: int, column: int, segment: str | None = None) -> None:
        """Activate Paint and click on a pixel; the effect stays active."""
        if segment is not None:
            self.choose(segment)
        self.click("Paint")
        assert self.widget.click_in_view(row, column)

    def segments(self) -> list[str]:
        table = self.child("SegmentsTableView")
        return [table.item(row, 0).text() for row in range(table.rowCount())]

    @property
    def effect(self) -> str:
        active = self.widget.activeEffect()
        return "" if active is None else active.name


def save_and_reopen(slicer: Any, folder: Path) -> None:
    """Save the scene into the folder, close it, and open the file."""
    path = folder / "scene.mrb"
    assert slicer.mrmlScene.WriteToMRB(str(path))
    slicer.mrmlScene.Clear(0)
    (folder / "unpacked").mkdir()
    slicer.mrmlScene.SetRootDirectory(str(folder / "unpacked"))
    assert slicer.mrmlScene.ReadFromMRB(str(path), True)
