"""Turn the stored values of a DICOM radiograph into a grayscale.

A pixel passes the steps of PS3.4 N.2: stored value, modality LUT (PS3.3 C.11.1), VOI LUT or window (PS3.3 C.11.2),
polarity (PS3.3 C.7.6.3.1.2). Every value of the header may be missing, empty or contradictory, as in real files.
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

# Half a step of an 8-bit screen: pixels nearer than this to black or white look black or white.
_HALF_STEP = 0.5 / 255
# A window is ignored if it makes more than this share of the pixels black or white, or leaves less contrast than this.
_MAX_SATURATED_SHARE = 0.9
_MIN_CONTRAST = 0.1


def read_pixels(path: Path, header: Dataset) -> npt.NDArray[np.float32]:
    """Decode the image and convert it to a grayscale.

    MONOCHROME1 is inverted here, once (PS3.3 C.7.6.3.1.2). Presentation LUT Shape INVERSE only repeats this (PS3.3
    C.8.11.3: "shall be used if Photometric Interpretation is MONOCHROME1") and is not a second inversion. If the two
    contradict each other, Photometric Interpretation decides, as in Slicer, and `header_warnings` reports it.

    Args:
        path: the file.
        header: the header of the file, after `dicom_acceptance.reject_unsuitable` has checked it.

    Returns:
        float32, rows x columns, in [0, 1]; white is dense. Pixel padding (PS3.3 C.7.5.1.1.2) is black.

    Raises:
        RadiographError: the pixels are missing, damaged, colored or without contrast.
        Exception: whatever pydicom and its plugins raise for damaged pixels.
    """
    stored = _decode(path, header)
    if stored.ndim == 3:
        return grayscale.to_grayscale(stored, full_scale=2 ** int(header.BitsStored) - 1)
    valid = _valid_pixels(stored, header)
    grayscale.reject_flat(stored if valid is None else stored[valid])
    values = _modality_values(stored, header)
    pixels = _voi_values(values, header)
    if pixels is None or not _is_useful(pixels if valid is None else pixels[valid]):
        pixels = grayscale.percentile_normalize(values, valid)
    if first_text(header, "PhotometricInterpretation") == "MONOCHROME1":
        pixels = 1 - pixels
    return pixels if valid is None else np.where(valid, pixels, np.float32(0))


def _decode(path: Path, header: Dataset) -> npt.NDArray[Any]:
    """Return the stored values, rows x columns or rows x columns x 3, integers."""
    dataset = read_pixel_data(path, header)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = _native_syntax(dataset)
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        stored = pixel_array(dataset, index=0)
        if len(dataset.PixelData) >= stored.nbytes + stored[0].nbytes:  # enough for another row: the header is wrong
            raise RadiographError(DAMAGED_PIXELS)
        return stored
    _reject_other_size(dataset)
    # On damaged data the run-length decoder of pylibjpeg raises something that is not an Exception, and GDCM, which
    # pydicom would prefer if it is installed, ends the process.
    plugin = "pydicom" if syntax == uid.RLELossless else "pylibjpeg"
    stored = pixel_array(dataset, index=0, decoding_plugin=plugin)
    _reject_overflow(stored, dataset)
    return stored


def _native_syntax(dataset: Dataset) -> uid.UID:
    """Return the transfer syntax of a data set without file meta information, as pydicom detected it."""
    implicit, little_endian = dataset.original_encoding
    if not little_endian:
        return uid.ExplicitVRBigEndian
    return uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian


def _reject_other_size(dataset: Dataset) -> None:
    """Reject compressed pixels whose decoded size differs from the header, before anything is allocated for them."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    syntax = dataset.file_meta.TransferSyntaxUID
    if limits.MAX_PIXELS_PER_BYTE * len(frame) < rows * columns or limits.has_too_many_scans(frame):
        fits = False
    elif syntax == uid.RLELossless:
        # Run-length encoding at worst adds one byte to 128; its own header takes 64.
        fits = len(frame) < 64 + 1.1 * rows * columns * dataset.SamplesPerPixel * math.ceil(dataset.BitsAllocated / 8)
    else:
        is_jpeg_2000 = frame.startswith((b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP"))
        coded = openjpeg.get_parameters(frame) if is_jpeg_2000 else libjpeg.get_parameters(frame)
        channels = coded["samples_per_pixel" if is_jpeg_2000 else "nr_components"]
        fits = (coded["rows"], coded["columns"], channels) == (rows, columns, dataset.get("SamplesPerPixel", 1))
    if not fits:
        raise RadiographError(DAMAGED_PIXELS)


def _reject_overflow(stored: npt.NDArray[Any], dataset: Dataset) -> None:
    """Reject values beyond Bits Stored, to which damaged JPEG 2000 can decode without an error."""
    bits = int(dataset.BitsStored)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dataset.PixelRepresentation else (0, 2**bits - 1)
    if stored.min() < low or stored.max() > high:
        raise RadiographError(DAMAGED_PIXELS)


def _valid_pixels(stored: npt.NDArray[Any], header: Dataset) -> npt.NDArray[np.bool_] | None:
    """Return which pixels are not padding, or None if the header declares no padding.

    Padding pixels have values from Pixel Padding Value to Pixel Padding Range Limit (PS3.3 C.7.5.1.1.2).
    """
    ends = finite_numbers(header, "PixelPaddingValue")[:1]
    if not ends:
        return None
    ends += finite_numbers(header, "PixelPaddingRangeLimit")[:1]
    return np.asarray((stored < min(ends)) | (stored > max(ends)))


def _modality_values(stored: npt.NDArray[Any], header: Dataset) -> npt.NDArray[np.float32]:
    """Apply the modality LUT or the rescale slope and intercept (PS3.3 C.11.1)."""
    for item in header.get("ModalityLUTSequence") or []:
        if (table := _lut_table(item, header)) is not None:
            return _look_up(stored, table, item)
    slope = first_number(header, "RescaleSlope") or 1  # a slope of zero would erase the image
    intercept = first_number(header, "RescaleIntercept") or 0
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _voi_values(values: npt.NDArray[np.float32], header: Dataset) -> npt.NDArray[np.float32] | None:
    """Apply the first VOI LUT or the first window (PS3.3 C.11.2); None if the header has no valid one."""
    for item in header.get("VOILUTSequence") or []:
        if (table := _lut_table(item, header)) is not None:
            # The descriptor often gives a wrong depth (16 for entries of 12 bits), so the entries decide.
            full_scale = 2 ** int(table.max()).bit_length() - 1
            return _look_up(values, table, item) / np.float32(max(full_scale, 1))
    center, width = first_number(header, "WindowCenter"), first_number(header, "WindowWidth")
    if center is None or width is None:
        return None
    return window(values, center, width, first_text(header, "VOILUTFunction"))


def window(
    values: npt.NDArray[np.float32], center: float, width: float, function: str = "LINEAR"
) -> npt.NDArray[np.float32] | None:
    """Apply a window (PS3.3 C.11.2.1.2 and C.11.2.1.3) with the output range [0, 1].

    pydicom.pixels.apply_windowing uses the range of the stored values as output range instead, which a negative
    rescale slope turns upside down.

    Args:
        values: float32, rows x columns, after the modality LUT.
        center: in the unit of `values`.
        width: in the unit of `values`.
        function: LINEAR, LINEAR_EXACT or SIGMOID; anything else counts as LINEAR.

    Returns:
        float32, rows x columns, in [0, 1]; None if the width is too small for a slope.
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


def _is_useful(pixels: npt.NDArray[np.float32]) -> bool:
    """Return whether a window shows the image: few pixels are saturated, and there is contrast."""
    saturated_share = np.mean((pixels < _HALF_STEP) | (pixels > 1 - _HALF_STEP))
    low, high = np.percentile(pixels, (0.5, 99.5))
    return bool(saturated_share <= _MAX_SATURATED_SHARE and high - low >= _MIN_CONTRAST)


def _look_up(values: npt.NDArray[Any], table: npt.NDArray[np.float32], item: Dataset) -> npt.NDArray[np.float32]:
    """Map values through a LUT (PS3.3 C.11.1.1). Values below or above it get its first or last entry.

    pydicom.pixels.apply_voi_lut computes in the type of the entries, and wraps around if that has 8 bits.
    """
    first_mapped = int(item.LUTDescriptor[1])
    index = np.clip(np.rint(values) - first_mapped, 0, len(table) - 1)
    return table[index.astype(np.intp)]


def _lut_table(item: Dataset, header: Dataset) -> npt.NDArray[np.float32] | None:
    """Return the entries of a LUT, or None if it has none. Entries of 8 bits may each take 8 or 16 bits."""
    data, descriptor = item.get("LUTData"), item.get("LUTDescriptor")
    if not data or descriptor is None or len(descriptor) != 3:
        return None
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, dtype=np.float32))
    count = int(descriptor[0]) or 2**16  # 65,536 does not fit into the 16 bits of the descriptor
    two_bytes = "<u2" if header.original_encoding[1] else ">u2"
    return np.frombuffer(data, dtype=np.uint8 if len(data) < 2 * count else two_bytes)[:count].astype(np.float32)
