"""DICOM radiographs: which objects are taken, and how stored values become a grey scale.

The way of a pixel is that of PS3.4 N.2: stored value, modality LUT (PS3.3 C.11.1), VOI LUT or window (PS3.3 C.11.2),
polarity (PS3.3 C.7.6.3.1.2). Nothing here asks a header for more than it has to say: real headers lack values, hold
empty ones or contradict themselves.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from libjpeg import utils as libjpeg
from openjpeg import utils as openjpeg
from pydicom import Dataset, uid
from pydicom.encaps import generate_frames
from pydicom.multival import MultiValue
from pydicom.pixels import pixel_array

from CausalCLIPSegLib import grey_scale
from CausalCLIPSegLib.dicom_file import DAMAGED_PIXELS, read_pixel_data
from CausalCLIPSegLib.errors import RadiographError

_RADIOGRAPHS = frozenset(
    {
        uid.ComputedRadiographyImageStorage,
        uid.DigitalXRayImageStorageForPresentation,
        uid.SecondaryCaptureImageStorage,  # scanned film, and what converters make of PNG and JPEG
    }
)
# A Secondary Capture can hold a picture from any machine; only its modality tells. "OT" and nothing say nothing.
_RADIOGRAPHIC_MODALITIES = frozenset({"CR", "DX", "DR", "RG", "OT", "SC"})

_FRONTAL_ONLY = "the program works on frontal chest films."

# Half a step of an 8-bit screen: nobody can tell such a pixel from black or from white.
_HALF_STEP = 0.5 / 255
_MAX_SATURATED = 0.9
_MIN_CONTRAST = 0.1
_MOST_DENSE = 1000
"""Pixels to a byte of a compressed picture: one without contrast has more, one barely recognisable a hundred."""


# -- reading ----------------------------------------------------------------------------------------------------------


def read_pixels(path: Path, header: Dataset) -> npt.NDArray[np.float32]:
    """Decode the picture and turn it into a grey scale; ask `refuse_unsuitable(header)` first.

    MONOCHROME1 is turned round here, once (PS3.3 C.7.6.3.1.2). Presentation LUT Shape INVERSE says the same thing a
    second time (PS3.3 C.8.11.3: "shall be used if Photometric Interpretation is MONOCHROME1") and is not a second
    inversion; where the two contradict, Photometric Interpretation decides, as in Slicer, and `remarks` says so.

    Returns:
        float32 in [0, 1], rows x columns, white is dense; pixel padding (PS3.3 C.7.5.1.1.2) is black.

    Raises:
        RadiographError: no, damaged or coloured pixels, or pixels without contrast.
        Exception: whatever pydicom and its plugins raise for damaged pixels.
    """
    stored = _decode(path, header)
    if stored.ndim == 3:
        return grey_scale.single_channel(stored, full_scale=2 ** int(header.BitsStored) - 1)
    valid = ~_padding(stored, header)
    grey_scale.refuse_flat(stored[valid])
    values = _modality_values(stored, header)
    shown = _voi_values(values, header)
    if shown is None or not _is_useful(shown[valid]):
        shown = grey_scale.stretch(values, valid)
    if _text(header, "PhotometricInterpretation") == "MONOCHROME1":
        shown = 1 - shown
    return np.where(valid, shown, np.float32(0)).astype(np.float32)


def _decode(path: Path, header: Dataset) -> npt.NDArray[Any]:
    """Return the stored values, rows x columns or rows x columns x 3, integers."""
    dataset = read_pixel_data(path, header)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = _native_syntax(dataset)
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        stored = pixel_array(dataset, index=0)
        if len(dataset.PixelData) >= stored.nbytes + stored[0].nbytes:  # room for another row: the header is wrong
            raise RadiographError(DAMAGED_PIXELS)
        return stored
    _refuse_other_size(dataset)
    # On damaged data the run-length decoder of pylibjpeg raises something that is no Exception; GDCM, which pydicom
    # would try first where it is installed, ends the whole process.
    plugin = "pydicom" if syntax == uid.RLELossless else "pylibjpeg"
    stored = pixel_array(dataset, index=0, decoding_plugin=plugin)
    _refuse_overflow(stored, dataset)
    return stored


def _native_syntax(dataset: Dataset) -> uid.UID:
    """Return the transfer syntax of a data set without file meta information from how pydicom could read it."""
    implicit, little_endian = dataset.original_encoding
    if not little_endian:
        return uid.ExplicitVRBigEndian
    return uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian


def _refuse_other_size(dataset: Dataset) -> None:
    """Refuse compressed pixels that unpack to another size than the header says, before they take any memory."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    syntax = dataset.file_meta.TransferSyntaxUID
    if _MOST_DENSE * len(frame) < rows * columns or grey_scale.has_many_scans(frame):
        fits = False
    elif syntax == uid.RLELossless:
        # Run-length encoding at its worst adds one byte to 128.
        fits = len(frame) < 64 + 1.1 * rows * columns * dataset.SamplesPerPixel * math.ceil(dataset.BitsAllocated / 8)
    else:
        is_jpeg_2000 = frame.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP"))
        coded = openjpeg.get_parameters(frame) if is_jpeg_2000 else libjpeg.get_parameters(frame)
        channels = coded["samples_per_pixel" if is_jpeg_2000 else "nr_components"]
        fits = (coded["rows"], coded["columns"], channels) == (rows, columns, dataset.get("SamplesPerPixel", 1))
    if not fits:
        raise RadiographError(DAMAGED_PIXELS)


