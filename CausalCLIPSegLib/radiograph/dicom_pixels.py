"""Turn the stored values of a DICOM radiograph into a grayscale.

A pixel passes the steps of PS3.4 N.2: stored value, modality LUT (PS3.3 C.11.1), VOI LUT or window (PS3.3 C.11.2),
polarity (PS3.3 C.7.6.3.1.2). Every value of the header may be missing, empty or contradictory, as in real files.

Each step is a function of the stored value. It is computed once for every different value of the image, and the pixels
are looked up at the end, so that no step makes a copy of the image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, uid
from pydicom.pixels import convert_color_space

from CausalCLIPSegLib.radiograph import dicom_lut, grayscale
from CausalCLIPSegLib.radiograph.dicom_bits import CONTRADICTION, values_of
from CausalCLIPSegLib.radiograph.dicom_frame import MORE_BYTES, decode_frame
from CausalCLIPSegLib.radiograph.dicom_header import read_pixel_data
from CausalCLIPSegLib.radiograph.dicom_layout import PixelLayout, pixel_layout
from CausalCLIPSegLib.radiograph.dicom_values import finite_numbers, first_number, first_text

NO_WINDOW = "The display window of the header does not show the image, so the gray levels were stretched instead."

# Half a step of an 8-bit screen: pixels nearer than this to black or white look black or white.
_HALF_STEP = 0.5 / 255
# A window is ignored if it makes more than this share of the pixels black or white, or leaves less contrast than this.
_MAX_SATURATED_SHARE = 0.9
_MIN_CONTRAST = 0.1
_STRIP_ROWS = 256
_STRIP_PIXELS = 1 << 20


def read_pixels(path: Path, header: Dataset) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Decode the image and convert it to a grayscale.

    MONOCHROME1 is inverted here, once (PS3.3 C.7.6.3.1.2). Presentation LUT Shape INVERSE only repeats this (PS3.3
    C.8.11.3: "shall be used if Photometric Interpretation is MONOCHROME1") and is not a second inversion. If the two
    contradict each other, Photometric Interpretation decides, as in Slicer, and `header_warnings` reports it.

    Args:
        path: the file.
        header: the header of the file, after `dicom_acceptance.reject_unsuitable` has checked it.

    Returns:
        float32, rows x columns, in [0, 1], where white is dense and pixel padding (PS3.3 C.7.5.1.1.2) is black; and
        one sentence for each doubt about the pixels.

    Raises:
        RadiographError: the pixels are missing, damaged, colored or without contrast.
        Exception: whatever pydicom and the decoders raise for damaged pixels.
    """
    layout = pixel_layout(header)
    dataset = read_pixel_data(path, header)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = _native_syntax(dataset)
    words, is_exact = decode_frame(dataset, layout)
    warnings: tuple[str, ...] = () if is_exact else (MORE_BYTES,)
    if words.ndim == 3:
        return _from_channels(words, layout, header, warnings)
    grayscale.reject_flat(words)
    stored, is_right = values_of(words, layout)
    warnings += () if is_right else (CONTRADICTION,)
    if layout.photometric == "PALETTE COLOR":
        pixels, color_warnings = grayscale.to_grayscale(*dicom_lut.apply_palette(stored, header))
        return pixels, warnings + color_warnings
    return _from_stored(stored, _valid_pixels(words, stored, layout, header), layout, header, warnings)


