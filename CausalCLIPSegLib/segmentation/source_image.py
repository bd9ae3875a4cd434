"""The radiograph that a segmentation refers to: identifiers, patient and study, and a nominal plane."""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydicom import DataElement, Dataset, uid
from pydicom.config import IGNORE, RAISE
from pydicom.datadict import dictionary_VR
from pydicom.valuerep import DA, TM, DSfloat

from CausalCLIPSegLib.errors import CausalCLIPSegError, SegmentationError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph import dicom_geometry, dicom_header, limits, sop_classes
from CausalCLIPSegLib.radiograph.formats import first_bytes, is_dicom
from CausalCLIPSegLib.segmentation.checks import is_uid, reject_file
from CausalCLIPSegLib.segmentation.segmentation import CodedSegment, ImageReference, Segmentation, derived_uid

_IDENTITY = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber", "ReferringPhysicianName"),
)
"""Elements by which an archive files an object. Nothing else about the patient is copied."""

_OPTIONAL = frozenset({"IssuerOfPatientID", "StudyDescription"})
_VERBATIM = frozenset({"PN", "LO", "SH"})
"""Value representations of names and identifiers, which are copied as they are."""
_MAX_TEXT = 1024
"""Characters of the longest name or identifier that is copied; far more than the standard allows."""
_CALENDAR: dict[str, type] = {"DA": DA, "TM": TM}
_MULTIPLE = frozenset({"LossyImageCompressionRatio", "LossyImageCompressionMethod"})
"""Copied elements that may have several values."""
_LOSSY = {
    uid.JPEGBaseline8Bit: "ISO_10918_1",
    uid.JPEGExtended12Bit: "ISO_10918_1",
    uid.JPEGLSNearLossless: "ISO_14495_1",
}
"""Transfer syntaxes that are always lossy, with the name of the method in a header (PS3.3 C.7.6.1.1.5.1)."""


def unsupported_reason(header: Dataset | None) -> str | None:
    """Return in one sentence why a segmentation cannot refer to the radiograph of a header; None if it can."""
    if header is None:
        return "The radiograph is not a DICOM file, so a DICOM-SEG has nothing to refer to."
    if _sop_class(header) not in sop_classes.READABLE:
        return "The header does not say which kind of radiograph it is, so a DICOM-SEG cannot refer to it."
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        if not is_uid(header.get(keyword)):
            return f"The radiograph has no usable {keyword}, so a DICOM-SEG cannot refer to it."
    return None


def missing_segmentation_reason(header: Dataset | None, segments: Sized) -> str | None:
    """Return in one sentence why no DICOM-SEG of these segments can be written; None if it can.

    Without a segment there is no file: a DICOM-SEG must have one, and viewers would list an empty one as a finding.
    """
    if reason := unsupported_reason(header):
        return reason
    return None if segments else "Nothing is outlined, so no DICOM-SEG is written."


def image_uid(header: Dataset | None) -> str | None:
    """Return the SOP Instance UID of a radiograph; None if it has none."""
    return None if header is None else uid_of(header, "SOPInstanceUID") or None


def uid_of(header: Dataset, keyword: str) -> str | None:
    """Return an identifier as it is written, valid or not; None if it is missing, several or no text."""
    value = header.get(keyword)
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def new_segmentation(
    segments: tuple[CodedSegment, ...], header: Dataset, description: str | None = None
) -> Segmentation:
    """Return segments as a new segmentation of a radiograph, in a series of its own.

    Args:
        segments: with masks of the size of the radiograph.
        header: of the radiograph.
        description: a sentence of at most 64 characters; None takes the default.

    Raises:
        SegmentationError: no segmentation can refer to this radiograph.
    """
    with silence_libraries():
        segmentation = Segmentation(segments, reference_to(header), str(header.StudyInstanceUID))
    return segmentation if description is None else replace(segmentation, description=description)


def read_source(path: Path) -> tuple[Dataset, tuple[int, int]]:
    """Return the header of a radiograph that a segmentation can refer to, with its rows and columns; read no pixels.

    Raises:
        SegmentationError: the file is not a DICOM radiograph, or no segmentation can refer to it.
    """
    try:
        with silence_libraries():
            reject_file(path, "DICOM image", limits.MAX_FILE_BYTES)
            if not is_dicom(first_bytes(path)):
                raise SegmentationError(f"{path} is not a DICOM image, so no segmentation can refer to it.")
            header = dicom_header.read_header(path)
            source = describe_source(header)
    except CausalCLIPSegError:
        raise
    except Exception as error:  # a damaged header makes pydicom raise any kind of error
        raise SegmentationError("The image is damaged or not a DICOM file.") from error
    return header, (source.Rows, source.Columns)


def reject_other_source(
    source: ImageReference | None, mask_shape: tuple[int, int], header: Dataset, shape: tuple[int, int]
) -> None:
    """Reject masks that belong to another radiograph, or have another size.

    Args:
        source: the radiograph that the masks refer to; None if unknown.
        mask_shape: rows and columns of the masks.
        header: of the radiograph.
        shape: rows and columns of the radiograph.

    Raises:
        SegmentationError: the radiograph is unknown or another one, or the masks have another size.
    """
    if source is None:
        raise SegmentationError("The segmentation does not say which radiograph it belongs to.")
    if source.sop_instance_uid != str(header.get("SOPInstanceUID")):
        raise SegmentationError("The segmentation belongs to another radiograph than this one.")
    if mask_shape != shape:
        raise SegmentationError(
            f"The outlines have {mask_shape[1]} x {mask_shape[0]} pixels, the radiograph has {shape[1]} x {shape[0]}."
        )


