"""qMRMLSegmentEditorWidget on top of Slicer's own vtkSlicerSegmentEditorLogic: setters, segments, effects, undo.

Slicer's C++ decides what a stroke changes and what undo restores; the buttons have the names of Slicer's .ui file. Of
the effects, only Paint and Erase work, with a brush of one pixel. If Slicer would log an error, this raises
RuntimeError.
"""

from __future__ import annotations

from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Signal, Slot

from slicer_runtime.pythonqt import wrap
from slicer_runtime.widgets import qMRMLNodeComboBox, qMRMLWidget

REGISTERED = (
    *("Paint", "Erase", "Scissors", "Draw", "Fill between slices", "Grow from seeds", "Hollow", "Islands"),
    *("Level tracing", "Logical operators", "Margin", "Mask volume", "Smoothing", "Threshold"),
)
"""The effects that Slicer registers."""

_NO_EFFECT = "NULL"
_ORDER = (
    *("Threshold", "Paint", "Draw", "Erase", "Level tracing", "Grow from seeds", "Fill between slices", "Margin"),
    *("Hollow", "Smoothing", "Scissors", "Islands", "Logical operators", "Mask volume"),
)
_BRUSHES = {
    "Paint": slicer.vtkSlicerSegmentEditorLogic.ModificationModeAdd,
    "Erase": slicer.vtkSlicerSegmentEditorLogic.ModificationModeRemove,
}


class SegmentEditorModule:
    """Slicer's Segment Editor module, which creates an editor with its own node when it is opened.

    Attributes:
        editor: the widget; None before the module is opened.
    """

    def __init__(self) -> None:
        self.editor: Any = None

    def enter(self) -> None:
        editor = qMRMLSegmentEditorWidget()
        editor.setMRMLScene(slicer.mrmlScene)
        editor.setMRMLSegmentEditorNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
        self.editor = wrap(editor)

    def widgetRepresentation(self) -> SegmentEditorModule:
        return self

    def self(self) -> SegmentEditorModule:
        return self


class Effect(QtCore.QObject):
    """qSlicerSegmentEditorAbstractEffect, reduced to its name."""

    def __init__(self, name: str, parent: QtCore.QObject) -> None:
        super().__init__(parent)
        self._name = name

    name = Property(str, lambda self: self._name)