def _refuse_overflow(stored: npt.NDArray[Any], dataset: Dataset) -> None:
    """Refuse values beyond Bits Stored: damaged JPEG 2000 can decode to such garbage without a complaint."""
    bits = int(dataset.BitsStored)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dataset.PixelRepresentation else (0, 2**bits - 1)
    if stored.min() < low or stored.max() > high:
        raise RadiographError(DAMAGED_PIXELS)


# -- refusing ---------------------------------------------------------------------------------------------------------


def refuse_unsuitable(header: Dataset) -> None:
    """Refuse what is not one frontal radiograph, by the header alone.

    "Digital X-Ray Image - For Processing" is refused as well: it is the detector's raw signal, in which neither
    polarity nor contrast are those of a film, and which no public method turns into what the maker's software shows.

    Raises:
        RadiographError: another kind of object, raw data, several or no pictures, a lateral view, a film that lies on
            its side or upside down, or an unlikely size.
    """
    _refuse_other_objects(header)
    if _integer(header, "NumberOfFrames", 1) > 1:
        raise RadiographError("This DICOM file holds several pictures; give it one radiograph.")
    rows, columns = _integer(header, "Rows", 0), _integer(header, "Columns", 0)
    if rows == 0 or columns == 0:
        raise RadiographError("This DICOM file holds no picture.")
    samples = _integer(header, "SamplesPerPixel", 1)
    grey_scale.check_size(rows, columns, samples * math.ceil(_integer(header, "BitsAllocated", 16) / 8))
    if _text(header, "PhotometricInterpretation") == "PALETTE COLOR":
        raise RadiographError("The picture is in colour; a radiograph is grey.")
    if _is_lateral(header):
        raise RadiographError(f"This is a lateral view; {_FRONTAL_ONLY}")
    _refuse_turned(header)


