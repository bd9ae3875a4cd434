"""Decide from a DICOM header whether an object is a frontal chest radiograph, and what to warn about."""

from __future__ import annotations

import math

from pydicom import Dataset, uid

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import limits, sop_classes
from CausalCLIPSegLib.radiograph.dicom_geometry import directions
from CausalCLIPSegLib.radiograph.dicom_values import first_integer, first_text

# A Secondary Capture can hold a picture from any machine; only its modality tells. "OT" and nothing say nothing.
_RADIOGRAPHIC_MODALITIES = frozenset({"CR", "DX", "DR", "RG", "OT", "SC"})

_FRONTAL_ONLY = "the program works on frontal chest films."


def reject_unsuitable(header: Dataset) -> None:
    """Refuse what is not one frontal radiograph, by the header alone.

    "Digital X-Ray Image - For Processing" is refused as well: it is the detector's raw signal, in which neither
    polarity nor contrast are those of a film, and which no public method turns into what the maker's software shows.

    Raises:
        RadiographError: another kind of object, raw data, several or no pictures, a lateral view, a film that lies on
            its side or upside down, or an unlikely size.
    """
    _refuse_other_objects(header)
    if first_integer(header, "NumberOfFrames", 1) > 1:
        raise RadiographError("This DICOM file holds several pictures; give it one radiograph.")
    rows, columns = first_integer(header, "Rows", 0), first_integer(header, "Columns", 0)
    if rows == 0 or columns == 0:
        raise RadiographError("This DICOM file holds no picture.")
    samples = first_integer(header, "SamplesPerPixel", 1)
    limits.check_size(rows, columns, samples * math.ceil(first_integer(header, "BitsAllocated", 16) / 8))
    if first_text(header, "PhotometricInterpretation") == "PALETTE COLOR":
        raise RadiographError("The picture is in colour; a radiograph is grey.")
    if _is_lateral(header):
        raise RadiographError(f"This is a lateral view; {_FRONTAL_ONLY}")
    _refuse_turned(header)


def _refuse_other_objects(header: Dataset) -> None:
    modality = first_text(header, "Modality")
    kind = uid.UID(header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or "")
    raw = (
        kind == uid.DigitalXRayImageStorageForProcessing
        or first_text(header, "PresentationIntentType") == "FOR PROCESSING"
    )
    if raw:
        raise RadiographError(
            'This DICOM file holds the raw signal of the detector ("For Processing"); export the processed picture '
            '("For Presentation") instead.'
        )
    if not kind and modality not in {"CR", "DX"}:
        raise RadiographError("This DICOM file does not say what it holds, so it cannot be taken for a radiograph.")
    if kind and kind not in sop_classes.READABLE:
        name = kind.name.removesuffix(" Storage")
        holds = "another kind of object" if name == kind else f'"{name}"'
        raise RadiographError(f"This DICOM file holds {holds}, not a chest radiograph (CR or DX).")
    if modality and modality not in _RADIOGRAPHIC_MODALITIES:
        raise RadiographError(f'The picture in this DICOM file is of modality "{modality[:16]}", not CR or DX.')


def _is_lateral(header: Dataset) -> bool:
    """Whether the view (PS3.3 C.8.1.1, C.8.11.5) or the direction of the rows is that of a lateral film.

    A decubitus film ("lateral decubitus", LLD, RLD) shows the chest from the front and is none.
    """
    view = first_text(header, "ViewPosition")
    codes = [str(item.get("CodeMeaning") or "").upper() for item in header.get("ViewCodeSequence") or []]
    lateral = any("LAT" in name and "DEC" not in name for name in (view, *codes))
    return lateral or view in {"LL", "RL", "LM", "ML"} or directions(header)[0] in {"A", "P"}


def _refuse_turned(header: Dataset) -> None:
    along_row, along_column = directions(header)
    if along_row in {"H", "F"}:
        raise RadiographError("This film lies on its side; turn it upright in the viewer and export it again.")
    if along_column == "H":
        raise RadiographError("This film is upside down; turn it upright in the viewer and export it again.")


def header_warnings(header: Dataset) -> tuple[str, ...]:
    """Return what a person should know before trusting the picture or passing it on, one sentence each."""
    found = []
    if first_text(header, "BurnedInAnnotation") != "NO":
        found.append("The header does not rule out that a name is burned into the picture; look before passing it on.")
    species = first_text(header, "PatientSpeciesDescription")
    if first_text(header, "PatientBreedDescription") or (species and "HOMO" not in species and "HUMAN" not in species):
        found.append("The header says that this is an animal; the program was trained on people.")
    body_part = first_text(header, "BodyPartExamined")
    if body_part and not any(word in body_part for word in ("CHEST", "THORA", "TORAX", "LUNG", "RIB", "HEART")):
        found.append("The header names a body part other than the chest.")
    if first_text(header, "ViewPosition") in {"RAO", "LAO", "RPO", "LPO", "RLO", "LLO"}:
        found.append("The header says that this is an oblique view; the program was trained on frontal films.")
    polarity = (first_text(header, "PhotometricInterpretation"), first_text(header, "PresentationLUTShape"))
    if polarity in {("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")}:
        found.append("The header contradicts itself about black and white; check that bone is shown white.")
    return tuple(found)
