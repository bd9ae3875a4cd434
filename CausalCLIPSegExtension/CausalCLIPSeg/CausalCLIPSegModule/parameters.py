"""What the module remembers with the scene, in its parameter node."""

from __future__ import annotations

import json
from typing import Annotated, Any

import slicer
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper

LONGEST_HISTORY = 20
"""Notes that a scene remembers."""


@parameterNodeWrapper
class Parameters:
    """Parameters of a scene.

    Attributes:
        image: the film.
        note: as it was typed.
        segmentation: the result; a correction changes it.
        earlier: the result that was kept for comparison.
        probability: the map that the threshold parts, saved with the scene.
        threshold: in (0, 1).
        side: "", "right", "left" or "both"; "" is what the note says.
        mirrored: "", "no" or "yes"; "" is what the film's header says.
        laterality: whose left and right the note means.
        device: "auto", "cpu" or "cuda".
        checkpoint: its name.
        compare: the next result is a second segmentation.
        historyJson: the notes that were run, the newest first.
        resultJson: the worker's answer to the run that made the segmentation: note, sentence, provenance, areas. Its
            files are gone when the session is.
    """

    image: slicer.vtkMRMLVolumeNode
    note: str
    segmentation: slicer.vtkMRMLSegmentationNode
    earlier: slicer.vtkMRMLSegmentationNode
    probability: slicer.vtkMRMLScalarVolumeNode
    threshold: Annotated[float, WithinRange(0.01, 0.99)] = 0.5
    side: str
    mirrored: str
    laterality: str = "patient"
    device: str = "auto"
    checkpoint: str = "default"
    compare: bool = False
    historyJson: str = "[]"
    resultJson: str = ""


def history(parameters: Any) -> list[str]:
    """Return the notes that were run, the newest first; what cannot be read is none."""
    try:
        notes = json.loads(parameters.historyJson)
    except ValueError:
        return []
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []


def remember(parameters: Any, note: str) -> None:
    """Put a note at the front of the history, once."""
    notes = [note, *(one for one in history(parameters) if one != note)]
    parameters.historyJson = json.dumps(notes[:LONGEST_HISTORY], ensure_ascii=False)


def result(parameters: Any) -> dict[str, Any] | None:
    """Return what the worker said of the run that made the segmentation, None where there is none."""
    try:
        found = json.loads(parameters.resultJson or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