def _refuse_other_objects(header: Dataset) -> None:
    modality = _text(header, "Modality")
    kind = uid.UID(header.get("SOPClassUID") or header.file_meta.get("MediaStorageSOPClassUID") or "")
    raw = (
        kind == uid.DigitalXRayImageStorageForProcessing or _text(header, "PresentationIntentType") == "FOR PROCESSING"
    )
    if raw:
        raise RadiographError(
            'This DICOM file holds the raw signal of the detector ("For Processing"); export the processed picture '
            '("For Presentation") instead.'
        )
    if not kind and modality not in {"CR", "DX"}:
        raise RadiographError("This DICOM file does not say what it holds, so it cannot be taken for a radiograph.")
    if kind and kind not in _RADIOGRAPHS:
        name = kind.name.removesuffix(" Storage")
        holds = "another kind of object" if name == kind else f'"{name}"'
        raise RadiographError(f"This DICOM file holds {holds}, not a chest radiograph (CR or DX).")
    if modality and modality not in _RADIOGRAPHIC_MODALITIES:
        raise RadiographError(f'The picture in this DICOM file is of modality "{modality[:16]}", not CR or DX.')


def _is_lateral(header: Dataset) -> bool:
    """Whether the view (PS3.3 C.8.1.1, C.8.11.5) or the direction of the rows is that of a lateral film.

    A decubitus film ("lateral decubitus", LLD, RLD) shows the chest from the front and is none.
    """
    view = _text(header, "ViewPosition")
    codes = [str(item.get("CodeMeaning") or "").upper() for item in header.get("ViewCodeSequence") or []]
    lateral = any("LAT" in name and "DEC" not in name for name in (view, *codes))
    return lateral or view in {"LL", "RL", "LM", "ML"} or _directions(header)[0] in {"A", "P"}


def _refuse_turned(header: Dataset) -> None:
    along_row, along_column = _directions(header)
    if along_row in {"H", "F"}:
        raise RadiographError("This film lies on its side; turn it upright in the viewer and export it again.")
    if along_column == "H":
        raise RadiographError("This film is upside down; turn it upright in the viewer and export it again.")


# -- what the header says of the film ---------------------------------------------------------------------------------


