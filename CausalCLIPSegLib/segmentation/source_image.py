"""The film that a segmentation refers to: who and what it is, and a nominal plane for the readers that ask for one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, TypeGuard

from pydicom import DataElement, Dataset, uid
from pydicom.config import IGNORE, RAISE
from pydicom.datadict import dictionary_VR
from pydicom.valuerep import DSfloat

from CausalCLIPSegLib.errors import CausalCLIPSegError, SegmentationError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph import dicom_geometry, dicom_header, limits, sop_classes
from CausalCLIPSegLib.segmentation.segmentation import ImageReference, derived_uid

_IDENTITY = (
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber", "ReferringPhysicianName"),
)
"""What an archive files an object by. Nothing else of the patient's goes along."""

_OPTIONAL = frozenset({"IssuerOfPatientID", "StudyDescription"})
_VERBATIM = frozenset({"PN", "LO", "SH"})
_LOSSY = {
    uid.JPEGBaseline8Bit: "ISO_10918_1",
    uid.JPEGExtended12Bit: "ISO_10918_1",
    uid.JPEGLSNearLossless: "ISO_14495_1",
}
"""Transfer syntaxes that always lose something, and what the header calls their methods (PS3.3 C.7.6.1.1.5.1)."""
# Millimetres beyond which a distance of pixels is a mistake of the header.
_SPACING_RANGE = (1e-3, 1e2)


def unsupported_reason(header: Dataset | None) -> str | None:
    """Return in one sentence why a segmentation cannot refer to the film of this header; None where it can."""
    if header is None:
        return "The film is no DICOM file, so a DICOM-SEG has nothing to refer to."
    if _sop_class(header) not in sop_classes.READABLE:
        return "The film does not say which kind of radiograph it is, so a DICOM-SEG cannot refer to it."
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        if not is_uid(header.get(keyword)):
            return f"The film has no usable {keyword}, so a DICOM-SEG cannot refer to it."
    return None


def reject_file(path: Path, kind: str, most_bytes: int) -> None:
    """Refuse what cannot be such a file, before any of it is read.

    Args:
        path: the file.
        kind: what it should be, for the sentence.
        most_bytes: beyond which it is none.

    Raises:
        SegmentationError: a folder, missing, empty, too large, or closed to the user.
    """
    try:
        if path.is_dir():
            raise SegmentationError(f"{path} is a folder; give the name of a {kind}.")
        if not path.is_file():
            raise SegmentationError(f"There is no file {path}.")
        size = path.stat().st_size
        path.open("rb").close()
    except PermissionError as error:
        raise SegmentationError(f"{path} cannot be opened: you have no permission to read it.") from error
    if size == 0:
        raise SegmentationError(f"{path} is empty.")
    if size > most_bytes:
        raise SegmentationError(f"{path} is too large for a {kind}.")


def read_source(path: Path) -> tuple[Dataset, tuple[int, int]]:
    """Return the header of a film that a segmentation can refer to, with its rows and columns; reads no pixels.

    Raises:
        SegmentationError: it is no DICOM film, or cannot be referred to.
    """
    try:
        with silence_libraries():
            reject_file(path, "DICOM film", limits.MAX_FILE_BYTES)
            header = dicom_header.read_header(path)
            film = describe_source(header)
    except CausalCLIPSegError:
        raise
    except Exception as error:  # a damaged header makes pydicom raise whatever comes to hand
        raise SegmentationError("The film is damaged or no DICOM file.") from error
    return header, (film.Rows, film.Columns)


def reject_other_source(
    source: ImageReference | None, outlined: tuple[int, int], header: Dataset, shape: tuple[int, int]
) -> None:
    """Refuse outlines that belong to another film, or have another size.

    Args:
        source: the film that the outlines refer to; None where they do not say.
        outlined: rows and columns of the outlines.
        header: of the film.
        shape: rows and columns of the film.

    Raises:
        SegmentationError: they do not fit.
    """
    if source is None:
        raise SegmentationError("The segmentation does not say which film it belongs to.")
    if source.sop_instance_uid != str(header.get("SOPInstanceUID")):
        raise SegmentationError("The segmentation belongs to another film than this one.")
    if outlined != shape:
        raise SegmentationError(
            f"The outlines have {outlined[1]} x {outlined[0]} pixels, the film has {shape[1]} x {shape[0]}."
        )


def reference_to(header: Dataset) -> ImageReference:
    """Return the identifiers of a film.

    Raises:
        SegmentationError: no segmentation can refer to it.
    """
    if fault := unsupported_reason(header):
        raise SegmentationError(fault)
    return ImageReference(_sop_class(header), str(header.SOPInstanceUID), str(header.SeriesInstanceUID))


