"""Read the segmentation of one radiograph from a DICOM object of any program."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, uid

from CausalCLIPSegLib.colors import Color
from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph import dicom_geometry, limits
from CausalCLIPSegLib.segmentation.checks import is_uid, reject_file
from CausalCLIPSegLib.segmentation.dicom_elements import integer_of, items_of, text_of, value_of
from CausalCLIPSegLib.segmentation.dicom_masks import LABEL_MAP_STORAGE, read_masks
from CausalCLIPSegLib.segmentation.segmentation import (
    Algorithm,
    AlgorithmType,
    CodedSegment,
    ImageReference,
    Segmentation,
    derived_uid,
)
from CausalCLIPSegLib.terminology import Code


def read_dicom_seg(path: str | Path) -> Segmentation:
    """Read the segmentation of one radiograph: BINARY or LABELMAP, without compression.

    The sizes of the file, its header and its masks are checked before anything is built from them.

    Raises:
        SegmentationError: the file is missing, damaged or not a DICOM-SEG, holds probabilities, refers to several
            pictures, or exceeds a limit of `radiograph.limits`; the technical cause is chained.
    """
    path = Path(path)
    try:
        with silence_libraries():
            reject_file(path, "DICOM-SEG", limits.MAX_SEGMENTATION_BYTES)
            return _segmentation(*read_masks(path))
    except SegmentationError:
        raise
    except Exception as error:  # a damaged header makes pydicom raise any kind of error
        raise SegmentationError("The file is damaged, incomplete or not a DICOM-SEG.") from error


def _segmentation(header: Dataset, masks: dict[int, npt.NDArray[np.bool_]]) -> Segmentation:
    items = {integer_of(item, "SegmentNumber"): item for item in items_of(header, "SegmentSequence")}
    instance_uid = _required_uid(header, "SOPInstanceUID")
    return Segmentation(
        segments=tuple(_segment(items[number], number, mask, instance_uid) for number, mask in sorted(masks.items())),
        source=_source(header),
        study_instance_uid=_required_uid(header, "StudyInstanceUID"),
        series_instance_uid=_required_uid(header, "SeriesInstanceUID"),
        series_number=integer_of(header, "SeriesNumber") or 1,
        series_started=_series_started(header),
        sop_class_uid=_required_uid(header, "SOPClassUID"),
        sop_instance_uid=instance_uid,
        instance_number=max(integer_of(header, "InstanceNumber"), 1),
        label=text_of(header, "ContentLabel"),
        description=text_of(header, "ContentDescription"),
        creator=text_of(header, "ContentCreatorName"),
        previous=_previous(header),
        spacing=_spacing(header),
    )


def _spacing(header: Dataset) -> tuple[float, float]:
    shared = items_of(header, "SharedFunctionalGroupsSequence") or [Dataset()]
    measures = items_of(shared[0], "PixelMeasuresSequence") or [Dataset()]
    return dicom_geometry.spacing(measures[0]) or (1.0, 1.0)


def _previous(header: Dataset) -> ImageReference | None:
    """Return the segmentation that this one corrects, which is in the same series; None if it corrects none."""
    for item in items_of(header, "SourceInstanceSequence"):
        reference = _reference(item, text_of(header, "SeriesInstanceUID"))
        if reference.sop_class_uid in {uid.SegmentationStorage, LABEL_MAP_STORAGE}:
            return reference
    return None


def _source(header: Dataset) -> ImageReference | None:
    """Return the one image that the object refers to; None if it refers to none."""
    references: dict[str, ImageReference] = {}
    for series in items_of(header, "ReferencedSeriesSequence"):
        for item in items_of(series, "ReferencedInstanceSequence"):
            reference = _reference(item, text_of(series, "SeriesInstanceUID"))
            references[reference.sop_instance_uid] = reference
    for item in (*items_of(header, "SourceImageSequence"), *_derivation_sources(header)):
        reference = _reference(item)
        references.setdefault(reference.sop_instance_uid, reference)
    if len(references) > 1:
        raise SegmentationError("This DICOM-SEG refers to several pictures, not to one radiograph.")
    return next(iter(references.values()), None)


def _derivation_sources(header: Dataset) -> Iterator[Dataset]:
    """Yield the references to images that the frames were derived from."""
    for kind in ("Shared", "PerFrame"):
        for group in items_of(header, f"{kind}FunctionalGroupsSequence"):
            for derivation in items_of(group, "DerivationImageSequence"):
                yield from items_of(derivation, "SourceImageSequence")


def _reference(item: Dataset, series_uid: str = "") -> ImageReference:
    return ImageReference(
        _required_uid(item, "ReferencedSOPClassUID"), _required_uid(item, "ReferencedSOPInstanceUID"), series_uid
    )


def _segment(item: Dataset, number: int, mask: npt.NDArray[np.bool_], instance_uid: str) -> CodedSegment:
    category, type_ = (_code(item, f"SegmentedProperty{name}CodeSequence") for name in ("Category", "Type"))
    if category is None or type_ is None:
        raise SegmentationError("This DICOM-SEG does not say what its segments are.")
    regions = items_of(item, "AnatomicRegionSequence")
    label = text_of(item, "SegmentLabel") or f"Segment {number}"
    algorithm_type = text_of(item, "SegmentAlgorithmType")
    tracking_uid = text_of(item, "TrackingUID")
    return CodedSegment(
        label=label,
        mask=mask,
        category=category,
        type=type_,
        region=_code(item, "AnatomicRegionSequence"),
        laterality=_code(regions[0], "AnatomicRegionModifierSequence") if regions else None,
        algorithm_type=cast(AlgorithmType, algorithm_type) if algorithm_type in get_args(AlgorithmType) else "MANUAL",
        algorithm=_algorithm(item),
        tracking_id=text_of(item, "TrackingID") or label,
        # derived rather than random, so that it is the same each time the file is read
        tracking_uid=tracking_uid if is_uid(tracking_uid) else derived_uid(instance_uid, str(number)),
        color=_color(item),
    )


def _algorithm(item: Dataset) -> Algorithm | None:
    for identification in items_of(item, "SegmentationAlgorithmIdentificationSequence"):
        return Algorithm(
            name=text_of(identification, "AlgorithmName"),
            version=text_of(identification, "AlgorithmVersion"),
            source=text_of(identification, "AlgorithmSource"),
            parameters=_parameters(value_of(identification, "AlgorithmParameters")),
        )
    name = text_of(item, "SegmentAlgorithmName")
    return Algorithm(name, "unknown") if name else None


def _parameters(value: Any) -> dict[str, str]:
    """Return the parameters by name if this program wrote them; otherwise return them as one text."""
    text = value if isinstance(value, str) else "\\".join(map(str, value or ()))
    try:
        parameters = json.loads(text)
    except (ValueError, RecursionError):
        parameters = None
    if (
        isinstance(parameters, dict)
        and len(parameters) <= limits.MAX_PARAMETERS
        and all(isinstance(parameter, str) for parameter in parameters.values())
    ):
        return parameters
    return {"parameters": text} if text else {}


def _color(item: Dataset) -> Color | None:
    from highdicom.color import CIELabColor  # slow to import

    value = value_of(item, "RecommendedDisplayCIELabValue")
    if not isinstance(value, Iterable) or len(list(value)) != 3:
        return None
    red, green, blue = CIELabColor.from_dicom_value([int(component) for component in value]).to_rgb(clip=True)
    return float(red) / 255, float(green) / 255, float(blue) / 255


def _code(dataset: Dataset, keyword: str) -> Code | None:
    for item in items_of(dataset, keyword):
        value = text_of(item, "CodeValue") or text_of(item, "LongCodeValue") or text_of(item, "URNCodeValue")
        scheme = text_of(item, "CodingSchemeDesignator")
        if value and scheme:
            return Code(value, scheme, text_of(item, "CodeMeaning") or value)
    return None


def _series_started(header: Dataset) -> datetime | None:
    time = text_of(header, "SeriesTime").split(".")[0].ljust(6, "0")
    try:
        return datetime.strptime(text_of(header, "SeriesDate") + time, "%Y%m%d%H%M%S")
    except ValueError:
        return None


def _required_uid(dataset: Dataset, keyword: str) -> str:
    value = text_of(dataset, keyword)
    if not is_uid(value):
        raise SegmentationError(f"This DICOM-SEG lacks what identifies it or its radiograph ({keyword}).")
    return value