class qMRMLSegmentEditorWidget(qMRMLWidget):
    """The editor that other modules embed.

    Attributes:
        ViewsObserved: whether clicks in the slice views go to the active effect.
        Logic: Slicer's own vtkSlicerSegmentEditorLogic.
    """

    segmentationNodeChanged = Signal(object)
    sourceVolumeNodeChanged = Signal(object)
    currentSegmentIDChanged = Signal(str)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self.Logic = slicer.vtkSlicerSegmentEditorLogic()
        self.Logic.SetVerbose(True)
        self.Logic.AddObserver(self.Logic.SegmentationHistoryChangedEvent, lambda *_: self._show_undo())
        self._node: Any = None
        self._segmentation: Any = None
        self._observed: list[tuple[Any, int]] = []
        self._scene_tags: list[int] = []
        self._active, self._auto_show = "", True
        self.ViewsObserved = False
        self._effects = {name: Effect(name, self) for name in REGISTERED}
        self._order, self._unordered, self._columns = list(_ORDER), True, 2
        self._build()
        self.updateEffectList()
        self._show()

    def _build(self) -> None:
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        selectors = QtWidgets.QFormLayout()
        self._segmentations, self._volumes = qMRMLNodeComboBox(), qMRMLNodeComboBox()
        self._segmentations.setProperty("nodeTypes", ["vtkMRMLSegmentationNode"])
        self._volumes.setProperty("nodeTypes", ["vtkMRMLScalarVolumeNode", "vtkMRMLVectorVolumeNode"])
        self._volumes.setProperty("noneEnabled", True)
        for name, text, box in (
            ("SegmentationNode", "Segmentation:", self._segmentations),
            ("SourceVolumeNode", "Source volume:", self._volumes),
        ):
            box.setObjectName(name + "ComboBox")
            label = QtWidgets.QLabel(text)
            label.setObjectName(name + "Label")
            selectors.addRow(label, box)
        self._segmentations.currentNodeChanged.connect(self._segmentation_chosen)
        self._volumes.currentNodeChanged.connect(self._volume_chosen)
        layout.addLayout(selectors)

        actions = QtWidgets.QHBoxLayout()
        for name, text, slot in (
            ("AddSegmentButton", "Add", self._add_segment),
            ("RemoveSegmentButton", "Remove", self._remove_segment),
            ("Show3DButton", "Show 3D", lambda: None),
            ("SwitchToSegmentationsButton", "Segmentations...", lambda: None),
        ):
            button = QtWidgets.QPushButton(text)
            button.setObjectName(name)
            button.clicked.connect(slot)
            actions.addWidget(button)
        layout.addLayout(actions)

        columns = QtWidgets.QHBoxLayout()
        left = QtWidgets.QVBoxLayout()
        self._effects_box, self._undo_box = QtWidgets.QFrame(), QtWidgets.QFrame()
        self._effects_box.setObjectName("EffectsGroupBox")
        self._undo_box.setObjectName("UndoRedoGroupBox")
        for box in (self._effects_box, self._undo_box):
            box.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
            grid = QtWidgets.QGridLayout(box)
            grid.setContentsMargins(4, 4, 4, 4)
            grid.setSpacing(4)
            left.addWidget(box)
        left.addStretch(1)
        columns.addLayout(left)
        self._buttons = {name: self._effect_button(name) for name in (_NO_EFFECT, *REGISTERED)}
        for column, (name, slot) in enumerate((("Undo", self.undo), ("Redo", self.redo))):
            button = QtWidgets.QToolButton()
            button.setText(name)
            button.setObjectName(name + "Button")
            button.setToolTip(f"{name} last editing operation")
            button.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Fixed)
            button.clicked.connect(slot)
            self._undo_box.layout().addWidget(button, 0, column)

        right = QtWidgets.QVBoxLayout()
        self._table = QtWidgets.QTableWidget(0, 1)
        self._table.setObjectName("SegmentsTableView")
        self._table.setHorizontalHeaderLabels(["Name"])
        self._table.horizontalHeader().setStretchLastSection(True)
        self._table.verticalHeader().hide()
        self._table.setSelectionMode(QtWidgets.QAbstractItemView.SelectionMode.SingleSelection)
        self._table.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self._table.setMinimumHeight(90)
        self._table.itemSelectionChanged.connect(self._segment_chosen)
        right.addWidget(self._table)
        self._options = QtWidgets.QGroupBox()
        self._options.setObjectName("OptionsGroupBox")
        right.addWidget(self._options)
        self._masking = QtWidgets.QGroupBox("Masking")
        self._masking.setObjectName("MaskingGroupBox")
        form = QtWidgets.QFormLayout(self._masking)
        form.setRowWrapPolicy(QtWidgets.QFormLayout.RowWrapPolicy.WrapAllRows)
        self._overwrite = QtWidgets.QComboBox()
        self._overwrite.setObjectName("OverwriteModeComboBox")
        self._overwrite.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        node_class = slicer.vtkMRMLSegmentEditorNode
        for text, mode in (
            ("Overwrite all", node_class.OverwriteAllSegments),
            ("Overwrite visible", node_class.OverwriteVisibleSegments),
            ("Allow overlap", node_class.OverwriteNone),
        ):
            self._overwrite.addItem(text, mode)
        self._overwrite.currentIndexChanged.connect(
            lambda index: self._node and self._node.SetOverwriteMode(self._overwrite.itemData(index))
        )
        form.addRow("Modify other segments:", self._overwrite)
        right.addWidget(self._masking)
        columns.addLayout(right, 1)
        layout.addLayout(columns)

    def _effect_button(self, name: str) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton(self._effects_box)
        button.setObjectName(name)
        button.setText("None" if name == _NO_EFFECT else name)
        button.setToolTip("No editing" if name == _NO_EFFECT else name)
        button.setAccessibleName(button.toolTip())
        button.setCheckable(True)
        button.setSizePolicy(QtWidgets.QSizePolicy.Policy.Minimum, QtWidgets.QSizePolicy.Policy.Preferred)
        button.clicked.connect(lambda: self.setActiveEffectByName("" if name == _NO_EFFECT else name))
        return button

    @Slot(object)
    def setMRMLScene(self, scene: Any) -> None:
        if scene is self._scene:
            return
        for tag in self._scene_tags:
            self._scene.RemoveObserver(tag)
        blockers = [QtCore.QSignalBlocker(box) for box in (self._segmentations, self._volumes)]
        self._segmentations.setMRMLScene(scene)
        self._volumes.setMRMLScene(scene)
        super().setMRMLScene(scene)
        del blockers
        self.Logic.SetMRMLScene(scene)
        self._scene_tags = []
        if scene is not None:
            self._scene_tags = [
                scene.AddObserver(scene.EndCloseEvent, lambda *_: self.updateWidgetFromMRML()),
                scene.AddObserver(scene.EndBatchProcessEvent, lambda *_: self._batch_ended()),
            ]
        self.updateWidgetFromMRML()

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        if node is not None and self._scene is None:
            raise RuntimeError("The scene has to be set before the segment editor node")
        if node is self._node:
            return
        self._observe(self._node, None)
        self._node = node
        self._observe(node, vtk.vtkCommand.ModifiedEvent)
        self.Logic.SetSegmentEditorNode(node)
        if node is not None:
            self.updateWidgetFromMRML()

    def mrmlSegmentEditorNode(self) -> Any:
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        if self.Logic.GetSegmentationNode() is node:
            return
        if self._node is None:
            raise RuntimeError("The segment editor node has to be set before the segmentation")
        self.Logic.SetSegmentationNode(node)
        self.setActiveEffect(None)

    def segmentationNode(self) -> Any:
        return self._segmentations.currentNode()

    def setSourceVolumeNode(self, node: Any) -> None:
        if node is not None and not self.Logic.IsSegmentationNodeValid():
            raise RuntimeError("The segmentation has to be set before the volume")
        self.Logic.SetSourceVolumeNode(node)

    def sourceVolumeNode(self) -> Any:
        return self.Logic.GetSourceVolumeNode()

    def segmentationNodeSelectorAddAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        self._segmentations.addAttribute(node_type, name, value)

    def _segmentation_chosen(self, node: Any) -> None:
        if self._scene is not None and not self._scene.IsBatchProcessing():
            self.setSegmentationNode(node)

    def _volume_chosen(self, node: Any) -> None:
        if self._scene is not None and not self._scene.IsBatchProcessing():
            self.setSourceVolumeNode(node)

    def _batch_ended(self) -> None:
        """Edit what the lists of nodes show, as Slicer does after a scene was loaded."""
        if self._node is not None:
            if self._node.GetSegmentationNode() is not self._segmentations.currentNode():
                self.setSegmentationNode(self._segmentations.currentNode())
            if self._node.GetSourceVolumeNode() is not self._volumes.currentNode():
                self.setSourceVolumeNode(self._volumes.currentNode())
        self.updateWidgetFromMRML()

    def _observe(self, target: Any, event: Any) -> None:
        """Update the widget on an event of a VTK object; None as the event removes all observers of the object."""
        if event is None:
            for _, tag in [pair for pair in self._observed if pair[0] is target]:
                target.RemoveObserver(tag)
            self._observed = [pair for pair in self._observed if pair[0] is not target]
        elif target is not None:
            self._observed.append((target, target.AddObserver(event, lambda *_: self.updateWidgetFromMRML())))

    @Slot()
    def updateWidgetFromMRML(self) -> None:
        if self._scene is None or self._scene.IsClosing() or self._scene.IsBatchProcessing():
            return
        if self._node is not None:
            self._follow_segmentation()
            self._follow_effect()
        self._show()

    def _follow_segmentation(self) -> None:
        segmentation = self._node.GetSegmentationNode()
        if segmentation is not self._segmentations.currentNode():
            blocker = QtCore.QSignalBlocker(self._segmentations)
            self._segmentations.setCurrentNode(segmentation)
            del blocker
        if segmentation is not self._segmentation:
            if self._segmentation is not None:
                self._observe(self._segmentation.GetSegmentation(), None)
            self._segmentation = segmentation
            if segmentation is not None:
                segments = segmentation.GetSegmentation()
                for name in ("SegmentAdded", "SegmentRemoved", "SegmentModified"):
                    self._observe(segments, getattr(slicer.vtkSegmentation, name))
                reference = segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())
                self._volumes.setCurrentNode(reference)
                segmentation.CreateDefaultDisplayNodes()
                if segments.GetNumberOfSegments():
                    self._node.SetSelectedSegmentID(segments.GetNthSegmentID(0))
            self.segmentationNodeChanged.emit(segmentation)
        volume = self._node.GetSourceVolumeNode()
        if volume is not self._volumes.currentNode():
            blocker = QtCore.QSignalBlocker(self._volumes)
            self._volumes.setCurrentNode(volume)
            del blocker
            if volume is not None and self._auto_show:
                slicer.util.setSliceViewerLayers(background=volume)
            self.sourceVolumeNodeChanged.emit(volume)

    def _follow_effect(self) -> None:
        name = self._node.GetActiveEffectName() or ""
        if name == self._active:
            return
        self._active = name if name in self._effects else ""
        if self._active:
            self.setupViewObservations()
        else:
            self.removeViewObservations()

    def _show(self) -> None:
        segments = self._segmentation.GetSegmentation() if self._segmentation is not None else None
        identifiers = list(segments.GetSegmentIDs()) if segments is not None else []
        selected = self._node.GetSelectedSegmentID() if self._node is not None else ""
        blocker = QtCore.QSignalBlocker(self._table)
        self._table.setRowCount(len(identifiers))
        self._table.clearSelection()
        for row, identifier in enumerate(identifiers):
            segment = segments.GetSegment(identifier)
            item = QtWidgets.QTableWidgetItem(segment.GetName())
            item.setData(QtCore.Qt.ItemDataRole.UserRole, identifier)
            item.setData(QtCore.Qt.ItemDataRole.DecorationRole, QtGui.QColor.fromRgbF(*segment.GetColor()))
            item.setToolTip(segment.GetName())
            self._table.setItem(row, 0, item)
            if identifier == selected:
                self._table.selectRow(row)
        del blocker
        can_edit = bool(identifiers and self._node and self._node.GetSourceVolumeNode())
        self._effects_box.setEnabled(can_edit)
        for name, button in self._buttons.items():
            button.setChecked(name == (self._active or _NO_EFFECT))
            button.setEnabled(name == _NO_EFFECT or selected in identifiers)
        self._options.setTitle(self._active)
        self._options.setVisible(bool(self._active))
        self._masking.setVisible(bool(self._active))
        if self._node is not None:
            blocker = QtCore.QSignalBlocker(self._overwrite)
            self._overwrite.setCurrentIndex(self._overwrite.findData(self._node.GetOverwriteMode()))
            del blocker
        self._child("AddSegmentButton").setEnabled(self._node is not None and self.Logic.CanAddSegments())
        self._child("RemoveSegmentButton").setEnabled(selected in identifiers)
        self._show_undo()

    def _show_undo(self) -> None:
        self._child("UndoButton").setEnabled(self.Logic.CanUndo())
        self._child("RedoButton").setEnabled(self.Logic.CanRedo())

    def _child(self, name: str) -> Any:
        return self.findChild(QtWidgets.QWidget, name)

    def currentSegmentID(self) -> str:
        return str(self.Logic.GetCurrentSegmentID())

    def setCurrentSegmentID(self, identifier: str) -> None:
        if self._node is not None:
            self._node.SetSelectedSegmentID(identifier)

    def _segment_chosen(self) -> None:
        items = self._table.selectedItems()
        identifier = items[0].data(QtCore.Qt.ItemDataRole.UserRole) if items else ""
        if identifier != self.currentSegmentID():
            self.setCurrentSegmentID(identifier)
            self.currentSegmentIDChanged.emit(identifier)

    def _add_segment(self) -> None:
        self.Logic.AddEmptySegment()

    def _remove_segment(self) -> None:
        self.Logic.RemoveSelectedSegment()

    def availableEffectNames(self) -> list[str]:
        return list(REGISTERED)

    def effectByName(self, name: str) -> Any:
        return self._effects.get(name)

    def setEffectNameOrder(self, names: list[str]) -> None:
        unknown = set(names) - set(REGISTERED)
        if unknown:  # Slicer ignores these silently
            raise RuntimeError(f"Slicer registers no effects called {sorted(unknown)}")
        self._order = list(names)
        self.updateEffectList()

    def effectNameOrder(self) -> list[str]:
        return list(self._order)

    @Slot()
    def updateEffectList(self) -> None:
        names = [_NO_EFFECT, *self._order]
        if self._unordered:
            names += [name for name in REGISTERED if name not in names]
        grid = self._effects_box.layout()
        for button in self._buttons.values():
            grid.removeWidget(button)
            button.hide()
        for index, name in enumerate(names):
            grid.addWidget(self._buttons[name], index // self._columns, index % self._columns)
            self._buttons[name].show()

    def activeEffect(self) -> Any:
        return self._effects.get(self._active)

    def setActiveEffect(self, effect: Any) -> None:
        if self._node is None:
            if effect is not None:
                raise RuntimeError("Invalid segment editor parameter set node")
            return
        self._node.SetActiveEffectName("" if effect is None else effect.name)

    @Slot(str)
    def setActiveEffectByName(self, name: str) -> None:
        self.setActiveEffect(self.effectByName(name))

    @Slot()
    def setupViewObservations(self) -> None:
        self.ViewsObserved = True

    @Slot()
    def removeViewObservations(self) -> None:
        self.ViewsObserved = False

    def click_in_view(self, row: int, column: int) -> bool:
        """Click on a pixel of the radiograph; returns False if no effect receives clicks in the views."""
        if not self.ViewsObserved or self._active not in _BRUSHES:
            return False
        self.Logic.SaveStateForUndo()
        self.Logic.ResetModifierLabelmapToDefault()
        stroke = self.Logic.GetModifierLabelmap()
        column_axis, row_axis = [axis for axis, size in enumerate(stroke.GetDimensions()) if size > 1]
        index = list(stroke.GetExtent()[0::2])
        index[column_axis], index[row_axis] = column, row
        stroke.SetScalarComponentFromDouble(*index, 0, 1)
        stroke.Modified()
        mode, selected = _BRUSHES[self._active], self._node.GetSelectedSegmentID()
        self.Logic.ModifySegmentByLabelmap(self._segmentation, selected, stroke, mode, True, False)
        return True

    def paint(self, identifier: str, row: int, column: int) -> None:
        """Add one pixel to a segment as a user does: select the segment, activate Paint, click, deactivate it."""
        self.setCurrentSegmentID(identifier)
        self.setActiveEffectByName("Paint")
        assert self.click_in_view(row, column), "the editor cannot paint"
        self.setActiveEffect(None)

    @Slot()
    def saveStateForUndo(self) -> None:
        self.Logic.SaveStateForUndo()

    @Slot()
    def undo(self) -> None:
        self.Logic.Undo()

    @Slot()
    def redo(self) -> None:
        self.Logic.Redo()

    def _set_auto_show(self, on: bool) -> None:
        self._auto_show = on

    def _set_unordered(self, visible: bool) -> None:
        self._unordered = visible
        self.updateEffectList()

    def _set_columns(self, columns: int) -> None:
        self._columns = columns
        self.updateEffectList()

    def _set_undo(self, enabled: bool) -> None:
        if enabled:
            self.Logic.ClearUndoState()
        self._undo_box.setVisible(enabled)

    def _visible(*names: str) -> Any:
        """Return a property that shows or hides some children."""

        def show(self: Any, visible: bool) -> None:
            for name in names:
                self._child(name).setVisible(visible)

        return Property(bool, lambda self: not self._child(names[0]).isHidden(), show)

    segmentationNodeSelectorVisible = _visible("SegmentationNodeComboBox", "SegmentationNodeLabel")
    sourceVolumeNodeSelectorVisible = _visible("SourceVolumeNodeComboBox", "SourceVolumeNodeLabel")
    switchToSegmentationsButtonVisible = _visible("SwitchToSegmentationsButton")
    show3DButtonVisible = _visible("Show3DButton")
    unorderedEffectsVisible = Property(bool, lambda self: self._unordered, _set_unordered)
    effectColumnCount = Property(int, lambda self: self._columns, _set_columns)
    undoEnabled = Property(bool, lambda self: not self._undo_box.isHidden(), _set_undo)
    autoShowSourceVolumeNode = Property(bool, lambda self: self._auto_show, _set_auto_show)
    defaultTerminologyEntry = Property(
        str,
        lambda self: self.Logic.GetDefaultTerminologyEntry(),
        lambda self, entry: self.Logic.SetDefaultTerminologyEntry(entry),
    )
    maximumNumberOfUndoStates = Property(
        int,
        lambda self: self.Logic.GetMaximumNumberOfUndoStates(),
        lambda self, count: self.Logic.SetMaximumNumberOfUndoStates(count),
    )
