"""Read the segmentation of one radiograph from a DICOM object, whoever wrote it."""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast, get_args

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, Sequence, uid
from pydicom.filereader import read_dataset

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph import dicom_geometry, limits
from CausalCLIPSegLib.segmentation.segmentation import (
    Algorithm,
    AlgorithmType,
    CodedSegment,
    Color,
    ImageReference,
    Segmentation,
    derived_uid,
)
from CausalCLIPSegLib.segmentation.source_image import is_uid, one_line, reject_file
from CausalCLIPSegLib.terminology import Code

_DAMAGED = "The file is damaged, incomplete or no DICOM-SEG."
_DAMAGED_PIXELS = "The outlines in this DICOM-SEG are damaged or do not fit its header."
_LABEL_MAP = uid.UID("1.2.840.10008.5.1.4.1.1.66.7")  # newer than pydicom's dictionary
_NATIVE = frozenset({uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian})
_FRAME_OWNER = "SegmentIdentificationSequence"
_ITEM = b"\xfe\xff\x00\xe0"
_PIXELS = 0x7FE00008  # Pixel Data and its two relatives of floating point numbers
_PIXELS_IN_FILE = b"\xe0\x7f\x10\x00"


def read_dicom_seg(path: str | Path) -> Segmentation:
    """Read the outlines of one radiograph: BINARY or LABELMAP, without compression.

    Nothing is built of a file before its size, its header's and that of its masks are known to be small enough.

    Raises:
        SegmentationError: the file is missing, damaged, no DICOM-SEG, holds probabilities, speaks of several pictures,
            or is larger than the outlines of a radiograph can be; the technical cause is chained.
    """
    path = Path(path)
    try:
        with silence_libraries():
            reject_file(path, "DICOM-SEG", limits.MAX_SEGMENTATION_BYTES)
            with path.open("rb") as file:
                header, start = _read_header(file)
                grid = _grid(header)
                owners = _frame_owners(header, grid)
                numbers = _segment_numbers(header, owners)
                file.seek(start)
                stored = _stored_values(file, grid, implicit=header.original_encoding[0] is True)
            return _segmentation(header, _masks(stored, numbers, owners, header))
    except SegmentationError:
        raise
    except Exception as error:  # a damaged header makes pydicom raise whatever comes to hand
        raise SegmentationError(_DAMAGED) from error


# -- refusing ---------------------------------------------------------------------------------------------------------


class _Grid(NamedTuple):
    """How the pixels are stored, as far as the header tells."""

    binary: bool
    frames: int
    rows: int
    columns: int
    bits: int


