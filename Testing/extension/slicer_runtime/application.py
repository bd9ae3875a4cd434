"""slicer.app, slicer.mrmlScene, slicer.modules and dialogs, added to the module `slicer` of slicer-core."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sys
import tempfile
import time
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

from slicer_runtime import i18n, parameter_node, sample_data, scripted_module
from slicer_runtime.pythonqt import Class, Instance, wrap
from slicer_runtime.segment_editor import SegmentEditorModule, qMRMLSegmentEditorWidget
from slicer_runtime.widgets import ctkCollapsibleButton, ctkSliderWidget, qMRMLNodeComboBox, qMRMLWidget

WIDGETS: dict[str, type] = {
    widget.__name__: widget
    for widget in (ctkCollapsibleButton, ctkSliderWidget, qMRMLWidget, qMRMLNodeComboBox, qMRMLSegmentEditorWidget)
}
"""The widgets of this package, by their names in .ui files."""


class UiLoader(QtUiTools.QUiLoader):
    """Qt's loader of .ui files, extended by the widgets of CTK and MRML."""

    def createWidget(self, name: str, parent: Any = None, object_name: str = "") -> Any:
        if name in WIDGETS:
            widget = WIDGETS[name](parent)
            widget.setObjectName(object_name)
            return widget
        if name.startswith(("ctk", "qMRML", "qSlicer")):
            raise RuntimeError(f"The stand-in has no {name}")
        return super().createWidget(name, parent, object_name)

    def load(self, device: Any, parent: Any = None) -> Any:
        connections = ElementTree.fromstring(bytes(device.readAll().data())).iter("connection")
        device.seek(0)
        root = super().load(device, parent)
        # the loader cannot connect Python widgets, so make the connections of the scene here
        for connection in connections:
            if connection.findtext("signal") == "mrmlSceneChanged(vtkMRMLScene*)":
                receiver = root.findChild(QtWidgets.QWidget, connection.findtext("receiver"))
                root.mrmlSceneChanged.connect(receiver.setMRMLScene)
        return root


class Dialogs:
    """The answers of the user; an unexpected dialog is an error."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.shown: list[str] = []

    def ask(self, text: str) -> Any:
        self.shown.append(text)
        if not self.answers:
            raise AssertionError(f"An unexpected dialog: {text}")
        return self.answers.pop(0)


class FileDialog:
    """The static functions of QFileDialog; they return a path, or "" for Cancel."""

    dialogs: Dialogs

    @classmethod
    def getOpenFileName(cls, parent: Any, caption: str, folder: str = "", filters: str = "") -> str:
        return str(cls.dialogs.ask(caption))

    @classmethod
    def getSaveFileName(cls, parent: Any, caption: str, folder: str = "", filters: str = "") -> str:
        return str(cls.dialogs.ask(caption))

    @classmethod
    def getExistingDirectory(cls, parent: Any, caption: str, folder: str = "") -> str:
        return str(cls.dialogs.ask(caption))


class LayoutManager:
    """The layout of the views."""

    def __init__(self) -> None:
        self.layout = slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
        self._slots: list[Callable[[int], None]] = []

    def setLayout(self, layout: int) -> None:
        if layout != self.layout:
            self.layout = layout
            for slot in list(self._slots):
                slot(layout)

    def connect(self, signal: str, slot: Callable[[int], None]) -> None:
        if signal != "layoutChanged(int)":
            raise ValueError(f"The stand-in's layout manager has no signal {signal!r}")
        self._slots.append(slot)

    def disconnect(self, signal: str, slot: Callable[[int], None]) -> None:
        self._slots.remove(slot)


class DicomDatabase:
    """DICOM files by their SOP Instance UIDs."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.inserted: list[str] = []

    def fileForInstance(self, uid: str) -> str:
        return self.files.get(uid, "")

    def fileValue(self, path: str, tag: str) -> str:
        import pydicom

        group, element = (int(digits, 16) for digits in tag.split(","))
        try:
            value = pydicom.dcmread(path, stop_before_pixels=True).get((group, element))
        except (OSError, pydicom.errors.InvalidDicomError):  # as CTK does for an unreadable file
            return ""
        return "" if value is None else str(value.value)

    def filesForSeries(self, uid: str) -> list[str]:
        return [path for path in self.files.values() if self.fileValue(path, "0020,000E") == uid]

    def insert(self, path: str) -> None:
        import pydicom

        self.inserted.append(path)
        self.files[str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID)] = path

    isOpen = True


