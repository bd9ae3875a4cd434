"""The extension's modules in the stand-in for Slicer's application: real .ui, real MRML, real worker processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
EXTENSION = ROOT / "CausalCLIPSegExtension"
sys.path.insert(0, str(HERE))

import slicer_runtime
from slicer_runtime import application as runtime

PICTURES = Path(os.environ.get("CAUSALCLIPSEG_PICTURES", ROOT / "build" / "panel"))
"""Where the pictures of the panel go; a folder that git does not see."""


@pytest.fixture(scope="session")
def application() -> Iterator[slicer_runtime.Application]:
    started = slicer_runtime.start([EXTENSION / "CausalCLIPSeg", EXTENSION / "CausalCLIPSegDICOM"])
    yield started
    started.close()


@pytest.fixture
def slicer(application) -> Iterator[Any]:
    """The module slicer with an empty scene."""
    import slicer

    runtime.new_scene()
    application.dialogs.answers.clear()
    application.dialogs.shown.clear()
    application.errors.clear()
    yield slicer
    slicer.mrmlScene.Clear(1)


@pytest.fixture
def worker_command() -> Callable[[], tuple[str, list[str], str]]:
    """A process that speaks the worker's protocol, with a network of a few lines in the place of the real one."""
    return lambda: (sys.executable, [str(HERE / "scripted_worker.py")], str(ROOT))


@pytest.fixture(scope="session")
def kept_worker(application) -> Iterator[Callable[[str, Any], Any]]:
    """Give a worker that many panels share, for the time that a start takes: a panel that closes does not end it."""
    from CausalCLIPSegModule.worker_process import WorkerProcess

    class KeptWorker(WorkerProcess):
        def stop(self, wait: bool = True) -> None:
            pass

    kept: dict[str, KeptWorker] = {}

    def keep(name: str, command: Any) -> KeptWorker:
        return kept.setdefault(name, KeptWorker(command))

    yield keep
    for one in kept.values():
        WorkerProcess.stop(one)


class Panel:
    """The panel as a person has it: sees texts, presses buttons and keys."""

    def __init__(self, application: Any, widget: Any) -> None:
        self.application, self.widget, self.ui, self.logic = application, widget, widget.ui, widget.logic

    def wait(self, until: Callable[[], bool], seconds: float = 30) -> None:
        assert self.application.process(until, seconds), (
            f"never came; status: {self.ui.statusLabel.text!r}, log: {self.ui.logEdit.plainText[-1500:]!r}"
        )

    def click(self, name: str) -> None:
        """Press the left button of the mouse on a control, as a person can: not on one that is disabled."""
        from PySide6 import QtCore, QtTest

        control = getattr(self.ui, name)._object
        assert control.isEnabled(), f"{name} cannot be used: {control.toolTip()}"
        QtTest.QTest.mouseClick(control, QtCore.Qt.MouseButton.LeftButton)

    def type(self, text: str) -> None:
        from PySide6 import QtTest

        edit = self.ui.noteEdit._object
        edit.setFocus()
        edit.selectAll()
        QtTest.QTest.keyClicks(edit, text)

    def press(self, *, control: bool = False) -> None:
        from PySide6 import QtCore, QtTest

        modifier = QtCore.Qt.KeyboardModifier.ControlModifier if control else QtCore.Qt.KeyboardModifier.NoModifier
        QtTest.QTest.keyClick(self.ui.noteEdit._object, QtCore.Qt.Key.Key_Return, modifier)

    def write(self, text: str) -> None:
        """Type a note and wait until it is understood."""
        self.type(text)
        self.wait(lambda: self.logic.parameters.note == text and self.logic.understood is not None)

    def run(self) -> None:
        self.click("applyButton")
        self.wait(lambda: self.logic.running is None)

    def picture(self, name: str) -> Path:
        PICTURES.mkdir(parents=True, exist_ok=True)
        path = PICTURES / f"{name}.png"
        for _ in range(3):  # a label that grew asks for a new layout, and that for another
            self.application.qt_application.processEvents()
            self.widget.uiWidget._object.layout().activate()
        assert self.widget.uiWidget._object.grab().save(str(path))
        return path


@pytest.fixture
def open_panel(application, slicer, worker_command) -> Iterator[Callable[..., Panel]]:
    """Open the module's panel; every panel that a test opened is closed after it."""
    from CausalCLIPSegModule.installation import Installation
    from CausalCLIPSegModule.logic import CausalCLIPSegLogic
    from CausalCLIPSegModule.worker_process import WorkerProcess

    opened: list[Panel] = []

    def open_one(command: Any = worker_command, installation: Any = None, worker: Any = None) -> Panel:
        import CausalCLIPSeg

        parent = runtime.make_parent()
        logic = CausalCLIPSegLogic(worker or (WorkerProcess(command) if command else None))
        there = installation or Installation(EXTENSION / "CausalCLIPSeg/Resources/requirements.txt", None, everything)
        widget = CausalCLIPSeg.CausalCLIPSegWidget(parent, logic, there)
        widget.setup()
        parent.resize(430, 1000)
        parent.show()
        parent.activateWindow()
        panel = Panel(application, widget)
        panel.parent = parent
        opened.append(panel)
        application.qt_application.processEvents()
        return panel

    yield open_one
    for panel in opened:
        if panel.logic.worker is not None:
            panel.widget.cleanup()
        panel.parent.deleteLater()
        application.qt_application.processEvents()


def everything() -> dict[str, str]:
    """All packages, in versions that fit."""
    from packaging.requirements import Requirement

    text = (EXTENSION / "CausalCLIPSeg/Resources/requirements.txt").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            lowest = next(one.version for one in requirement.specifier if one.operator == ">=")
            found[requirement.name.lower()] = lowest
    return found


@pytest.fixture
def film(slicer) -> Any:
    """A film of 64 x 48 pixels in the scene."""
    values = np.arange(64 * 48, dtype=np.int16).reshape(1, 64, 48)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "film")
    slicer.util.updateVolumeFromArray(node, values)
    node.SetSpacing(0.5, 0.5, 1.0)
    node.CreateDefaultDisplayNodes()
    return node
