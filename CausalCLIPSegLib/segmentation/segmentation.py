"""The content of a segmentation of one radiograph, independent of the file format: plain values and arrays."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.colors import Color
from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.terminology import LATERALITY, Code

AlgorithmType = Literal["AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"]

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
"""SOP class of the objects that this program writes; a literal, so that scenes do not import pydicom."""

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Matrix from DICOM's coordinates to Slicer's, 4 x 4."""


def new_uid() -> str:
    """Return a new, random unique identifier (UID)."""
    return f"2.25.{uuid.uuid4().int}"


def derived_uid(*sources: str) -> str:
    """Return a unique identifier (UID) derived from strings; the same strings always give the same identifier."""
    return f"2.25.{uuid.uuid5(uuid.NAMESPACE_OID, chr(0).join(sources)).int}"


@dataclass(frozen=True)
class Algorithm:
    """What drew a segment (PS3.3 C.8.20.2, Segmentation Algorithm Identification Sequence).

    Attributes:
        name: the program.
        version, source: the weights, which decide what the program draws; source may be empty.
        parameters: values by name with which the program was run.
    """

    name: str
    version: str
    source: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ImageReference:
    """Unique identifiers of one image or segmentation; the series is empty if the file does not name it."""

    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str = ""


@dataclass(frozen=True, eq=False)
class CodedSegment:
    """One segment.

    Attributes:
        label: the name that a person reads.
        mask: bool, rows x columns of the radiograph.
        category, type: codes of the finding.
        region: code of the part of the body; None if unspecified.
        laterality: code of the patient's side; None if unspecified.
        algorithm_type: AUTOMATIC, SEMIAUTOMATIC or MANUAL.
        algorithm: drew the segment; None if it is MANUAL or the algorithm is unspecified.
        tracking_id: identifier that all corrections of the segmentation keep.
        tracking_uid: the same, as a globally unique identifier (UID).
        color: red, green, blue, each in [0, 1]; None if unspecified.
    """

    label: str
    mask: npt.NDArray[np.bool_]
    category: Code
    type: Code
    region: Code | None = None
    laterality: Code | None = None
    algorithm_type: AlgorithmType = "MANUAL"
    algorithm: Algorithm | None = None
    tracking_id: str = ""
    tracking_uid: str = field(default_factory=new_uid)
    color: Color | None = None

    @property
    def side(self) -> Side | None:
        """The patient's side; None if unspecified, or neither left nor right."""
        return next((side for side, code in LATERALITY.items() if code.is_same(self.laterality)), None)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The segments of one radiograph, and the identifiers of the DICOM object that holds them.

    Attributes:
        segments: in the order of their numbers, each with a mask of the same shape.
        source: the radiograph; None if the file does not name it.
        study_instance_uid: the study of the radiograph and the segmentation.
        series_instance_uid, series_number: the series that holds this object and its corrections.
        series_started: when the first object of the series was made; None means now.
        sop_class_uid, sop_instance_uid, instance_number: this object.
        label: a name of at most 16 capital letters (Content Label).
        description: a sentence of at most 64 characters (Content Description).
        creator: the person who made or corrected it; may be empty.
        previous: the object that this one corrects; None for the first of a series.
        spacing: distance of pixel centers (row mm, column mm) on the nominal plane of the file that was read; writing
            ignores it, and takes the spacing of the radiograph.
    """

    segments: tuple[CodedSegment, ...]
    source: ImageReference | None
    study_instance_uid: str
    series_instance_uid: str = field(default_factory=new_uid)
    series_number: int = 990
    series_started: datetime.datetime | None = None
    sop_class_uid: str = SEGMENTATION_STORAGE
    sop_instance_uid: str = field(default_factory=new_uid)
    instance_number: int = 1
    label: str = "CHEST FINDINGS"
    description: str = "Outlines on a chest film; the plane is nominal, no anatomy"
    creator: str = ""
    previous: ImageReference | None = None
    spacing: tuple[float, float] = (1.0, 1.0)

    @property
    def affine(self) -> npt.NDArray[np.float64]:
        """The nominal plane, float64, 4 x 4: voxel (column, row, slice, 1) to millimeters, LPS."""
        return np.diag([self.spacing[1], self.spacing[0], 1.0, 1.0])

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, columns = self.segments[0].mask.shape
        return rows, columns
