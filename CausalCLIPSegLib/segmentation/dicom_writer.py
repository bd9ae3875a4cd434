"""Write a segmentation as DICOM: BINARY, Explicit VR Little Endian, the one form that all readers take."""

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

from CausalCLIPSegLib import __version__
from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.segmentation.segmentation import Algorithm, CodedSegment, ImageReference, Segmentation
from CausalCLIPSegLib.segmentation.source_image import describe_source, one_line, reject_other_source
from CausalCLIPSegLib.terminology import Code

MAKER = "CausalCLIPSeg"
_MOST_PARAMETERS = 10_000
"""Characters of the parameters; the value representation LT takes 10,240."""


def encode(segmentation: Segmentation, header: Dataset) -> Dataset:
    """Return a segmentation as a DICOM object, ready to be saved.

    Args:
        segmentation: masks of the size of the film.
        header: of the film, as `dicom_header.read_header` gives it.

    Raises:
        SegmentationError: the film cannot be referred to, is not the one that the segmentation refers to, or has
            another size than the masks.
    """
    if not segmentation.segments:
        raise SegmentationError("Nothing is outlined, and a DICOM-SEG without any segment is none.")
    masks = np.stack([segment.mask for segment in segmentation.segments], dtype=np.uint8)
    # highdicom wants the segments last, and is twice as quick where each of them lies in one piece
    return _encode(segmentation, header, np.moveaxis(masks, 0, -1), "BINARY")


def encode_probability(segmentation: Segmentation, header: Dataset, probability: npt.NDArray[np.float32]) -> Dataset:
    """Return a probability as a FRACTIONAL object of one segment, in steps of 1/255.

    Few viewers read this kind: OHIF refuses it, dcmqi loses the segments.

    Args:
        segmentation: of one segment, whose mask is not used.
        header: of the film.
        probability: in [0, 1], rows x columns.

    Raises:
        SegmentationError: as in `encode`.
    """
    return _encode(segmentation, header, np.clip(probability, 0, 1)[..., None], "FRACTIONAL")


def save(dataset: Dataset, path: Path) -> None:
    """Write an object of `encode` into a file, which is replaced where it exists.

    Raises:
        OSError: the file cannot be written.
    """
    with silence_libraries(), disable_value_validation():
        dataset.save_as(path, enforce_file_format=True)


def _encode(
    segmentation: Segmentation, header: Dataset, pixels: npt.NDArray[np.uint8 | np.floating], kind: str
) -> Dataset:
    with silence_libraries():
        film = describe_source(header)
    reject_other_source(segmentation.source, pixels.shape[:2], film, (film.Rows, film.Columns))
    now = datetime.datetime.now().replace(microsecond=0)
    started = min(segmentation.series_started or now, now)
    # Identifiers of real films break rules of length; an archive wants them as they are.
    with silence_libraries(), disable_value_validation():
        dataset = HighdicomSegmentation(
            source_images=[film],
            pixel_array=pixels[None],
            segmentation_type=kind,
            segment_descriptions=[_describe(number, part) for number, part in enumerate(segmentation.segments, 1)],
            series_instance_uid=segmentation.series_instance_uid,
            series_number=segmentation.series_number,
            sop_instance_uid=segmentation.sop_instance_uid,
            instance_number=segmentation.instance_number,
            manufacturer=MAKER,
            manufacturer_model_name=MAKER,
            software_versions=__version__,
            device_serial_number=_serial_number(segmentation.segments),
            content_label=re.sub("[^A-Z0-9_ ]", "_", segmentation.label.upper())[:16] or "SEGMENTATION",
            content_description=one_line(segmentation.description),
            content_creator_name=segmentation.creator or None,
            series_description=f"{MAKER}: {'probability' if kind == 'FRACTIONAL' else 'outlines'}",
            series_date=started.date(),
            series_time=started.time(),
            content_date=now.date(),
            content_time=now.time(),
            omit_empty_frames=False,
            specific_character_set=film.SpecificCharacterSet,
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
        display_color=CIELabColor.from_rgb(*(255 * part for part in segment.color)) if segment.color else None,
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
        # As JSON: highdicom's own way ("a=b,c=d") is not told apart from a note that holds commas.
        sequence[0].AlgorithmParameters = _as_json(dict(algorithm.parameters))
    return sequence


def _as_json(parameters: dict[str, str]) -> str:
    """Return the parameters in as many characters as there is room for; only a note is ever longer, and is cut."""
    while len(words := json.dumps(parameters, ensure_ascii=False)) > _MOST_PARAMETERS:
        longest = max(parameters, key=lambda name: len(parameters[name]))
        parameters[longest] = parameters[longest][: len(parameters[longest]) // 2] + "…"
    return words


def _serial_number(segments: Sequence[CodedSegment]) -> str:
    """Return what stands for a device's serial number: the hash of the weights, as far as it fits."""
    hashes = [s.algorithm.parameters.get("checkpoint_sha256", "") for s in segments if s.algorithm]
    return next((digest[:16] for digest in hashes if digest), "none")


def _reference(reference: ImageReference) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = reference.sop_class_uid
    item.ReferencedSOPInstanceUID = reference.sop_instance_uid
    return item


def _pad(dataset: Dataset) -> None:
    """Give the pixels an even number of bytes, the last one zero: highdicom takes an ASCII "0" for it."""
    rows, columns, frames = dataset.Rows, dataset.Columns, int(dataset.NumberOfFrames)
    length = -(-rows * columns * frames * dataset.BitsAllocated // 8)
    pixels = dataset.PixelData[:length]
    dataset.add(DataElement(0x7FE00010, dataset["PixelData"].VR, pixels + b"\0" * (length % 2)))