class App:
    """slicer.app."""

    def __init__(self, folder: Path) -> None:
        self.temporaryPath = str(folder)
        self.majorVersion, self.minorVersion = 5, 12
        self._layout = LayoutManager()
        self._logic = slicer.vtkSlicerApplicationLogic()
        self._at_startup: list[Callable[[], None]] = []
        self._revision_settings = QtCore.QSettings(str(folder / "Slicer-33333.ini"), QtCore.QSettings.Format.IniFormat)

    def connect(self, signal: str, slot: Callable[[], None]) -> None:
        if signal != "startupCompleted()":
            raise ValueError(f"The stand-in's application has no signal {signal!r}")
        self._at_startup.append(slot)

    def complete_startup(self) -> None:
        """Emit startupCompleted() once."""
        while self._at_startup:
            self._at_startup.pop(0)()

    def applicationLogic(self) -> Any:
        return self._logic

    def revisionUserSettings(self) -> Any:
        """Return the settings of this Slicer installation, which are not those of QSettings()."""
        return wrap(self._revision_settings)

    def layoutManager(self) -> LayoutManager:
        return self._layout

    def style(self) -> Any:
        return wrap(QtWidgets.QApplication.style())

    def translate(self, context: str, text: str) -> str:
        return QtCore.QCoreApplication.translate(context, text)

    def processEvents(self) -> None:
        QtWidgets.QApplication.processEvents()

    def testingEnabled(self) -> bool:
        return True


class Application:
    """The running stand-in, and what tests need to know about it.

    Attributes:
        dialogs: answers of the user.
        folder: temporary folder of the application.
        selected: the modules that were opened, in order.
        fitted: for each slice view, its viewing direction in RAS when it was last fitted to its image.
        errors: the error messages that were shown.
        main_window: None, as if Slicer ran without one.
    """

    def __init__(self) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        self.qt_application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"])
        QtCore.QCoreApplication.setOrganizationName("CausalCLIPSegTests")
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
        self.dialogs = Dialogs()
        self.folder = Path(tempfile.mkdtemp(prefix="slicer-runtime-"))
        QtCore.QSettings.setPath(
            QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, str(self.folder / "settings")
        )
        self.selected: list[str] = []
        self.fitted: dict[str, tuple[float, ...]] = {}
        self.errors: list[str] = []
        self.main_window: Any = None

    def process(self, until: Callable[[], bool], seconds: float = 60) -> bool:
        """Run Qt's event loop until a condition holds; return False after a timeout."""
        clock = QtCore.QElapsedTimer()
        clock.start()
        while not until():
            if clock.elapsed() > seconds * 1000:
                return False
            self.qt_application.processEvents()
            time.sleep(0.01)
        self.qt_application.processEvents()
        return True

    def close(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def start(module_folders: list[Path]) -> Application:
    """Start the stand-in, once per process, and make the modules in some folders importable."""
    application = Application()
    FileDialog.dialogs = application.dialogs
    sys.modules["qt"] = _qt_module()
    classes = {name: Class(widget) for name, widget in WIDGETS.items()}
    sys.modules["ctk"] = _module("ctk", {name: classes[name] for name in classes if name.startswith("ctk")})
    for name in classes:
        if name.startswith("qMRML"):
            setattr(slicer, name, classes[name])
    slicer.app = App(application.folder)
    _scene()
    slicer.dicomDatabase = DicomDatabase()
    slicer.modules = _modules()
    slicer.selfTests = {}
    _utilities(application)
    _python_files(application)
    _dicom(application)
    sys.modules["SampleData"] = _public(sample_data, "SampleData")
    for folder in module_folders:
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    return application


def new_scene() -> None:
    """Create an empty scene, as after a restart of the application."""
    _scene()


def viewing_direction(view: Any) -> tuple[float, ...]:
    """Return the viewing direction of a slice view in RAS."""
    return tuple(view.GetSliceToRAS().GetElement(row, 2) for row in range(3))


def _scene() -> None:
    scene = slicer.vtkMRMLScene()
    slicer.mrmlScene = scene
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    logic.SetMRMLScene(scene)
    terminologies = slicer.vtkSlicerTerminologiesModuleLogic()
    volumes = slicer.vtkSlicerVolumesLogic()
    volumes.SetMRMLScene(scene)
    slicer._runtime_logics = [logic, terminologies, volumes]
    cache = slicer.vtkCacheManager()
    cache.SetRemoteCacheDirectory(tempfile.mkdtemp(prefix="cache-", dir=slicer.app.temporaryPath))
    scene.SetCacheManager(cache)
    manager = slicer.vtkDataIOManager()
    manager.SetCacheManager(cache)
    scene.SetDataIOManager(manager)
    slicer._runtime_logics += [cache, manager]
    slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    _update_subject_hierarchy(scene)
    for node_class, tag in (("vtkMRMLSelectionNode", "Singleton"), ("vtkMRMLInteractionNode", "Singleton")):
        node = scene.CreateNodeByClass(node_class)
        node.UnRegister(None)
        node.SetSingletonTag(tag)
        scene.AddNode(node)
    gray = slicer.vtkMRMLColorTableNode()  # that of every new volume; the application adds it with many others
    gray.SetTypeToGrey()
    gray.SetSingletonTag(gray.GetTypeAsString())
    gray.SetSaveWithScene(False)
    scene.AddNode(gray)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene)
    for name, orientation in (("Red", "Axial"), ("Yellow", "Sagittal")):
        composite = scene.CreateNodeByClass("vtkMRMLSliceCompositeNode")
        composite.UnRegister(None)
        composite.SetSingletonTag(name)
        composite.SetLayoutName(name)
        scene.AddNode(composite)
        view = scene.CreateNodeByClass("vtkMRMLSliceNode")
        view.UnRegister(None)
        view.SetSingletonTag(name)
        view.SetLayoutName(name)
        view.SetName(name)
        scene.AddNode(view)
        view.SetOrientation(orientation)


