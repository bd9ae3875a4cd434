"""The panel without a mouse: each control by Tab, in the order in which it is seen, with a name and a reason."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

ROOT = Path(__file__).parent.parent.parent
MODULE = ROOT / "CausalCLIPSegExtension/CausalCLIPSeg"
KINDS = {
    *("QPushButton", "QComboBox", "QCheckBox", "QPlainTextEdit"),
    *("ctkSliderWidget", "ctkCollapsibleButton", "qMRMLNodeComboBox", "qMRMLSegmentEditorWidget"),
}
EDITOR_KEYS = "ZY123456789"
"""What Slicer's segment editor listens to in the whole application; Escape and Space besides."""
NONE, SHIFT, CONTROL = (getattr(QtCore.Qt.KeyboardModifier, f"{name}Modifier") for name in ("No", "Shift", "Control"))


def tooltips() -> dict[str, str]:
    """Return the controls of the panel with the tooltips of the .ui file."""
    found = {}
    for widget in ElementTree.parse(MODULE / "Resources/UI/CausalCLIPSeg.ui").iter("widget"):
        properties = {one.get("name"): "".join(one.itertext()).strip() for one in widget.findall("property")}
        if widget.get("class") in KINDS or "ByKeyboard" in properties.get("textInteractionFlags", ""):
            found[widget.get("name")] = properties["toolTip"]
    return found


CONTROLS = tooltips()


