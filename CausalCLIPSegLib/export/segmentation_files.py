"""A result as DICOM-SEG: which segments, codes and provenance go into the file that an archive keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.result import Segment, SegmentationResult
from CausalCLIPSegLib.segmentation.nrrd import write_segments
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, CodedSegment, Segmentation, derived_uid, new_uid
from CausalCLIPSegLib.segmentation.source_image import reference_to, unsupported_reason
from CausalCLIPSegLib.terminology import CATEGORY, CONTEXT_NAME, DEFAULT_KIND, LATERALITY, LUNG, OPACITY, code_of

NAME = "CausalCLIPSeg"


def missing_dicom_seg_reason(result: SegmentationResult) -> str | None:
    """Return in one sentence why there is no DICOM-SEG of a result; None where there is one.

    A result that outlines nothing gives none: an object must have a segment, and an empty one is shown by viewers as
    if something had been found.
    """
    if fault := unsupported_reason(result.radiograph.header):
        return fault
    return None if result.segments else "Nothing is outlined, so no DICOM-SEG is written."


def segmentation_of(result: SegmentationResult, *, with_note: bool = True) -> Segmentation:
    """Return the segments of a result with their codes and what they were made with.

    Args:
        result: of a DICOM film.
        with_note: let the user's words go along with the file.

    Raises:
        SegmentationError: the film cannot be referred to.
    """
    return _segmentation(result, coded_segments(result, with_note=with_note))


def coded_segments(result: SegmentationResult, *, with_note: bool) -> tuple[CodedSegment, ...]:
    """Return the segments of a result, of any kind of film, with their codes and what they were made with."""
    algorithm = algorithm_of(result, with_note=with_note)
    return tuple(_segment(part, algorithm, result) for part in result.segments)


def write_dicom_seg(result: SegmentationResult, path: Path, *, with_note: bool = True) -> None:
    """Write the outlines of a result to `path`, which is replaced where it exists.

    Raises:
        SegmentationError: there is none of this result (see `missing_dicom_seg_reason`).
        OSError: the file cannot be written.
    """
    from CausalCLIPSegLib.segmentation.dicom_writer import encode, save  # highdicom takes its time to import

    save(encode(segmentation_of(result, with_note=with_note), _header(result)), path)


def write_dicom_probability(result: SegmentationResult, path: Path, *, with_note: bool = True) -> None:
    """Write the probability of a result to `path` as a FRACTIONAL object, which few viewers read.

    Raises:
        SegmentationError: the film cannot be referred to.
        OSError: the file cannot be written.
    """
    from CausalCLIPSegLib.segmentation.dicom_writer import encode_probability, save

    whole = CodedSegment(
        label="Probability of a finding",
        mask=np.zeros((0, 0), dtype=bool),
        category=CATEGORY,
        type=code_of(DEFAULT_KIND),
        region=LUNG,
        algorithm_type="AUTOMATIC",
        algorithm=algorithm_of(result, with_note=with_note),
        tracking_id="probability",
    )
    save(encode_probability(_segmentation(result, (whole,)), _header(result), result.probability), path)


def _header(result: SegmentationResult) -> Dataset:
    header = result.radiograph.header
    if header is None:
        raise SegmentationError(unsupported_reason(None) or "")
    return header


def _segmentation(result: SegmentationResult, segments: tuple[CodedSegment, ...]) -> Segmentation:
    header = _header(result)
    return Segmentation(
        segments=segments, source=reference_to(header), study_instance_uid=str(header.StudyInstanceUID)
    )


def _segment(segment: Segment, algorithm: Algorithm, result: SegmentationResult) -> CodedSegment:
    return CodedSegment(
        label=segment.name,
        mask=segment.mask,
        category=CATEGORY,
        type=code_of(segment.kind),
        region=LUNG,
        laterality=LATERALITY[segment.side],
        algorithm_type="AUTOMATIC",
        algorithm=algorithm,
        tracking_id=segment.identifier,
        tracking_uid=_tracking_uid(segment, result),
        color=segment.color,
    )


def _tracking_uid(segment: Segment, result: SegmentationResult) -> str:
    """Return the same identifier for the same finding on the same film by the same weights, after every run.

    It is derived from the film's UID, the hash of the weights and the segment's identifier: what another checkpoint
    outlines is another thing to follow. Without a UID of the film it is a new one.
    """
    header = result.radiograph.header
    film = None if header is None else header.get("SOPInstanceUID")
    return derived_uid(str(film), result.provenance.checkpoint_sha256, segment.identifier) if film else new_uid()


def algorithm_of(result: SegmentationResult, *, with_note: bool) -> Algorithm:
    """Return what a result was made with, with the user's words or without.

    The version is that of the weights, which decide what is outlined; the program's stands in the parameters.
    """
    provenance = result.provenance
    parameters = {
        "checkpoint": provenance.checkpoint_name,
        "checkpoint_sha256": provenance.checkpoint_sha256,
        "program_version": provenance.version,
        "threshold": f"{result.threshold:g}",
        "sentence": result.prompt,
        "sentence_laterality": result.laterality,
    }
    if with_note:
        parameters["note"] = result.note.encode("utf-8", "replace").decode()
    return Algorithm(NAME, provenance.checkpoint_version, provenance.checkpoint_name, parameters)


TERMINOLOGY_CONTEXT = CONTEXT_NAME

EMPTY_SEGMENT_ID = "finding"
"""Identifier of the one, empty segment in the file of a result that outlines nothing."""

_EMPTY_SEGMENT_NAME = "Finding (nothing outlined)"
_EMPTY_SEGMENT_COLOR = (0.902, 0.624, 0.0)


def write_seg_nrrd(result: SegmentationResult, path: Path) -> None:
    """Write the segments of `result` to `path`, whose name should end in `.seg.nrrd`.

    The file holds one slice on the radiograph's grid: voxel (column, row, 0), placed by the radiograph's affine (mm,
    LPS), so that it lies on the film that Slicer loads. Segments that overlap go into layers of their own. A result
    that outlines nothing gives one empty segment, so that Slicer has something to show and to paint into.

    The note is left out, because the file travels; the hash of the checkpoint goes along as a tag of each segment.

    Args:
        result: masks are bool, rows x columns of the radiograph.
        path: a file that exists is overwritten.

    Raises:
        OSError: the file cannot be written.
    """
    rows, columns = result.radiograph.pixels.shape
    segments = coded_segments(result, with_note=False) or (_empty_segment(result),)
    write_segments(segments, (rows, columns), result.radiograph.affine, path)


def _empty_segment(result: SegmentationResult) -> CodedSegment:
    return CodedSegment(
        label=_EMPTY_SEGMENT_NAME,
        mask=np.zeros(result.radiograph.pixels.shape, dtype=bool),
        category=CATEGORY,
        type=OPACITY,
        region=LUNG,
        algorithm_type="AUTOMATIC",
        algorithm=algorithm_of(result, with_note=False),
        tracking_id=EMPTY_SEGMENT_ID,
        color=_EMPTY_SEGMENT_COLOR,
    )
