"""result.json of a run, with the segments as they are now."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES

if TYPE_CHECKING:
    from CausalCLIPSegLib.export.report import ResultDocument
    from CausalCLIPSegLib.mask.presence import PlaceStatement
    from CausalCLIPSegLib.serve.runs import Run
    from CausalCLIPSegLib.serve.segments import RunSegment

CHANGED = (
    "A person has changed the outlines, so their differences from the note are not listed; the statements about "
    "places say what the network saw."
)
"""A warning in result.json."""


def result_document(run: Run) -> ResultDocument:
    """Return result.json of a run that is done; this loads its masks, so call it in a thread.

    Places are stated at the present threshold. An area that a person has accepted is a segment, and no longer listed
    in `not_in_note`. Once the outlines are not those of the network, `disagreements` is empty, and a warning says so.

    Raises:
        Refusal: the run is not done.
    """
    from CausalCLIPSegLib.export.report import (  # imports pydicom and SciPy
        CandidateDocument,
        CheckpointDocument,
        ResultDocument,
        ResultMap,
        SegmentDocument,
        SourceDocument,
        WordDocument,
        describe_place,
    )
    from CausalCLIPSegLib.mask.components import area_mm2, count_components

    result, radiograph = run.done(), run.radiograph
    understood, provenance = result["understood"], result["provenance"]
    exported = [each for each in run.segments.values() if each.is_exported and each.measured.components]
    assert run.threshold is not None, "the worker's answer has one"
    mask = _union(run, exported)
    viewer = dict(zip(understood["sides"], understood["sides_viewer"], strict=True))
    sides = [side for side in SIDES if side in understood["sides"]]
    changed = _is_changed(run, exported)
    accepted = {each.identifier for each in exported}
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
        warnings=[*result["warnings"], *([CHANGED] if changed else [])],
        disagreements=[] if changed else result["disagreements"],
        source=None if radiograph.source is None else SourceDocument(**radiograph.source),
        places=[describe_place(_state(each, run.threshold), radiograph.mirrored) for each in result["places"]],
        words=[WordDocument(**each) for each in result["words"]],
        maps=[ResultMap.model_validate(each) for each in result["maps"]],
        not_in_note=[
            CandidateDocument(**each, side_patient=each["side"])
            for each in result["not_in_note"]
            if each["id"] not in accepted
        ],
    )


def _is_changed(run: Run, exported: list[RunSegment]) -> bool:
    """Return whether the outlines are no longer those of the network."""
    result = run.done()
    return (
        run.threshold != result["threshold"]
        or {each.identifier for each in exported} != {each["id"] for each in result["segments"]}
        or any(each.is_corrected for each in exported)
    )


def _state(place: dict[str, Any], threshold: float) -> PlaceStatement:
    """Return the statement about a place at a threshold."""
    from CausalCLIPSegLib.mask.places import Place
    from CausalCLIPSegLib.mask.presence import PlaceStatement

    highest = place["highest_probability"]
    named = Place(place["side"], place["zone"])
    return PlaceStatement(named, highest >= threshold, highest, place["calibrated_probability"])


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
