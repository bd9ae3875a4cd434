"""Read the segmentation of one radiograph from a DICOM object, whoever wrote it."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, dcmread, uid
from pydicom.pixels import pixel_array

from CausalCLIPSegLib import dicom_image, grey_scale
from CausalCLIPSegLib.dicom_seg.content import (
    Algorithm,
    AlgorithmType,
    CodedSegment,
    Color,
    ImageReference,
    Segmentation,
    new_uid,
)
from CausalCLIPSegLib.dicom_seg.source import is_uid
from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.quiet import quiet
from CausalCLIPSegLib.terminology import Code

_DAMAGED = "The file is damaged, incomplete or no DICOM-SEG."
_DAMAGED_PIXELS = "The outlines in this DICOM-SEG are damaged or do not fit its header."
_MOST_BYTES = 1 << 30
_MOST_PIXELS = 200_000_000
"""Pixels of all masks together, one byte each; three segments of the largest detectors take a third of it."""
_MOST_SEGMENTS = 255
_MOST_PARAMETERS = 50
_LABEL_MAP = uid.UID("1.2.840.10008.5.1.4.1.1.66.7")  # newer than pydicom's dictionary
_NATIVE = frozenset({uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian})


def read_dicom_seg(path: str | Path) -> Segmentation:
    """Read the outlines of one radiograph: BINARY, or LABELMAP without compression.

    Raises:
        SegmentationError: the file is missing, damaged, no DICOM-SEG, holds probabilities, speaks of several pictures,
            or is larger than the outlines of a radiograph can be; the technical cause is chained.
    """
    path = Path(path)
    try:
        with quiet():
            _refuse_file(path)
            header = dicom_image.read_header(path)
            _refuse_unsuitable(header)
            owners = _frame_owners(header)
            return _segmentation(header, _masks(header, owners, lambda: _frames(path, header)))
    except SegmentationError:
        raise
    except Exception as error:  # a damaged header makes pydicom raise whatever comes to hand
        raise SegmentationError(_DAMAGED) from error


# -- refusing ---------------------------------------------------------------------------------------------------------


def _refuse_file(path: Path) -> None:
    if path.is_dir():
        raise SegmentationError("This is a folder; give it one DICOM-SEG file.")
    if not path.is_file():
        raise SegmentationError("There is no such file.")
    size = path.stat().st_size
    if size == 0:
        raise SegmentationError("The file is empty.")
    if size > _MOST_BYTES:
        raise SegmentationError("The file is too large for the outlines of a radiograph.")
    try:
        with path.open("rb") as file:
            head = file.read(132)
    except PermissionError as error:
        raise SegmentationError("The file cannot be opened: you have no permission to read it.") from error
    if head[128:] != b"DICM":
        raise SegmentationError("The file is no DICOM file, or its beginning is missing.")


def _refuse_unsuitable(header: Dataset) -> None:
    """Refuse what is no segmentation of one radiograph, by the header alone."""
    kind = uid.UID(_text(header, "SOPClassUID"))
    if kind not in {uid.SegmentationStorage, _LABEL_MAP}:
        holds = f'"{kind.name.removesuffix(" Storage")}"' if kind.name != kind else "another kind of object"
        raise SegmentationError(f"This DICOM file holds {holds}, no segmentation.")
    if header.file_meta.get("TransferSyntaxUID") not in _NATIVE:
        raise SegmentationError("The outlines in this DICOM-SEG are compressed, or stored in a way that is not read.")
    if _text(header, "SegmentationType") == "FRACTIONAL":
        raise SegmentationError("This DICOM-SEG holds probabilities, no outlines.")
    binary = _text(header, "SegmentationType") == "BINARY"
    if binary != (kind == uid.SegmentationStorage) or not _fits_type(header, binary):
        raise SegmentationError("The header of this DICOM-SEG contradicts itself about how its outlines are stored.")
    rows, columns, frames = (_count(header, keyword) for keyword in ("Rows", "Columns", "NumberOfFrames"))
    if min(rows, columns, frames) < 1:
        raise SegmentationError("This DICOM-SEG holds no outlines.")
    if max(rows, columns) > grey_scale.MAX_SIDE or rows * columns > grey_scale.MAX_PIXELS:
        raise SegmentationError("This DICOM-SEG claims more pixels than any radiograph has; it is probably damaged.")
    segments = header.get("SegmentSequence") or []
    if not segments:
        raise SegmentationError("This DICOM-SEG describes no segment.")
    if len(segments) > _MOST_SEGMENTS or len(segments) * rows * columns > _MOST_PIXELS:
        raise SegmentationError("This DICOM-SEG holds more segments than the outlines of a radiograph.")
    if frames > len(segments):
        raise SegmentationError("This DICOM-SEG speaks of several pictures, not of one radiograph.")


def _fits_type(header: Dataset, binary: bool) -> bool:
    stored = tuple(_count(header, keyword) for keyword in ("BitsAllocated", "BitsStored"))
    return (
        stored in ({(1, 1)} if binary else {(8, 8), (16, 16)})
        and _count(header, "SamplesPerPixel") == 1
        and _count(header, "PixelRepresentation") == 0
    )


# -- masks ------------------------------------------------------------------------------------------------------------


def _frames(path: Path, header: Dataset) -> npt.NDArray[np.uint8 | np.uint16]:
    """Return the stored values, frames x rows x columns."""
    dataset = dcmread(path)
    rows, columns, frames = header.Rows, header.Columns, int(header.NumberOfFrames)
    length = math.ceil(rows * columns * frames * header.BitsAllocated / 8)
    if len(dataset.get("PixelData") or b"") not in {length, length + length % 2}:
        raise SegmentationError(_DAMAGED_PIXELS)
    return pixel_array(dataset).reshape(frames, rows, columns)


def _frame_owners(header: Dataset) -> list[int]:
    """Return the number of the segment that each frame of a BINARY object belongs to; empty for a LABELMAP."""
    if header.SegmentationType != "BINARY":
        return []
    shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
    each = header.get("PerFrameFunctionalGroupsSequence") or []
    if len(each) != int(header.NumberOfFrames):
        raise SegmentationError(_DAMAGED_PIXELS)
    owners = []
    for item in each:
        groups = item.get("SegmentIdentificationSequence") or shared[0].get("SegmentIdentificationSequence")
        if not groups:
            raise SegmentationError("This DICOM-SEG does not say which segment an outline belongs to.")
        owners.append(_count(groups[0], "ReferencedSegmentNumber"))
    return owners


def _masks(
    header: Dataset, owners: list[int], frames: Callable[[], npt.NDArray[np.uint8 | np.uint16]]
) -> dict[int, npt.NDArray[np.bool_]]:
    """Return the mask of each segment by its number; a segment without a frame has an empty one."""
    numbers = [_count(item, "SegmentNumber") for item in header.SegmentSequence]
    if header.SegmentationType != "BINARY":
        numbers = [number for number in numbers if number != header.get("PixelPaddingValue", 0)]
    if len(set(numbers)) < len(numbers) or (numbers and min(numbers) < 0) or not set(owners) <= set(numbers):
        raise SegmentationError("The segments in this DICOM-SEG are numbered in a way that contradicts itself.")
    if len(set(owners)) < len(owners):
        raise SegmentationError("This DICOM-SEG speaks of several pictures, not of one radiograph.")
    if not numbers:
        raise SegmentationError("This DICOM-SEG describes no segment.")
    values = frames()
    if header.SegmentationType != "BINARY":
        return {number: values[0] == number for number in numbers}
    nothing = np.zeros(values.shape[1:], dtype=bool)
    return {n: values[owners.index(n)].astype(bool) if n in owners else nothing.copy() for n in numbers}


# -- what the header says ---------------------------------------------------------------------------------------------


def _segmentation(header: Dataset, masks: dict[int, npt.NDArray[np.bool_]]) -> Segmentation:
    items = {_count(item, "SegmentNumber"): item for item in header.SegmentSequence}
    previous = [_reference(item) for item in header.get("SourceInstanceSequence") or []]
    return Segmentation(
        segments=tuple(_segment(items[number], number, mask) for number, mask in sorted(masks.items())),
        source=_source(header),
        study_instance_uid=_required(header, "StudyInstanceUID"),
        series_instance_uid=_required(header, "SeriesInstanceUID"),
        series_number=_count(header, "SeriesNumber") or 1,
        series_started=_moment(header, "Series"),
        sop_class_uid=_required(header, "SOPClassUID"),
        sop_instance_uid=_required(header, "SOPInstanceUID"),
        instance_number=max(_count(header, "InstanceNumber"), 1),
        label=_text(header, "ContentLabel"),
        description=_text(header, "ContentDescription"),
        creator=_text(header, "ContentCreatorName"),
        previous=previous[0] if previous else None,
        spacing=_spacing(header),
    )


def _spacing(header: Dataset) -> tuple[float, float]:
    shared = header.get("SharedFunctionalGroupsSequence") or [Dataset()]
    measures = shared[0].get("PixelMeasuresSequence") or [Dataset()]
    return dicom_image.spacing(measures[0]) or (1.0, 1.0)


def _source(header: Dataset) -> ImageReference | None:
    """Return the one picture that the object refers to, None where it refers to none."""
    found: dict[str, ImageReference] = {}
    for series in header.get("ReferencedSeriesSequence") or []:
        for item in series.get("ReferencedInstanceSequence") or []:
            reference = _reference(item, _text(series, "SeriesInstanceUID"))
            found[reference.sop_instance_uid] = reference
    for item in (*(header.get("SourceImageSequence") or []), *_derived_from(header)):
        reference = _reference(item)
        found.setdefault(reference.sop_instance_uid, reference)
    if len(found) > 1:
        raise SegmentationError("This DICOM-SEG speaks of several pictures, not of one radiograph.")
    return next(iter(found.values()), None)


def _derived_from(header: Dataset) -> Iterator[Dataset]:
    groups = (header.get(f"{kind}FunctionalGroupsSequence") or [] for kind in ("Shared", "PerFrame"))
    for item in (item for group in groups for item in group):
        for derivation in item.get("DerivationImageSequence") or []:
            yield from derivation.get("SourceImageSequence") or []


def _reference(item: Dataset, series: str = "") -> ImageReference:
    return ImageReference(
        _required(item, "ReferencedSOPClassUID"), _required(item, "ReferencedSOPInstanceUID"), series
    )


def _segment(item: Dataset, number: int, mask: npt.NDArray[np.bool_]) -> CodedSegment:
    category, kind = (_code(item, f"SegmentedProperty{name}CodeSequence") for name in ("Category", "Type"))
    if category is None or kind is None:
        raise SegmentationError("This DICOM-SEG does not say what its segments are.")
    regions = item.get("AnatomicRegionSequence") or []
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
        tracking_uid=tracking_uid if is_uid(tracking_uid) else new_uid(),
        color=_color(item),
    )


def _algorithm(item: Dataset) -> Algorithm | None:
    for said in item.get("SegmentationAlgorithmIdentificationSequence") or []:
        return Algorithm(
            name=_text(said, "AlgorithmName"),
            version=_text(said, "AlgorithmVersion"),
            source=_text(said, "AlgorithmSource"),
            parameters=_parameters(said.get("AlgorithmParameters")),
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
    if isinstance(found, dict) and len(found) <= _MOST_PARAMETERS and all(isinstance(v, str) for v in found.values()):
        return found
    return {"parameters": words} if words else {}


def _color(item: Dataset) -> Color | None:
    from highdicom.color import CIELabColor

    value = item.get("RecommendedDisplayCIELabValue")
    if not isinstance(value, Iterable) or len(list(value)) != 3:
        return None
    red, green, blue = CIELabColor.from_dicom_value([int(part) for part in value]).to_rgb(clip=True)
    return float(red) / 255, float(green) / 255, float(blue) / 255


def _code(dataset: Dataset, keyword: str) -> Code | None:
    for item in dataset.get(keyword) or []:
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
    value = dataset.get(keyword)
    return "" if value is None or isinstance(value, (list, bytes)) else str(value).strip()


def _count(dataset: Dataset, keyword: str) -> int:
    value = dataset.get(keyword)
    return int(value) if isinstance(value, int) else 0
