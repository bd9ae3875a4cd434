"""What the module does: notes, runs, thresholds, overlays, exports. It knows no widget."""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic
from slicer.util import VTKObservationMixin

from CausalCLIPSegLib import scene
from CausalCLIPSegModule import dicom_files, sample
from CausalCLIPSegModule import parameters as stored
from CausalCLIPSegModule.dicom_files import dicomDatabase, dicomFile
from CausalCLIPSegModule.note_file import readNoteFile
from CausalCLIPSegModule.signals import Signal
from CausalCLIPSegModule.worker_process import WorkerProcess

_CHANGES_OF_SEGMENTS = (
    "SegmentAdded",
    "SegmentRemoved",
    "SegmentModified",
    "SourceRepresentationModified",
)
_LONGEST_NOTE = 100_000
"""Characters; the worker answers no line that is very much longer."""


class CausalCLIPSegLogic(ScriptedLoadableModuleLogic, VTKObservationMixin):
    """The state of one scene, and what can be done with it.

    Attributes:
        changed: something that a panel shows has changed.
        parameters: what is saved with the scene.
        understood: of the note as it stands (worker.protocol.Understood), None while that is not known.
        checkpoints: names of those at hand; empty until the worker has told.
        installed: the packages of the network are there; nothing is asked of the worker before.
        wanted: a run was asked for while the note was still being read.
        running: identifier of the run in progress, else None.
        exporting: identifier of the export in progress, else None.
        cancelling: the run was given up, and ends with its phase.
        phase, fraction: of the run in progress.
        status: the last thing that happened, one sentence.
        error: why the last thing failed, else "".
        warnings: what a person should look at twice about the result.
        segments: those of the result as they are now (scene.describe_segments), without their masks.
        disagreements: where the outline does not lie where the note says, in sentences; of the outline that the run
            gave, so none once it was changed.
        shown: the overlay on the film, "" where there is none.

    Args:
        worker: the process that does the work; it is this object's from now on.
    """

    def __init__(self, worker: WorkerProcess | None = None) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        VTKObservationMixin.__init__(self)
        self.changed = Signal()
        self.worker = worker or WorkerProcess()
        self.worker.changed.connect(self._workerChanged)
        self.parameters: Any = None
        self.checkpoints: list[str] = []
        self.installed = True
        self._folder: Path | None = None
        self._number = 0
        self._observed: Any = None
        self._forget()

    def _forget(self) -> None:
        """Know nothing of any scene."""
        self.understood: dict[str, Any] | None = None
        self.wanted = False
        self.running: str | None = None
        self.exporting: str | None = None
        self.cancelling = False
        self.phase, self.fraction = "", 0.0
        self.status, self.error = "", ""
        self.warnings: list[str] = []
        self.segments: list[dict[str, Any]] = []
        self.disagreements: list[str] = []
        self.shown = ""
        self._started = 0.0
        self._askedNote = ""
        self._overlays: dict[str, Any] = {}
        self._outlining = False

    # -- the scene ----------------------------------------------------------------------------------------------------

    def attach(self) -> None:
        """Take up the scene as it is now: new, loaded, or emptied."""
        self.detach()
        self.parameters = stored.Parameters(self.getParameterNode())
        self.warnings = list((stored.result(self.parameters) or {}).get("warnings", ()))
        self._observe(self.parameters.segmentation)
        self.measure()
        self.askNote()
        self.changed.emit()

    def detach(self) -> None:
        """Let go of the scene: give up what runs, forget what was shown, remove the files of its results."""
        for identifier in (self.running, self.exporting):
            if identifier is not None:
                self.worker.cancel(identifier)
        self._observe(None)
        self._forget()
        self.parameters = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def cleanup(self) -> None:
        """End: the worker, the observers, the files."""
        self.worker.changed.disconnect(self._workerChanged)
        self.detach()
        self.worker.stop()
        self.removeObservers()

    def _observe(self, segmentation: Any) -> None:
        held = segmentation.GetSegmentation() if segmentation is not None else None
        if held is self._observed:
            return
        for event in _CHANGES_OF_SEGMENTS:
            number = getattr(slicer.vtkSegmentation, event)
            if self._observed is not None:
                self.removeObserver(self._observed, number, self._segmentsChanged)
            if held is not None:
                self.addObserver(held, number, self._segmentsChanged)
        self._observed = held

    def _segmentsChanged(self, caller: Any = None, event: Any = None) -> None:
        if not self._outlining:
            self.status, self.error = "", ""  # they may speak of what was changed just now
            self.measure()
            self._followOutline()
            self.changed.emit()

    def _followOutline(self) -> None:
        """Bring the threshold back to that of the outline, when the editor has taken back what came with another."""
        found = {one["threshold"] for one in self.segments if one["threshold"] is not None and not one["corrected"]}
        if len(found) == 1:
            self.parameters.threshold = found.pop()

    def _workerChanged(self) -> None:
        self.changed.emit()

    def fail(self, reason: str) -> None:
        """Say why what a person asked for cannot be done, in one sentence."""
        self.error = reason
        self.changed.emit()

    # -- the note -----------------------------------------------------------------------------------------------------

    def setImage(self, volume: Any) -> None:
        """Take another film; the result stays with its own."""
        if self.parameters is not None and self.parameters.image is not volume:
            self.parameters.image = volume
            if volume is not None:
                slicer.util.setSliceViewerLayers(background=volume, fit=True)
            self.changed.emit()

    def chooseFilm(self) -> None:
        """Take the film of the scene, where none is chosen and there is only one."""
        if self.parameters is not None and self.parameters.image is None:
            films = [one for one in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") if scene.is_radiograph(one)]
            if len(films) == 1:
                self.setImage(films[0])

    def setNote(self, text: str) -> None:
        """Take another note, and ask what is understood of it."""
        if self.parameters is not None and text != self.parameters.note:
            self.parameters.note = text
            self.understood, self.wanted = None, False
            self.askNote()
            self.changed.emit()

    def readNote(self, path: str) -> str:
        """Return the note that a text file holds; "" where it holds none, and `error` says why."""
        self.error = ""
        try:
            return readNoteFile(path)
        except ValueError as error:
            self.fail(str(error))
            return ""

    def setChoice(self, name: str, value: Any) -> None:
        """Set "side", "mirrored", "laterality", "device", "checkpoint" or "compare"."""
        if self.parameters is None or getattr(self.parameters, name) == value:
            return
        setattr(self.parameters, name, value)
        if name in {"side", "mirrored", "laterality", "checkpoint"}:
            self.askNote()
        self.changed.emit()

    def askNote(self) -> None:
        """Ask the worker what it understands; nothing is asked where nothing is written."""
        self.understood = None
        if self.parameters is None or not self.installed or not self.parameters.note.strip():
            self._askedNote = ""
            return
        if len(self.parameters.note) > _LONGEST_NOTE:
            self._askedNote, self.error = "", _("The note is too long; give the part that describes the lungs.")
            return
        request = {
            "request": "note",
            "text": self.parameters.note,
            **self._reading(),
            "checkpoint": self._checkpoint(),
        }
        self._askedNote = self._send(request, self._noteAnswered, timeout=60) or ""

    @property
    def readingNote(self) -> bool:
        """Whether the worker was asked what the note means, and has not answered."""
        return bool(self._askedNote) and self.understood is None

    def _reading(self) -> dict[str, Any]:
        """How the note is read: fields that "note", "segment" and "export" share."""
        return {
            "laterality": self.parameters.laterality,
            "side": self.parameters.side or None,
            "mirrored": {"no": False, "yes": True}.get(self.parameters.mirrored),
        }

    def _checkpoint(self) -> str:
        return self.parameters.checkpoint or "default"

    def _noteAnswered(self, event: dict[str, Any]) -> None:
        if event.get("id") != self._askedNote:
            return  # the note was changed meanwhile
        if event["event"] == "result":
            self.understood = event["understood"]
            if self.error and self.running is None:
                self.error = ""
        elif event["event"] == "error":
            self._askedNote = ""
            self.error = event["message"]
        self.changed.emit()
        if not self.checkpoints and event["event"] == "result":
            self._send({"request": "hello"}, self._helloAnswered, timeout=60)

    def _helloAnswered(self, event: dict[str, Any]) -> None:
        if event["event"] == "result":
            self.checkpoints = [one["name"] for one in event["checkpoints"]]
            self.changed.emit()

    def _send(
        self, request: dict[str, Any], answered: Callable[[dict[str, Any]], None], timeout: float | None = None
    ) -> str | None:
        """Send a request for the scene as it is now; answers that come when it is gone are passed over."""
        parameters = self.parameters

        def onEvent(event: dict[str, Any]) -> None:
            if self.parameters is parameters:
                answered(event)

        try:
            return self.worker.send(request, onEvent, timeout)
        except RuntimeError as error:
            self.error = str(error)
            return None

    # -- the run ------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Outline what the note speaks of; the answer comes later. A second call during a run does nothing."""
        if self.parameters is None or self.running is not None or self.exporting is not None:
            return
        volume = self.parameters.image
        try:
            output = self._newFolder()
            image = self._film(volume, output)
        except (OSError, ValueError) as error:
            self.fail(str(error))
            return
        request = {
            "request": "segment",
            "image": image,
            "note": self.parameters.note,
            **self._reading(),
            "checkpoint": self._checkpoint(),
            "device": self.parameters.device,
            "output": str(output),
        }
        self.error, self.warnings, self.cancelling = "", [], False
        self.phase, self.fraction, self._started = _("Waiting for the worker"), 0.0, time.monotonic()
        asked = {**request, "volume": volume.GetID()}
        self.running = self._send(request, lambda event: self._runAnswered(event, asked))
        self.changed.emit()

    def cancel(self) -> None:
        """Give up the run; a second call ends the worker by force."""
        if self.running is None:
            return
        if self.cancelling:
            self.worker.restart()
        else:
            self.cancelling = True
            self.worker.cancel(self.running)
        self.changed.emit()

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._started

    def _runAnswered(self, event: dict[str, Any], asked: dict[str, Any]) -> None:
        if event["event"] == "progress":
            self.phase, self.fraction = event["phase"], event["fraction"]
        elif event["event"] == "warning":
            self.warnings = [*self.warnings, event["message"]]
        else:
            cancelled, self.running, self.cancelling, self.fraction = self.cancelling, None, False, 0.0
            if event["event"] == "cancelled" or (event["event"] == "error" and cancelled):
                self.status = _("Canceled; nothing was changed.")
            elif event["event"] == "error":
                self._failed(event)
            else:
                self._show(event, asked)
        self.changed.emit()

    def _failed(self, event: dict[str, Any]) -> None:
        self.status = ""
        self.error = event["message"]
        if event.get("kind") == "mirrored":
            self.error += " " + _("Say under Advanced whether the film is mirrored, then press Apply again.")
        elif event.get("kind") == "side":
            self.error += " " + _("Choose the side below the note, then press Apply again.")
        elif event.get("kind") == "ended":
            self.error += " " + _("Press Apply to start it again.")

    def _film(self, volume: Any, folder: Path) -> dict[str, Any]:
        """Return the "image" of a request: the values that the scene holds, and the DICOM header they came with."""
        image = scene.save_radiograph(volume, folder / "film.npy")
        header = dicomFile(volume)
        return {**image, "header": header, "name": "film"} if header else {**image, "name": "film"}

    def _newFolder(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="CausalCLIPSeg-", dir=slicer.app.temporaryPath))
        self._number += 1
        folder = self._folder / str(self._number)
        folder.mkdir()
        return folder

    # -- the result ---------------------------------------------------------------------------------------------------

    def _show(self, result: dict[str, Any], asked: dict[str, Any]) -> None:
        volume = slicer.mrmlScene.GetNodeByID(asked["volume"])
        if volume is None:
            self.status = _("The film is gone; its result was dropped.")
            return
        try:
            segmentation = scene.show_result(slicer.mrmlScene, volume, result, _("Findings"))
            probability = scene.show_overlay(slicer.mrmlScene, volume, result, "probability")
        except (OSError, ValueError) as error:
            logging.exception("A result cannot be shown")
            self.error = str(error)
            return
        earlier = self.parameters.segmentation
        replaced = self._replaced(earlier)
        obsolete = [*replaced, *self._overlays.values(), self.parameters.probability]
        self._overlays, self.shown = {}, ""
        self.parameters.segmentation = segmentation
        self.parameters.probability = probability
        self.parameters.threshold = _inRange(result["threshold"])
        kept = {name: asked[name] for name in ("note", "laterality", "side", "mirrored")}
        self.warnings = [*self.warnings, *(one for one in result["warnings"] if one not in self.warnings)]
        known = {**result, "warnings": self.warnings, "asked": kept}
        self.parameters.resultJson = json.dumps(known, ensure_ascii=False)
        stored.remember(self.parameters, asked["note"])
        self._observe(segmentation)
        self.measure()
        if self.parameters.compare and self.parameters.earlier is not None:
            showSideBySide(self.parameters.earlier, segmentation, volume)
        took = _("Done in {seconds:.1f} s on {device}.").format(
            seconds=self.seconds, device=result["provenance"]["device"]
        )
        if not result["segments"]:
            took = _("Nothing reaches the threshold; a lower one may outline more.") + " " + took
        elif earlier is not None and earlier not in replaced and not self.parameters.compare:
            took += " " + _("The earlier result was corrected by hand, so it stays in the scene.")
        self.status = took
        self.changed.emit()  # the panel lets go of the nodes before they go
        for node in obsolete:
            self._removeNode(node)

    def _replaced(self, earlier: Any) -> list[Any]:
        """Return the segmentations that a new result takes the place of; what a person has corrected is never one."""
        kept = self.parameters.earlier if self.parameters.earlier is not earlier else None
        gone = [kept] if self.parameters.compare else [kept, earlier]
        self.parameters.earlier = earlier if self.parameters.compare else None
        return [one for one in gone if one is not None and not _corrected(one)]

    def _removeNode(self, node: Any) -> None:
        """Remove a node with what belongs to it alone; the scene by itself would keep its display and its file."""
        if node is None or not slicer.mrmlScene.IsNodePresent(node):
            return  # a person may have removed it
        own = [node.GetNthDisplayNode(number) for number in range(node.GetNumberOfDisplayNodes())]
        own += [node.GetNthStorageNode(number) for number in range(node.GetNumberOfStorageNodes())]
        for one in (node, *own):
            if one is not None:
                slicer.mrmlScene.RemoveNode(one)

    def setThreshold(self, threshold: float) -> None:
        """Outline again where the stored probability reaches another threshold, at once and without the worker."""
        result = stored.result(self.parameters) if self.parameters is not None else None
        if result is None or self.parameters.segmentation is None or self.parameters.probability is None:
            return
        if abs(threshold - self.parameters.threshold) < 1e-6:
            return
        self.parameters.threshold, self.error = threshold, ""
        volume = self.film()
        if volume is None:
            return
        rows, columns = scene.image_shape(volume)
        probability = slicer.util.arrayFromVolume(self.parameters.probability).reshape(rows, columns)
        self._outlining = True  # one measurement after all segments, not several after each: the slider waits for it
        try:
            left = scene.rethreshold(self.parameters.segmentation, volume, result, probability, threshold)
        finally:
            self._outlining = False
        names = [self.parameters.segmentation.GetSegmentation().GetSegment(one).GetName() for one in left]
        self.status = (
            _("Corrected, so left as they are: {names}.").format(names=", ".join(names))
            if names
            else _("Outlined again from {threshold:.2f} on.").format(threshold=threshold)
        )
        self.measure()
        self.changed.emit()

    def film(self) -> Any:
        """Return the film that the result lies on, None where there is none."""
        segmentation = self.parameters.segmentation if self.parameters is not None else None
        if segmentation is None:
            return None
        return segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())

    def measure(self) -> None:
        """Bring the list of segments and areas up to date."""
        volume = self.film()
        result = stored.result(self.parameters) if self.parameters is not None else None
        self.segments, self.disagreements = [], []
        if volume is None:
            return
        spacing = tuple(result["spacing"]) if result and result["spacing"] else None
        described = scene.describe_segments(self.parameters.segmentation, volume, spacing)
        self.segments = [
            {**one, "threshold": None if one["threshold"] is None else _inRange(one["threshold"])} for one in described
        ]
        for one in self.segments:
            del one["mask"]
        if result and self._isAsRun(result):
            self.disagreements = list(result.get("disagreements", ()))

    def _isAsRun(self, result: dict[str, Any]) -> bool:
        """Whether the outline is still the one that the run gave."""
        first = [one["id"] for one in result["segments"]]
        return (
            abs(self.parameters.threshold - _inRange(result["threshold"])) < 1e-6
            and [one["id"] for one in self.segments] == first
            and not any(one["corrected"] for one in self.segments)
        )

    def refresh(self) -> None:
        """Look anew at the scene, in which other modules may have removed or changed what is shown here."""
        if self.parameters is not None:
            # otherwise Slicer's parameters still have a node while the scene tells that it is gone
            self.parameters.parameterNode.Modified()
            self._observe(self.parameters.segmentation)
            self.measure()
            self.changed.emit()

    # -- overlays -----------------------------------------------------------------------------------------------------

    def mapsAtHand(self) -> bool:
        """Whether the maps of the result can be shown; they are not kept in a saved scene."""
        result = stored.result(self.parameters) if self.parameters is not None else None
        return bool(result) and all(
            name in self._overlays or Path(result[name]).is_file()
            for name in ("causal_attention", "confounder_attention")
        )

    def showOverlay(self, name: str) -> None:
        """Lay a map over the film, "causal_attention" or "confounder_attention"; "" takes it away."""
        volume, result = self.film(), stored.result(self.parameters)
        if volume is None or result is None:
            return
        self.shown = ""
        if name and self.mapsAtHand():
            if self._overlays.get(name) is None or not slicer.mrmlScene.IsNodePresent(self._overlays[name]):
                self._overlays[name] = scene.show_overlay(slicer.mrmlScene, volume, result, name)
            slicer.util.setSliceViewerLayers(foreground=self._overlays[name], foregroundOpacity=0.6)
            self.shown = name
        else:
            slicer.util.setSliceViewerLayers(foreground=None, foregroundOpacity=0.0)
        self.changed.emit()

    # -- export -------------------------------------------------------------------------------------------------------

    def export(self, kind: str, path: Path | None) -> None:
        """Write the segments as they are now; the answer comes later.

        Args:
            kind: "dicom-seg", "seg-nrrd" or "picture".
            path: the file; None puts a DICOM-SEG into Slicer's database, where the next one of the same result takes
                the place of the one before.
        """
        result, volume = stored.result(self.parameters), self.film()
        if result is None or volume is None or self.exporting is not None or self.running is not None:
            return
        if path is None and not getattr(dicomDatabase(), "isOpen", False):
            self.fail(_("There is no DICOM database yet; open the module DICOM once."))
            return
        try:
            folder = self._newFolder()
            request = {
                "request": "export",
                "image": self._film(volume, folder),
                "segments": scene.save_segments(self.parameters.segmentation, volume, folder),
                "formats": [kind],
                "output": str(folder / "out"),
                **result["asked"],
                "prompt": result["understood"]["prompt"],
                "prompt_laterality": result["understood"]["prompt_laterality"],
                "threshold": self.parameters.threshold,
                "provenance": result["provenance"],
                **(self._succession() if path is None else {}),
            }
        except (OSError, ValueError) as error:
            self.fail(str(error))
            return
        self.error, self.status = "", _("Exporting")
        exported = self.parameters.segmentation
        self.exporting = self._send(request, lambda event: self._exportAnswered(event, kind, path, exported))
        self.changed.emit()

    def _succession(self) -> dict[str, Any]:
        """Return the fields of an "export" request that say which segmentation in the database is followed."""
        earlier = dicom_files.earlierFile(self.parameters.segmentation)
        if earlier is None:
            return {}
        return {
            "previous": earlier,
            "instance_number": dicom_files.nextNumber(earlier),
            "editor": dicom_files.editorName(),
        }

    def _exportAnswered(self, event: dict[str, Any], kind: str, path: Path | None, segmentation: Any) -> None:
        if event["event"] in {"progress", "warning"}:
            return
        self.exporting, self.status = None, ""
        if event["event"] == "error":
            self._failed(event)
        elif event["event"] == "result":
            try:
                self._deliver(Path(event["files"][kind]), path, segmentation)
            except OSError as error:
                self.error = _("The file cannot be written: {reason}.").format(reason=error.strerror)
        self.changed.emit()

    def _deliver(self, made: Path, path: Path | None, segmentation: Any) -> None:
        if path is not None:
            shutil.copyfile(made, path)
            self.status = _("Written: {path}").format(path=path)
            return
        database = dicomDatabase()
        database.insert(str(made))
        followed = dicom_files.earlierFile(segmentation) is not None
        dicom_files.remember(segmentation, database.fileValue(str(made), "0008,0018"))
        self.status = (
            _("The changed segmentation is in the DICOM database, in the series of the one before.")
            if followed
            else _("The segmentation is in the DICOM database, in the study of its film.")
        )

    # -- sample -------------------------------------------------------------------------------------------------------

    def loadSample(self) -> None:
        """Load a real chest radiograph that a package of the installation holds, with a note that fits it."""
        try:
            volume = sample.loadSample()
        except RuntimeError as error:
            self.error = str(error)
        else:
            self.error = ""
            self.setImage(volume)
            self.setNote(sample.NOTE)
            self.status = _("A radiograph of pydicom-data, with a note that fits it.")
        self.changed.emit()


def showSideBySide(left: Any, right: Any, volume: Any) -> None:
    """Show two segmentations of a film beside each other, each in a view of its own."""
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
    for segmentation, view in ((left, "vtkMRMLSliceNodeRed"), (right, "vtkMRMLSliceNodeYellow")):
        segmentation.GetDisplayNode().SetViewNodeIDs([view])
        node = slicer.mrmlScene.GetNodeByID(view)
        if node is not None:
            node.SetOrientation("Axial")
            node.RotateToVolumePlane(volume)
    # after the turn: a view that looks at the film from its side would be fitted to an edge
    slicer.util.setSliceViewerLayers(background=volume, fit=True)


def _inRange(threshold: float) -> float:
    """Return a threshold that the slider can show."""
    return min(0.99, max(0.01, threshold))


def _corrected(segmentation: Any) -> bool:
    volume = segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())
    held = segmentation.GetSegmentation()
    return volume is not None and any(scene.is_corrected(segmentation, one, volume) for one in held.GetSegmentIDs())