class Keys:
    """A person who has a keyboard only."""

    def __init__(self, panel: Any) -> None:
        self.panel = panel
        self.root = panel.widget.uiWidget._object
        self.widgets = {name: getattr(panel.ui, name)._object for name in CONTROLS}

    def press(self, key: QtCore.Qt.Key, modifier: Any = NONE) -> None:
        QtTest.QTest.keyClick(QtWidgets.QApplication.focusWidget(), key, modifier)

    def at(self) -> str:
        """Return the control that has the keys."""
        widget = QtWidgets.QApplication.focusWidget()
        while widget is not None and widget.objectName() not in CONTROLS:
            widget = widget.parentWidget()
        return widget.objectName() if widget is not None else ""

    def usable(self) -> list[str]:
        return [name for name, widget in self.widgets.items() if widget.isVisible() and widget.isEnabled()]

    def walk(self, key: QtCore.Qt.Key, modifier: Any, first: str) -> list[str]:
        """Return the controls that a key leads to, beginning with one, until that comes again."""
        self.widgets[first].setFocus()
        met = [self.at()]
        for _ in range(150):
            self.press(key, modifier)
            if self.at() != met[-1]:
                met.append(self.at())
            if met[-1] == first and len(met) > 1:
                return met[:-1]
        raise AssertionError(f"the keys do not come back: {met}")

    def go_to(self, name: str) -> None:
        for _ in range(150):
            if self.at() == name:
                return
            self.press(QtCore.Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not lead to {name}")

    def area(self, name: str) -> QtCore.QRect:
        widget = self.widgets[name]
        return QtCore.QRect(widget.mapTo(self.root, QtCore.QPoint(0, 0)), widget.size())

    def unfold(self) -> None:
        for name in CONTROLS:
            if name.endswith("Section"):
                getattr(self.panel.ui, name).collapsed = False
        for _ in range(3):
            QtWidgets.QApplication.processEvents()
            self.root.layout().activate()


def comes_after(one: QtCore.QRect, other: QtCore.QRect) -> bool:
    """Whether a control lies after another as one reads."""
    same_row = min(one.bottom(), other.bottom()) - max(one.top(), other.top()) > min(one.height(), other.height()) / 2
    return one.left() > other.left() if same_row else one.top() > other.top()


def empty(panel, film, slicer):
    pass


def with_film(panel, film, slicer):
    panel.ui.imageSelector.setCurrentNode(film)


def with_note(panel, film, slicer):
    with_film(panel, film, slicer)
    panel.write("Right basal opacity.")


def with_question(panel, film, slicer):
    with_film(panel, film, slicer)
    panel.write("Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone.")
    assert panel.logic.understood["questions"]


def running(panel, film, slicer):
    with_film(panel, film, slicer)
    panel.write("slow right basal opacity")
    panel.click("applyButton")
    panel.wait(lambda: "Looking" in panel.ui.statusLabel.text)


def with_result(panel, film, slicer):
    with_note(panel, film, slicer)
    panel.run()


def without_its_film(panel, film, slicer):
    with_result(panel, film, slicer)
    slicer.mrmlScene.RemoveNode(film)


def failed(panel, film, slicer):
    with_film(panel, film, slicer)
    panel.write("crash right basal opacity")
    panel.run()


STATES = [empty, with_film, with_note, with_question, running, with_result, without_its_film, failed]


def check_words(keys: Keys) -> None:
    """Each control has a name that can be read aloud and a tooltip, which says why where it cannot be used."""
    for name, widget in keys.widgets.items():
        assert widget.accessibleName().strip(), name
        tip = widget.toolTip()
        if widget.isEnabled():
            assert tip == CONTROLS[name], name
        else:
            assert re.fullmatch(re.escape(CONTROLS[name]) + r" \w.*\.", tip), f"{name} does not say why: {tip}"


def check_order(keys: Keys) -> None:
    """Tab meets what can be used, each once, as one reads; with Shift it is the way back."""
    usable = keys.usable()
    first = min(usable, key=lambda name: (keys.area(name).top(), keys.area(name).left()))
    met = keys.walk(QtCore.Qt.Key.Key_Tab, NONE, first)
    assert sorted(met) == sorted(usable)
    for one, following in itertools.pairwise(met):
        assert comes_after(keys.area(following), keys.area(one)), f"{following} comes after {one}"
    back = keys.walk(QtCore.Qt.Key.Key_Backtab, SHIFT, first)
    assert back == [met[0], *reversed(met[1:])]


@pytest.mark.parametrize("state", STATES)
def test_tab_reads_the_panel_and_nothing_is_without_words(
    open_panel, film, slicer, kept_worker, worker_command, state
):
    panel = open_panel(worker=kept_worker("scripted", worker_command))
    state(panel, film, slicer)
    keys = Keys(panel)
    check_words(keys)
    check_order(keys)
    keys.unfold()
    check_words(keys)
    check_order(keys)


def test_tab_reads_the_panel_before_anything_is_installed(open_panel):
    from CausalCLIPSegModule.installation import Installation

    keys = Keys(open_panel(installation=Installation(MODULE / "Resources/requirements.txt", None, dict)))
    check_words(keys)
    check_order(keys)


def test_the_whole_way_without_a_mouse(open_panel, film, application, tmp_path):
    panel = open_panel()
    keys = Keys(panel)
    ui = panel.ui
    keys.widgets["imageSelector"].setFocus()
    keys.press(QtCore.Qt.Key.Key_Down)
    assert ui.imageSelector.currentNode() is film
    keys.go_to("noteEdit")
    QtTest.QTest.keyClicks(QtWidgets.QApplication.focusWidget(), "Opacity in the left lower zone")
    panel.wait(lambda: panel.logic.understood is not None)
    assert "Patient's left" in ui.understoodLabel.text
    keys.go_to("applyButton")
    keys.press(QtCore.Qt.Key.Key_Space)
    panel.wait(lambda: panel.logic.running is None)
    assert "Opacity, left lung" in ui.resultLabel.text

    keys.go_to("thresholdSlider")
    before, area = ui.thresholdSlider.value, panel.logic.segments[0]["area_fraction"]
    for _ in range(10):
        keys.press(QtCore.Qt.Key.Key_Left)
    assert ui.thresholdSlider.value < before
    assert panel.logic.segments[0]["area_fraction"] > area
    assert "Outlined again" in ui.statusLabel.text

    keys.go_to("causalCheckBox")
    keys.press(QtCore.Qt.Key.Key_Space)
    assert panel.logic.result.overlay == "causal_attention"
    keys.go_to("exportSection")
    if ui.exportSection.collapsed:
        keys.press(QtCore.Qt.Key.Key_Space)
    keys.go_to("exportCombo")
    while "nrrd" not in ui.exportCombo.currentText:
        keys.press(QtCore.Qt.Key.Key_Down)
    keys.go_to("exportButton")
    application.dialogs.answers.append(tmp_path / "out.seg.nrrd")
    keys.press(QtCore.Qt.Key.Key_Space)
    panel.wait(lambda: panel.logic.exporting is None)
    assert (tmp_path / "out.seg.nrrd").is_file()
    assert "out.seg.nrrd" in ui.statusLabel.text

    keys.go_to("advancedSection")
    assert ui.advancedSection.collapsed
    keys.press(QtCore.Qt.Key.Key_Space)
    keys.go_to("deviceCombo")
    keys.press(QtCore.Qt.Key.Key_Down)
    assert panel.logic.parameters.device == "cpu"
    keys.go_to("historyCombo")
    keys.press(QtCore.Qt.Key.Key_Down)
    assert ui.noteEdit.plainText == "Opacity in the left lower zone"


@pytest.mark.parametrize("key", [QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter], ids=["Return", "Enter"])
def test_control_and_enter_run_from_each_control_of_the_panel_and_only_there(open_panel, film, key):
    panel = open_panel()
    with_note(panel, film, None)
    keys = Keys(panel)
    outside = QtWidgets.QLineEdit()
    panel.parent._object.layout().addWidget(outside)
    outside.show()
    outside.setFocus()
    assert QtWidgets.QApplication.focusWidget() is outside
    keys.press(key, CONTROL)
    assert panel.logic.running is None
    for name in ("noteEdit", "sideCombo", "sampleButton", "resultSection"):
        keys.widgets[name].setFocus()
        keys.press(key, CONTROL)
        assert panel.logic.running is not None, name
        panel.wait(lambda: panel.logic.running is None)
    panel.ui.imageSelector.setCurrentNode(None)
    keys.widgets["noteEdit"].setFocus()
    keys.press(key, CONTROL)
    assert panel.logic.running is None


def test_no_key_of_the_segment_editor_is_taken(open_panel, film):
    panel = open_panel()
    with_result(panel, film, None)
    keys = Keys(panel)
    keys.unfold()
    window = panel.parent._object
    taken = [one.key() for one in window.findChildren(QtGui.QShortcut)]
    taken += [one.shortcut() for one in window.findChildren(QtWidgets.QAbstractButton)]
    taken += [sequence for one in window.findChildren(QtGui.QAction) for sequence in one.shortcuts()]
    for sequence in taken:
        for number in range(sequence.count()):
            assert sequence[number].keyboardModifiers() & ~SHIFT, sequence.toString()

    def state():
        parameters = panel.logic.parameters
        names = ("note", "threshold", "side", "mirrored", "laterality", "device", "checkpoint", "compare")
        return [*(getattr(parameters, name) for name in names), panel.ui.resultLabel.text, panel.logic.running]

    before = state()
    for name in ("applyButton", "resultSection", "exportButton", "openEditorButton"):
        keys.widgets[name].setFocus()
        for letter in EDITOR_KEYS:
            QtTest.QTest.keyClick(keys.widgets[name], letter)
            QtTest.QTest.keyClick(keys.widgets[name], letter, CONTROL)
        keys.press(QtCore.Qt.Key.Key_Escape)
    assert state() == before
