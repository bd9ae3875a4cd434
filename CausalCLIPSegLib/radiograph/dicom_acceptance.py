"""Decide from a DICOM header whether an object is a frontal chest radiograph, and what to warn about."""

from __future__ import annotations

from pydicom import Dataset, uid

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import limits, sop_classes
from CausalCLIPSegLib.radiograph.dicom_geometry import directions, spacing, spacing_is_rejected
from CausalCLIPSegLib.radiograph.dicom_layout import pixel_layout
from CausalCLIPSegLib.radiograph.dicom_values import finite_numbers, first_integer, first_text
from CausalCLIPSegLib.radiograph.dicom_view import view
from CausalCLIPSegLib.radiograph.spacing import UNCALIBRATED

# A Secondary Capture can hold an image of any modality; "OT" and an empty Modality do not rule out a radiograph.
_RADIOGRAPHIC_MODALITIES = frozenset({"CR", "DX", "DR", "RG", "OT", "SC"})

# Elements of CT, MR, PET and ultrasound images that no radiograph has.
_OF_SLICES = (
    *("SliceLocation", "SpacingBetweenSlices", "EchoTime", "RepetitionTime", "MagneticFieldStrength"),
    *("GantryDetectorTilt", "ReconstructionDiameter", "Units", "SequenceOfUltrasoundRegions"),
)

_CHEST_WORDS = (
    *("CHEST", "CXR", "THORA", "TORAX", "THX", "LUNG", "PULM", "RIB", "HEART"),
    *("BRUST", "PECHO", "POUMON", "POLMON"),  # German, Spanish, French, Italian
)
_NO_BODY_PART = frozenset({"", "UNKNOWN", "UNSPECIFIED", "UNDEFINED", "OTHER"})

_FRONTAL_ONLY = "the program works on frontal chest radiographs."


def reject_unsuitable(header: Dataset) -> None:
    """Reject anything that is not one upright frontal radiograph, judging by the header only.

    "Digital X-Ray Image - For Processing" is rejected too. It is the raw signal of the detector: neither its polarity
    nor its contrast is that of a radiograph, and only the manufacturer knows how to process it.

    Raises:
        RadiographError: another kind of object, raw data, no image or several, a lateral view, a radiograph that lies
            on its side or upside down, or an implausible size.
    """
    _reject_other_objects(header)
    if first_integer(header, "NumberOfFrames", 1) > 1:
        raise RadiographError("This DICOM file holds several images; give it one radiograph.")
    layout = pixel_layout(header)
    channels = 3 if layout.photometric == "PALETTE COLOR" else layout.samples
    limits.check_size(layout.rows, layout.columns, channels * layout.allocated // 8)
    if view(header) == "lateral":
        raise RadiographError(f"This is a lateral view; {_FRONTAL_ONLY}")
    _reject_turned(header)


def _reject_other_objects(header: Dataset) -> None:
    modality = first_text(header, "Modality")
    sop_class = _sop_class(header)
    is_raw = (
        sop_class == uid.DigitalXRayImageStorageForProcessing
        or first_text(header, "PresentationIntentType") == "FOR PROCESSING"
    )
    if is_raw:
        raise RadiographError(
            'This DICOM file holds the raw signal of the detector ("For Processing"); export the processed image '
            '("For Presentation") instead.'
        )
    if not sop_class and not modality and any(keyword in header for keyword in _OF_SLICES):
        raise RadiographError("This DICOM file does not say what it holds, but it has the header of a slice image.")
    if sop_class and sop_class not in sop_classes.READABLE:
        name = sop_class.name.removesuffix(" Storage")
        content = "another kind of object" if name == sop_class else f'"{name}"'
        raise RadiographError(f"This DICOM file holds {content}, not a chest radiograph (CR or DX).")
    if modality and modality not in _RADIOGRAPHIC_MODALITIES:
        raise RadiographError(f'The image in this DICOM file is of modality "{modality[:16]}", not CR or DX.')


def _sop_class(header: Dataset) -> uid.UID:
    value = header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID")
    return uid.UID(value if isinstance(value, str) else "")


def _reject_turned(header: Dataset) -> None:
    along_row, along_column = directions(header)
    if along_row in {"H", "F"}:
        raise RadiographError("This radiograph lies on its side; turn it upright in the viewer and export it again.")
    if along_column == "H":
        raise RadiographError("This radiograph is upside down; turn it upright in the viewer and export it again.")


def header_warnings(header: Dataset) -> tuple[str, ...]:
    """Return what the user should know before relying on the image or sharing it, one sentence each."""
    warnings = []
    if not first_text(header, "Modality") and not _sop_class(header):
        warnings.append("The header does not say what the image is; check that it is a chest radiograph.")
    if first_text(header, "BurnedInAnnotation") != "NO":
        warnings.append("The header does not rule out that a name is burned into the image; look before sharing it.")
    species = first_text(header, "PatientSpeciesDescription")
    if first_text(header, "PatientBreedDescription") or (species and "HOMO" not in species and "HUMAN" not in species):
        warnings.append("The header says that this is an animal; the program was trained on people.")
    body_part = first_text(header, "BodyPartExamined")
    if body_part not in _NO_BODY_PART and not any(word in body_part for word in _CHEST_WORDS):
        warnings.append("The header names a body part other than the chest.")
    if view(header) == "both":
        warnings.append("The header names a frontal and a lateral view; check that this is the frontal one.")
    if spacing_is_rejected(header):
        warnings.append(UNCALIBRATED)
    aspect = finite_numbers(header, "PixelAspectRatio")
    if spacing(header) is None and len(aspect) == 2 and aspect[0] != aspect[1]:
        warnings.append("The header says that the pixels are not square, so the picture is squeezed.")
    if first_text(header, "ViewPosition") in {"RAO", "LAO", "RPO", "LPO", "RLO", "LLO"}:
        warnings.append("The header says that this is an oblique view; the program was trained on frontal views.")
    polarity = (first_text(header, "PhotometricInterpretation"), first_text(header, "PresentationLUTShape"))
    if polarity in {("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")}:
        warnings.append("The header contradicts itself about black and white; check that bone is shown white.")
    return tuple(warnings)
