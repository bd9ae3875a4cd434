"""Write segments as .seg.nrrd, the segmentation file of 3D Slicer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import slicerio

from CausalCLIPSegLib.bounding_box import bounding_box
from CausalCLIPSegLib.radiograph.orientation import AS_STORED, Turn
from CausalCLIPSegLib.segmentation.checks import one_line
from CausalCLIPSegLib.segmentation.coding import CHECKPOINT_HASH
from CausalCLIPSegLib.segmentation.segmentation import LPS_TO_RAS, CodedSegment
from CausalCLIPSegLib.segmentation.tags import (
    ALGORITHM_NAME_TAG,
    ALGORITHM_TYPE_TAG,
    CHECKPOINT_TAG,
    TRACKING_ID_TAG,
    TRACKING_UID_TAG,
    VERSION_TAG,
)
from CausalCLIPSegLib.terminology import CONTEXT_NAME, REGION_CONTEXT_NAME, Code

REFERENCE_GEOMETRY = "Reference image geometry"
"""Name of Slicer's conversion parameter for the grid on which the segments were made."""

_COMPRESSION = 3  # thrice as fast as the default of 9; a mask takes some ten kilobytes more
_UNKNOWN_COLOR = (0.5, 0.5, 0.5)


def write_segments(
    segments: Sequence[CodedSegment],
    shape: tuple[int, int],
    affine: npt.NDArray[np.float64],
    path: Path,
    turn: Turn = AS_STORED,
) -> None:
    """Write segments to `path`, whose name should end in `.seg.nrrd`.

    The file holds one slice on the grid of the stored image: voxel (column, row, 0). Segments that overlap go into
    separate layers. Of the parameters of an algorithm, only the hash of the weights is written, as a tag of each
    segment; the note is left out.

    Args:
        segments: with masks of rows x columns.
        shape: rows and columns of the radiograph.
        affine: 4 x 4, voxel (column, row, slice, 1) to millimeters, LPS.
        path: an existing file is replaced.
        turn: how the stored image became upright; see `Radiograph.turn`.

    Raises:
        OSError: the file cannot be written.
    """
    affine = affine @ np.linalg.inv(turn.to_stored(shape))
    rows, columns = shape[::-1] if turn.transposed else shape
    masks = [turn.stored(segment.mask) for segment in segments]
    box = bounding_box(np.logical_or.reduce(masks))  # slicerio looks at every pixel several times
    size = box[1].stop - box[1].start, box[0].stop - box[0].start, 1
    segmentation = slicerio.create_segmentation(size, affine)
    segmentation["containedRepresentationNames"] = ["Binary labelmap"]
    segmentation["conversionParameters"] = [_reference_geometry(affine, rows, columns)]
    for number, (segment, mask) in enumerate(zip(segments, masks, strict=True), 1):
        identifiers = {fields["id"] for fields in segmentation["segments"]}
        slicerio.add_segment(segmentation, mask[box].T[:, :, np.newaxis], _fields(segment, number, identifiers))
    _enlarge(segmentation, box, rows, columns)
    slicerio.write_segmentation(str(path), segmentation, compression_level=_COMPRESSION)


def _enlarge(segmentation: dict[str, Any], box: tuple[slice, slice], rows: int, columns: int) -> None:
    """Put the voxels of a box of the radiograph, which slicerio has filled, into the grid of the whole radiograph."""
    part = segmentation["voxels"]
    voxels = np.zeros((*part.shape[:-3], rows, columns, 1), part.dtype).swapaxes(-3, -2)
    voxels[..., box[1], box[0], :] = part
    segmentation["voxels"] = voxels
    for fields in segmentation["segments"]:
        first, last, top, bottom, *slices = fields["extent"]
        if first <= last:
            left, upper = box[1].start, box[0].start
            fields["extent"] = [first + left, last + left, top + upper, bottom + upper, *slices]


def _fields(segment: CodedSegment, number: int, identifiers: set[str]) -> dict[str, Any]:
    """Return a segment's fields under slicerio's names, with an identifier that is not among `identifiers`."""
    terminology: dict[str, Any] = {
        "contextName": CONTEXT_NAME,
        "category": _code_triple(segment.category),
        "type": _code_triple(segment.type),
        "anatomicContextName": REGION_CONTEXT_NAME,
    }
    if segment.region is not None:
        terminology["anatomicRegion"] = _code_triple(segment.region)
    if segment.laterality is not None:
        terminology["anatomicRegionModifier"] = _code_triple(segment.laterality)
    tags: dict[str, str] = {ALGORITHM_TYPE_TAG: segment.algorithm_type}
    if segment.algorithm is not None:
        tags[ALGORITHM_NAME_TAG] = _tag_value(segment.algorithm.name)
        tags[VERSION_TAG] = _tag_value(segment.algorithm.version)
        tags[CHECKPOINT_TAG] = _tag_value(segment.algorithm.parameters.get(CHECKPOINT_HASH, ""))
    identifier = _tag_value(segment.tracking_id)
    tags |= {TRACKING_ID_TAG: identifier, TRACKING_UID_TAG: segment.tracking_uid}
    return {
        "id": identifier if identifier and identifier not in identifiers else f"Segment_{number}",
        "name": _to_ascii(one_line(segment.label)) or f"Segment {number}",
        "nameAutoGenerated": False,
        "color": list(segment.color or _UNKNOWN_COLOR),
        "colorAutoGenerated": False,
        "terminology": terminology,
        "tags": {name: value for name, value in tags.items() if value},
    }


def _code_triple(code: Code) -> list[str]:
    return [_tag_value(code.scheme), _tag_value(code.value), _tag_value(code.meaning)]


def _tag_value(text: str) -> str:
    """Return text without the characters that separate values in a tag."""
    return _to_ascii("".join(" " if c in "|~^" else c for c in one_line(text)))


def _to_ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()  # an NRRD header holds only ASCII


def _reference_geometry(affine: npt.NDArray[np.float64], rows: int, columns: int) -> dict[str, str]:
    """Return the whole grid as Slicer stores it; Slicer crops a labelmap to its segments and would lose the rest."""
    numbers = [*map(float, (LPS_TO_RAS @ affine).flat), 0, columns - 1, 0, rows - 1, 0, 0]
    return {
        "name": REFERENCE_GEOMETRY,
        "value": "".join(f"{number};" for number in numbers),
        # Slicer reads only parameters that end in "&", and slicerio writes none after the last one.
        "description": "Grid of the radiograph.&",
    }
