"""The panel: passes the user's actions to the logic, and shows what `view_state` describes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from CausalCLIPSegLib.scene import Overlay
from CausalCLIPSegModule import parameters as stored
from CausalCLIPSegModule import slicer_pip, view_state
from CausalCLIPSegModule.dicom_files import dicomFile
from CausalCLIPSegModule.installation import Installation
from CausalCLIPSegModule.logic import CausalCLIPSegLogic
from CausalCLIPSegModule.manual import MANUAL
from CausalCLIPSegModule.segment_editor import Correction
from CausalCLIPSegModule.session import removeLeftovers
from CausalCLIPSegModule.window import applyWindow

_NOTE_PAUSE_MS = 300
_THRESHOLD_PAUSE_MS = 150
"""Between two outlines while the slider is dragged: on a large radiograph, an outline takes up to a second."""
_NOTE_LINES, _NOTE_MARGIN = (3, 12), 12
"""The height of the note follows its text, between these numbers of lines; and pixels around it."""
_CLOCK_MS = 1000
_ICON_PIXELS = 16
_RUN_KEYS, _OUTLINE_KEYS = "Ctrl+Return", "Ctrl+Shift+H"
_AFTER_EDITOR_PRIORITY = -1.0


class CausalCLIPSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel of the module.

    Args:
        parent: the widget in which Slicer shows the panel.
        logic, installation: for tests; None creates the real ones.
    """

    def __init__(
        self,
        parent: slicer.qMRMLWidget | None = None,
        logic: CausalCLIPSegLogic | None = None,
        installation: Installation | None = None,
    ) -> None:
        # set these first: without a parent, the base class calls setup()
        self._givenLogic = logic
        self._givenInstallation = installation
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    def setup(self) -> None:
        """Load the panel and connect it, without starting or importing anything slow."""
        ScriptedLoadableModuleWidget.setup(self)
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/CausalCLIPSeg.ui"))
        self.layout.addWidget(self.uiWidget)
        self.ui = slicer.util.childWidgetVariables(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self._updating = False
        self._opensEditor = False
        self._shownCandidates: list[tuple[str, str]] = []
        self._candidateRows: list[qt.QWidget] = []
        self._editedResult = ""
        self.ui.researchLabel.text += f' <a href="{MANUAL}">{_("Manual")}</a>'
        self._nameKeys()
        icon = slicer.app.style().standardIcon(qt.QStyle.SP_MessageBoxWarning)
        self.ui.errorIcon.setPixmap(icon.pixmap(_ICON_PIXELS, _ICON_PIXELS))
        self._tooltips = {name: getattr(self.ui, name).toolTip for name in view_state.CONTROLS}
        self._mapTooltip, self._checkpointTooltip = self._tooltips["mapCombo"], self._tooltips["checkpointCombo"]
        removeLeftovers()
        self.logic = self._givenLogic or CausalCLIPSegLogic()
        self.installation = self._givenInstallation or Installation(
            self.resourcePath("requirements.txt"), self.resourcePath("requirements-gpu.txt")
        )
        self._checkInstallation()
        self.correction = Correction(self.ui.segmentEditor)
        self._shownNodes: list[slicer.vtkMRMLNode | None] = []
        self._noteTimer = qt.QTimer()
        self._noteTimer.setSingleShot(True)
        self._noteTimer.setInterval(_NOTE_PAUSE_MS)
        self._thresholdTimer = qt.QTimer()
        self._thresholdTimer.setSingleShot(True)
        self._thresholdTimer.setInterval(_THRESHOLD_PAUSE_MS)
        self._clock = qt.QTimer()
        self._clock.setInterval(_CLOCK_MS)
        self._connect()
        self._observeScene()
        self._attach()

    def _nameKeys(self) -> None:
        """Name the keys in the tooltips as the operating system does, and offer only devices that it can have."""
        ui = self.ui
        for control, keys in (
            (ui.noteEdit, _RUN_KEYS),
            (ui.applyButton, _RUN_KEYS),
            (ui.outlinesCheckBox, _OUTLINE_KEYS),
        ):
            native = qt.QKeySequence(keys).toString(qt.QKeySequence.NativeText)
            control.toolTip = control.toolTip.replace("{keys}", native)
        if sys.platform == "darwin":
            ui.deviceCombo.removeItem(view_state.DEVICES.index("cuda"))

    def _observeScene(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartsToClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneChanged)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneChanged)
        self.addObserver(scene, scene.NodeRemovedEvent, self._onNodeRemoved)
        # after a scene was loaded, the editor selects the first segmentation that it finds
        self.addObserver(scene, scene.EndBatchProcessEvent, self._onBatchEnded, priority=_AFTER_EDITOR_PRIORITY)

    def _connect(self) -> None:
        ui = self.ui
        ui.imageSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onImage)
        ui.outputSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onOutput)
        ui.windowCombo.connect("activated(int)", self._onWindow)
        ui.noteEdit.connect("textChanged()", self._onNoteTyped)
        self._noteTimer.connect("timeout()", self._applyNote)
        self._thresholdTimer.connect("timeout()", self._applyThreshold)
        self._clock.connect("timeout()", self._update)
        ui.sampleButton.connect("clicked()", self._onSample)
        ui.pasteButton.connect("clicked()", self._onPaste)
        ui.noteFileButton.connect("clicked()", self._onNoteFile)
        ui.historyCombo.connect("activated(int)", self._onHistory)
        ui.applyButton.connect("clicked()", self._onApply)
        ui.cancelButton.connect("clicked()", self._onCancel)
        for keys, slot in (
            (_RUN_KEYS, self._onApply),
            ("Ctrl+Enter", self._onApply),  # the key on the number pad
            (_OUTLINE_KEYS, ui.outlinesCheckBox.click),
        ):
            shortcut = qt.QShortcut(qt.QKeySequence(keys), self.uiWidget)
            shortcut.setContext(qt.Qt.WidgetWithChildrenShortcut)  # outside the panel, Slicer handles the keys
            shortcut.connect("activated()", slot)
        ui.thresholdSlider.connect("valueIsChanging(double)", self._onThresholdDragged)
        ui.thresholdSlider.connect("valueChanged(double)", self._onThreshold)
        ui.outlinesCheckBox.connect("toggled(bool)", self._onOutlines)
        ui.fillSlider.connect("valueChanged(double)", self._onFill)
        ui.overlaySlider.connect("valueChanged(double)", self._onOverlayOpacity)
        ui.probabilityCheckBox.connect("toggled(bool)", lambda checked: self._onOverlay("probability", checked))
        ui.mapCombo.connect("currentIndexChanged(int)", self._onMap)
        ui.compareCheckBox.connect("toggled(bool)", lambda checked: self._onChoice("compare", checked))
        for name, key, values in (
            ("sideCombo", "side", view_state.SIDES),
            ("mirroredCombo", "mirrored", view_state.MIRRORED),
            ("lateralityCombo", "laterality", view_state.LATERALITIES),
            ("deviceCombo", "device", view_state.DEVICES),
        ):
            choose = lambda index, key=key, values=values: self._onChoice(key, values[index])  # noqa: E731
            getattr(ui, name).connect("currentIndexChanged(int)", choose)
        ui.checkpointCombo.connect("activated(int)", self._onCheckpoint)
        ui.whereCombo.connect("currentIndexChanged(int)", self._onWhere)
        ui.addressEdit.connect("editingFinished()", lambda: self.logic.server.setAddress(ui.addressEdit.text))
        ui.keyEdit.connect("editingFinished()", lambda: self.logic.server.setKey(ui.keyEdit.text))
        ui.testButton.connect("clicked()", self.logic.server.test)
        ui.correctSection.connect("contentsCollapsed(bool)", self._onCorrectionFolded)
        ui.openEditorButton.connect("clicked()", self._onOpenEditor)
        ui.exportCombo.connect("currentIndexChanged(int)", lambda index: self._update())
        ui.exportButton.connect("clicked()", self._onExport)
        ui.installButton.connect("clicked()", lambda: self._onInstall(False))
        ui.installFirstButton.connect("clicked()", lambda: self._onInstall(False))
        ui.wheelsButton.connect("clicked()", lambda: self._onInstall(True))
        ui.gpuCheckBox.connect("toggled(bool)", lambda checked: self._update())
        ui.removeButton.connect("clicked()", self._onRemove)
        self.logic.changed.connect(self._update)

    def enter(self) -> None:
        """Show the scene when the module is opened."""
        self.ui.segmentEditor.updateEffectList()  # other modules may have registered effects
        if self._missing:  # another module may have installed them
            self._checkInstallation()
        if not self.logic.isOpen:
            self._attach()
        else:
            self.logic.refresh()
        self.logic.enter()

    def exit(self) -> None:
        """Deactivate the effect of the segment editor when the module is left, and give back the views."""
        self.correction.deactivate()
        if not self._opensEditor:  # the Segment Editor continues in the same view
            self.logic.leave()

    def cleanup(self) -> None:
        """Remove the observers, and stop the timers and the worker."""
        self.removeObservers()
        self._noteTimer.stop()
        self._thresholdTimer.stop()
        self._clock.stop()
        self.logic.changed.disconnect(self._update)
        self.correction.close()
        self.logic.cleanup()

    def onReload(self) -> None:
        """Reload all files of the module; Slicer's own reload covers only CausalCLIPSeg.py."""
        package = __name__.split(".")[0]
        for name in [name for name in sys.modules if name.split(".")[0] == package]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def _onSceneStartsToClose(self, caller: Any, event: Any) -> None:
        self._noteTimer.stop()
        self._thresholdTimer.stop()
        self.correction.clear()
        self.logic.leave()
        self.logic.detach()

    def _onNodeRemoved(self, caller: Any, event: Any) -> None:
        scene = slicer.mrmlScene
        if not scene.IsClosing() and any(node and not scene.IsNodePresent(node) for node in self._shownNodes):
            self.logic.refresh()

    def _onBatchEnded(self, caller: Any, event: Any) -> None:
        if self.logic.isOpen and not slicer.mrmlScene.IsClosing():
            self.correction.edit(self.logic.parameters.segmentation, self.logic.resultVolume())

    def _onSceneChanged(self, caller: Any, event: Any) -> None:
        self._attach()

    def _attach(self) -> None:
        self.logic.installed = not self._missing
        self.logic.attach()
        if sys.platform == "darwin" and self.logic.parameters.device == "cuda":
            self.logic.setChoice("device", "auto")  # a scene of another machine
        self._update()

    def _checkInstallation(self) -> None:
        """Look at the installed packages, which takes a moment: once, and after each change."""
        self._missing, self._removable = self.installation.missing(), self.installation.installedByUs()
        self._missingForGpu = self.installation.missing(gpu=True)

    def _onImage(self, node: slicer.vtkMRMLVolumeNode | None) -> None:
        if not self._updating:
            self.logic.setImage(node)

    def _onOutput(self, node: slicer.vtkMRMLSegmentationNode | None) -> None:
        if not self._updating:
            self.logic.setOutput(node)

    def _onWindow(self, index: int) -> None:
        if index > 0 and self.logic.parameters.image is not None:
            applyWindow(self.logic.parameters.image, view_state.WINDOWS[index - 1])
        self.ui.windowCombo.currentIndex = 0

    def _onNoteTyped(self) -> None:
        self._fitNote()
        if not self._updating:
            self._noteTimer.start()

    def _fitNote(self) -> None:
        """Make the note as high as its text, within bounds."""
        edit = self.ui.noteEdit
        low, high = _NOTE_LINES
        lines = min(high, max(low, round(edit.document().size.height()) + 1))
        height = lines * edit.fontMetrics().lineSpacing() + _NOTE_MARGIN
        edit.setMinimumHeight(height)
        edit.setMaximumHeight(height)

    def _applyNote(self) -> None:
        self._noteTimer.stop()
        self.logic.setNote(self.ui.noteEdit.plainText)

    def _onSample(self) -> None:
        self.logic.loadSample()

    def _onPaste(self) -> None:
        text = qt.QApplication.clipboard().text()
        if text.strip():
            self.ui.noteEdit.setPlainText(text)
            self._applyNote()
        else:
            self.logic.session.fail(_("The clipboard holds no text."))

    def _onNoteFile(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.uiWidget, _("Read the note from"), "", _("Text (*.txt);;All (*)"))
        text = self.logic.readNote(path) if path else ""
        if text:
            self.ui.noteEdit.setPlainText(text)
            self._applyNote()

    def _onHistory(self, index: int) -> None:
        notes = stored.history(self.logic.parameters)
        if 0 < index <= len(notes):
            self.ui.noteEdit.setPlainText(notes[index - 1])
            self._applyNote()

    def _onCancel(self) -> None:
        self.logic.runner.cancel()

    def _onApply(self) -> None:
        if self.logic.running is not None:
            return
        self._applyNote()
        self.logic.pendingRun = self.logic.readingNote  # run as soon as the note that was just typed is read
        self._update()
        if self.ui.applyButton.enabled and self._mayRun():
            self.logic.run()

    def _mayRun(self) -> bool:
        """Return whether the user accepts the terms and, if a server runs the network, that the radiograph is sent."""
        return self._acceptTerms(self.installation.termsOfUse()) and self._acceptServer()

    def _acceptServer(self) -> bool:
        """Return whether the radiograph may be sent to the server; ask once for each address."""
        server = self.logic.server
        if server.isUsed and not server.isAllowed:
            title = _("Send the radiograph")
            if not slicer.util.confirmOkCancelDisplay(server.question(), title, parent=slicer.util.mainWindow()):
                return False
            server.allow()
        return True

    def _onWhere(self, index: int) -> None:
        if not self._updating:
            self.logic.server.use(index == 1)

    def _onChoice(self, name: str, value: Any) -> None:
        if not self._updating:
            self.logic.setChoice(name, value)

    def _onCheckpoint(self, index: int) -> None:
        self._onChoice("checkpoint", view_state.checkpoints(self.logic)[index].name)

    def _onThreshold(self, value: float) -> None:
        self._thresholdTimer.stop()
        if not self._updating:
            self.logic.result.setThreshold(value)

    def _onThresholdDragged(self, value: float) -> None:
        if not self._updating and not self._thresholdTimer.active:
            self._thresholdTimer.start()

    def _applyThreshold(self) -> None:
        self.logic.result.setThreshold(self.ui.thresholdSlider.value)

    def _onOutlines(self, checked: bool) -> None:
        if not self._updating:
            self.logic.result.showOutlines(checked)

    def _onFill(self, value: float) -> None:
        if not self._updating:
            self.logic.result.setFillOpacity(value)

    def _onOverlayOpacity(self, value: float) -> None:
        if not self._updating:
            self.logic.result.setOverlayOpacity(value)

    def _onOverlay(self, name: Overlay, checked: bool) -> None:
        if not self._updating:
            self.logic.result.showOverlay(name if checked else "")

    def _onMap(self, index: int) -> None:
        if not self._updating:
            self.logic.result.showOverlay(self.logic.result.maps[index - 1]["name"] if index > 0 else "")

    def _onCorrectionFolded(self, folded: bool) -> None:
        self.ui.inputSection.collapsed = not folded  # so that Apply, threshold and editor fit on a screen
        if folded:
            self.correction.deactivate()

    def _onOpenEditor(self) -> None:
        segmentation, volume = self.logic.parameters.segmentation, self.logic.resultVolume()
        self._opensEditor = True
        try:
            slicer.util.selectModule("SegmentEditor")
        finally:
            self._opensEditor = False
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(volume)
        # as in the panel: segments of one result may overlap, and by default that editor erases the neighbor
        editor.mrmlSegmentEditorNode().SetOverwriteMode(slicer.vtkMRMLSegmentEditorNode.OverwriteNone)

    def _onExport(self) -> None:
        kind, to_file = view_state.EXPORTS[self.ui.exportCombo.currentIndex]
        if not to_file:
            self.logic.export(kind, None)
            return
        suffix, filters = {
            "dicom-seg": (".dcm", _("DICOM (*.dcm)")),
            "seg-nrrd": (".seg.nrrd", _("Segmentation (*.seg.nrrd)")),
            "picture": (".png", _("Picture (*.png)")),
        }[kind]
        path = qt.QFileDialog.getSaveFileName(self.uiWidget, _("Export to"), "findings" + suffix, filters)
        if path:
            self.logic.export(kind, Path(path if path.endswith(suffix) else path + suffix))

    def _onInstall(self, fromFolder: bool) -> None:
        folder = None
        if fromFolder:
            folder = qt.QFileDialog.getExistingDirectory(self.uiWidget, _("Folder of wheels"))
            if not folder:
                return
        gpu = self.ui.gpuCheckBox.checked
        if not self._acceptTerms(self.installation.terms(gpu)):
            return
        replaced: list[str] = []
        with self._changingPackages(_("The installation failed.")):
            replaced = self.installation.install(folder, gpu)
        if replaced and slicer.util.confirmYesNoDisplay(
            _("Restart Slicer now? Newer versions of these packages were installed, and Slicer still uses the old.")
            + "\n\n"
            + ", ".join(replaced)
        ):
            slicer.util.restart()

    def _acceptTerms(self, terms: str) -> bool:
        """Return whether the user accepts the terms of the weights; ask once."""
        if not self.installation.termsAccepted():
            title = _("Terms of the weights")
            if not slicer.util.confirmOkCancelDisplay(terms, title, parent=slicer.util.mainWindow()):
                return False
            self.installation.acceptTerms()
        return True

    def _onRemove(self) -> None:
        names = self.installation.installedByUs()
        text = _("Remove these packages from Slicer's Python?") + "\n\n" + ", ".join(names)
        others = self.installation.neededByOthers()
        if others:
            text += "\n\n" + _("These packages will miss some of them:") + "\n\n" + ", ".join(others)
        if slicer.util.confirmOkCancelDisplay(text, parent=slicer.util.mainWindow()):
            self.logic.worker.stop()
            with self._changingPackages(_("The packages cannot be removed.")):
                self.installation.remove()

    @contextmanager
    def _changingPackages(self, failure: str) -> Iterator[None]:
        """Disable the panel while pip runs, because Slicer still handles clicks; show an error if pip fails.

        Args:
            failure: title of the error message.
        """
        self.uiWidget.enabled = False
        try:
            with slicer.util.tryWithErrorDisplay(failure):  # shows the error and raises it again
                try:
                    yield
                except slicer_pip.ShownError as error:
                    logging.error(f"{failure} {error}")
        finally:
            self.uiWidget.enabled = True
            self._checkInstallation()
            self._attach()

    def _update(self) -> None:
        """Show the state of the logic, without reacting to the signals of the controls that this sets."""
        if not self.logic.isOpen or self._updating:
            return
        due = self.logic.pendingRun and not self.logic.readingNote
        self.logic.pendingRun = self.logic.pendingRun and not due
        self._updating = True
        try:
            self._showParameters()
            volume = self.logic.resultVolume()
            header = None if volume is None else dicomFile(volume)
            index = self.ui.exportCombo.currentIndex
            missing = self._missingForGpu if self.ui.gpuCheckBox.checked else self._missing
            packages = view_state.Packages(self._missing, missing, self._removable)
            panel = view_state.describe(self.logic, packages, index, header is not None)
            self._showPanel(panel)
            self._showEditor()
            self._shownNodes = self._nodes()
        finally:
            self._updating = False
        ready = due and self.logic.understood is not None and self.ui.applyButton.enabled
        if ready and self._mayRun():
            self.logic.run()

    def _showEditor(self) -> None:
        """Let the editor edit the result; unfold the result when there is one, else fold what shows one."""
        segmentation = self.logic.parameters.segmentation
        shown = self._shownNodes[1] if self._shownNodes else None
        if (shown is None) != (segmentation is None):
            for section in (self.ui.resultSection, self.ui.exportSection):
                section.collapsed = segmentation is None
        if segmentation is None:
            self.ui.correctSection.collapsed = True
        if self._editedResult != self.logic.parameters.resultJson:  # also if it is in the same segmentation
            self._editedResult = self.logic.parameters.resultJson
            self.correction.clear()
        self.correction.edit(segmentation, self.logic.resultVolume())

    def _nodes(self) -> list[slicer.vtkMRMLNode | None]:
        """Return the nodes that the panel shows: radiograph, result with its radiograph and maps, output."""
        parameters = self.logic.parameters
        shown = [parameters.image, parameters.segmentation, self.logic.resultVolume(), parameters.probability]
        return [*shown, parameters.candidates, parameters.output]

    def _showParameters(self) -> None:
        ui, parameters = self.ui, self.logic.parameters
        if ui.imageSelector.currentNode() is not parameters.image:
            ui.imageSelector.setCurrentNode(parameters.image)
        if ui.outputSelector.currentNode() is not parameters.output:
            ui.outputSelector.setCurrentNode(parameters.output)
        if ui.noteEdit.plainText != parameters.note and not self._noteTimer.active:
            ui.noteEdit.setPlainText(parameters.note)
        ui.sideCombo.currentIndex = view_state.SIDES.index(parameters.side)
        ui.mirroredCombo.currentIndex = view_state.MIRRORED.index(parameters.mirrored)
        ui.lateralityCombo.currentIndex = view_state.LATERALITIES.index(parameters.laterality)
        ui.deviceCombo.currentIndex = view_state.DEVICES.index(parameters.device)
        ui.compareCheckBox.checked = parameters.compare
        server = self.logic.server
        ui.whereCombo.currentIndex = int(server.isUsed)
        for edit, text in ((ui.addressEdit, server.address), (ui.keyEdit, server.key)):
            if edit.text != text and not edit.hasFocus():
                edit.text = text
        ui.serverLabel.text = server.tested
        maps, shown = self.logic.result.maps, self.logic.result.overlay
        _setItems(ui.mapCombo, [_("None"), *map(view_state.mapTitle, maps)])
        for index, each in enumerate(maps, 1):
            ui.mapCombo.setItemData(index, view_state.mapWorth(each), qt.Qt.ToolTipRole)
        current = next((index for index, each in enumerate(maps, 1) if each["name"] == shown), 0)
        ui.mapCombo.currentIndex = current
        self._tooltips["mapCombo"] = view_state.mapWorth(maps[current - 1]) if current else self._mapTooltip
        ui.probabilityCheckBox.checked = self.logic.result.overlay == "probability"
        ui.overlaySlider.value = self.logic.result.overlayOpacity
        ui.outlinesCheckBox.checked = self.logic.result.outlinesVisible
        ui.fillSlider.value = self.logic.result.fillOpacity
        if not self._thresholdTimer.active:  # not while the user drags it
            ui.thresholdSlider.value = parameters.threshold
        offered = view_state.checkpoints(self.logic)
        _setItems(ui.checkpointCombo, [each.title for each in offered])
        for index, each in enumerate(offered):
            ui.checkpointCombo.setItemData(index, each.summary, qt.Qt.ToolTipRole)
        index = [each.name for each in offered].index(view_state.chosenCheckpoint(self.logic))
        ui.checkpointCombo.currentIndex = index
        self._tooltips["checkpointCombo"] = f"{self._checkpointTooltip} {offered[index].summary}".strip()
        for control in (ui.checkpointLabel, ui.checkpointCombo):
            control.visible = len(offered) > 1
        _setItems(ui.historyCombo, [_("Earlier notes"), *stored.history(parameters)])

    def _showPanel(self, panel: view_state.Panel) -> None:
        ui = self.ui
        ui.cancelButton.text = panel.cancel or _("Cancel")
        ui.cancelButton.visible = bool(panel.cancel)
        ui.understoodLabel.text = panel.understood
        ui.unusedSection.visible = bool(panel.unused)
        ui.unusedSection.text = view_state.unusedTitle(len(panel.unused))
        ui.unusedLabel.text = "<br>".join(panel.unused)
        ui.errorIcon.visible = panel.isError
        ui.resultLabel.text = panel.result
        self._showCandidates(panel.candidates)
        ui.statusLabel.text = panel.status
        ui.progressBar.value = panel.percent
        ui.progressBar.visible = panel.busy
        if ui.logEdit.plainText != panel.log:
            ui.logEdit.setPlainText(panel.log)
            ui.logEdit.verticalScrollBar().setValue(ui.logEdit.verticalScrollBar().maximum)
        ui.installationLabel.text = panel.installation
        ui.missingFrame.visible = bool(self._missing)
        for name, tooltip in self._tooltips.items():
            control, reason = getattr(ui, name), panel.blocked.get(name, "")
            control.enabled = not reason
            control.toolTip = f"{tooltip} {reason}".strip() if reason else tooltip
        if panel.busy and not self._clock.active:
            self._clock.start()
        elif not panel.busy:
            self._clock.stop()

    def _showCandidates(self, candidates: list[tuple[str, str]]) -> None:
        if candidates == self._shownCandidates:
            return
        for row in self._candidateRows:
            row.hide()
            row.deleteLater()
        add, previous = self.logic.result.addCandidate, self.ui.resultLabel
        self._candidateRows = []
        for identifier, text in candidates:
            row, button = _makeRow(text, lambda identifier=identifier: add(identifier))
            self.ui.candidatesFrame.layout().addWidget(row)
            qt.QWidget.setTabOrder(previous, button)
            self._candidateRows.append(row)
            previous = button
        self._shownCandidates = candidates


def _makeRow(text: str, add: Callable[[], None]) -> tuple[qt.QWidget, qt.QPushButton]:
    """Return the line of an area that is not in the note, and the button in it."""
    row = qt.QWidget()
    layout = qt.QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    label = qt.QLabel(text)
    label.wordWrap = True
    button = qt.QPushButton(_("Add as segment"))
    button.toolTip = _("Make a segment of this area, which you can correct.")
    button.accessibleName = _("Add as segment: {area}").format(area=text)
    button.connect("clicked()", add)
    layout.addWidget(label, 1)
    layout.addWidget(button)
    return row, button


def _setItems(combo: qt.QComboBox, items: list[str]) -> None:
    if [combo.itemText(index) for index in range(combo.count)] != items:
        combo.clear()
        combo.addItems(items)
