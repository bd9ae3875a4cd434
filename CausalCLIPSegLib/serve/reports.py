"""result.json of a run, with the segments as they are now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES

if TYPE_CHECKING:
    from CausalCLIPSegLib.export.report import ResultDocument
    from CausalCLIPSegLib.serve.runs import Run
    from CausalCLIPSegLib.serve.segments import RunSegment

CORRECTED = (
    "A person has corrected the outlines; the statements about places and the differences from the note are about the "
    "outlines of the network."
)


def result_document(run: Run) -> ResultDocument:
    """Return result.json of a run that is done; this loads its masks, so call it in a thread.

    Raises:
        Refusal: the run is not done.
    """
    from CausalCLIPSegLib.export.report import (  # imports pydicom and SciPy
        CandidateDocument,
        CheckpointDocument,
        PlaceDocument,
        ResultDocument,
        ResultMap,
        SegmentDocument,
        SourceDocument,
        WordDocument,
    )
    from CausalCLIPSegLib.mask.components import area_mm2, count_components

    result, radiograph = run.done(), run.radiograph
    understood, provenance = result["understood"], result["provenance"]
    exported = [each for each in run.segments.values() if each.is_exported and each.measured.components]
    assert run.threshold is not None, "the worker's answer has one"
    mask = _union(run, exported)
    viewer = dict(zip(understood["sides"], understood["sides_viewer"], strict=True))
    sides = [side for side in SIDES if side in understood["sides"]]
    warnings = [*result["warnings"], *([CORRECTED] if run.revision else [])]
    return ResultDocument(
        note=run.note,
        prompt=understood["prompt"],
        laterality=understood["prompt_laterality"],
        sides=sides,
        sides_viewer=[viewer[side] for side in sides],
        zones=understood["zones"],
        checkpoint=CheckpointDocument(**provenance["checkpoint"]),
        device=provenance["device"],
        engine=provenance["engine"],
        threshold=run.threshold,
        area_mm2=area_mm2(mask, radiograph.spacing),
        area_fraction=float(mask.mean()),
        components=count_components(mask),
        segments=[SegmentDocument.model_validate(_describe(each)) for each in exported],
        files=[],
        seconds=provenance["seconds"],
        version=provenance["version"],
        warnings=warnings,
        disagreements=result["disagreements"],
        source=None if radiograph.source is None else SourceDocument(**radiograph.source),
        places=[PlaceDocument(**_with_patient_side(each)) for each in result["places"]],
        words=[WordDocument(**each) for each in result["words"]],
        maps=[ResultMap.model_validate(each) for each in result["maps"]],
        not_in_note=[CandidateDocument(**_with_patient_side(each)) for each in result["not_in_note"]],
    )


def _describe(segment: RunSegment) -> dict[str, Any]:
    return {
        "id": segment.identifier,
        "name": segment.name,
        "side_patient": segment.side,
        "side_viewer": segment.side_viewer,
        **asdict(segment.measured),
    }


def _union(run: Run, segments: list[RunSegment]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(run.shape, dtype=bool)
    for segment in segments:
        assert segment.mask is not None, "it was measured"
        mask |= np.load(segment.mask)
    return mask


def _with_patient_side(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "side_patient": document["side"]}