def reference_to(header: Dataset) -> ImageReference:
    """Return the identifiers of a radiograph.

    Raises:
        SegmentationError: no segmentation can refer to it.
    """
    if reason := unsupported_reason(header):
        raise SegmentationError(reason)
    return ImageReference(_sop_class(header), str(header.SOPInstanceUID), str(header.SeriesInstanceUID))


def describe_source(header: Dataset) -> Dataset:
    """Return what a segmentation takes from the radiograph's header, checked, with a nominal plane.

    A radiograph has no plane in space (PS3.3), but dcmqi and OHIF reject a segmentation without one. The nominal plane
    is what ITK, Slicer and OHIF assume for an image without geometry: origin 0, rows to the patient's left, columns to
    the back, pixel spacing from the header, else 1 mm.

    Raises:
        SegmentationError: no segmentation can refer to this radiograph.
    """
    reference = reference_to(header)
    rows, columns = _whole_number(header, "Rows"), _whole_number(header, "Columns")
    if not 0 < min(rows, columns) <= max(rows, columns) <= limits.MAX_SIDE:
        raise SegmentationError("The header of the radiograph does not say how large its picture is.")
    if min(rows, columns) < limits.MIN_SIDE:
        raise SegmentationError(f"The picture is too small for a radiograph: {columns} x {rows} pixels.")
    source = Dataset()
    source.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _IDENTITY:
        _copy(header, source, keyword)
    if source.PatientSex not in {"M", "F", "O"}:
        source.PatientSex = ""
    _add_verbatim(source, "StudyInstanceUID", str(header.StudyInstanceUID))
    _add_verbatim(source, "SeriesInstanceUID", reference.series_instance_uid)
    _add_verbatim(source, "SOPInstanceUID", reference.sop_instance_uid)
    source.SOPClassUID = reference.sop_class_uid
    source.Modality = "SC" if reference.sop_class_uid == uid.SecondaryCaptureImageStorage else "DX"
    source.Rows, source.Columns = rows, columns
    frame = header.get("FrameOfReferenceUID")
    derived = derived_uid(reference.sop_instance_uid, "frame of reference")
    _add_verbatim(source, "FrameOfReferenceUID", str(frame) if is_uid(frame) else derived)
    source.PositionReferenceIndicator = ""
    source.ImagePositionPatient = [0, 0, 0]
    source.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    spacing = dicom_geometry.spacing(header) or (1.0, 1.0)
    source.PixelSpacing = [DSfloat(value, auto_format=True) for value in spacing]
    source.SliceThickness = 1
    _copy_lossiness(header, source)
    return source


def _sop_class(header: Dataset) -> str:
    meta = getattr(header, "file_meta", None) or Dataset()
    return str(header.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")


def _whole_number(header: Dataset, keyword: str) -> int:
    value = header.get(keyword)
    return value if isinstance(value, int) else 0


def _copy(header: Dataset, source: Dataset, keyword: str) -> None:
    """Copy an element if it can be written again; otherwise leave it empty.

    Names and identifiers are copied even if they are too long, because an archive finds the patient by them.
    """
    vr = dictionary_VR(keyword)
    value = header.get(keyword)
    text = str(value) if isinstance(value, str) or (vr == "PN" and value is not None) else ""
    if vr in _VERBATIM and text and _is_writable(text):
        _add_verbatim(source, keyword, text)
    elif vr not in _VERBATIM and _is_valid(keyword, text):
        setattr(source, keyword, text)
    elif keyword not in _OPTIONAL:
        setattr(source, keyword, "")


def _copy_lossiness(header: Dataset, source: Dataset) -> None:
    """Record lossy compression; an object derived from a lossy image must do so (PS3.3 C.7.6.1.1.5)."""
    meta = getattr(header, "file_meta", None) or Dataset()
    syntax = meta.get("TransferSyntaxUID")
    method = _LOSSY.get(uid.UID(syntax)) if isinstance(syntax, str) else None
    if method is None and header.get("LossyImageCompression") != "01":
        return
    source.LossyImageCompression = "01"
    for keyword, default in (("LossyImageCompressionRatio", None), ("LossyImageCompressionMethod", method)):
        value = header.get(keyword) or default
        if value and _is_valid(keyword, value):
            setattr(source, keyword, value)


def _is_writable(text: str) -> bool:
    """Whether text is a single value that UTF-8 can encode, without control characters."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(text) <= _MAX_TEXT and not any(c == "\\" or ord(c) < 0x20 or ord(c) == 0x7F for c in text)


def _is_valid(keyword: str, value: Any) -> bool:
    """Return whether the standard allows a value, and the calendar a date: 20240230 has the form of a date."""
    vr = dictionary_VR(keyword)
    try:
        element = DataElement(keyword, vr, value, validation_mode=RAISE)
        if value and vr in _CALENDAR:
            _CALENDAR[vr](value)
    except Exception:  # pydicom raises errors of many types for values that do not fit
        return False
    return element.VM <= 1 or keyword in _MULTIPLE


def _add_verbatim(dataset: Dataset, keyword: str, value: str) -> None:
    dataset.add(DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE))
