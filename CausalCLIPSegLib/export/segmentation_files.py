"""Write a result as DICOM-SEG or .seg.nrrd: its segments with their codes and provenance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom import Dataset

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.result import SegmentationResult
from CausalCLIPSegLib.segmentation.coding import code_segment, network_algorithm
from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, CodedSegment, Segmentation
from CausalCLIPSegLib.segmentation.source_image import (
    image_uid,
    missing_segmentation_reason,
    new_segmentation,
    unsupported_reason,
)
from CausalCLIPSegLib.terminology import CATEGORY, DEFAULT_KIND, LUNG, OPACITY, code_of

EMPTY_SEGMENT_ID = "finding"
"""Identifier of the single, empty segment in the .seg.nrrd of a result without segments."""

_EMPTY_SEGMENT_NAME = "Finding (nothing outlined)"
_EMPTY_SEGMENT_COLOR = (0.902, 0.624, 0.0)


def missing_dicom_seg_reason(result: SegmentationResult) -> str | None:
    """Return in one sentence why no DICOM-SEG of a result can be written; None if one can."""
    return missing_segmentation_reason(result.radiograph.header, result.segments)


def segmentation_of(result: SegmentationResult, *, with_note: bool = True) -> Segmentation:
    """Return the segments of a result with their codes and provenance.

    Args:
        result: of a DICOM radiograph.
        with_note: include the note.

    Raises:
        SegmentationError: no segmentation can refer to the radiograph.
    """
    return new_segmentation(_coded_segments(result, with_note=with_note), _header(result))


def _coded_segments(result: SegmentationResult, *, with_note: bool) -> tuple[CodedSegment, ...]:
    """Return the segments of a result with their codes and provenance, for a radiograph in any format."""
    algorithm = _algorithm(result, with_note=with_note)
    return tuple(
        code_segment(
            identifier=segment.identifier,
            name=segment.name,
            side=segment.side,
            kind=segment.kind,
            color=segment.color,
            mask=segment.mask,
            algorithm_type="AUTOMATIC",
            algorithm=algorithm,
            image_uid=image_uid(result.radiograph.header),
        )
        for segment in result.segments
    )


def _algorithm(result: SegmentationResult, *, with_note: bool) -> Algorithm:
    """Describe the network that drew the segments of a result, with or without the note."""
    provenance = result.provenance
    return network_algorithm(
        checkpoint_name=provenance.checkpoint_name,
        checkpoint_version=provenance.checkpoint_version,
        checkpoint_sha256=provenance.checkpoint_sha256,
        program_version=provenance.version,
        threshold=result.threshold,
        prompt=result.prompt,
        laterality=result.laterality,
        architecture=provenance.architecture,
        note=result.note if with_note else None,
    )


def write_dicom_seg(result: SegmentationResult, path: Path, *, with_note: bool = True) -> None:
    """Write the segments of a result to `path`; an existing file is replaced.

    Raises:
        SegmentationError: the result has no DICOM-SEG (see `missing_dicom_seg_reason`).
        OSError: the file cannot be written.
    """
    from CausalCLIPSegLib.segmentation.dicom_writer import encode, save  # highdicom is slow to import

    save(encode(segmentation_of(result, with_note=with_note), _header(result)), path)


def write_dicom_probability(result: SegmentationResult, path: Path, *, with_note: bool = True) -> None:
    """Write the probability map of a result to `path` as a FRACTIONAL object, which few viewers read.

    Raises:
        SegmentationError: no segmentation can refer to the radiograph.
        OSError: the file cannot be written.
    """
    from CausalCLIPSegLib.segmentation.dicom_writer import encode_probability, save

    segment = CodedSegment(
        label="Probability of a finding",
        mask=np.zeros((0, 0), dtype=bool),
        category=CATEGORY,
        type=code_of(DEFAULT_KIND),
        region=LUNG,
        algorithm_type="AUTOMATIC",
        algorithm=_algorithm(result, with_note=with_note),
        tracking_id="probability",
    )
    header = _header(result)
    save(encode_probability(new_segmentation((segment,), header), header, result.probability), path)


def write_seg_nrrd(result: SegmentationResult, path: Path) -> None:
    """Write the segments of `result` to `path`, whose name should end in `.seg.nrrd`.

    The file holds one slice on the radiograph's grid: voxel (column, row, 0), placed by the radiograph's affine (mm,
    LPS), so it lies on the volume that Slicer loads. Segments that overlap go into separate layers. A result without
    segments gives one empty segment, so that Slicer has something to show and to paint into.

    The note is left out, because .seg.nrrd files are shared. The hash of the checkpoint is a tag of each segment.

    Args:
        result: masks are bool, rows x columns of the radiograph.
        path: an existing file is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    rows, columns = result.radiograph.pixels.shape
    segments = _coded_segments(result, with_note=False)
    if not segments:
        segments = (empty_segment((rows, columns), _algorithm(result, with_note=False)),)
    write_segments(segments, (rows, columns), result.radiograph.affine, path, result.radiograph.turn)


def empty_segment(shape: tuple[int, int], algorithm: Algorithm) -> CodedSegment:
    """Return the empty segment for the .seg.nrrd of a result without segments.

    Args:
        shape: rows and columns of the radiograph.
        algorithm: the network, which found nothing.
    """
    return CodedSegment(
        label=_EMPTY_SEGMENT_NAME,
        mask=np.zeros(shape, dtype=bool),
        category=CATEGORY,
        type=OPACITY,
        region=LUNG,
        algorithm_type="AUTOMATIC",
        algorithm=algorithm,
        tracking_id=EMPTY_SEGMENT_ID,
        color=_EMPTY_SEGMENT_COLOR,
    )


def _header(result: SegmentationResult) -> Dataset:
    """Return the DICOM header of the radiograph; raise SegmentationError if it is not a DICOM file."""
    header = result.radiograph.header
    if header is None:
        raise SegmentationError(unsupported_reason(None) or "")
    return header
