"""A result as .seg.nrrd, the segmentation file that 3D Slicer opens with names, colours and terminology."""

from pathlib import Path

import numpy as np

from CausalCLIPSegLib.export.dicom_seg import algorithm_of, coded_segments
from CausalCLIPSegLib.result import SegmentationResult
from CausalCLIPSegLib.segmentation.nrrd import write_segments
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment
from CausalCLIPSegLib.terminology import CATEGORY, CONTEXT_NAME, LUNG, OPACITY

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
