"""Describe a segmentation for the worker's answer: measurements of `describe_result`, codes, and paths of masks."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CausalCLIPSegLib import terminology
from CausalCLIPSegLib.export.report import describe_result, result_warnings
from CausalCLIPSegLib.laterality import side_in_image
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.arrays import (
    CAUSAL_ATTENTION,
    CONFOUNDER_ATTENTION,
    PROBABILITY,
    map_name,
    mask_name,
)
from CausalCLIPSegLib.worker.jobs.notes import describe_note

if TYPE_CHECKING:
    from CausalCLIPSegLib.export.report import CandidateDocument, SegmentDocument
    from CausalCLIPSegLib.result import Segment, SegmentationResult


def describe_segmentation(
    identifier: str, result: SegmentationResult, possible: tuple[Segment, ...], folder: Path
) -> protocol.SegmentResult:
    """Return the answer to "segment".

    Args:
        identifier: the id of the request.
        result: what the segmenter returned.
        possible: the segments of a mask that covers both lungs.
        folder: holds the arrays of the result.
    """
    report, mirrored = describe_result(result), result.radiograph.mirrored
    rows, columns = result.radiograph.pixels.shape
    return protocol.SegmentResult(
        id=identifier,
        understood=describe_note(result.expression, result.prompt, result.laterality, mirrored),
        rows=rows,
        columns=columns,
        spacing=result.radiograph.spacing,
        mirrored=mirrored,
        segments=[
            protocol.SegmentDocument(
                **dict(_describe_segment(segment, mirrored)), **_measured(measured), mask=_mask(folder, segment)
            )
            for segment, measured in zip(result.segments, report.segments, strict=True)
        ],
        possible=[_describe_segment(segment, mirrored) for segment in possible],
        threshold=report.threshold,
        area_mm2=report.area_mm2,
        area_fraction=report.area_fraction,
        probability=folder / PROBABILITY,
        causal_attention=folder / CAUSAL_ATTENTION,
        confounder_attention=folder / CONFOUNDER_ATTENTION,
        provenance=protocol.Provenance(
            checkpoint=protocol.CheckpointUsed(**dict(report.checkpoint)),
            device=report.device,
            version=report.version,
            seconds=report.seconds,
            engine=report.engine,
            server=result.provenance.server,
        ),
        warnings=result_warnings(result),  # unlike the report's, they do not explain a missing DICOM-SEG
        disagreements=report.disagreements,
        sop_instance_uid=None if report.source is None else report.source.sop_instance_uid,
        places=[
            protocol.PlaceDocument(**each.model_dump(exclude={"side_patient"}), side=each.side_patient)
            for each in report.places
        ],
        not_in_note=[
            protocol.CandidateDocument(
                **dict(_describe_segment(candidate.segment, mirrored)),
                **_measured(measured),
                mask=_mask(folder, candidate.segment),
                **measured.model_dump(include={"place", "zones", "highest_probability", "denied", "sentence"}),
            )
            for candidate, measured in zip(result.candidates, report.not_in_note, strict=True)
        ],
        maps=[protocol.MapDocument(**each.model_dump(), file=folder / map_name(each.name)) for each in report.maps],
        words=[protocol.WordDocument(**each.model_dump()) for each in report.words],
        heard=[protocol.HeardDocument(**asdict(each)) for each in result.heard],
    )


def _measured(document: SegmentDocument | CandidateDocument) -> dict[str, Any]:
    return document.model_dump(include={"area_mm2", "area_fraction", "components"})


def _mask(folder: Path, segment: Segment) -> Path:
    return folder / mask_name(segment.identifier)


def _describe_segment(segment: Segment, mirrored: bool | None) -> protocol.PossibleSegment:
    return protocol.PossibleSegment(
        id=segment.identifier,
        name=segment.name,
        kind=segment.kind,
        side=segment.side,
        side_viewer=side_in_image(segment.side, mirrored),
        color=segment.color,
        terminology=protocol.Terminology(
            context=terminology.CONTEXT_NAME,
            category=_describe_code(terminology.CATEGORY),
            type=_describe_code(terminology.code_of(segment.kind)),
            region=_describe_code(terminology.region_of(segment.kind)),
            region_modifier=_describe_code(terminology.LATERALITY[segment.side]),
        ),
    )


def _describe_code(code: terminology.Code) -> protocol.CodeDocument:
    return protocol.CodeDocument(**asdict(code))
