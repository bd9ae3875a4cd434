"""The panel by keyboard: Tab reaches each control in reading order; each has a name and says why it is disabled."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from panel_driver import Panel
from PySide6 import QtCore, QtGui, QtTest, QtWidgets

ROOT = Path(__file__).parent.parent.parent
MODULE = ROOT / "CausalCLIPSegExtension/CausalCLIPSeg"
CLASSES = {
    *("QPushButton", "QComboBox", "QCheckBox", "QPlainTextEdit"),
    *("QTabWidget", "QLineEdit"),
    *("ctkSliderWidget", "ctkCollapsibleButton", "qMRMLNodeComboBox", "qMRMLSegmentEditorWidget"),
}
EDITOR_KEYS = "ZY123456789"
"""Keys that Slicer's segment editor handles in the whole application, besides Escape and Space."""
NO_MODIFIER, SHIFT, CONTROL = (
    getattr(QtCore.Qt.KeyboardModifier, f"{name}Modifier") for name in ("No", "Shift", "Control")
)


def read_tooltips() -> dict[str, str]:
    """Return the controls of the panel with their tooltips in the .ui file."""
    tooltips = {}
    for widget in ElementTree.parse(MODULE / "Resources/UI/CausalCLIPSeg.ui").iter("widget"):
        properties = {
            element.get("name"): "".join(element.itertext()).strip() for element in widget.findall("property")
        }
        if widget.get("class") in CLASSES or "ByKeyboard" in properties.get("textInteractionFlags", ""):
            tooltips[widget.get("name")] = properties["toolTip"]
    return tooltips


TOOLTIPS = read_tooltips()
for _name, _keys in (
    ("noteEdit", "Ctrl+Return"),
    ("applyButton", "Ctrl+Return"),
    ("outlinesCheckBox", "Ctrl+Shift+H"),
):
    TOOLTIPS[_name] = TOOLTIPS[_name].replace("{keys}", _keys)