def _update_subject_hierarchy(scene: Any) -> None:
    """Add every new volume and segmentation to the subject hierarchy, as the application does."""

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def on_node_added(caller: Any, event: str, node: Any) -> None:
        if node is None or not (node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLSegmentationNode")):
            return
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        if hierarchy is not None and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    scene.AddObserver(slicer.vtkMRMLScene.NodeAddedEvent, on_node_added)


def _modules() -> Any:
    modules = types.SimpleNamespace()
    modules.dicomPlugins = {}
    modules.segmenteditor = SegmentEditorModule()
    modules.terminologies = types.SimpleNamespace(logic=lambda: slicer._runtime_logics[1])
    modules.volumes = types.SimpleNamespace(logic=lambda: slicer._runtime_logics[2])
    modules.segmentations = types.SimpleNamespace(logic=lambda: slicer._runtime_logics[0])
    return modules


def _utilities(application: Application) -> None:
    layers = slicer.util.setSliceViewerLayers

    def set_slice_layers(*, fit: bool = False, **named: Any) -> None:
        layers(**named)  # Slicer's own function, which finds no views to fit here
        if fit:
            views = slicer.util.getNodesByClass("vtkMRMLSliceNode")
            application.fitted = {view.GetName(): viewing_direction(view) for view in views}

    def load_volume(path: str, properties: dict[str, Any] | None = None) -> Any:
        storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
        storage.SetSingleFile(True)
        storage.SetFileName(str(path))
        for node_class in ("vtkMRMLScalarVolumeNode", "vtkMRMLVectorVolumeNode"):
            node = slicer.mrmlScene.AddNewNodeByClass(node_class, Path(path).stem)
            if storage.ReadData(node):
                node.SetName((properties or {}).get("name", node.GetName()))
                node.CreateDefaultDisplayNodes()
                return node
            slicer.mrmlScene.RemoveNode(node)
        raise RuntimeError(f"Failed to load volume from file: {path}")

    def load_segmentation(path: str) -> Any:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", Path(path).name.split(".")[0])
        node.AddDefaultStorageNode(str(path))
        if not node.GetStorageNode().ReadData(node):
            slicer.mrmlScene.RemoveNode(node)
            raise RuntimeError(f"Failed to load segmentation from file: {path}")
        return node

    def select_module(name: str) -> None:
        application.selected.append(name)
        if name == "SegmentEditor":
            slicer.modules.segmenteditor.enter()

    def error_display(text: str, *arguments: Any, **options: Any) -> None:
        application.errors.append(text)

    replaced = {
        "setSliceViewerLayers": set_slice_layers,
        "loadVolume": load_volume,
        "loadSegmentation": load_segmentation,
        "modulePath": lambda name: str(Path(sys.modules[name].__file__ or "")),
        "selectModule": select_module,
        "restart": lambda: application.selected.append("restart"),
        "mainWindow": lambda: application.main_window,
        "errorDisplay": error_display,
        "confirmOkCancelDisplay": lambda text, *_, **__: bool(application.dialogs.ask(text)),
        "confirmYesNoDisplay": lambda text, *_, **__: bool(application.dialogs.ask(text)),
        "infoDisplay": lambda text, *_, **__: application.dialogs.shown.append(text),
        "showStatusMessage": lambda text, *_: None,
        "settingsValue": lambda key, default=None, converter=None: default,
    }
    for name, function in replaced.items():
        if not hasattr(slicer.util, name):
            raise AttributeError(f"slicer.util has no {name}")
        setattr(slicer.util, name, function)
    slicer.util.VTKObservationMixin = slicer.VTKObservationMixin


def _python_files(application: Application) -> None:
    source = os.environ.get("CAUSALCLIPSEG_SLICER_SOURCE")
    if source:
        slicer.__path__.append(str(Path(source) / "Base" / "Python" / "slicer"))
        with _missing_widgets(Path(source) / "Base" / "Python" / "slicer" / "parameterNodeWrapper"):
            for name in ("i18n", "parameterNodeWrapper"):
                setattr(slicer, name, importlib.import_module(f"slicer.{name}"))
        sys.modules["slicer.ScriptedLoadableModule"] = _public(scripted_module, "slicer.ScriptedLoadableModule")
        return
    sys.modules["slicer.ScriptedLoadableModule"] = _public(scripted_module, "slicer.ScriptedLoadableModule")
    wrapper = _public(parameter_node, "slicer.parameterNodeWrapper")
    for name, module in (("parameterNodeWrapper", wrapper), ("i18n", _public(i18n, "slicer.i18n"))):
        sys.modules[f"slicer.{name}"] = module
        setattr(slicer, name, module)


@contextmanager
def _missing_widgets(folder: Path) -> Iterator[None]:
    """Define the widgets that the annotations of some files mention, only while the files are imported."""
    text = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    mentioned = re.findall(r"\b(ctk|slicer)\.((?:ctk|q)[A-Z]\w+)", text)
    modules = {"ctk": sys.modules["ctk"], "slicer": slicer}
    absent = {(module, name) for module, name in mentioned if not hasattr(modules[module], name)}
    for module, name in absent:
        setattr(modules[module], name, type(name, (), {}))
    yield
    for module, name in absent:
        delattr(modules[module], name)


def _public(module: Any, name: str) -> types.ModuleType:
    contents = {
        key: value for key, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
    }
    return _module(name, contents)


def _module(name: str, contents: dict[str, Any]) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(contents, __all__=list(contents))
    return module


def _qt_module() -> types.ModuleType:
    contents: dict[str, Any] = {}
    for module in (QtCore, QtGui, QtWidgets):
        for name in dir(module):
            attribute = getattr(module, name)
            if name == "Qt":
                contents[name] = attribute
            elif isinstance(attribute, type) and name.startswith("Q"):
                contents[name] = Class(attribute) if issubclass(attribute, QtCore.QObject) else attribute
    contents["QUiLoader"] = Class(UiLoader)
    contents["QFileDialog"] = FileDialog
    for name in ("Signal", "Slot", "Property"):  # unusable in PythonQt
        contents.pop(name, None)
    return _module("qt", contents)


class Loadable:
    """DICOMLib.DICOMLoadable: attributes that a plugin sets."""

    def __init__(self) -> None:
        self.files: list[str] = []
        self.name, self.tooltip, self.warning = "Unknown", "No further information available", ""
        self.selected, self.confidence = False, 0.5


class Plugin:
    """DICOMLib.DICOMPlugin of Slicer 5.10, which defines fewer tags than that of 5.12."""

    def __init__(self) -> None:
        self.loadType = "Generic DICOM"
        self.tags = {
            "seriesDescription": "0008,103E",
            "seriesNumber": "0020,0011",
            "frameOfReferenceUID": "0020,0052",
        }

    def addSeriesInSubjectHierarchy(self, loadable: Any, node: Any) -> None:
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
        series = slicer.dicomDatabase.fileValue(loadable.files[0], "0020,000E")
        hierarchy.SetItemUID(hierarchy.CreateItem(hierarchy.GetSceneItemID(), node), "DICOM", series)


class Exportable:
    """qSlicerDICOMExportable."""

    def __init__(self) -> None:
        self._tags: dict[str, str] = {}
        self.name = self.tooltip = self.directory = self.pluginClass = ""
        self.confidence, self.subjectHierarchyItemID = 0.0, 0

    def setTag(self, name: str, value: str) -> None:
        self._tags[name] = value

    def tag(self, name: str) -> str:
        return self._tags.get(name, "")


def _dicom(application: Application) -> None:
    """Provide DICOMLib, which loads a series from the database as Slicer's own plugin does."""

    def load_series(uids: list[str]) -> None:
        for instance, path in list(slicer.dicomDatabase.files.items()):
            if slicer.dicomDatabase.fileValue(path, "0020,000E") in uids:
                slicer.util.loadVolume(path).SetAttribute("DICOM.instanceUIDs", instance)

    utilities = _module("DICOMLib.DICOMUtils", {"loadSeriesByUID": load_series})
    contents = {"DICOMLoadable": Loadable, "DICOMPlugin": Plugin, "DICOMUtils": utilities}
    sys.modules["DICOMLib"] = _module("DICOMLib", contents)
    slicer.qSlicerDICOMExportable = Exportable


def make_parent() -> Instance:
    """Return the qMRMLWidget in which the application shows a module's panel."""
    parent = WIDGETS["qMRMLWidget"]()
    parent.setLayout(QtWidgets.QVBoxLayout())
    parent.setMRMLScene(slicer.mrmlScene)
    return wrap(parent)
