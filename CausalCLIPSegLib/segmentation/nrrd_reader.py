"""Read the segments of a .seg.nrrd, the segmentation file of 3D Slicer."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt
import slicerio

from CausalCLIPSegLib.colors import Color
from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph import limits, nrrd_file
from CausalCLIPSegLib.segmentation.checks import is_uid, one_line, reject_file
from CausalCLIPSegLib.segmentation.coding import algorithm_from_tags
from CausalCLIPSegLib.segmentation.nrrd_writer import REFERENCE_GEOMETRY
from CausalCLIPSegLib.segmentation.segmentation import LPS_TO_RAS, AlgorithmType, CodedSegment, new_uid
from CausalCLIPSegLib.segmentation.tags import ALGORITHM_TYPE_TAG, TRACKING_ID_TAG, TRACKING_UID_TAG
from CausalCLIPSegLib.terminology import CATEGORY, LUNG, OPACITY, Code

_MAX_SHIFT = 1e-3
"""Pixels by which coordinates may differ, because files round them."""
_DAMAGED = "The file is damaged, incomplete or not a .seg.nrrd of 3D Slicer."


def read_segments(path: Path, shape: tuple[int, int]) -> tuple[CodedSegment, ...]:
    """Read the segments of a .seg.nrrd that this program or 3D Slicer made on a radiograph.

    The segments are placed on the radiograph by row and column. Slicer crops labelmaps, and stores the offset of the
    cropped labels. Segments without codes are read as opacities of the lung.

    Args:
        path: the file.
        shape: rows and columns of the radiograph.

    Raises:
        SegmentationError: the file is missing, damaged, not a segmentation, of another size than the radiograph, or
            larger than the size limits; the technical cause is chained.
    """
    try:
        with silence_libraries():
            return _read_segments(path, shape)
    except SegmentationError:
        raise
    except Exception as error:  # slicerio, pynrrd and ITK raise different errors for damaged files
        raise SegmentationError(_DAMAGED) from error


def _read_segments(path: Path, shape: tuple[int, int]) -> tuple[CodedSegment, ...]:
    reject_file(path, ".seg.nrrd", limits.MAX_SEGMENTATION_BYTES)
    try:
        header, start = nrrd_file.read_header(path)
    except nrrd_file.NrrdError as error:
        raise SegmentationError(str(error)) from error
    layers, columns, rows = _read_layout(header)
    description = slicerio.read_segmentation(str(path), skip_voxels=True)
    fields_of_segments = description.get("segments") or []
    if not fields_of_segments:
        raise SegmentationError("This NRRD file holds no segments; it is a picture.")
    count = len(fields_of_segments)
    if count > limits.MAX_SEGMENTS or count * shape[0] * shape[1] > limits.MAX_MASK_PIXELS:
        raise SegmentationError("This .seg.nrrd holds more segments than a radiograph can have.")
    values = [(fields.get("layer", -1), fields.get("labelValue", 0)) for fields in fields_of_segments]
    if len(set(values)) < len(values) or not all(0 <= layer < layers and label for layer, label in values):
        raise SegmentationError("This .seg.nrrd contradicts itself about which values its segments have.")
    left, top = _offset(description, (rows, columns), shape)
    voxels = _voxels(path, start, header)
    cropped_masks = [voxels[..., layer] == label for layer, label in values]
    if sum(map(np.count_nonzero, cropped_masks)) != np.count_nonzero(voxels):
        raise SegmentationError("This .seg.nrrd outlines something that it does not describe.")
    segments = []
    for number, (fields, cropped) in enumerate(zip(fields_of_segments, cropped_masks, strict=True), 1):
        mask = np.zeros(shape, dtype=bool)
        mask[top : top + rows, left : left + columns] = cropped
        segments.append(_segment(fields, number, mask))
    return tuple(segments)


def _read_layout(header: dict[str, Any]) -> tuple[int, int, int]:
    """Return layers, columns and rows; reject a file that is not one slice of labels in one file."""
    if nrrd_file.encoding(header) not in {"raw", "gzip", "gz"}:
        raise SegmentationError("This .seg.nrrd stores its values in a way that 3D Slicer does not.")
    sizes = [int(size) for size in header["sizes"]]
    if len(sizes) not in {3, 4} or sizes[-1] != 1:
        raise SegmentationError("This .seg.nrrd does not belong to one picture.")
    layers, columns, rows = (sizes[0] if len(sizes) == 4 else 1), sizes[-3], sizes[-2]
    if max(rows, columns) > limits.MAX_SIDE or layers * rows * columns > limits.MAX_MASK_PIXELS:
        raise SegmentationError("This .seg.nrrd claims more pixels than any radiograph has; it is probably damaged.")
    return layers, columns, rows


def _offset(description: dict[str, Any], size: tuple[int, int], shape: tuple[int, int]) -> tuple[int, int]:
    """Return the column and row of the radiograph at which the labels begin.

    Args:
        description: of the file, as slicerio reads it.
        size: rows and columns of the labels.
        shape: rows and columns of the radiograph.

    Raises:
        SegmentationError: the labels lie on another grid.
    """
    left, top = (int(number) for number in (description.get("referenceImageExtentOffset") or (0, 0, 0))[:2])
    geometry = _reference_geometry(description)
    if geometry is None:
        if (left, top) != (0, 0) or size != shape:
            raise SegmentationError(_wrong_size(size[1], size[0], shape))
        return 0, 0
    affine, extent = geometry
    if extent[::2] != (0, 0, 0) or (extent[3] + 1, extent[1] + 1) != shape:
        raise SegmentationError(_wrong_size(extent[1] - extent[0] + 1, extent[3] - extent[2] + 1, shape))
    placed = np.linalg.solve(LPS_TO_RAS @ affine, description["ijkToLPS"])
    expected = np.eye(4)
    expected[:2, 3] = left, top
    fits = left >= 0 and left + size[1] <= shape[1] and top >= 0 and top + size[0] <= shape[0]
    if not (fits and np.abs(placed - expected).max() <= _MAX_SHIFT):
        raise SegmentationError("The outlines in this .seg.nrrd lie on another grid than the radiograph.")
    return left, top


def _reference_geometry(description: dict[str, Any]) -> tuple[npt.NDArray[np.float64], tuple[int, ...]] | None:
    """Return the grid of the radiograph as Slicer stores it: matrix (4 x 4, voxel to millimeters, RAS) and extent."""
    for parameter in description.get("conversionParameters") or []:
        if parameter.get("name") == REFERENCE_GEOMETRY and parameter["value"].strip():
            numbers = [float(number) for number in parameter["value"].rstrip(";").split(";")]
            return np.reshape(numbers[:16], (4, 4)), tuple(int(number) for number in numbers[16:])
    return None


def _wrong_size(columns: int, rows: int, shape: tuple[int, int]) -> str:
    return f"The outlines have {columns} x {rows} pixels, the radiograph has {shape[1]} x {shape[0]}."


def _voxels(path: Path, start: int, header: dict[str, Any]) -> npt.NDArray[np.integer]:
    """Return the labels, rows x columns x layers."""
    values, has_more = nrrd_file.read_values(path, header, start)
    if has_more or values.dtype.kind not in "iu":
        raise SegmentationError(_DAMAGED)
    labels = values[0]
    return labels if labels.ndim == 3 else labels[..., np.newaxis]


def _segment(fields: dict[str, Any], number: int, mask: npt.NDArray[np.bool_]) -> CodedSegment:
    """Return a segment from its fields, under slicerio's names."""
    tags = fields.get("tags") or {}
    terminology = fields.get("terminology") or {}
    algorithm_type = tags.get(ALGORITHM_TYPE_TAG, "MANUAL")
    if algorithm_type not in get_args(AlgorithmType):
        algorithm_type = "MANUAL"
    label = one_line(fields.get("name") or "") or f"Segment {number}"
    tracking_uid = tags.get(TRACKING_UID_TAG)
    type_ = _code(terminology.get("type"))
    return CodedSegment(
        label=label,
        mask=mask,
        category=_code(terminology.get("category")) or CATEGORY,
        type=type_ or OPACITY,
        region=_code(terminology.get("anatomicRegion")) or (LUNG if type_ is None else None),
        laterality=_code(terminology.get("anatomicRegionModifier")),
        algorithm_type=cast(AlgorithmType, algorithm_type),
        algorithm=None if algorithm_type == "MANUAL" else algorithm_from_tags(tags),
        tracking_id=tags.get(TRACKING_ID_TAG) or fields.get("id") or label,
        tracking_uid=tracking_uid if is_uid(tracking_uid) else new_uid(),
        color=_color(fields.get("color")),
    )


def _color(value: Any) -> Color | None:
    if not value or len(value) != 3 or not all(0 <= component <= 1 for component in value):
        return None
    return float(value[0]), float(value[1]), float(value[2])


def _code(triple: Any) -> Code | None:
    scheme, value, meaning = (*(triple or ()), "", "", "")[:3]
    return Code(value, scheme, meaning or value) if scheme and value else None
