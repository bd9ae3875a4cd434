"""A result as DICOM-SEG: which segments, codes and provenance go into the file that an archive keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.result import Segment, SegmentationResult
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, CodedSegment, Segmentation, derived_uid, new_uid
from CausalCLIPSegLib.segmentation.source_image import find_fault, reference_to
from CausalCLIPSegLib.terminology import CATEGORY, DEFAULT_KIND, LATERALITY, LUNG, code_of

NAME = "CausalCLIPSeg"


def why_not(result: SegmentationResult) -> str | None:
    """Return in one sentence why there is no DICOM-SEG of a result; None where there is one.

    A result that outlines nothing gives none: an object must have a segment, and an empty one is shown by viewers as
    if something had been found.
    """
    if fault := find_fault(result.radiograph.header):
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
        SegmentationError: there is none of this result (see `why_not`).
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
        raise SegmentationError(find_fault(None) or "")
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
