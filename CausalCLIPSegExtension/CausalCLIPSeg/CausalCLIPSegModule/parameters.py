"""What the module saves with the scene, in its parameter node."""

from __future__ import annotations

import json
from typing import Annotated, Any

import slicer
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

MAX_HISTORY = 20
"""Maximum number of notes that a scene remembers."""

MIN_THRESHOLD, MAX_THRESHOLD = 0.01, 0.99
"""Range of the slider."""


@parameterNodeWrapper
class Parameters:
    """Parameters of a scene.

    Attributes:
        image: the radiograph.
        note: as the user typed it.
        segmentation: the result, which the user may correct.
        earlier: the result that was kept for comparison.
        output: the segmentation that gets the next result; None for a new one.
        candidates: the areas of the result that are not in the note, until the user adds them.
        probability: the probability map, to which the threshold is applied.
        threshold: in (0, 1).
        side: "", "right", "left" or "both"; "" takes the side from the note.
        mirrored: "", "no" or "yes"; "" takes the orientation from the header of the radiograph.
        laterality: whose left and right the note means, "patient" or "viewer".
        device: "auto", "cpu" or "cuda".
        checkpoint: name of the checkpoint.
        compare: keep the current result beside the next one.
        historyJson: the notes that were run, newest first.
        resultJson: what the worker returned for the segmentation (worker.protocol.SegmentResult), and under "asked"
            how the note was read. The files that it names are deleted when the scene is closed.
    """

    image: slicer.vtkMRMLVolumeNode
    note: str
    segmentation: slicer.vtkMRMLSegmentationNode
    earlier: slicer.vtkMRMLSegmentationNode
    output: slicer.vtkMRMLSegmentationNode
    candidates: slicer.vtkMRMLSegmentationNode
    probability: slicer.vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(MIN_THRESHOLD, MAX_THRESHOLD)] = 0.5
    side: str
    mirrored: str
    laterality: str = "patient"
    device: str = "auto"
    checkpoint: str = "default"
    compare: bool = False
    historyJson: str = "[]"
    resultJson: str = ""


def history(parameters: Parameters) -> list[str]:
    """Return the notes that were run, newest first; empty if the stored value is invalid."""
    try:
        notes = json.loads(parameters.historyJson)
    except ValueError:
        return []
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []


def addToHistory(parameters: Parameters, note: str) -> None:
    """Put a note at the front of the history, without duplicates."""
    notes = [note, *(other for other in history(parameters) if other != note)]
    parameters.historyJson = json.dumps(notes[:MAX_HISTORY], ensure_ascii=False)


def storedResult(parameters: Parameters) -> dict[str, Any] | None:
    """Return what the worker returned for the segmentation; None if nothing valid is stored."""
    try:
        document = json.loads(parameters.resultJson or "null")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def clampThreshold(threshold: float) -> float:
    """Return the nearest threshold that the slider can show."""
    return min(MAX_THRESHOLD, max(MIN_THRESHOLD, threshold))


def isSameThreshold(first: float, second: float) -> bool:
    """Whether two thresholds are equal, up to what the slider rounds off."""
    return abs(first - second) < 1e-6
