"""The simple widgets of CTK and MRML that the panel uses, as Qt widgets with the names of the originals."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Signal, Slot


class ctkCollapsibleButton(QtWidgets.QGroupBox):
    """A header that folds its contents."""

    contentsCollapsed = Signal(bool)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._collapsed = False
        self._text = ""
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)

    def _header(self) -> None:
        self.setTitle(("▸ " if self._collapsed else "▾ ") + self._text)

    def _header_height(self) -> int:
        return self.fontMetrics().height() + 4

    def _get_text(self) -> str:
        return self._text

    def _set_text(self, text: str) -> None:
        self._text = text
        self._header()

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def _set_collapsed(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self._header()
        for child in self.children():
            if isinstance(child, QtWidgets.QWidget):
                if collapsed:
                    child.setProperty("hiddenBefore", child.isHidden())
                    child.hide()
                else:
                    child.setVisible(not child.property("hiddenBefore"))
        self.setMaximumHeight(self._header_height() if collapsed else 16777215)
        self.contentsCollapsed.emit(collapsed)

    def showEvent(self, event: QtGui.QShowEvent) -> None:
        super().showEvent(event)
        if self._collapsed:  # children that were added after the property was set
            for child in self.children():
                if isinstance(child, QtWidgets.QWidget) and not child.isHidden():
                    child.setProperty("hiddenBefore", False)
                    child.hide()
            self.setMaximumHeight(self._header_height())

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        if event.position().y() < self._header_height():
            self._set_collapsed(not self._collapsed)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Fold or unfold; in CTK the header is a button, which the space bar presses."""
        if event.key() == QtCore.Qt.Key.Key_Space:
            self._set_collapsed(not self._collapsed)

    text = Property(str, _get_text, _set_text)
    collapsed = Property(bool, _get_collapsed, _set_collapsed)


