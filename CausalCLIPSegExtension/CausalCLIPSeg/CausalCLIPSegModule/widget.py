"""The panel: hands what a person does to the logic, and shows what the panel's description says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from CausalCLIPSegModule import parameters as stored
from CausalCLIPSegModule import view_state
from CausalCLIPSegModule.dicom_files import dicomFile
from CausalCLIPSegModule.installation import Installation
from CausalCLIPSegModule.logic import CausalCLIPSegLogic
from CausalCLIPSegModule.segment_editor import Correction

_NOTE_PAUSE_MS = 300
_CLOCK_MS = 1000
_AFTER_THE_EDITOR = -1.0


class CausalCLIPSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The panel of the module.

    Args:
        parent: the widget that Slicer gives.
        logic, installation: what the panel speaks to; by default the real ones.
    """

    def __init__(
        self, parent: Any = None, logic: CausalCLIPSegLogic | None = None, installation: Installation | None = None
    ) -> None:
        # Slicer calls setup() from within where it gives no parent
        self._givenLogic = logic
        self._givenInstallation = installation
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)

    # -- life ---------------------------------------------------------------------------------------------------------

    def setup(self) -> None:
        """Load the panel and connect it; nothing is started or imported here that could take time."""
        ScriptedLoadableModuleWidget.setup(self)
        self.uiWidget = slicer.util.loadUI(self.resourcePath("UI/CausalCLIPSeg.ui"))
        self.layout.addWidget(self.uiWidget)
        self.ui = slicer.util.childWidgetVariables(self.uiWidget)
        self.uiWidget.setMRMLScene(slicer.mrmlScene)
        self._updating = False
        self._tips = {name: getattr(self.ui, name).toolTip for name in view_state.CONTROLS}
        self.logic = self._givenLogic or CausalCLIPSegLogic()
        self.installation = self._givenInstallation or Installation(self.resourcePath("requirements.txt"))
        self._lookAtInstallation()
        self.correction = Correction(self.ui.segmentEditor)
        self._shownNodes: list[Any] = []
        self._noteTimer = qt.QTimer()
        self._noteTimer.setSingleShot(True)
        self._noteTimer.setInterval(_NOTE_PAUSE_MS)
        self._clock = qt.QTimer()
        self._clock.setInterval(_CLOCK_MS)
        self._connect()
        self._observeScene()
        self.ui.installationSection.collapsed = not self._missing
        self._attach()

    def _observeScene(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartsToClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneChanged)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneChanged)
        self.addObserver(scene, scene.NodeRemovedEvent, self._onNodeRemoved)
        # loading a scene ends in a batch, after which the editor takes the first segmentation that it finds
        self.addObserver(scene, scene.EndBatchProcessEvent, self._onBatchEnded, priority=_AFTER_THE_EDITOR)

    def _connect(self) -> None:
        ui = self.ui
        ui.imageSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onImage)
        ui.noteEdit.connect("textChanged()", self._onNoteTyped)
        self._noteTimer.connect("timeout()", self._takeNote)
        self._clock.connect("timeout()", self._update)
        ui.sampleButton.connect("clicked()", self._onSample)
        ui.pasteButton.connect("clicked()", self._onPaste)
        ui.noteFileButton.connect("clicked()", self._onNoteFile)
        ui.historyCombo.connect("activated(int)", self._onHistory)
        ui.applyButton.connect("clicked()", self._onApply)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):  # Enter is the key among the numbers
            shortcut = qt.QShortcut(qt.QKeySequence(keys), self.uiWidget)
            shortcut.setContext(qt.Qt.WidgetWithChildrenShortcut)  # elsewhere the keys are Slicer's
            shortcut.connect("activated()", self._onApplyKey)
        ui.thresholdSlider.connect("valueChanged(double)", self._onThreshold)
        ui.causalCheckBox.connect("toggled(bool)", lambda on: self._onOverlay("causal_attention", on))
        ui.confounderCheckBox.connect("toggled(bool)", lambda on: self._onOverlay("confounder_attention", on))
        ui.compareCheckBox.connect("toggled(bool)", lambda on: self._onChoice("compare", on))
        for name, key, values in (
            ("sideCombo", "side", view_state.SIDES),
            ("mirroredCombo", "mirrored", view_state.MIRRORED),
            ("lateralityCombo", "laterality", view_state.LATERALITIES),
            ("deviceCombo", "device", view_state.DEVICES),
        ):
            choose = lambda index, key=key, values=values: self._onChoice(key, values[index])  # noqa: E731
            getattr(ui, name).connect("currentIndexChanged(int)", choose)
        ui.checkpointCombo.connect("activated(int)", self._onCheckpoint)
        ui.correctSection.connect("contentsCollapsed(bool)", self._onCorrectionFolded)
        ui.openEditorButton.connect("clicked()", self._onOpenEditor)
        ui.exportCombo.connect("currentIndexChanged(int)", lambda index: self._update())
        ui.exportButton.connect("clicked()", self._onExport)
        ui.installButton.connect("clicked()", lambda: self._onInstall(False))
        ui.wheelsButton.connect("clicked()", lambda: self._onInstall(True))
        ui.removeButton.connect("clicked()", self._onRemove)
        self.logic.changed.connect(self._update)

    def enter(self) -> None:
        """Take up the scene when the module is opened."""
        self.ui.segmentEditor.updateEffectList()  # Slicer may have got effects since
        if self.logic.parameters is None:
            self._attach()
        else:
            self.logic.refresh()
        self.logic.chooseFilm()

    def exit(self) -> None:
        """Leave the module: no effect of the segment editor stays active in the views."""
        self.correction.rest()

    def cleanup(self) -> None:
        """End: observers, timers, the worker."""
        self.removeObservers()
        self._noteTimer.stop()
        self._clock.stop()
        self.logic.changed.disconnect(self._update)
        self.correction.close()
        self.logic.cleanup()

    def onReload(self) -> None:
        """Load all files of the module anew; Slicer by itself does so for the first one only."""
        package = __name__.split(".")[0]
        for name in [one for one in sys.modules if one.split(".")[0] == package]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def _onSceneStartsToClose(self, caller: Any, event: Any) -> None:
        self._noteTimer.stop()
        self.correction.letGo()
        self.logic.detach()

    def _onNodeRemoved(self, caller: Any, event: Any) -> None:
        scene = slicer.mrmlScene
        if not scene.IsClosing() and any(one and not scene.IsNodePresent(one) for one in self._shownNodes):
            self.logic.refresh()

    def _onBatchEnded(self, caller: Any, event: Any) -> None:
        if self.logic.parameters is not None and not slicer.mrmlScene.IsClosing():
            self.correction.edit(self.logic.parameters.segmentation, self.logic.film())

    def _onSceneChanged(self, caller: Any, event: Any) -> None:
        self._attach()

    def _attach(self) -> None:
        self._lookAtInstallation()
        self.logic.installed = not self._missing
        self.logic.attach()
        self._update()

    def _lookAtInstallation(self) -> None:
        self._missing, self._removable = self.installation.missing(), self.installation.installedByUs()

    # -- what a person does -------------------------------------------------------------------------------------------

    def _onImage(self, node: Any) -> None:
        if not self._updating:
            self.logic.setImage(node)

    def _onNoteTyped(self) -> None:
        if not self._updating:
            self._noteTimer.start()

    def _takeNote(self) -> None:
        self._noteTimer.stop()
        self.logic.setNote(self.ui.noteEdit.plainText)

    def _onSample(self) -> None:
        self.logic.loadSample()

    def _onPaste(self) -> None:
        text = qt.QApplication.clipboard().text()
        if text.strip():
            self.ui.noteEdit.setPlainText(text)
            self._takeNote()
        else:
            self.logic.fail(_("The clipboard holds no text."))

    def _onNoteFile(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.uiWidget, _("Read the note from"), "", _("Text (*.txt);;All (*)"))
        text = self.logic.readNote(path) if path else ""
        if text:
            self.ui.noteEdit.setPlainText(text)
            self._takeNote()

    def _onHistory(self, index: int) -> None:
        notes = stored.history(self.logic.parameters)
        if 0 < index <= len(notes):
            self.ui.noteEdit.setPlainText(notes[index - 1])
            self._takeNote()

    def _onApplyKey(self) -> None:
        if self.logic.running is None:
            self._onApply()

    def _onApply(self) -> None:
        if self.logic.running is not None:
            self.logic.cancel()
            return
        self._takeNote()
        self.logic.wanted = self.logic.readingNote  # a press right after the last word is not lost
        self._update()
        if self.ui.applyButton.enabled:
            self.logic.run()

    def _onChoice(self, name: str, value: Any) -> None:
        if not self._updating:
            self.logic.setChoice(name, value)

    def _onCheckpoint(self, index: int) -> None:
        self._onChoice("checkpoint", self.ui.checkpointCombo.itemText(index))

    def _onThreshold(self, value: float) -> None:
        if not self._updating:
            self.logic.setThreshold(value)

    def _onOverlay(self, name: str, on: bool) -> None:
        if not self._updating:
            self.logic.showOverlay(name if on else "")

    def _onCorrectionFolded(self, folded: bool) -> None:
        if folded:
            self.correction.rest()

    def _onOpenEditor(self) -> None:
        segmentation, volume = self.logic.parameters.segmentation, self.logic.film()
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(segmentation)
        editor.setSourceVolumeNode(volume)

    def _onExport(self) -> None:
        kind, asks = view_state.EXPORTS[self.ui.exportCombo.currentIndex]
        if not asks:
            self.logic.export(kind, None)
            return
        ending, filters = {
            "dicom-seg": (".dcm", _("DICOM (*.dcm)")),
            "seg-nrrd": (".seg.nrrd", _("Segmentation (*.seg.nrrd)")),
            "picture": (".png", _("Picture (*.png)")),
        }[kind]
        path = qt.QFileDialog.getSaveFileName(self.uiWidget, _("Export to"), "findings" + ending, filters)
        if path:
            self.logic.export(kind, Path(path if path.endswith(ending) else path + ending))

    def _onInstall(self, fromFolder: bool) -> None:
        folder = None
        if fromFolder:
            folder = qt.QFileDialog.getExistingDirectory(self.uiWidget, _("Folder of wheels"))
            if not folder:
                return
        if not self.installation.termsAccepted():
            if not slicer.util.confirmOkCancelDisplay(
                self.installation.terms(), _("Terms of the weights"), parent=slicer.util.mainWindow()
            ):
                return
            self.installation.acceptTerms()
        with self._changingPackages(_("The installation failed.")):
            replaced = self.installation.install(folder)
        if replaced:
            slicer.util.infoDisplay(
                _("Restart Slicer now: newer versions of these packages were installed, and Slicer still uses the old")
                + "\n\n"
                + ", ".join(replaced)
            )

    def _onRemove(self) -> None:
        names = self.installation.installedByUs()
        text = _("Remove these packages from Slicer's Python?") + "\n\n" + ", ".join(names)
        if slicer.util.confirmOkCancelDisplay(text, parent=slicer.util.mainWindow()):
            self.logic.worker.stop()
            with self._changingPackages(_("The packages cannot be removed.")):
                self.installation.remove()

    @contextmanager
    def _changingPackages(self, failed: str) -> Iterator[None]:
        """Lock the panel, as Slicer goes on handling clicks while pip runs, and show why it failed, where it does."""
        self.uiWidget.enabled = False
        try:
            with slicer.util.tryWithErrorDisplay(failed):  # raises again what it has shown
                yield
        finally:
            self.uiWidget.enabled = True
            self._attach()

    # -- what is shown ------------------------------------------------------------------------------------------------

    def _update(self) -> None:
        """Show the state; setting a control to what it shows changes nothing."""
        if self.logic.parameters is None or self._updating:
            return
        due = self.logic.wanted and not self.logic.readingNote
        self.logic.wanted = self.logic.wanted and not due
        self._updating = True
        try:
            self._showParameters()
            film = self.logic.film()
            header = film is not None and dicomFile(film) is not None
            described = view_state.describe(
                self.logic, self._missing, self._removable, self.ui.exportCombo.currentIndex, header
            )
            self._showPanel(described)
            if self._shownNodes and self.logic.parameters.segmentation is not None and self._shownNodes[1] is None:
                self.ui.correctSection.collapsed = False
            self.correction.edit(self.logic.parameters.segmentation, film)
            self._shownNodes = self._nodes()
        finally:
            self._updating = False
        if due and self.logic.understood is not None and self.ui.applyButton.enabled:
            self.logic.run()

    def _nodes(self) -> list[Any]:
        """Return the nodes that the panel speaks of: film, result, its film, map of probabilities."""
        parameters = self.logic.parameters
        return [parameters.image, parameters.segmentation, self.logic.film(), parameters.probability]

    def _showParameters(self) -> None:
        ui, parameters = self.ui, self.logic.parameters
        if ui.imageSelector.currentNode() is not parameters.image:
            ui.imageSelector.setCurrentNode(parameters.image)
        if ui.noteEdit.plainText != parameters.note and not self._noteTimer.active:
            ui.noteEdit.setPlainText(parameters.note)
        ui.sideCombo.currentIndex = view_state.SIDES.index(parameters.side)
        ui.mirroredCombo.currentIndex = view_state.MIRRORED.index(parameters.mirrored)
        ui.lateralityCombo.currentIndex = view_state.LATERALITIES.index(parameters.laterality)
        ui.deviceCombo.currentIndex = view_state.DEVICES.index(parameters.device)
        ui.compareCheckBox.checked = parameters.compare
        ui.causalCheckBox.checked = self.logic.shown == "causal_attention"
        ui.confounderCheckBox.checked = self.logic.shown == "confounder_attention"
        ui.thresholdSlider.value = parameters.threshold
        # also one that a saved scene speaks of and that is not at hand: it is what would be run
        _fill(ui.checkpointCombo, list(dict.fromkeys(["default", *self.logic.checkpoints, parameters.checkpoint])))
        ui.checkpointCombo.currentIndex = ui.checkpointCombo.findText(parameters.checkpoint)
        _fill(ui.historyCombo, [_("Earlier notes"), *stored.history(parameters)])

    def _showPanel(self, described: view_state.Panel) -> None:
        ui = self.ui
        ui.applyButton.text = described.apply
        ui.understoodLabel.text = described.understood
        ui.resultLabel.text = described.result
        ui.statusLabel.text = described.status
        ui.progressBar.value = described.percent
        ui.progressBar.visible = described.busy
        if ui.logEdit.plainText != described.log:
            ui.logEdit.setPlainText(described.log)
            ui.logEdit.verticalScrollBar().setValue(ui.logEdit.verticalScrollBar().maximum)
        ui.installationLabel.text = described.installation
        for name, tip in self._tips.items():
            control, reason = getattr(ui, name), described.blocked.get(name, "")
            control.enabled = not reason
            control.toolTip = f"{tip} {reason}".strip() if reason else tip
        if described.busy and not self._clock.active:
            self._clock.start()
        elif not described.busy:
            self._clock.stop()


def _fill(combo: Any, items: list[str]) -> None:
    if [combo.itemText(index) for index in range(combo.count)] != items:
        combo.clear()
        combo.addItems(items)