def describe_source(header: Dataset) -> Dataset:
    """Return what a segmentation takes from the film's header, checked, and on a nominal plane.

    The plane is what ITK, Slicer and OHIF assume of a picture without geometry: from 0, rows to the left, columns to
    the back, distances of pixels as the header has them, else 1 mm. Without it dcmqi and OHIF refuse a segmentation.

    Raises:
        SegmentationError: no segmentation can refer to this film.
    """
    reference = reference_to(header)
    rows, columns = _whole_number(header, "Rows"), _whole_number(header, "Columns")
    if not 0 < min(rows, columns) <= max(rows, columns) <= limits.MAX_SIDE:
        raise SegmentationError("The header of the film does not say how large its picture is.")
    if min(rows, columns) < limits.MIN_SIDE:
        raise SegmentationError(f"The film is too small for a radiograph: {columns} x {rows} pixels.")
    film = Dataset()
    film.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _IDENTITY:
        _copy(header, film, keyword)
    if film.PatientSex not in {"M", "F", "O"}:
        film.PatientSex = ""
    _add_verbatim(film, "StudyInstanceUID", str(header.StudyInstanceUID))
    _add_verbatim(film, "SeriesInstanceUID", reference.series_instance_uid)
    _add_verbatim(film, "SOPInstanceUID", reference.sop_instance_uid)
    film.SOPClassUID = reference.sop_class_uid
    film.Modality = "SC" if reference.sop_class_uid == uid.SecondaryCaptureImageStorage else "DX"
    film.Rows, film.Columns = rows, columns
    frame = header.get("FrameOfReferenceUID")
    derived = derived_uid(reference.sop_instance_uid, "frame of reference")
    _add_verbatim(film, "FrameOfReferenceUID", str(frame) if is_uid(frame) else derived)
    film.PositionReferenceIndicator = ""
    film.ImagePositionPatient = [0, 0, 0]
    film.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    film.PixelSpacing = [DSfloat(value, auto_format=True) for value in _spacing(header)]
    film.SliceThickness = 1
    _copy_lossiness(header, film)
    return film


def is_uid(value: Any) -> TypeGuard[str]:
    """Whether this can name an object: real files have components with leading zeros, which are none by the book."""
    return isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)+", value) is not None and len(value) <= 64


def one_line(words: str, most: int = 64) -> str:
    """Return words as one value of DICOM text: no separators of values or lines, at most so many characters."""
    shown = words.encode("utf-8", "replace").decode().replace("\\", "/")
    return " ".join("".join(c if c.isprintable() else " " for c in shown).split())[:most].strip()


def _sop_class(header: Dataset) -> str:
    meta = getattr(header, "file_meta", None) or Dataset()
    return str(header.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID") or "")


def _whole_number(header: Dataset, keyword: str) -> int:
    value = header.get(keyword)
    return value if isinstance(value, int) else 0


def _spacing(header: Dataset) -> tuple[float, float]:
    found = dicom_geometry.spacing(header)
    low, high = _SPACING_RANGE
    return found if found and low <= min(found) and max(found) <= high else (1.0, 1.0)


def _copy(header: Dataset, film: Dataset, keyword: str) -> None:
    """Copy what can be written again; empty where it cannot, or where there is nothing.

    Names and numbers stay as they are, also where they break a rule of length: by them an archive finds the patient.
    """
    vr = dictionary_VR(keyword)
    value = header.get(keyword)
    text = value if isinstance(value, str) or vr == "PN" else None
    words = "" if text is None else str(text)
    if vr in _VERBATIM and words and _is_writable(words):
        _add_verbatim(film, keyword, words)
    elif vr not in _VERBATIM and _is_valid(keyword, words):
        setattr(film, keyword, words)
    elif keyword not in _OPTIONAL:
        setattr(film, keyword, "")


def _copy_lossiness(header: Dataset, film: Dataset) -> None:
    """Tell of compression with losses: what is derived from such a picture has to say so too (PS3.3 C.7.6.1.1.5)."""
    method = _LOSSY.get(getattr(header, "file_meta", Dataset()).get("TransferSyntaxUID"))
    if method is None and header.get("LossyImageCompression") != "01":
        return
    film.LossyImageCompression = "01"
    for keyword, known in (("LossyImageCompressionRatio", None), ("LossyImageCompressionMethod", method)):
        value = header.get(keyword) or known
        if value and _is_valid(keyword, value):
            setattr(film, keyword, value)


def _is_writable(words: str) -> bool:
    """Whether this is one value of text: no separator of values, no control characters, no half characters."""
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return len(words) <= 1024 and not any(c == "\\" or ord(c) < 0x20 or ord(c) == 0x7F for c in words)


def _is_valid(keyword: str, value: Any) -> bool:
    try:
        DataElement(keyword, dictionary_VR(keyword), value, validation_mode=RAISE)
    except (ValueError, TypeError):
        return False
    return True


def _add_verbatim(film: Dataset, keyword: str, value: str) -> None:
    film.add(DataElement(keyword, dictionary_VR(keyword), value, validation_mode=IGNORE))
