"""Read the header and the masks of a DICOM-SEG of one radiograph, within the limits on size."""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, uid
from pydicom.filereader import read_dataset

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.radiograph import limits
from CausalCLIPSegLib.segmentation.dicom_elements import integer_of, items_of, text_of

LABEL_MAP_STORAGE = uid.UID("1.2.840.10008.5.1.4.1.1.66.7")  # newer than pydicom's dictionary

_DAMAGED_PIXELS = "The outlines in this DICOM-SEG are damaged or do not fit its header."
_NATIVE = frozenset({uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian})
_FRAME_OWNER = "SegmentIdentificationSequence"
_ITEM = b"\xfe\xff\x00\xe0"
_FIRST_PIXEL_TAG = 0x7FE00008  # Float Pixel Data; Double Float Pixel Data and Pixel Data follow
_PIXEL_DATA = b"\xe0\x7f\x10\x00"


def read_masks(path: Path) -> tuple[Dataset, dict[int, npt.NDArray[np.bool_]]]:
    """Return the header of a BINARY or LABELMAP segmentation, and the mask of each segment by its number.

    The sizes of the header and of the masks are checked before anything is built from them. The values of the header
    are not converted yet.

    Returns:
        The header without pixels, and the masks: bool, rows x columns.

    Raises:
        SegmentationError: the file is not a DICOM-SEG of one radiograph, or exceeds a limit.
        Exception: of any other class, if the file is damaged.
    """
    with path.open("rb") as file:
        header, start = _read_header(file)
        layout = _read_layout(header)
        owners = _frame_owners(header, layout)
        numbers = _segment_numbers(header, owners)
        file.seek(start)
        stored = _stored_values(file, layout, implicit=header.original_encoding[0] is True)
    return header, _masks_by_number(stored, numbers, owners, header)


class _Layout(NamedTuple):
    """How the pixels are stored, according to the header."""

    binary: bool
    frames: int
    rows: int
    columns: int
    bits: int


