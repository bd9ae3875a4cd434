"""Write a segmentation as DICOM: BINARY, Explicit VR Little Endian, the only form that all readers accept."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import Segmentation as HighdicomSegmentation
from highdicom.seg import SegmentDescription
from highdicom.sr import CodedConcept
from pydicom import DataElement, Dataset
from pydicom.config import disable_value_validation
from pydicom.sr.codedict import codes

from CausalCLIPSegLib.about import __version__
from CausalCLIPSegLib.errors import CausalCLIPSegError, SegmentationError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.segmentation.checks import one_line
from CausalCLIPSegLib.segmentation.coding import CHECKPOINT_HASH
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, CodedSegment, ImageReference, Segmentation
from CausalCLIPSegLib.segmentation.source_image import describe_source, reject_other_source
from CausalCLIPSegLib.terminology import Code

MANUFACTURER = "CausalCLIPSeg"
_MAX_PARAMETER_CHARACTERS = 10_000
"""Limit for all parameters together; the value representation LT holds 10,240 characters."""


def encode(segmentation: Segmentation, header: Dataset) -> Dataset:
    """Return a segmentation as a DICOM object, ready to be saved.

    Args:
        segmentation: its masks have the size of the radiograph.
        header: of the radiograph, as `dicom_header.read_header` returns it.

    Raises:
        SegmentationError: no segmentation can refer to the radiograph, its header has values that highdicom does not
            take, or this segmentation refers to another radiograph, has masks of another size or has no segments.
    """
    if not segmentation.segments:
        raise SegmentationError("Nothing is outlined, and a DICOM-SEG needs at least one segment.")
    return _encode(segmentation, header, _stack([segment.mask for segment in segmentation.segments]), "BINARY")


def encode_probability(segmentation: Segmentation, header: Dataset, probability: npt.NDArray[np.float32]) -> Dataset:
    """Return a probability map as a FRACTIONAL object of one segment, in steps of 1/255.

    Few viewers read this kind: OHIF rejects it, dcmqi loses the segments.

    Args:
        segmentation: of one segment, whose mask is not used.
        header: of the radiograph.
        probability: in [0, 1], rows x columns.

    Raises:
        SegmentationError: as in `encode`.
    """
    return _encode(segmentation, header, np.clip(probability, 0, 1)[..., None], "FRACTIONAL")


def save(dataset: Dataset, path: Path) -> None:
    """Write an object that `encode` returned to a file; an existing file is replaced.

    Raises:
        OSError: the file cannot be written.
    """
    with silence_libraries(), disable_value_validation():
        dataset.save_as(path, enforce_file_format=True)


def _stack(masks: Sequence[npt.NDArray[np.bool_]]) -> npt.NDArray[np.uint8]:
    """Return masks as highdicom takes them: numbers of segments, or a stack with an axis for segments that overlap.

    Numbers take less memory and time, because highdicom adds up a stack in 64 bits to look for an overlap.
    """
    numbers = np.zeros(masks[0].shape, np.uint8)
    for number, mask in enumerate(masks, 1):
        if number > 255 or mask.shape != numbers.shape or numbers[mask].any():
            # the segments are on the last axis, and highdicom is twice as fast if each is contiguous in memory
            return np.moveaxis(np.stack(masks, dtype=np.uint8), 0, -1)
        numbers[mask] = number
    return numbers


def _encode(
    segmentation: Segmentation, header: Dataset, pixels: npt.NDArray[np.uint8 | np.floating], kind: str
) -> Dataset:
    with silence_libraries():
        source = describe_source(header)
    reject_other_source(segmentation.source, pixels.shape[:2], source, (source.Rows, source.Columns))
    try:
        return _build(segmentation, source, pixels, kind)
    except (CausalCLIPSegError, MemoryError):
        raise
    except Exception as error:  # highdicom and pydicom have no common class for values that they do not take
        raise SegmentationError("A DICOM-SEG cannot hold some of the values of this segmentation.") from error


def _build(
    segmentation: Segmentation, source: Dataset, pixels: npt.NDArray[np.uint8 | np.floating], kind: str
) -> Dataset:
    now = datetime.datetime.now().replace(microsecond=0)
    started = min(segmentation.series_started or now, now)
    # identifiers of real radiographs may exceed the allowed length, and an archive needs them unchanged
    with silence_libraries(), disable_value_validation():
        dataset = HighdicomSegmentation(
            source_images=[source],
            pixel_array=pixels[None],
            segmentation_type=kind,
            segment_descriptions=[
                _describe(number, segment) for number, segment in enumerate(segmentation.segments, 1)
            ],
            series_instance_uid=segmentation.series_instance_uid,
            series_number=segmentation.series_number,
            sop_instance_uid=segmentation.sop_instance_uid,
            instance_number=segmentation.instance_number,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MANUFACTURER,
            software_versions=__version__,
            device_serial_number=_serial_number(segmentation.segments),
            content_label=re.sub("[^A-Z0-9_ ]", "_", segmentation.label.upper())[:16] or "SEGMENTATION",
            content_description=one_line(segmentation.description),
            content_creator_name=segmentation.creator or None,
            series_description=f"{MANUFACTURER}: {'probability' if kind == 'FRACTIONAL' else 'outlines'}",
            series_date=started.date(),
            series_time=started.time(),
            content_date=now.date(),
            content_time=now.time(),
            omit_empty_frames=False,
            specific_character_set=source.SpecificCharacterSet,
        )
        dataset.ContentCreatorName = segmentation.creator
        dataset.BodyPartExamined = "CHEST"
        dataset.BurnedInAnnotation = "NO"
        if segmentation.previous is not None:
            dataset.SourceInstanceSequence = [_reference(segmentation.previous)]
        _pad(dataset)
    return dataset


def _describe(number: int, segment: CodedSegment) -> SegmentDescription:
    automatic = segment.algorithm_type != "MANUAL"
    algorithm = segment.algorithm or Algorithm("unknown", "unknown")
    description = SegmentDescription(
        segment_number=number,
        segment_label=one_line(segment.label) or f"Segment {number}",
        segmented_property_category=_concept(segment.category),
        segmented_property_type=_concept(segment.type),
        algorithm_type=segment.algorithm_type,
        algorithm_identification=_identify(algorithm) if automatic else None,
        tracking_uid=segment.tracking_uid,
        tracking_id=segment.tracking_id or one_line(segment.label) or f"Segment {number}",
        anatomic_regions=[_concept(segment.region)] if segment.region else None,
        display_color=CIELabColor.from_rgb(*(255 * component for component in segment.color))
        if segment.color
        else None,
    )
    if segment.region and segment.laterality:
        region = description.AnatomicRegionSequence[0]
        region.AnatomicRegionModifierSequence = [_concept(segment.laterality)]
    return description


def _concept(code: Code) -> CodedConcept:
    return CodedConcept(code.value, code.scheme, one_line(code.meaning))


def _identify(algorithm: Algorithm) -> AlgorithmIdentificationSequence:
    sequence = AlgorithmIdentificationSequence(
        name=one_line(algorithm.name),
        family=codes.DCM.ArtificialIntelligence,
        version=one_line(algorithm.version),
        source=one_line(algorithm.source) or None,
    )
    if algorithm.parameters:
        # as JSON, because in highdicom's own format ("a=b,c=d") a comma in a note would look like a separator
        sequence[0].AlgorithmParameters = _as_json(dict(algorithm.parameters))
    return sequence


def _as_json(parameters: dict[str, str]) -> str:
    """Return the parameters as JSON that fits into the element; cuts the longest ones, in practice only a note."""
    while len(text := json.dumps(parameters, ensure_ascii=False)) > _MAX_PARAMETER_CHARACTERS:
        longest = max(parameters, key=lambda name: len(parameters[name]))
        parameters[longest] = parameters[longest][: len(parameters[longest]) // 2] + "…"
    return text


def _serial_number(segments: Sequence[CodedSegment]) -> str:
    """Return the first 16 digits of the hash of the weights, which stand for a device's serial number."""
    hashes = [s.algorithm.parameters.get(CHECKPOINT_HASH, "") for s in segments if s.algorithm]
    return next((sha256[:16] for sha256 in hashes if sha256), "none")


def _reference(reference: ImageReference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_instance_uid
    return item


def _pad(dataset: Dataset) -> None:
    """Pad the pixels to an even number of bytes with a zero byte; highdicom pads with an ASCII "0"."""
    rows, columns, frames = dataset.Rows, dataset.Columns, int(dataset.NumberOfFrames)
    length = -(-rows * columns * frames * dataset.BitsAllocated // 8)
    pixels = dataset.PixelData[:length]
    dataset.add(DataElement(0x7FE00010, dataset["PixelData"].VR, pixels + b"\0" * (length % 2)))
