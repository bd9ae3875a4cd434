"""Turn the stored values of a DICOM radiograph into a grayscale.

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
from pydicom.pixels import pixel_array

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import grayscale, limits
from CausalCLIPSegLib.radiograph.dicom_header import DAMAGED_PIXELS, read_pixel_data
from CausalCLIPSegLib.radiograph.dicom_values import finite_numbers, first_number, first_text

# Half a step of an 8-bit screen: nobody can tell such a pixel from black or from white.
_HALF_STEP = 0.5 / 255
_MAX_SATURATED = 0.9
_MIN_CONTRAST = 0.1


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
        return grayscale.to_grayscale(stored, full_scale=2 ** int(header.BitsStored) - 1)
    valid = ~_padding(stored, header)
    grayscale.reject_flat(stored[valid])
    values = _modality_values(stored, header)
    shown = _voi_values(values, header)
    if shown is None or not _is_useful(shown[valid]):
        shown = grayscale.percentile_normalize(values, valid)
    if first_text(header, "PhotometricInterpretation") == "MONOCHROME1":
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
    if limits.MAX_PIXELS_PER_BYTE * len(frame) < rows * columns or grayscale.has_many_scans(frame):
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


def _padding(stored: npt.NDArray[Any], header: Dataset) -> npt.NDArray[np.bool_]:
    """Return where there is no picture: Pixel Padding Value up to Pixel Padding Range Limit (PS3.3 C.7.5.1.1.2)."""
    ends = finite_numbers(header, "PixelPaddingValue")[:1]
    if not ends:
        return np.zeros(stored.shape, dtype=np.bool_)
    ends += finite_numbers(header, "PixelPaddingRangeLimit")[:1]
    return np.asarray((stored >= min(ends)) & (stored <= max(ends)))


def _modality_values(stored: npt.NDArray[Any], header: Dataset) -> npt.NDArray[np.float32]:
    """Apply the modality LUT or the rescale slope and intercept (PS3.3 C.11.1)."""
    for item in header.get("ModalityLUTSequence") or []:
        if (table := _lut_table(item, header)) is not None:
            return _look_up(stored, table, item)
    slope = first_number(header, "RescaleSlope") or 1  # zero would leave no picture
    intercept = first_number(header, "RescaleIntercept") or 0
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _voi_values(values: npt.NDArray[np.float32], header: Dataset) -> npt.NDArray[np.float32] | None:
    """Apply the first VOI LUT or the first window (PS3.3 C.11.2); None where the header has no usable one."""
    for item in header.get("VOILUTSequence") or []:
        if (table := _lut_table(item, header)) is not None:
            # The depth that the descriptor gives is often wrong (16 for entries of 12 bits): take it from the entries.
            full_scale = 2 ** int(table.max()).bit_length() - 1
            return _look_up(values, table, item) / np.float32(max(full_scale, 1))
    center, width = first_number(header, "WindowCenter"), first_number(header, "WindowWidth")
    if center is None or width is None:
        return None
    return window(values, center, width, first_text(header, "VOILUTFunction"))


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