def _read_header(file: BinaryIO) -> tuple[Dataset, int]:
    """Return the header, none of its values converted yet, and where the pixels begin."""
    head = file.read(limits.MAX_SEGMENTATION_HEADER_BYTES)
    if head[128:132] != b"DICM":
        raise SegmentationError("The file is no DICOM file, or its beginning is missing.")
    if head.count(_ITEM) > limits.MAX_SEGMENTATION_ITEMS:
        raise SegmentationError("The header of this DICOM file is longer than that of a radiograph's outlines.")
    buffer = io.BytesIO(head)
    buffer.seek(132)
    meta = read_dataset(buffer, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    syntax = _text(meta, "TransferSyntaxUID")
    kind = _text(meta, "MediaStorageSOPClassUID")
    if syntax not in _NATIVE:
        _refuse_other_objects(kind)
        raise SegmentationError("The outlines in this DICOM-SEG are compressed, or stored in a way that is not read.")
    header = read_dataset(
        buffer, syntax == uid.ImplicitVRLittleEndian, True, stop_when=lambda tag, vr, length: tag >= _PIXELS
    )
    _refuse_other_objects(_text(header, "SOPClassUID") or kind)
    start = buffer.tell()
    if head[start : start + 4] != _PIXELS_IN_FILE:
        raise SegmentationError("This DICOM-SEG holds no outlines, or its header is damaged.")
    return header, start


def _refuse_other_objects(sop_class: str) -> None:
    kind = uid.UID(sop_class)
    if kind not in {uid.SegmentationStorage, _LABEL_MAP}:
        holds = f'"{kind.name.removesuffix(" Storage")}"' if kind.name != kind else "another kind of object"
        raise SegmentationError(f"This DICOM file holds {holds}, no segmentation.")


def _grid(header: Dataset) -> _Grid:
    """Return how the pixels are stored; refuse what are no outlines of one radiograph."""
    kind = _text(header, "SegmentationType")
    if kind == "FRACTIONAL":
        raise SegmentationError("This DICOM-SEG holds probabilities, no outlines.")
    numbers = (_count(header, keyword) for keyword in ("NumberOfFrames", "Rows", "Columns", "BitsAllocated"))
    grid = _Grid(kind == "BINARY", *numbers)
    if grid.binary != (_text(header, "SOPClassUID") == uid.SegmentationStorage) or not _fits_type(header, grid):
        raise SegmentationError("The header of this DICOM-SEG contradicts itself about how its outlines are stored.")
    if min(grid.frames, grid.rows, grid.columns) < 1:
        raise SegmentationError("This DICOM-SEG holds no outlines.")
    if max(grid.rows, grid.columns) > limits.MAX_SIDE or grid.rows * grid.columns > limits.MAX_PIXELS:
        raise SegmentationError("This DICOM-SEG claims more pixels than any radiograph has; it is probably damaged.")
    segments = len(_items(header, "SegmentSequence"))
    if not segments:
        raise SegmentationError("This DICOM-SEG describes no segment.")
    if segments > limits.MAX_SEGMENTS or segments * grid.rows * grid.columns > limits.MAX_MASK_PIXELS:
        raise SegmentationError("This DICOM-SEG holds more segments than the outlines of a radiograph.")
    if grid.frames > (segments if grid.binary else 1):
        raise SegmentationError("This DICOM-SEG speaks of several pictures, not of one radiograph.")
    return grid


def _fits_type(header: Dataset, grid: _Grid) -> bool:
    return (
        (grid.bits, _count(header, "BitsStored")) in ({(1, 1)} if grid.binary else {(8, 8), (16, 16)})
        and _count(header, "SamplesPerPixel") == 1
        and _count(header, "PixelRepresentation") == 0
    )


# -- masks ------------------------------------------------------------------------------------------------------------


def _stored_values(file: BinaryIO, grid: _Grid, *, implicit: bool) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the stored values, frames x rows x columns; the file is at the element that holds them.

    pydicom is not asked: it would read all that follows, and the values are either bits or whole numbers.
    """
    said = struct.unpack("<4xI" if implicit else "<8xI", file.read(8 if implicit else 12))[0]
    values = grid.frames * grid.rows * grid.columns
    length = math.ceil(values * grid.bits / 8)
    data = file.read(length)
    if said not in {length, length + length % 2} or len(data) < length:
        raise SegmentationError(_DAMAGED_PIXELS)
    if grid.binary:
        flat = np.unpackbits(np.frombuffer(data, np.uint8), count=values, bitorder="little")
    else:
        flat = np.frombuffer(data, "<u2" if grid.bits == 16 else np.uint8)
    return flat.reshape(grid.frames, grid.rows, grid.columns)


def _frame_owners(header: Dataset, grid: _Grid) -> list[int]:
    """Return the number of the segment that each frame of a BINARY object belongs to; empty for a LABELMAP."""
    if not grid.binary:
        return []
    shared = _items(header, "SharedFunctionalGroupsSequence") or [Dataset()]
    each = _items(header, "PerFrameFunctionalGroupsSequence")
    if len(each) != grid.frames:
        raise SegmentationError(_DAMAGED_PIXELS)
    owners = []
    for item in each:
        groups = _items(item, _FRAME_OWNER) or _items(shared[0], _FRAME_OWNER)
        if not groups:
            raise SegmentationError("This DICOM-SEG does not say which segment an outline belongs to.")
        owners.append(_count(groups[0], "ReferencedSegmentNumber"))
    if len(set(owners)) < len(owners):
        raise SegmentationError("This DICOM-SEG speaks of several pictures, not of one radiograph.")
    return owners


def _segment_numbers(header: Dataset, owners: list[int]) -> list[int]:
    """Return the numbers of the segments in the order in which they are described."""
    numbers = [_count(item, "SegmentNumber") for item in _items(header, "SegmentSequence")]
    if len(set(numbers)) < len(numbers) or min(numbers) < 0 or not set(owners) <= set(numbers):
        raise SegmentationError("The segments in this DICOM-SEG are numbered in a way that contradicts itself.")
    return numbers


def _masks(
    stored: npt.NDArray[np.uint8 | np.uint16], numbers: list[int], owners: list[int], header: Dataset
) -> dict[int, npt.NDArray[np.bool_]]:
    """Return the mask of each segment by its number; a segment without a frame has an empty one."""
    if owners:
        nothing = np.zeros(stored.shape[1:], dtype=bool)
        return {n: stored[owners.index(n)].view(bool) if n in owners else nothing.copy() for n in numbers}
    background = _count(header, "PixelPaddingValue")
    masks = {number: stored[0] == number for number in numbers if number != background}
    if not masks:
        raise SegmentationError("This DICOM-SEG describes no segment.")
    if sum(map(np.count_nonzero, masks.values())) != np.count_nonzero(stored[0] != background):
        raise SegmentationError("This DICOM-SEG outlines something that it does not describe.")
    return masks


# -- what the header says ---------------------------------------------------------------------------------------------


def _segmentation(header: Dataset, masks: dict[int, npt.NDArray[np.bool_]]) -> Segmentation:
    items = {_count(item, "SegmentNumber"): item for item in _items(header, "SegmentSequence")}
    instance = _required(header, "SOPInstanceUID")
    return Segmentation(
        segments=tuple(_segment(items[number], number, mask, instance) for number, mask in sorted(masks.items())),
        source=_source(header),
        study_instance_uid=_required(header, "StudyInstanceUID"),
        series_instance_uid=_required(header, "SeriesInstanceUID"),
        series_number=_count(header, "SeriesNumber") or 1,
        series_started=_moment(header, "Series"),
        sop_class_uid=_required(header, "SOPClassUID"),
        sop_instance_uid=instance,
        instance_number=max(_count(header, "InstanceNumber"), 1),
        label=_text(header, "ContentLabel"),
        description=_text(header, "ContentDescription"),
        creator=_text(header, "ContentCreatorName"),
        previous=_previous(header),
        spacing=_spacing(header),
    )


def _spacing(header: Dataset) -> tuple[float, float]:
    shared = _items(header, "SharedFunctionalGroupsSequence") or [Dataset()]
    measures = _items(shared[0], "PixelMeasuresSequence") or [Dataset()]
    return dicom_geometry.spacing(measures[0]) or (1.0, 1.0)


def _previous(header: Dataset) -> ImageReference | None:
    """Return the segmentation that this one corrects; a correction stands in the same series."""
    for item in _items(header, "SourceInstanceSequence"):
        reference = _reference(item, _text(header, "SeriesInstanceUID"))
        if reference.sop_class_uid in {uid.SegmentationStorage, _LABEL_MAP}:
            return reference
    return None


def _source(header: Dataset) -> ImageReference | None:
    """Return the one picture that the object refers to, None where it refers to none."""
    found: dict[str, ImageReference] = {}
    for series in _items(header, "ReferencedSeriesSequence"):
        for item in _items(series, "ReferencedInstanceSequence"):
            reference = _reference(item, _text(series, "SeriesInstanceUID"))
            found[reference.sop_instance_uid] = reference
    for item in (*_items(header, "SourceImageSequence"), *_derived_from(header)):
        reference = _reference(item)
        found.setdefault(reference.sop_instance_uid, reference)
    if len(found) > 1:
        raise SegmentationError("This DICOM-SEG speaks of several pictures, not of one radiograph.")
    return next(iter(found.values()), None)


def _derived_from(header: Dataset) -> Iterator[Dataset]:
    groups = (_items(header, f"{kind}FunctionalGroupsSequence") for kind in ("Shared", "PerFrame"))
    for item in (item for group in groups for item in group):
        for derivation in _items(item, "DerivationImageSequence"):
            yield from _items(derivation, "SourceImageSequence")


def _reference(item: Dataset, series: str = "") -> ImageReference:
    return ImageReference(
        _required(item, "ReferencedSOPClassUID"), _required(item, "ReferencedSOPInstanceUID"), series
    )


def _segment(item: Dataset, number: int, mask: npt.NDArray[np.bool_], instance: str) -> CodedSegment:
    category, kind = (_code(item, f"SegmentedProperty{name}CodeSequence") for name in ("Category", "Type"))
    if category is None or kind is None:
        raise SegmentationError("This DICOM-SEG does not say what its segments are.")
    regions = _items(item, "AnatomicRegionSequence")
    label = _text(item, "SegmentLabel") or f"Segment {number}"
    made = _text(item, "SegmentAlgorithmType")
    tracking_uid = _text(item, "TrackingUID")
    return CodedSegment(
        label=label,
        mask=mask,
        category=category,
        type=kind,
        region=_code(item, "AnatomicRegionSequence"),
        laterality=_code(regions[0], "AnatomicRegionModifierSequence") if regions else None,
        algorithm_type=cast(AlgorithmType, made) if made in get_args(AlgorithmType) else "MANUAL",
        algorithm=_algorithm(item),
        tracking_id=_text(item, "TrackingID") or label,
        # the same each time that the file is read: by it a correction finds what it corrects
        tracking_uid=tracking_uid if is_uid(tracking_uid) else derived_uid(instance, str(number)),
        color=_color(item),
    )


def _algorithm(item: Dataset) -> Algorithm | None:
    for said in _items(item, "SegmentationAlgorithmIdentificationSequence"):
        return Algorithm(
            name=_text(said, "AlgorithmName"),
            version=_text(said, "AlgorithmVersion"),
            source=_text(said, "AlgorithmSource"),
            parameters=_parameters(_value(said, "AlgorithmParameters")),
        )
    name = _text(item, "SegmentAlgorithmName")
    return Algorithm(name, "unknown") if name else None


def _parameters(value: Any) -> dict[str, str]:
    """Return the parameters of our own objects by name, those of others as one text."""
    words = value if isinstance(value, str) else "\\".join(map(str, value or ()))
    try:
        found = json.loads(words)
    except (ValueError, RecursionError):
        found = None
    if (
        isinstance(found, dict)
        and len(found) <= limits.MAX_PARAMETERS
        and all(isinstance(v, str) for v in found.values())
    ):
        return found
    return {"parameters": words} if words else {}


def _color(item: Dataset) -> Color | None:
    from highdicom.color import CIELabColor

    value = _value(item, "RecommendedDisplayCIELabValue")
    if not isinstance(value, Iterable) or len(list(value)) != 3:
        return None
    red, green, blue = CIELabColor.from_dicom_value([int(part) for part in value]).to_rgb(clip=True)
    return float(red) / 255, float(green) / 255, float(blue) / 255


def _code(dataset: Dataset, keyword: str) -> Code | None:
    for item in _items(dataset, keyword):
        value = _text(item, "CodeValue") or _text(item, "LongCodeValue") or _text(item, "URNCodeValue")
        scheme = _text(item, "CodingSchemeDesignator")
        if value and scheme:
            return Code(value, scheme, _text(item, "CodeMeaning") or value)
    return None


def _moment(header: Dataset, what: str) -> datetime | None:
    words = _text(header, f"{what}Date") + _text(header, f"{what}Time").split(".")[0].ljust(6, "0")
    try:
        return datetime.strptime(words, "%Y%m%d%H%M%S")
    except ValueError:
        return None


def _required(dataset: Dataset, keyword: str) -> str:
    value = _text(dataset, keyword)
    if not is_uid(value):
        raise SegmentationError(f"This DICOM-SEG lacks what identifies it or its film ({keyword}).")
    return value


def _text(dataset: Dataset, keyword: str) -> str:
    """Return a value as one line, without what would move the cursor of a terminal."""
    value = _value(dataset, keyword)
    return (
        "" if value is None or isinstance(value, (Sequence, bytes)) else one_line(str(value), limits.MAX_TEXT_LENGTH)
    )


def _count(dataset: Dataset, keyword: str) -> int:
    value = _value(dataset, keyword)
    return int(value) if isinstance(value, int) else 0


def _items(dataset: Dataset, keyword: str) -> list[Dataset]:
    value = _value(dataset, keyword)
    return list(value) if isinstance(value, Sequence) else []


def _value(dataset: Dataset, keyword: str) -> Any:
    """Return a value, None where there is none or none that can be converted."""
    try:
        return dataset.get(keyword)
    except Exception:  # pydicom has no common class for values that do not fit their VR
        return None