def _read_header(file: BinaryIO) -> tuple[Dataset, int]:
    """Return the header, whose values are not converted yet, and the position at which the pixels begin."""
    head = file.read(limits.MAX_SEGMENTATION_HEADER_BYTES)
    if head[128:132] != b"DICM":
        raise SegmentationError("The file is not a DICOM file, or its beginning is missing.")
    if head.count(_ITEM) > limits.MAX_SEGMENTATION_ITEMS:
        raise SegmentationError("The header of this DICOM file is longer than that of a radiograph's outlines.")
    buffer = io.BytesIO(head)
    buffer.seek(132)
    meta = read_dataset(buffer, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    syntax = text_of(meta, "TransferSyntaxUID")
    sop_class = text_of(meta, "MediaStorageSOPClassUID")
    if syntax not in _NATIVE:
        _reject_other_objects(sop_class)
        raise SegmentationError("The outlines in this DICOM-SEG are compressed, or stored in an unknown way.")
    header = read_dataset(
        buffer, syntax == uid.ImplicitVRLittleEndian, True, stop_when=lambda tag, vr, length: tag >= _FIRST_PIXEL_TAG
    )
    _reject_other_objects(text_of(header, "SOPClassUID") or sop_class)
    start = buffer.tell()
    if head[start : start + 4] != _PIXEL_DATA:
        raise SegmentationError("This DICOM-SEG holds no outlines, or its header is damaged.")
    return header, start


def _reject_other_objects(sop_class: str) -> None:
    kind = uid.UID(sop_class)
    if kind not in {uid.SegmentationStorage, LABEL_MAP_STORAGE}:
        content = f'"{kind.name.removesuffix(" Storage")}"' if kind.name != kind else "another kind of object"
        raise SegmentationError(f"This DICOM file holds {content}, not a segmentation.")


def _read_layout(header: Dataset) -> _Layout:
    """Return how the pixels are stored; reject segmentations of anything but one radiograph."""
    kind = text_of(header, "SegmentationType")
    if kind == "FRACTIONAL":
        raise SegmentationError("This DICOM-SEG holds probabilities, not outlines.")
    numbers = (integer_of(header, keyword) for keyword in ("NumberOfFrames", "Rows", "Columns", "BitsAllocated"))
    layout = _Layout(kind == "BINARY", *numbers)
    is_binary_class = text_of(header, "SOPClassUID") == uid.SegmentationStorage
    if layout.binary != is_binary_class or not _fits_type(header, layout):
        raise SegmentationError("The header of this DICOM-SEG contradicts itself about how its outlines are stored.")
    if min(layout.frames, layout.rows, layout.columns) < 1:
        raise SegmentationError("This DICOM-SEG holds no outlines.")
    if max(layout.rows, layout.columns) > limits.MAX_SIDE or layout.rows * layout.columns > limits.MAX_PIXELS:
        raise SegmentationError("This DICOM-SEG claims more pixels than any radiograph has; it is probably damaged.")
    segments = len(items_of(header, "SegmentSequence"))
    if not segments:
        raise SegmentationError("This DICOM-SEG describes no segment.")
    if segments > limits.MAX_SEGMENTS or segments * layout.rows * layout.columns > limits.MAX_MASK_PIXELS:
        raise SegmentationError("This DICOM-SEG holds more segments than a radiograph can have.")
    if layout.frames > (segments if layout.binary else 1):
        raise SegmentationError("This DICOM-SEG refers to several pictures, not to one radiograph.")
    return layout


def _fits_type(header: Dataset, layout: _Layout) -> bool:
    bits = layout.bits, integer_of(header, "BitsStored")
    return (
        bits in ({(1, 1)} if layout.binary else {(8, 8), (16, 16)})
        and integer_of(header, "SamplesPerPixel") == 1
        and integer_of(header, "PixelRepresentation") == 0
    )


def _frame_owners(header: Dataset, layout: _Layout) -> list[int]:
    """Return the number of the segment that each frame of a BINARY object belongs to; [] for a LABELMAP."""
    if not layout.binary:
        return []
    shared = items_of(header, "SharedFunctionalGroupsSequence") or [Dataset()]
    frames = items_of(header, "PerFrameFunctionalGroupsSequence")
    if len(frames) != layout.frames:
        raise SegmentationError(_DAMAGED_PIXELS)
    owners = []
    for frame in frames:
        groups = items_of(frame, _FRAME_OWNER) or items_of(shared[0], _FRAME_OWNER)
        if not groups:
            raise SegmentationError("This DICOM-SEG does not say which segment an outline belongs to.")
        owners.append(integer_of(groups[0], "ReferencedSegmentNumber"))
    if len(set(owners)) < len(owners):
        raise SegmentationError("This DICOM-SEG refers to several pictures, not to one radiograph.")
    return owners


def _segment_numbers(header: Dataset, owners: list[int]) -> list[int]:
    """Return the numbers of the segments in the order of their descriptions."""
    numbers = [integer_of(item, "SegmentNumber") for item in items_of(header, "SegmentSequence")]
    if len(set(numbers)) < len(numbers) or min(numbers) < 0 or not set(owners) <= set(numbers):
        raise SegmentationError("The segments in this DICOM-SEG are numbered inconsistently.")
    return numbers


def _stored_values(file: BinaryIO, layout: _Layout, *, implicit: bool) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the stored values, frames x rows x columns.

    This does without pydicom, which would also read everything that follows the pixels.

    Args:
        file: at the Pixel Data element.
        layout: how the pixels are stored.
        implicit: whether the transfer syntax leaves out value representations.
    """
    declared = struct.unpack("<4xI" if implicit else "<8xI", file.read(8 if implicit else 12))[0]
    count = layout.frames * layout.rows * layout.columns
    length = math.ceil(count * layout.bits / 8)
    data = file.read(length)
    if declared not in {length, length + length % 2} or len(data) < length:
        raise SegmentationError(_DAMAGED_PIXELS)
    if layout.binary:
        flat = np.unpackbits(np.frombuffer(data, np.uint8), count=count, bitorder="little")
    else:
        flat = np.frombuffer(data, "<u2" if layout.bits == 16 else np.uint8)
    return flat.reshape(layout.frames, layout.rows, layout.columns)


def _masks_by_number(
    stored: npt.NDArray[np.uint8 | np.uint16], numbers: list[int], owners: list[int], header: Dataset
) -> dict[int, npt.NDArray[np.bool_]]:
    """Return the mask of each segment by its number; the mask of a segment without a frame is empty."""
    if owners:
        empty = np.zeros(stored.shape[1:], dtype=bool)
        return {
            number: stored[owners.index(number)].view(bool) if number in owners else empty.copy() for number in numbers
        }
    background = integer_of(header, "PixelPaddingValue")
    masks = {number: stored[0] == number for number in numbers if number != background}
    if not masks:
        raise SegmentationError("This DICOM-SEG describes no segment.")
    if sum(map(np.count_nonzero, masks.values())) != np.count_nonzero(stored[0] != background):
        raise SegmentationError("This DICOM-SEG outlines something that it does not describe.")
    return masks