class Keyboard:
    """A user who has only a keyboard."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.root = panel.widget.uiWidget._object
        self.widgets = {name: getattr(panel.ui, name)._object for name in TOOLTIPS}

    def press(self, key: QtCore.Qt.Key, modifier: Any = NO_MODIFIER) -> None:
        QtTest.QTest.keyClick(QtWidgets.QApplication.focusWidget(), key, modifier)

    def focused(self) -> str:
        """Return the control that has the focus."""
        widget = QtWidgets.QApplication.focusWidget()
        while widget is not None and widget.objectName() not in TOOLTIPS:
            widget = widget.parentWidget()
        return widget.objectName() if widget is not None else ""

    def enabled(self) -> list[str]:
        return [name for name, widget in self.widgets.items() if widget.isVisible() and widget.isEnabled()]

    def walk(self, key: QtCore.Qt.Key, modifier: Any, first: str) -> list[str]:
        """Return the controls that a key leads to, from the first one until it returns to it."""
        self.widgets[first].setFocus()
        names = [self.focused()]
        for _ in range(150):
            self.press(key, modifier)
            if self.focused() != names[-1]:
                names.append(self.focused())
            if names[-1] == first and len(names) > 1:
                return names[:-1]
        raise AssertionError(f"the keys do not return to {first}: {names}")

    def go_to(self, name: str) -> None:
        """Press Tab until a control has the focus."""
        for _ in range(150):
            if self.focused() == name:
                return
            self.press(QtCore.Qt.Key.Key_Tab)
        raise AssertionError(f"Tab does not lead to {name}")

    def area(self, name: str) -> QtCore.QRect:
        widget = self.widgets[name]
        return QtCore.QRect(widget.mapTo(self.root, QtCore.QPoint(0, 0)), widget.size())

    def unfold(self) -> None:
        """Unfold all sections."""
        for name in TOOLTIPS:
            if name.endswith("Section"):
                getattr(self.panel.ui, name).collapsed = False
        self.panel.ui.inputSection.collapsed = False  # unfolding the correction folds it
        for _ in range(3):
            QtWidgets.QApplication.processEvents()
            self.root.layout().activate()


def is_after(area: QtCore.QRect, previous: QtCore.QRect) -> bool:
    """Whether a control comes after another one in reading order."""
    overlap = min(area.bottom(), previous.bottom()) - max(area.top(), previous.top())
    same_row = overlap > min(area.height(), previous.height()) / 2
    return area.left() > previous.left() if same_row else area.top() > previous.top()


STATES: dict[str, Callable[[Panel], None]] = {
    "empty": lambda panel: panel.ui.imageSelector.setCurrentNode(None),
    "with a radiograph": lambda panel: None,
    "with a note": lambda panel: panel.write("Right basal opacity."),
    "with a question": lambda panel: panel.write(
        "Findings: Opacity in the right lower zone. Impression: Opacity in the left lower zone."
    ),
    "running": lambda panel: panel.start("slow right basal opacity"),
    "with a result": lambda panel: panel.run("Right basal opacity."),
    "without the radiograph of its result": lambda panel: remove_radiograph(panel),
    "failed": lambda panel: panel.run("crash right basal opacity"),
}


def remove_radiograph(panel: Panel) -> None:
    import slicer

    panel.run("Right basal opacity.")
    slicer.mrmlScene.RemoveNode(panel.logic.resultVolume())


def check_texts(keyboard: Keyboard) -> None:
    """Check that each control has an accessible name, and a tooltip that says why it is disabled."""
    for name, widget in keyboard.widgets.items():
        assert widget.accessibleName().strip(), name
        tooltip = widget.toolTip()
        if widget.isEnabled():
            assert tooltip.startswith(TOOLTIPS[name]), name  # a list adds what its chosen item is
        else:
            assert re.fullmatch(re.escape(TOOLTIPS[name]) + r" \w.*\.", tooltip), f"{name} gives no reason: {tooltip}"


def check_order(keyboard: Keyboard) -> None:
    """Check that Tab reaches each enabled control once, in reading order, and Shift+Tab in reverse."""
    enabled = keyboard.enabled()
    first = min(enabled, key=lambda name: (keyboard.area(name).top(), keyboard.area(name).left()))
    names = keyboard.walk(QtCore.Qt.Key.Key_Tab, NO_MODIFIER, first)
    assert sorted(names) == sorted(enabled)
    for name, following in itertools.pairwise(names):
        assert is_after(keyboard.area(following), keyboard.area(name)), f"{following} comes after {name}"
    assert keyboard.walk(QtCore.Qt.Key.Key_Backtab, SHIFT, first) == [names[0], *reversed(names[1:])]


@pytest.mark.parametrize("reach", STATES.values(), ids=STATES)
def test_tab_order_and_texts_in_each_state(panel, reach):
    reach(panel)
    keyboard = Keyboard(panel)
    check_texts(keyboard)
    check_order(keyboard)
    keyboard.unfold()
    check_texts(keyboard)
    check_order(keyboard)
    keyboard.widgets["tabs"].setCurrentIndex(1)
    check_order(keyboard)


def test_tab_order_and_texts_before_anything_is_installed(open_panel):
    from CausalCLIPSegModule.installation import Installation

    files = (MODULE / "Resources" / name for name in ("requirements.txt", "requirements-gpu.txt"))
    keyboard = Keyboard(open_panel(installation=Installation(*files, None, dict)))
    check_texts(keyboard)
    check_order(keyboard)


def test_complete_workflow_without_a_mouse(open_panel, volume, application, tmp_path):
    panel = open_panel()
    keyboard = Keyboard(panel)
    ui = panel.ui
    keyboard.widgets["imageSelector"].setFocus()
    keyboard.press(QtCore.Qt.Key.Key_Down)
    assert ui.imageSelector.currentNode() is volume
    keyboard.go_to("noteEdit")
    QtTest.QTest.keyClicks(QtWidgets.QApplication.focusWidget(), "Opacity in the left lower zone")
    panel.wait(lambda: panel.logic.understood is not None)
    assert "Patient's left" in ui.understoodLabel.text
    keyboard.go_to("applyButton")
    keyboard.press(QtCore.Qt.Key.Key_Space)
    panel.wait(lambda: panel.logic.running is None)
    assert "Opacity, left lung" in ui.resultLabel.text

    keyboard.go_to("thresholdSlider")
    threshold, areas = ui.thresholdSlider.value, panel.area_fractions()
    for _ in range(10):
        keyboard.press(QtCore.Qt.Key.Key_Left)
    assert ui.thresholdSlider.value < threshold
    assert panel.area_fractions() > areas
    assert "Outlined again" in ui.statusLabel.text

    keyboard.press(QtCore.Qt.Key.Key_H, CONTROL | SHIFT)
    assert not panel.logic.result.outlinesVisible
    keyboard.press(QtCore.Qt.Key.Key_H, CONTROL | SHIFT)
    assert panel.logic.result.outlinesVisible
    keyboard.go_to("probabilityCheckBox")
    keyboard.press(QtCore.Qt.Key.Key_Space)
    assert panel.logic.result.overlay == "probability"
    keyboard.go_to("exportSection")
    if ui.exportSection.collapsed:
        keyboard.press(QtCore.Qt.Key.Key_Space)
    keyboard.go_to("exportCombo")
    while "nrrd" not in ui.exportCombo.currentText:
        keyboard.press(QtCore.Qt.Key.Key_Down)
    keyboard.go_to("exportButton")
    application.dialogs.answers.append(tmp_path / "out.seg.nrrd")
    keyboard.press(QtCore.Qt.Key.Key_Space)
    panel.wait(lambda: panel.logic.exporting is None)
    assert (tmp_path / "out.seg.nrrd").is_file()
    assert "out.seg.nrrd" in ui.statusLabel.text

    keyboard.go_to("tabs")
    keyboard.press(QtCore.Qt.Key.Key_Right)
    keyboard.go_to("deviceCombo")
    keyboard.press(QtCore.Qt.Key.Key_Down)
    assert panel.logic.parameters.device == "cpu"
    keyboard.go_to("tabs")
    keyboard.press(QtCore.Qt.Key.Key_Left)
    keyboard.go_to("historyCombo")
    keyboard.press(QtCore.Qt.Key.Key_Down)
    assert ui.noteEdit.plainText == "Opacity in the left lower zone"


@pytest.mark.parametrize("key", [QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter], ids=["Return", "Enter"])
def test_ctrl_return_runs_from_every_control_of_the_panel_but_not_from_outside(panel, key):
    panel.write("Right basal opacity.")
    keyboard = Keyboard(panel)
    outside = QtWidgets.QLineEdit()
    panel.parent._object.layout().addWidget(outside)
    outside.show()
    outside.setFocus()
    assert QtWidgets.QApplication.focusWidget() is outside
    keyboard.press(key, CONTROL)
    assert panel.logic.running is None
    for name in ("noteEdit", "sideCombo", "sampleButton", "resultSection"):
        keyboard.widgets[name].setFocus()
        keyboard.press(key, CONTROL)
        assert panel.logic.running is not None, name
        panel.wait(lambda: panel.logic.running is None)
    panel.ui.imageSelector.setCurrentNode(None)
    keyboard.widgets["noteEdit"].setFocus()
    keyboard.press(key, CONTROL)
    assert panel.logic.running is None


def test_panel_handles_no_key_of_the_segment_editor(panel):
    panel.run("Right basal opacity.")
    keyboard = Keyboard(panel)
    keyboard.unfold()
    window = panel.parent._object
    shortcuts = [shortcut.key() for shortcut in window.findChildren(QtGui.QShortcut)]
    shortcuts += [button.shortcut() for button in window.findChildren(QtWidgets.QAbstractButton)]
    shortcuts += [sequence for action in window.findChildren(QtGui.QAction) for sequence in action.shortcuts()]
    for sequence in shortcuts:
        for index in range(sequence.count()):
            assert sequence[index].keyboardModifiers() & ~SHIFT, sequence.toString()

    def state() -> list[Any]:
        parameters = panel.logic.parameters
        names = ("note", "threshold", "side", "mirrored", "laterality", "device", "checkpoint", "compare")
        return [*(getattr(parameters, name) for name in names), panel.ui.resultLabel.text, panel.logic.running]

    before = state()
    for name in ("applyButton", "resultSection", "exportButton", "openEditorButton"):
        keyboard.widgets[name].setFocus()
        for letter in EDITOR_KEYS:
            QtTest.QTest.keyClick(keyboard.widgets[name], letter)
            QtTest.QTest.keyClick(keyboard.widgets[name], letter, CONTROL)
        keyboard.press(QtCore.Qt.Key.Key_Escape)
    assert state() == before
