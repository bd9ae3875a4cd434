"""The result in the scene: segments on the radiograph, their threshold and areas, and maps as overlays."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.maps import PROBABILITY
from CausalCLIPSegModule import parameters as stored
from CausalCLIPSegModule.messages import say, sayError
from CausalCLIPSegModule.session import Session
from CausalCLIPSegModule.worker_process import Event

_EARLIER_MAPS = ("causal_attention", "confounder_attention")
"""The maps of a worker that does not list them."""

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
        self._runWarnings: list[Event] = []
        self.warnings: list[str] = []
        self.overlay = ""
        self._overlayNodes: dict[str, slicer.vtkMRMLScalarVolumeNode] = {}
        self.overlayOpacity = 0.5
        self._isThresholding = False

    def attach(self) -> None:
        """Show the result that is saved with the scene."""
        parameters = self._session.parameters
        result = stored.storedResult(parameters) or {}
        self._runWarnings = list(result.get("run_warnings", ()))
        self._sayWarnings(result)
        self._session.views.resumeComparison(parameters.earlier, parameters.segmentation, parameters.candidates)
        self.refresh()

    def detach(self) -> None:
        """Forget the scene."""
        self._observe(None)
        self._reset()

    def refresh(self) -> None:
        """Follow the segmentation that the parameters name, which other modules may have changed or removed."""
        self._observe(self._session.parameters.segmentation)
        self.measure()

    def clearWarnings(self) -> None:
        """Forget the warnings of an earlier run."""
        self._runWarnings, self.warnings = [], []

    def addWarning(self, event: Event) -> None:
        """Show a "warning" event of a run."""
        self._runWarnings = [*self._runWarnings, event]
        self._sayWarnings({})

    def _sayWarnings(self, result: dict[str, Any]) -> None:
        """Show what the run warned of, and what the result warns of."""
        said = [*(say(event, "message") for event in self._runWarnings), *say(result, "warnings")]
        self.warnings = list(dict.fromkeys(said))

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
        output = self._output(volume)
        try:
            if output is not None:
                event = scene.make_room(output, volume, event)
            segmentation = scene.show_result(slicer.mrmlScene, volume, event, _("Findings"), output)
            candidates = scene.show_candidates(slicer.mrmlScene, volume, event, _("Not in the note"))
            probability = scene.show_overlay(slicer.mrmlScene, volume, event, "probability")
        except (OSError, ValueError) as error:
            logging.exception("A result cannot be shown")
            session.error = sayError(error)
            return
        earlier = parameters.segmentation
        replaced = [node for node in self._replacedBy(earlier) if node is not output]
        obsolete = [*replaced, *self._overlayNodes.values(), parameters.probability, parameters.candidates]
        self._store(event, origin, segmentation, probability, candidates)
        self.refresh()
        if self.overlay:
            self.showOverlay(self.overlay)  # that of the new result
        if parameters.compare and parameters.earlier is not None:
            session.views.compare(parameters.earlier, segmentation, volume, candidates)
        else:
            session.views.endComparison()
        provenance = event["provenance"]
        session.status = _("Done in {seconds:.1f} s by {checkpoint} on {device} ({engine}).").format(
            seconds=seconds,
            checkpoint=provenance["checkpoint"]["name"],
            device=", ".join(each for each in (provenance.get("server"), provenance["device"]) if each),
            engine=_ENGINES.get(provenance["engine"], provenance["engine"]),
        )
        if not event["segments"]:
            session.status = (
                _("Nothing reaches the threshold; a lower threshold may outline more.") + " " + session.status
            )
        elif earlier not in {None, output} and earlier not in replaced and not parameters.compare:
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
        candidates: slicer.vtkMRMLSegmentationNode | None,
    ) -> None:
        """Save a result with the scene."""
        parameters = self._session.parameters
        self._overlayNodes = {}
        self._sayWarnings(event)
        parameters.segmentation = segmentation
        parameters.probability = probability
        parameters.candidates = candidates
        parameters.threshold = stored.clampThreshold(event["threshold"])
        shown = {segment["id"] for segment in event["segments"]}
        others = [each for each in segmentation.GetSegmentation().GetSegmentIDs() if each not in shown]
        document = {**event, "run_warnings": self._runWarnings, "others": others, "asked": origin.reading}
        parameters.resultJson = json.dumps(document, ensure_ascii=False)
        stored.addToHistory(parameters, origin.reading["note"])

    def _replacedBy(self, current: slicer.vtkMRMLSegmentationNode | None) -> list[slicer.vtkMRMLSegmentationNode]:
        """Return the segmentations that a new result replaces; keep the current one if the user wants to compare."""
        parameters = self._session.parameters
        compared = parameters.earlier if parameters.earlier is not current else None
        candidates = [compared] if parameters.compare else [compared, current]
        parameters.earlier = current if parameters.compare else None
        return [node for node in candidates if node is not None and not _isCorrected(node)]

    def _output(self, volume: slicer.vtkMRMLVolumeNode) -> slicer.vtkMRMLSegmentationNode | None:
        """Return the segmentation that the user chose for the segments; None for a new one."""
        parameters = self._session.parameters
        output = None if parameters.compare else parameters.output  # two results need two segmentations
        return output if output is not None and canHold(output, volume) else None

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """The areas outside the places of the note that the user has not added (worker.protocol.CandidateDocument)."""
        parameters = self._session.parameters
        result = stored.storedResult(parameters)
        if result is None or parameters.candidates is None or parameters.segmentation is None:
            return []
        added = parameters.segmentation.GetSegmentation().GetSegmentIDs()
        return [candidate for candidate in result.get("not_in_note", ()) if candidate["id"] not in added]

    @property
    def places(self) -> list[dict[str, Any]]:
        """The places that the note names (worker.protocol.PlaceDocument), "present" at the current threshold."""
        result = stored.storedResult(self._session.parameters)
        if result is None:
            return []
        threshold = self._session.parameters.threshold
        moved = not stored.isSameThreshold(threshold, stored.clampThreshold(result["threshold"]))
        return [
            {**place, "present": place["highest_probability"] >= threshold} if moved else place
            for place in result.get("places", ())
        ]

    def addCandidate(self, identifier: str) -> None:
        """Add an area that is not in the note to the segments."""
        session, parameters, volume = self._session, self._session.parameters, self.volume()
        result = stored.storedResult(parameters)
        if result is None or volume is None or identifier not in {each["id"] for each in self.candidates}:
            return
        scene.add_candidate(parameters.candidates, parameters.segmentation, volume, result, identifier)
        segment = parameters.segmentation.GetSegmentation().GetSegment(identifier)
        session.status = _("Added: {name}.").format(name=segment.GetName())
        session.changed.emit()

    def _showCandidates(self) -> None:
        """Show the areas that the user has not added, while the outlines are shown."""
        node = self._session.parameters.candidates
        if node is None or node.GetDisplayNode() is None:
            return
        shown = {candidate["id"] for candidate in self.candidates}
        for identifier in node.GetSegmentation().GetSegmentIDs():
            node.GetDisplayNode().SetSegmentVisibility(identifier, identifier in shown)
        node.GetDisplayNode().SetVisibility(self.outlinesVisible)

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
            self.disagreements = say(result, "disagreements")
        self._showCandidates()

    def _isUnchanged(self, result: dict[str, Any]) -> bool:
        """Whether the segments are still those that the run returned, beside others that were there before."""
        now = [segment for segment in self.segments if segment["id"] not in result.get("others", ())]
        return (
            stored.isSameThreshold(self._session.parameters.threshold, stored.clampThreshold(result["threshold"]))
            and [segment["id"] for segment in now] == [segment["id"] for segment in result["segments"]]
            and not any(segment["corrected"] for segment in now)
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

    @property
    def maps(self) -> list[dict[str, Any]]:
        """The maps that can be shown besides the probability (worker.protocol.MapDocument), in the worker's order.

        They are not saved with the scene.
        """
        result = stored.storedResult(self._session.parameters)
        if result is None or self.volume() is None:
            return []
        maps = result.get("maps") or [{"name": name, "file": result[name]} for name in _EARLIER_MAPS]
        return [
            each
            for each in maps
            if each["name"] != PROBABILITY and (each["name"] in self._overlayNodes or Path(each["file"]).is_file())
        ]

    @property
    def heard(self) -> list[dict[str, Any]]:
        """The words that the network weighs, in the note (worker.protocol.HeardDocument); empty if it weighs none."""
        return (stored.storedResult(self._session.parameters) or {}).get("heard", [])

    def showOverlay(self, name: scene.Overlay) -> None:
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
        if name == PROBABILITY:
            node = self._session.parameters.probability
            if node is not None:
                scene.style_overlay(slicer.mrmlScene, node, name)  # a scene of an earlier version has other colors
            return node
        if name not in {each["name"] for each in self.maps}:
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
            self._showCandidates()
        self._session.changed.emit()

    @property
    def fillOpacity(self) -> float:
        """Opacity of the inside of the outlines, in [0, 1]."""
        return scene.FILL_OPACITY if self._display is None else float(self._display.GetOpacity2DFill())

    def setFillOpacity(self, opacity: float) -> None:
        """Set the opacity of the inside of the outlines, in [0, 1]."""
        if self._display is not None:
            self._display.SetOpacity2DFill(opacity)


def canHold(segmentation: slicer.vtkMRMLSegmentationNode, volume: slicer.vtkMRMLVolumeNode) -> bool:
    """Whether the segments of a radiograph can be added to a segmentation: it is of this radiograph, or empty."""
    reference = scene.reference_volume(segmentation)
    return reference is volume or (reference is None and segmentation.GetSegmentation().GetNumberOfSegments() == 0)


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