def spacing(header: Dataset) -> tuple[float, float] | None:
    """Return the distance of pixel centres (row mm, column mm), or None where the header gives no usable one.

    Pixel Spacing, else Imager Pixel Spacing, else Nominal Scanned Pixel Spacing (PS3.3 10.7.1.3). The latter two are
    measured in the plane of the detector; they are not divided by the Estimated Radiographic Magnification Factor,
    since the depth of a finding in the chest is not known. Real files carry zeros, single values and empty ones.
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        numbers = _numbers(header, keyword)
        if len(numbers) == 2 and min(numbers) > 0:
            return numbers[0], numbers[1]
    return None


def affine(header: Dataset) -> npt.NDArray[np.float64]:
    """Return where GDCM, and with it ITK and Slicer, places the film: (column, row, slice, 1) to millimetres in LPS.

    By GDCM's rules the spacing of CR and DX is Imager Pixel Spacing alone, that of Secondary Capture Pixel Spacing or
    Nominal Scanned Pixel Spacing, and 1 mm without; rows run to the left, columns to the back, from 0, unless the
    header has a plane (PS3.3 C.7.6.2), which is rare for a radiograph. ITK itself is not asked, because GDCM takes
    gigabytes for some damaged headers.

    Returns:
        float64, 4 x 4; the slice is 1 mm thick.
    """
    keyword = "ImagerPixelSpacing"
    if header.get("SOPClassUID") == uid.SecondaryCaptureImageStorage:
        keyword = "PixelSpacing" if "PixelSpacing" in header else "NominalScannedPixelSpacing"
    numbers = _numbers(header, keyword)
    row_mm, column_mm = [value if value > 0 else 1 for value in numbers] if len(numbers) == 2 else (1, 1)
    placed = np.eye(4)
    placed[:3, :3] = _plane(header) * (column_mm, row_mm, 1)
    position = _numbers(header, "ImagePositionPatient")
    if len(position) == 3:
        placed[:3, 3] = position
    return placed


def _plane(header: Dataset) -> npt.NDArray[np.float64]:
    """Return unit vectors along row, column and normal as the columns of a matrix (Image Orientation (Patient))."""
    cosines = _numbers(header, "ImageOrientationPatient")
    if len(cosines) != 6:
        return np.eye(3)
    along_row, normal = np.array(cosines[:3]), np.cross(cosines[:3], cosines[3:])
    axes = np.column_stack([along_row, np.cross(normal, along_row), normal])
    lengths = np.linalg.norm(axes, axis=0)
    return axes / lengths if lengths.all() else np.eye(3)


def mirrored(header: Dataset) -> bool | None:
    """Return whether columns run towards the patient's right (PS3.3 C.7.6.1.1.1), or None where the header is silent.

    L\\F, columns towards the patient's left, is the usual orientation of a frontal film.
    """
    return {"R": True, "L": False}.get(_directions(header)[0])


def remarks(header: Dataset) -> tuple[str, ...]:
    """Return what a person should know before trusting the picture or passing it on, one sentence each."""
    found = []
    if _text(header, "BurnedInAnnotation") != "NO":
        found.append("The header does not rule out that a name is burned into the picture; look before passing it on.")
    species = _text(header, "PatientSpeciesDescription")
    if _text(header, "PatientBreedDescription") or (species and "HOMO" not in species and "HUMAN" not in species):
        found.append("The header says that this is an animal; the program was trained on people.")
    body_part = _text(header, "BodyPartExamined")
    if body_part and not any(word in body_part for word in ("CHEST", "THORA", "TORAX", "LUNG", "RIB", "HEART")):
        found.append("The header names a body part other than the chest.")
    if _text(header, "ViewPosition") in {"RAO", "LAO", "RPO", "LPO", "RLO", "LLO"}:
        found.append("The header says that this is an oblique view; the program was trained on frontal films.")
    polarity = (_text(header, "PhotometricInterpretation"), _text(header, "PresentationLUTShape"))
    if polarity in {("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")}:
        found.append("The header contradicts itself about black and white; check that bone is shown white.")
    return tuple(found)


def _directions(header: Dataset) -> tuple[str, str]:
    """Return the first letter of where rows and columns run to, L or R, H or F, A or P, or "" (PatientOrientation)."""
    value = header.get("PatientOrientation")
    texts = [str(text).strip().upper() for text in value] if isinstance(value, MultiValue) else [str(value or "")]
    along_row, along_column, *_ = (*texts, "", "")
    return along_row[:1], along_column[:1]


# -- stored values to grey scale --------------------------------------------------------------------------------------


def _padding(stored: npt.NDArray[Any], header: Dataset) -> npt.NDArray[np.bool_]:
    """Return where there is no picture: Pixel Padding Value up to Pixel Padding Range Limit (PS3.3 C.7.5.1.1.2)."""
    ends = _numbers(header, "PixelPaddingValue")[:1]
    if not ends:
        return np.zeros(stored.shape, dtype=np.bool_)
    ends += _numbers(header, "PixelPaddingRangeLimit")[:1]
    return np.asarray((stored >= min(ends)) & (stored <= max(ends)))


def _modality_values(stored: npt.NDArray[Any], header: Dataset) -> npt.NDArray[np.float32]:
    """Apply the modality LUT or the rescale slope and intercept (PS3.3 C.11.1)."""
    for item in header.get("ModalityLUTSequence") or []:
        if (table := _lut_table(item, header)) is not None:
            return _look_up(stored, table, item)
    slope = _number(header, "RescaleSlope") or 1  # zero would leave no picture
    intercept = _number(header, "RescaleIntercept") or 0
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _voi_values(values: npt.NDArray[np.float32], header: Dataset) -> npt.NDArray[np.float32] | None:
    """Apply the first VOI LUT or the first window (PS3.3 C.11.2); None where the header has no usable one."""
    for item in header.get("VOILUTSequence") or []:
        if (table := _lut_table(item, header)) is not None:
            # The depth that the descriptor gives is often wrong (16 for entries of 12 bits): take it from the entries.
            full_scale = 2 ** int(table.max()).bit_length() - 1
            return _look_up(values, table, item) / np.float32(max(full_scale, 1))
    center, width = _number(header, "WindowCenter"), _number(header, "WindowWidth")
    if center is None or width is None:
        return None
    return window(values, center, width, _text(header, "VOILUTFunction"))


def window(
    values: npt.NDArray[np.float32], center: float, width: float, function: str = "LINEAR"
) -> npt.NDArray[np.float32] | None:
    """Apply a window (PS3.3 C.11.2.1.2 and C.11.2.1.3), with 0 and 1 for the ends of the output.

    pydicom.pixels.apply_windowing does the same with the range of the stored values for the ends, which a negative
    rescale slope turns upside down.

    Args:
        values: float32, rows x columns, after the modality LUT.
        center: in the unit of `values`.
        width: in the unit of `values`.
        function: LINEAR, LINEAR_EXACT or SIGMOID; anything else is taken for LINEAR.

    Returns:
        float32 in [0, 1], rows x columns; None where the width leaves no slope.
    """
    if function not in {"LINEAR_EXACT", "SIGMOID"}:
        center, width = center - 0.5, width - 1
    if width <= 0:
        return None
    offset = (values - np.float32(center)) / np.float32(width)
    if function == "SIGMOID":
        with np.errstate(over="ignore"):
            return np.asarray(1 / (1 + np.exp(-4 * offset)), dtype=np.float32)
    return np.clip(offset + np.float32(0.5), 0, 1)


def _is_useful(shown: npt.NDArray[np.float32]) -> bool:
    """Whether a window shows the film: enough pixels that are neither black nor white, and enough levels of grey."""
    saturated = np.mean((shown < _HALF_STEP) | (shown > 1 - _HALF_STEP))
    low, high = np.percentile(shown, (0.5, 99.5))
    return bool(saturated <= _MAX_SATURATED and high - low >= _MIN_CONTRAST)


def _look_up(values: npt.NDArray[Any], table: npt.NDArray[np.float32], item: Dataset) -> npt.NDArray[np.float32]:
    """Map values through a LUT (PS3.3 C.11.1.1): the first entry below it, the last one above it.

    pydicom.pixels.apply_voi_lut counts in the type of the entries and wraps round where that has 8 bits.
    """
    first_mapped = int(item.LUTDescriptor[1])
    index = np.clip(np.rint(values) - first_mapped, 0, len(table) - 1)
    return table[index.astype(np.intp)]


def _lut_table(item: Dataset, header: Dataset) -> npt.NDArray[np.float32] | None:
    """Return the entries of a LUT, or None where there are none; 8-bit ones come packed or one to a 16-bit word."""
    data, descriptor = item.get("LUTData"), item.get("LUTDescriptor")
    if not data or descriptor is None or len(descriptor) != 3:
        return None
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, dtype=np.float32))
    count = int(descriptor[0]) or 2**16  # 65,536 does not fit into the 16 bits of the descriptor
    words = "<u2" if header.original_encoding[1] else ">u2"
    return np.frombuffer(data, dtype=np.uint8 if len(data) < 2 * count else words)[:count].astype(np.float32)


# -- values of a header -----------------------------------------------------------------------------------------------


def _text(header: Dataset, keyword: str) -> str:
    """Return the first value in capitals and on one line, or ""."""
    value = header.get(keyword)
    first = next(iter(value), "") if isinstance(value, MultiValue) else value
    return " ".join(str(first or "").upper().split())


def _numbers(header: Dataset, keyword: str) -> list[float]:
    """Return the values that are finite numbers."""
    value = header.get(keyword)
    numbers = []
    for single in value if isinstance(value, MultiValue) else [value]:
        try:
            number = float(single)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            numbers.append(number)
    return numbers


def _number(header: Dataset, keyword: str) -> float | None:
    return next(iter(_numbers(header, keyword)), None)


def _integer(header: Dataset, keyword: str, default: int) -> int:
    number = _number(header, keyword)
    return default if number is None else int(number)