def _from_channels(
    words: npt.NDArray[np.unsignedinteger], layout: PixelLayout, header: Dataset, warnings: tuple[str, ...]
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return the grayscale of red, green and blue, or of brightness and color."""
    if layout.shift:
        words = np.right_shift(words, layout.shift)
    full_scale = 2 ** max(8, int(words.max()).bit_length()) - 1
    if full_scale > 255:
        full_scale = max(full_scale, 2**layout.stored - 1)
    pixels, color_warnings = grayscale.to_grayscale(_to_rgb(words), full_scale)
    if not layout.photometric.startswith("MONOCHROME"):
        return pixels, warnings + color_warnings
    stored = np.rint(pixels * np.float32(full_scale)).astype(np.uint16)
    return _from_stored(stored, None, layout, header, warnings + color_warnings)


def _to_rgb(words: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.unsignedinteger]:
    """Return red, green and blue of an image that may be in YCbCr instead, whatever the header says.

    A gray image has equal channels in RGB, and middle values of both colors in YCbCr. Decoders and headers disagree
    about which of the two they give, so the reading with less color is taken. The words are changed in place.
    """
    sample = words[::4, ::4].astype(np.int64)
    is_ybr = words.dtype == np.uint8 and np.abs(sample[..., 1:] - 128).mean() < np.ptp(sample, axis=2).mean() / 2
    if is_ybr:
        for top in range(0, len(words), _STRIP_ROWS):  # the conversion needs many times the memory of the image
            strip = words[top : top + _STRIP_ROWS]
            strip[:] = convert_color_space(strip, "YBR_FULL", "RGB")
    return words


def _from_stored(
    stored: npt.NDArray[np.integer],
    valid: npt.NDArray[np.bool_] | None,
    layout: PixelLayout,
    header: Dataset,
    warnings: tuple[str, ...],
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return the grayscale of stored values; `valid` is False for padding."""
    levels, index = _levels(stored)
    all_counts = _count(index, len(levels))
    counts = all_counts if valid is None else _count(index[valid], len(levels))
    grayscale.reject_flat(levels[counts > 0])
    present = all_counts > 0  # padding takes part in the choice of a lookup table's sign
    values = _modality_values(levels[present], header)
    counts = counts[present]
    grays = _voi_values(values, header)
    if grays is None or not _is_useful(grays, counts):
        warnings += (NO_WINDOW,) if _has_window(header) else ()
        grays = grayscale.percentile_normalize(values, counts=counts)
    if layout.photometric == "MONOCHROME1":
        grays = 1 - grays
    table = np.zeros(len(levels), np.float32)
    table[present] = grays
    pixels = np.empty(stored.shape, np.float32)
    for top in range(0, len(index), _STRIP_ROWS):  # in strips, because NumPy copies an index to 64 bits
        pixels[top : top + _STRIP_ROWS] = table[index[top : top + _STRIP_ROWS]]
    if valid is not None:
        pixels[~valid] = 0
    return pixels, warnings


def _levels(stored: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]:
    """Return values among which are all stored ones, and for each pixel the index of its value."""
    bits = 8 * stored.dtype.itemsize
    if bits > 16:
        levels, index = np.unique(stored, return_inverse=True)
        return levels, index.reshape(stored.shape)
    unsigned = np.dtype(f"u{stored.dtype.itemsize}")
    return np.arange(2**bits).astype(unsigned).view(stored.dtype), stored.view(unsigned)


def _count(index: npt.NDArray[np.integer], length: int) -> npt.NDArray[np.int64]:
    """Return how often each index from 0 to `length` - 1 occurs."""
    counts = np.zeros(length, np.int64)
    for top in range(0, len(index), strip := max(1, _STRIP_PIXELS * len(index) // max(index.size, 1))):
        counts += np.bincount(index[top : top + strip].ravel(), minlength=length)
    return counts


def _native_syntax(dataset: Dataset) -> uid.UID:
    """Return the transfer syntax of a data set without file meta information, as pydicom detected it."""
    implicit, little_endian = dataset.original_encoding
    if not little_endian:
        return uid.ExplicitVRBigEndian
    return uid.ImplicitVRLittleEndian if implicit else uid.ExplicitVRLittleEndian


def _valid_pixels(
    words: npt.NDArray[np.unsignedinteger], stored: npt.NDArray[np.integer], layout: PixelLayout, header: Dataset
) -> npt.NDArray[np.bool_] | None:
    """Return which pixels are not padding, or None if the header declares no padding.

    Padding pixels have values from Pixel Padding Value to Pixel Padding Range Limit (PS3.3 C.7.5.1.1.2). Their sign is
    that of the pixels, whatever value representation the header gives them. A padding value may use bits above Bits
    Stored.
    """
    value, limit = (first_number(header, key) for key in ("PixelPaddingValue", "PixelPaddingRangeLimit"))
    if value is None:
        return None
    ends = [_with_sign(int(end), layout) for end in (value, limit) if end is not None]
    padding = (stored >= min(ends)) & (stored <= max(ends))
    return np.asarray(~(padding | (words == int(value) % 2**layout.allocated)))


def _with_sign(value: int, layout: PixelLayout) -> int:
    """Return a value of an element of VR "US or SS" with the sign of the pixels (PS3.5 6.2.2)."""
    value %= 2**16
    return value - 2**16 if layout.signed and value >= 2**15 else value


def _modality_values(stored: npt.NDArray[Any], header: Dataset) -> npt.NDArray[np.float32]:
    """Apply the modality LUT or the rescale slope and intercept (PS3.3 C.11.1)."""
    if (table := dicom_lut.find_table(header, "ModalityLUTSequence")) is not None:
        return dicom_lut.look_up(stored, table)
    slope = first_number(header, "RescaleSlope") or 1  # a slope of zero would erase the image
    intercept = first_number(header, "RescaleIntercept") or 0
    return stored.astype(np.float32) * np.float32(slope) + np.float32(intercept)


def _voi_values(values: npt.NDArray[np.float32], header: Dataset) -> npt.NDArray[np.float32] | None:
    """Apply the first VOI LUT or the first window (PS3.3 C.11.2); None if the header has no valid one."""
    if (table := dicom_lut.find_table(header, "VOILUTSequence")) is not None:
        # The descriptor often gives a wrong depth (16 for entries of 12 bits), so the entries decide.
        full_scale = 2 ** int(table.entries.max()).bit_length() - 1
        return dicom_lut.look_up(values, table) / np.float32(max(full_scale, 1))
    center, width = first_number(header, "WindowCenter"), first_number(header, "WindowWidth")
    if center is None or width is None:
        return None
    return window(values, center, width, first_text(header, "VOILUTFunction"))


def _has_window(header: Dataset) -> bool:
    return bool(header.get("VOILUTSequence")) or len(finite_numbers(header, "WindowWidth")) > 0


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


def _is_useful(grays: npt.NDArray[np.float32], counts: npt.NDArray[np.int64]) -> bool:
    """Return whether a window shows the image: few pixels are saturated, and there is contrast.

    Args:
        grays: the different grays.
        counts: how many pixels have each of them.
    """
    is_saturated = (grays < _HALF_STEP) | (grays > 1 - _HALF_STEP)
    low, high = grayscale.quantiles(grays, counts)
    return bool(counts[is_saturated].sum() <= _MAX_SATURATED_SHARE * counts.sum() and high - low >= _MIN_CONTRAST)
