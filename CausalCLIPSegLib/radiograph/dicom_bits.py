"""Take pixel values out of the stored words, and check the bits in the header against the pixels themselves.

Headers are often copied from another image. A picture shows which reading is right: neighboring pixels resemble each
other, so a reading that cuts off bits or takes the wrong sign makes jumps where none are. Of several possible readings
the one with the smallest total variation (the sum of the differences between neighbors) is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.dicom_layout import PixelLayout

CONTRADICTION = "The header contradicts its pixels about their bits; check that the image looks right."

# Noise, to which damaged data often decode, has differences of a third of its range; a radiograph of a hundredth.
_MAX_VARIATION = 0.2
_MAX_COMPARED_ROWS = 500

Words = npt.NDArray[np.unsignedinteger]


def values_of(words: Words, layout: PixelLayout) -> tuple[npt.NDArray[np.integer], bool]:
    """Return the values in stored words, and whether the header is right about their bits.

    - A value is moved down by `layout.shift` bits, unless the pixels are there already.
    - Bits above the value are ignored if the picture is smoother without them, as with the overlays of old archives
      (PS3.5 8.1.2). Otherwise they belong to the value, and Bits Stored is too small.
    - The sign is that of the header, unless the bits above the value, or those that are missing there, show another.

    Args:
        words: rows x columns, unsigned integers of 8, 16 or 32 bits.
        layout: bits of a value in a word.

    Returns:
        Signed or unsigned integers, rows x columns, and False if the pixels contradict the header.

    Raises:
        RadiographError: there are bits beyond Bits Stored, and no reading gives a picture.
    """
    shift, is_right = layout.shift, layout.consistent
    if shift and not np.any(words >> layout.stored) and np.any(words & (2**shift - 1)):
        shift, is_right = 0, False
    if shift:
        words = np.right_shift(words, shift)
    readings = _readings(words, layout.stored, layout.signed)
    if len(readings) == 1:
        return readings[0](words), is_right
    sample = words[:: max(1, len(words) // _MAX_COMPARED_ROWS)]
    variations = [_total_variation(reading(sample)) for reading in readings]
    best = int(np.argmin(variations))
    if not np.isfinite(variations[best]):
        raise RadiographError("The pixels of this DICOM file are damaged or do not fit its header.")
    return readings[best](words), is_right and best == 0


def _readings(words: Words, stored: int, signed: bool) -> list[Callable[[Words], npt.NDArray[np.integer]]]:
    """Return the readings that the words allow, that of the header first."""
    bits = words.dtype.itemsize * 8
    if stored == bits:
        return [_as_signed(bits) if signed else _as_unsigned(bits)]
    above = words >> stored
    sign = words >> (stored - 1)
    if signed:
        is_extended = bool(np.all((sign == 0) | (sign == 2 ** (bits - stored + 1) - 1)))
        if is_extended:
            return [_as_signed(bits)]
        return [_as_signed(stored), _as_unsigned(stored), _as_signed(bits), _as_unsigned(bits)]
    if not np.any(above):
        return [_as_unsigned(stored)]
    return [_as_unsigned(stored), _as_unsigned(bits), _as_signed(bits)]


def _as_unsigned(bits: int) -> Callable[[Words], npt.NDArray[np.integer]]:
    def read(words: Words) -> npt.NDArray[np.integer]:
        return words if bits == words.dtype.itemsize * 8 else words & words.dtype.type(2**bits - 1)

    return read


def _as_signed(bits: int) -> Callable[[Words], npt.NDArray[np.integer]]:
    def read(words: Words) -> npt.NDArray[np.integer]:
        unused = words.dtype.itemsize * 8 - bits
        signed: npt.NDArray[Any] = (words << unused).view(f"i{words.dtype.itemsize}")
        return signed >> unused

    return read


def _total_variation(values: npt.NDArray[np.integer]) -> float:
    """Return the mean difference between horizontal neighbors; infinity if it is that of noise."""
    wide = values.astype(np.int64)
    variation = float(np.abs(np.diff(wide, axis=1)).mean())
    return variation if variation <= _MAX_VARIATION * float(np.ptp(wide)) else float("inf")