class ctkSliderWidget(QtWidgets.QWidget):
    """A slider with a spin box."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self._box = QtWidgets.QDoubleSpinBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider)
        layout.addWidget(self._box)
        self._minimum, self._maximum, self._step, self._decimals = 0.0, 99.0, 1.0, 2
        self._apply()
        self._slider.valueChanged.connect(lambda ticks: self._box.setValue(self._minimum + ticks * self._step))
        self._box.valueChanged.connect(self._changed)
        self.setFocusProxy(self._slider)
        self._tracking, self._dragged_from = True, None
        self._slider.sliderPressed.connect(self._start)
        self._slider.sliderReleased.connect(self._stop)

    def _start(self) -> None:
        if not self._tracking:
            self._dragged_from = self._box.value()

    def _stop(self) -> None:
        before, self._dragged_from = self._dragged_from, None
        if before is not None and before != self._box.value():
            self.valueChanged.emit(self._box.value())

    def _apply(self) -> None:
        self._box.setDecimals(self._decimals)
        self._box.setRange(self._minimum, self._maximum)
        self._box.setSingleStep(self._step)
        self._slider.setRange(0, round((self._maximum - self._minimum) / self._step))

    def _changed(self, value: float) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(round((value - self._minimum) / self._step))
        self._slider.blockSignals(False)
        if not self._tracking:
            self.valueIsChanging.emit(value)
        if self._dragged_from is None:
            self.valueChanged.emit(value)

    def _set_tracking(self, tracking: bool) -> None:
        self._tracking = tracking

    def _setter(name: str) -> Any:
        def set_value(self: Any, value: float) -> None:
            setattr(self, name, value)
            self._apply()

        return set_value

    minimum = Property(float, lambda self: self._minimum, _setter("_minimum"))
    maximum = Property(float, lambda self: self._maximum, _setter("_maximum"))
    singleStep = Property(float, lambda self: self._step, _setter("_step"))
    tracking = Property(bool, lambda self: self._tracking, _set_tracking)
    decimals = Property(int, lambda self: self._decimals, _setter("_decimals"))
    value = Property(float, lambda self: self._box.value(), lambda self, value: self._box.setValue(value))


class qMRMLWidget(QtWidgets.QWidget):
    """A widget that has a scene, and passes it on to its children."""

    mrmlSceneChanged = Signal(object)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def mrmlScene(self) -> Any:
        return self._scene

    @Slot(object)
    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


class qMRMLNodeComboBox(qMRMLWidget):
    """A list of the nodes of some classes."""

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QtWidgets.QComboBox()
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self.setFocusProxy(self._box)
        self._types: list[str] = []
        self._attributes: list[tuple[str, str, str | None]] = []
        self._flags = {"addEnabled": True, "removeEnabled": True, "renameEnabled": False, "noneEnabled": False}
        self._flags["showChildNodeTypes"] = True
        self._none = "None"
        self._id = ""
        self._is_empty = True
        self._tags: list[int] = []
        self._box.activated.connect(lambda index: self.setCurrentNodeID(self._box.itemData(index) or ""))

    @Slot(object)
    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        super().setMRMLScene(scene)
        events = ("NodeAddedEvent", "NodeRemovedEvent", "EndCloseEvent", "EndImportEvent", "EndBatchProcessEvent")
        self._tags = (
            [scene.AddObserver(getattr(scene, event), lambda *_: self._fill()) for event in events] if scene else []
        )
        self._fill()

    def _fill(self) -> None:
        if self._scene is None:
            return
        self._box.clear()
        if self._flags["noneEnabled"]:
            self._box.addItem(self._none, "")
        identifiers = []
        for index in range(self._scene.GetNumberOfNodes()):
            node = self._scene.GetNthNode(index)
            matches = node.IsA if self._flags["showChildNodeTypes"] else node.GetClassName().__eq__
            if any(map(matches, self._types)) and not node.GetHideFromEditors() and self._has_attributes(node):
                self._box.addItem(node.GetName(), node.GetID())
                identifiers.append(node.GetID())
        was_empty, self._is_empty = self._is_empty, not identifiers
        if self._id and self._id not in identifiers:
            self.setCurrentNodeID("" if self._flags["noneEnabled"] or not identifiers else identifiers[-1])
        elif was_empty and identifiers and not self._id and not self._flags["noneEnabled"]:
            self.setCurrentNodeID(identifiers[0])  # Qt selects the first entry of a list that was empty
        else:
            self._show()

    def _has_attributes(self, node: Any) -> bool:
        required = [(name, value) for node_type, name, value in self._attributes if node.IsA(node_type)]
        return all(
            node.GetAttribute(name) is not None and value in (None, node.GetAttribute(name))
            for name, value in required
        )

    def addAttribute(self, node_type: str, name: str, value: str | None = None) -> None:
        self._attributes.append((node_type, name, value))
        self._fill()

    def _show(self) -> None:
        self._box.setCurrentIndex(self._box.findData(self._id))

    def currentNode(self) -> Any:
        return self._scene.GetNodeByID(self._id) if self._scene and self._id else None

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentNodeID(node.GetID() if node else "")

    def setCurrentNodeID(self, identifier: str) -> None:
        changed = (identifier or "") != self._id
        self._id = identifier or ""
        self._show()
        if changed:
            self.currentNodeIDChanged.emit(self._id)
            self.currentNodeChanged.emit(self.currentNode())

    def _set_types(self, types: list[str]) -> None:
        self._types = list(types)
        self._fill()

    def _flag(name: str) -> Any:
        def set_flag(self: Any, value: bool) -> None:
            self._flags[name] = value
            self._fill()

        return Property(bool, lambda self: self._flags[name], set_flag)

    def _set_none(self, text: str) -> None:
        self._none = text
        self._fill()

    nodeTypes = Property("QStringList", lambda self: self._types, _set_types)
    addEnabled = _flag("addEnabled")
    removeEnabled = _flag("removeEnabled")
    renameEnabled = _flag("renameEnabled")
    noneEnabled = _flag("noneEnabled")
    showChildNodeTypes = _flag("showChildNodeTypes")
    noneDisplay = Property(str, lambda self: self._none, _set_none)
