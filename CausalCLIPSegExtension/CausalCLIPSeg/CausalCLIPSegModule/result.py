"""The result in the scene: segments on the radiograph, their threshold and areas, and maps as overlays."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from CausalCLIPSegLib import scene
from CausalCLIPSegModule import parameters as stored
from CausalCLIPSegModule.session import Session
from CausalCLIPSegModule.worker_process import Event

ATTENTION_MAPS: tuple[scene.Overlay, ...] = ("causal_attention", "confounder_attention")
"""Maps that are not saved with the scene."""

_ENGINES = {"onnx": "ONNX Runtime", "torch": "PyTorch"}
"""The names of the engines, for people."""

_SEGMENT_EVENTS = (
    "SegmentAdded",
    "SegmentRemoved",
    "SegmentModified",
    "SourceRepresentationModified",
)


@dataclass(frozen=True)
class ResultRequest:
    """What a result was asked for.

    Attributes:
        volumeID: of the radiograph, a vtkMRMLVolumeNode.
        reading: the note, and the fields that say how it was read (`Session.readingFields`).
    """

    volumeID: str
    reading: dict[str, Any]


class ShownResult(VTKObservationMixin):
    """The result in the scene, kept up to date with the corrections that the user makes.

    Attributes:
        segments: the current segments (scene.describe_segments), without their masks.
        disagreements: sentences that say where the mask of the run contradicts the note; empty once the mask was
            changed.
        warnings: sentences that tell the user what to check.
        overlay: name of the map that is shown over the radiograph, else "".
        overlayOpacity: of the map that is shown, in [0, 1].

    Args:
        session: with an open scene; only `volume` and `setThreshold` may be called without one.
    """

    def __init__(self, session: Session) -> None:
        VTKObservationMixin.__init__(self)
        self._session = session
        self._observedSegmentation: slicer.vtkSegmentation | None = None
        self._reset()

    def _reset(self) -> None:
        self.segments: list[dict[str, Any]] = []
        self.disagreements: list[str] = []
        self.warnings: list[str] = []
        self.overlay = ""
        self._overlayNodes: dict[str, slicer.vtkMRMLScalarVolumeNode] = {}
        self.overlayOpacity = 0.5
        self._isThresholding = False

    def attach(self) -> None:
        """Show the result that is saved with the scene."""
        result = stored.storedResult(self._session.parameters) or {}
        self.warnings = list(result.get("warnings", ()))
        parameters = self._session.parameters
        self._session.views.resumeComparison(parameters.earlier, parameters.segmentation)
        self.refresh()

    def detach(self) -> None:
        """Forget the scene."""
        self._observe(None)
        self._reset()

    def refresh(self) -> None:
        """Follow the segmentation that the parameters name, which other modules may have changed or removed."""
        self._observe(self._session.parameters.segmentation)
        self.measure()

    def volume(self) -> slicer.vtkMRMLVolumeNode | None:
        """Return the radiograph that the result lies on; None if there is no result or its radiograph was removed."""
        if not self._session.isOpen or self._session.parameters.segmentation is None:
            return None
        return scene.reference_volume(self._session.parameters.segmentation)

    def show(self, event: Event, origin: ResultRequest, seconds: float) -> None:
        """Show the result of a run. It replaces the previous result, unless the user has corrected the previous one.

        Args:
            event: the "result" event (worker.protocol.SegmentResult), with its files.
            origin: what the result was asked for.
            seconds: duration of the run.
        """
        session, parameters = self._session, self._session.parameters
        volume = slicer.mrmlScene.GetNodeByID(origin.volumeID)
        if volume is None:
            session.status = _("The radiograph was removed, so its result was dropped.")
            return
        try:
            segmentation = scene.show_result(slicer.mrmlScene, volume, event, _("Findings"))
            probability = scene.show_overlay(slicer.mrmlScene, volume, event, "probability")
        except (OSError, ValueError) as error:
            logging.exception("A result cannot be shown")
            session.error = str(error)
            return
        earlier = parameters.segmentation
        replaced = self._replacedBy(earlier)
        obsolete = [*replaced, *self._overlayNodes.values(), parameters.probability]
        self._store(event, origin, segmentation, probability)
        self.refresh()
        if self.overlay:
            self.showOverlay(self.overlay)  # that of the new result
        if parameters.compare and parameters.earlier is not None:
            session.views.compare(parameters.earlier, segmentation, volume)
        else:
            session.views.endComparison()
        provenance = event["provenance"]
        session.status = _("Done in {seconds:.1f} s on {device}, by {engine}.").format(
            seconds=seconds,
            device=provenance["device"],
            engine=_ENGINES.get(provenance["engine"], provenance["engine"]),
        )
        if not event["segments"]:
            session.status = (
                _("Nothing reaches the threshold; a lower threshold may outline more.") + " " + session.status
            )
        elif earlier is not None and earlier not in replaced and not parameters.compare:
            session.status += " " + _("The earlier result was corrected by hand, so it stays in the scene.")
        session.changed.emit()  # the panel must release the nodes before they are removed
        for node in obsolete:
            _removeNode(node)

    def _store(
        self,
        event: Event,
        origin: ResultRequest,
        segmentation: slicer.vtkMRMLSegmentationNode,
        probability: slicer.vtkMRMLScalarVolumeNode,
    ) -> None:
        """Save a result with the scene."""
        parameters = self._session.parameters
        self._overlayNodes = {}
        self.warnings = [*self.warnings, *(warning for warning in event["warnings"] if warning not in self.warnings)]
        parameters.segmentation = segmentation
        parameters.probability = probability
        parameters.threshold = stored.clampThreshold(event["threshold"])
        document = {**event, "warnings": self.warnings, "asked": origin.reading}
        parameters.resultJson = json.dumps(document, ensure_ascii=False)
        stored.addToHistory(parameters, origin.reading["note"])

    def _replacedBy(self, current: slicer.vtkMRMLSegmentationNode | None) -> list[slicer.vtkMRMLSegmentationNode]:
        """Return the segmentations that a new result replaces; keep the current one if the user wants to compare."""
        parameters = self._session.parameters
        compared = parameters.earlier if parameters.earlier is not current else None
        candidates = [compared] if parameters.compare else [compared, current]
        parameters.earlier = current if parameters.compare else None
        return [node for node in candidates if node is not None and not _isCorrected(node)]

    def setThreshold(self, threshold: float) -> None:
        """Apply another threshold to the stored probability, without the worker; corrected segments stay."""
        session = self._session
        if not session.isOpen:
            return
        parameters = session.parameters
        result = stored.storedResult(parameters)
        if result is None or parameters.segmentation is None or parameters.probability is None:
            return
        if stored.isSameThreshold(threshold, parameters.threshold):
            return
        parameters.threshold, session.error = threshold, ""
        volume = self.volume()
        if volume is None:
            return
        probability = slicer.util.arrayFromVolume(parameters.probability).reshape(scene.image_shape(volume))
        self._isThresholding = True  # measure once after all segments, because the slider waits for it
        try:
            corrected = scene.rethreshold(parameters.segmentation, volume, result, probability, threshold)
        finally:
            self._isThresholding = False
        segmentation = parameters.segmentation.GetSegmentation()
        names = [segmentation.GetSegment(identifier).GetName() for identifier in corrected]
        session.status = (
            _("Corrected, so left as they are: {names}.").format(names=", ".join(names))
            if names
            else _("Outlined again at a threshold of {threshold:.2f}.").format(threshold=threshold)
        )
        self.measure()
        session.changed.emit()

    def measure(self) -> None:
        """Update `segments` and `disagreements`."""
        self.segments, self.disagreements = [], []
        volume = self.volume()
        if volume is None:
            return
        parameters = self._session.parameters
        result = stored.storedResult(parameters)
        spacing = tuple(result["spacing"]) if result and result["spacing"] else None
        self.segments = scene.describe_segments(parameters.segmentation, volume, spacing)
        for segment in self.segments:
            del segment["mask"]
            if segment["threshold"] is not None:
                segment["threshold"] = stored.clampThreshold(segment["threshold"])
        if result and self._isUnchanged(result):
            self.disagreements = list(result.get("disagreements", ()))

    def _isUnchanged(self, result: dict[str, Any]) -> bool:
        """Whether the segments are still those that the run returned."""
        return (
            stored.isSameThreshold(self._session.parameters.threshold, stored.clampThreshold(result["threshold"]))
            and [segment["id"] for segment in self.segments] == [segment["id"] for segment in result["segments"]]
            and not any(segment["corrected"] for segment in self.segments)
        )

    def _observe(self, node: slicer.vtkMRMLSegmentationNode | None) -> None:
        segmentation = node.GetSegmentation() if node is not None else None
        if segmentation is self._observedSegmentation:
            return
        for name in _SEGMENT_EVENTS:
            event = getattr(slicer.vtkSegmentation, name)
            if self._observedSegmentation is not None:
                self.removeObserver(self._observedSegmentation, event, self._onSegmentsChanged)
            if segmentation is not None:
                self.addObserver(segmentation, event, self._onSegmentsChanged)
        self._observedSegmentation = segmentation

    def _onSegmentsChanged(self, caller: Any = None, event: Any = None) -> None:
        if not self._isThresholding:
            self._session.status, self._session.error = "", ""  # they may describe the state before the change
            self.measure()
            self._restoreThreshold()
            self._session.changed.emit()

    def _restoreThreshold(self) -> None:
        """Set the threshold to that of the masks, which an undo in the editor may have brought back."""
        thresholds = {segment["threshold"] for segment in self.segments if not segment["corrected"]} - {None}
        if len(thresholds) == 1:
            self._session.parameters.threshold = thresholds.pop()

    def hasMaps(self) -> bool:
        """Whether the attention maps of the result can be shown; they are not saved with the scene."""
        result = stored.storedResult(self._session.parameters)
        return result is not None and all(
            name in self._overlayNodes or Path(result[name]).is_file() for name in ATTENTION_MAPS
        )

    def showOverlay(self, name: scene.Overlay | Literal[""]) -> None:
        """Show a map over the radiograph; "" hides the map that is shown."""
        node = self._overlayNode(name) if name else None
        self.overlay = name if node is not None else ""
        slicer.util.setSliceViewerLayers(
            foreground=node, foregroundOpacity=self.overlayOpacity if node is not None else 0.0
        )
        self._session.changed.emit()

    def setOverlayOpacity(self, opacity: float) -> None:
        """Set the opacity of the map that is shown and of the next ones, in [0, 1]."""
        self.overlayOpacity = opacity
        if self.overlay:
            slicer.util.setSliceViewerLayers(foregroundOpacity=opacity)

    def _overlayNode(self, name: scene.Overlay) -> slicer.vtkMRMLScalarVolumeNode | None:
        """Return the volume of a map; add it to the scene if it is missing; None if there is no such map."""
        volume, result = self.volume(), stored.storedResult(self._session.parameters)
        if volume is None or result is None:
            return None
        if name == "probability":
            node = self._session.parameters.probability
            if node is not None:
                scene.style_overlay(slicer.mrmlScene, node, name)  # a scene of an earlier version has other colors
            return node
        if not self.hasMaps():
            return None
        node = self._overlayNodes.get(name)
        if node is None or not slicer.mrmlScene.IsNodePresent(node):
            node = self._overlayNodes[name] = scene.show_overlay(slicer.mrmlScene, volume, result, name)
        return node

    @property
    def _display(self) -> slicer.vtkMRMLSegmentationDisplayNode | None:
        node = self._session.parameters.segmentation
        return None if node is None else node.GetDisplayNode()

    @property
    def outlinesVisible(self) -> bool:
        """Whether the outlines are shown in the views."""
        return self._display is None or bool(self._display.GetVisibility())

    def showOutlines(self, visible: bool) -> None:
        """Show or hide the outlines in the views."""
        if self._display is not None:
            self._display.SetVisibility(visible)
        self._session.changed.emit()

    @property
    def fillOpacity(self) -> float:
        """Opacity of the inside of the outlines, in [0, 1]."""
        return scene.FILL_OPACITY if self._display is None else float(self._display.GetOpacity2DFill())

    def setFillOpacity(self, opacity: float) -> None:
        """Set the opacity of the inside of the outlines, in [0, 1]."""
        if self._display is not None:
            self._display.SetOpacity2DFill(opacity)


def _isCorrected(node: slicer.vtkMRMLSegmentationNode) -> bool:
    """Whether the user has corrected any segment of a segmentation."""
    volume = scene.reference_volume(node)
    identifiers = node.GetSegmentation().GetSegmentIDs()
    return volume is not None and any(scene.is_corrected(node, identifier, volume) for identifier in identifiers)


def _removeNode(node: slicer.vtkMRMLDisplayableNode | None) -> None:
    """Remove a node with its display and storage nodes, which the scene would keep."""
    if node is None or not slicer.mrmlScene.IsNodePresent(node):
        return  # the user may have removed it
    displays = [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    storages = [node.GetNthStorageNode(index) for index in range(node.GetNumberOfStorageNodes())]
    for obsolete in (node, *displays, *storages):
        if obsolete is not None:
            slicer.mrmlScene.RemoveNode(obsolete)
