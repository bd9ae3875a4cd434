"""The extension's modules in a stand-in for Slicer's application: the real .ui, real MRML, real worker processes."""

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
REQUIREMENTS = EXTENSION / "CausalCLIPSeg/Resources/requirements.txt"
GPU_REQUIREMENTS = REQUIREMENTS.with_name("requirements-gpu.txt")
sys.path.insert(0, str(HERE))

import slicer_runtime
from panel_driver import Panel
from radiographs import make_radiograph
from slicer_runtime import application as runtime
from slicer_runtime.slice_view import SliceView


@pytest.fixture(scope="session")
def application() -> Iterator[slicer_runtime.Application]:
    application = slicer_runtime.start([EXTENSION / "CausalCLIPSeg", EXTENSION / "CausalCLIPSegDICOM"])
    yield application
    application.close()


@pytest.fixture
def slicer(application) -> Iterator[Any]:
    """The module slicer with an empty scene."""
    import qt
    import slicer

    qt.QSettings().clear()
    runtime.new_scene()
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    application.dialogs.answers.clear()
    application.dialogs.shown.clear()
    application.errors.clear()
    yield slicer
    slicer.mrmlScene.Clear(1)


@pytest.fixture
def worker_command() -> Callable[[], tuple[str, list[str], str]]:
    """The command of a worker that speaks the real protocol, with a few lines of NumPy instead of the network."""
    return lambda: (sys.executable, [str(HERE / "scripted_worker.py")], str(ROOT))


@pytest.fixture(scope="session")
def shared_worker(application) -> Iterator[Callable[[str, Any], Any]]:
    """Return a function from a name to a worker that panels share, because starting is slow; panels do not stop it."""
    from CausalCLIPSegModule.worker_process import WorkerProcess

    class SharedWorker(WorkerProcess):
        def stop(self, wait: bool = True) -> None:
            pass

    workers: dict[str, SharedWorker] = {}

    def get(name: str, command: Any) -> SharedWorker:
        return workers.setdefault(name, SharedWorker(command))

    yield get
    for worker in workers.values():
        WorkerProcess.stop(worker)


@pytest.fixture
def open_panel(application, slicer, worker_command) -> Iterator[Callable[..., Panel]]:
    """Return a function that opens the panel of the module; the panels are closed after the test."""
    from CausalCLIPSegModule.installation import Installation
    from CausalCLIPSegModule.logic import CausalCLIPSegLogic
    from CausalCLIPSegModule.worker_process import WorkerProcess

    panels: list[Panel] = []

    def open_panel_of(
        command: Any = worker_command, installation: Any = None, worker: Any = None, image: Any = None
    ) -> Panel:
        import CausalCLIPSeg

        parent = runtime.make_parent()
        logic = CausalCLIPSegLogic(worker or (WorkerProcess(command) if command else None))
        if installation is None:
            installation = Installation(REQUIREMENTS, GPU_REQUIREMENTS, None, all_packages)
            installation.acceptTerms()
        widget = CausalCLIPSeg.CausalCLIPSegWidget(parent, logic, installation)
        widget.setup()
        parent.resize(430, 1000)
        parent.show()
        parent.activateWindow()
        panel = Panel(application, widget, parent)
        panels.append(panel)
        application.qt_application.processEvents()
        if image is not None:
            panel.ui.imageSelector.setCurrentNode(image)
        return panel

    yield open_panel_of
    for panel in panels:
        if panel.logic.worker is not None:
            panel.widget.cleanup()
        panel.parent.deleteLater()
        application.qt_application.processEvents()


@pytest.fixture
def panel(open_panel, volume, shared_worker, worker_command) -> Panel:
    """The panel with a radiograph, and with the scripted worker that the tests share."""
    return open_panel(worker=shared_worker("scripted", worker_command), image=volume)


@pytest.fixture
def panel_with_own_worker(open_panel, volume) -> Panel:
    """The panel with a radiograph, and with a scripted worker that no other test uses."""
    return open_panel(image=volume)


@pytest.fixture
def panel_with_result(panel) -> Panel:
    """The panel with the result of a note that names both sides."""
    panel.run("Bibasal opacities.")
    assert len(panel.logic.segments) == 2
    return panel


def all_packages() -> dict[str, str]:
    """Return all required packages, in the lowest versions that fit."""
    from packaging.requirements import Requirement

    versions = {}
    for line in REQUIREMENTS.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            requirement = Requirement(line)
            lowest = next(bound.version for bound in requirement.specifier if bound.operator == ">=")
            versions[requirement.name.lower()] = lowest
    return versions


@pytest.fixture
def volume(slicer) -> Any:
    """A radiograph of 64 x 48 pixels of 0.5 mm in the scene, as a vtkMRMLScalarVolumeNode."""
    values = np.arange(64 * 48, dtype=np.int16).reshape(1, 64, 48)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "radiograph")
    slicer.util.updateVolumeFromArray(node, values)
    node.SetSpacing(0.5, 0.5, 1.0)
    node.CreateDefaultDisplayNodes()
    return node


@pytest.fixture
def radiograph(slicer) -> Any:
    """A radiograph with a bright corner."""
    return make_radiograph(slicer)


@pytest.fixture
def open_view(slicer) -> Iterator[Callable[..., SliceView]]:
    views: list[SliceView] = []

    def open_view_of(name: str = "Red") -> SliceView:
        views.append(SliceView(name))
        return views[-1]

    yield open_view_of
    for view in views:
        view.close()
