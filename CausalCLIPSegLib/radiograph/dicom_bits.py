"""Take pixel values out of the stored words, and check the bits in the header against the pixels themselves.

Headers are often copied from another image. A picture shows which reading is right: neighboring pixels resemble each
other, so a reading that cuts off bits or takes the wrong sign makes jumps where none are. Of several possible readings
the one with the smallest total variation (the mean difference between neighbors) is taken.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.dicom_layout import PixelLayout

CONTRADICTION = "The header contradicts its pixels about their bits; check that the image looks right."

# Noise, to which damaged data often decode, has differences of a third of its range; a radiograph of a hundredth.
_MAX_NOISE = 0.2
# If bits were cut off, the value jumps where they change. In seven radiographs at all depths, the mean of the jumps
# is 0.36 to 0.98 of the range. Where an overlay begins, even one that follows edges, it is 0.01 to 0.21.
_MAX_STEP = 0.3
# Lossy compression gives a few pixels values that the header does not allow; that is no contradiction.
_MAX_UNNOTICED_SHARE = 0.01
# The sign in the header is doubted only if the other one leaves less of the variation. A wrong sign doubles it if the
# values use all bits, because each level is crossed about equally often, and raises it more if they use few.
_MAX_DOUBTED = 0.6
# The byte order is doubted if the other one leaves less of the variation, in relation to the range; a wrong one makes
# noise.
_MAX_DOUBTED_ORDER = 0.4
_MAX_COMPARED_ROWS = 500

Words = npt.NDArray[np.unsignedinteger]


class _Reading(NamedTuple):
    """Take the lowest bits of a word as a number with or without a sign."""

    bits: int
    signed: bool

    def __call__(self, words: Words) -> npt.NDArray[np.integer]:
        size = words.dtype.itemsize
        unused = 8 * size - self.bits
        if not self.signed:
            return words & words.dtype.type(2**self.bits - 1) if unused else words
        values: npt.NDArray[Any] = (words << unused).view(f"i{size}")
        return values >> unused


def values_of(words: Words, layout: PixelLayout) -> tuple[npt.NDArray[np.integer], bool]:
    """Return the values in stored words, and whether the header is right about their bits.

    - The bytes of a word are exchanged if only this gives a picture.
    - A value is moved down by `layout.shift` bits, unless the pixels are there already.
    - Bits above the value are ignored if it makes no jumps where they change, as with the overlays of old archives
      (PS3.5 8.1.2). Otherwise they belong to the value, and Bits Stored is too small.
    - The sign is that of the header, unless the pixels clearly show the other.

    Args:
        words: rows x columns, unsigned integers of 8, 16 or 32 bits.
        layout: bits of a value in a word.

    Returns:
        Signed or unsigned integers, rows x columns, and False if the pixels contradict the header.

    Raises:
        RadiographError: there are bits beyond Bits Stored, and no reading gives a picture.
    """
    shift, is_right = layout.shift, layout.consistent
    if _has_other_byte_order(_sample(words)):
        words, is_right = words.byteswap(), False
    used = int(np.bitwise_or.reduce(words, axis=None))
    if shift and used < 2**layout.stored and used % 2**shift:
        shift, is_right = 0, False
    if shift:
        words = np.right_shift(words, shift)
    sample = _sample(words)
    declared = _Reading(layout.stored, layout.signed)
    reading = _best_reading(sample, declared, has_bits_above=_has_bits_above(words, declared))
    differing = np.mean(reading(sample) != declared(sample))
    return reading(words), is_right and bool(differing <= _MAX_UNNOTICED_SHARE)


def _sample(words: Words) -> Words:
    return words[:: max(1, len(words) // _MAX_COMPARED_ROWS)]


def _has_other_byte_order(sample: Words) -> bool:
    """Return whether words of 16 bits are much smoother if their bytes are exchanged."""
    if sample.dtype.itemsize != 2:
        return False
    declared, other = (_variation(each) / max(1, int(np.ptp(each))) for each in (sample, sample.byteswap()))
    return other < _MAX_DOUBTED_ORDER * declared


def _has_bits_above(words: Words, declared: _Reading) -> bool:
    """Return whether bits above a value are set, other than those that repeat its sign."""
    if declared.bits == words.dtype.itemsize * 8:
        return False
    if not declared.signed:
        return int(np.bitwise_or.reduce(words, axis=None)) >= 2**declared.bits
    return not np.array_equal(declared(words), words.view(f"i{words.dtype.itemsize}"))


def _best_reading(sample: Words, declared: _Reading, *, has_bits_above: bool) -> _Reading:
    """Return the reading that gives the smoothest picture; that of the header if there is no reason to doubt it."""
    other = _Reading(declared.bits, not declared.signed)
    if not has_bits_above:
        doubted = declared.signed or _has_gap(sample, declared.bits)
        is_wrong = doubted and _variation(other(sample)) < _MAX_DOUBTED * _variation(declared(sample))
        return other if is_wrong else declared
    above = sample >> declared.bits
    differs = above[:, 1:] != above[:, :-1]
    candidates = [declared, other] if declared.signed else [declared]
    readings = [each for each in candidates if _is_independent(each(sample), differs, each.bits)]
    bits = sample.dtype.itemsize * 8
    readings += [_Reading(bits, declared.signed), _Reading(bits, not declared.signed)]
    variations = [_picture_variation(each(sample)) for each in readings]
    if not np.isfinite(min(variations)):
        raise RadiographError("The pixels of this DICOM file are damaged or do not fit its header.")
    return readings[int(np.argmin(variations))]


def _has_gap(sample: Words, bits: int) -> bool:
    """Return whether there are many values near 0 and near the largest, and hardly any between: a sign was dropped."""
    span = 2**bits
    low, high = sample[sample < 3 * span // 8], sample[sample >= 5 * span // 8]
    between = sample.size - low.size - high.size
    return between < sample.size / 1000 and min(np.unique(low).size, np.unique(high).size) > 16


def _is_independent(values: npt.NDArray[np.integer], differs: npt.NDArray[np.bool_], bits: int) -> bool:
    """Return whether a value of some bits makes no jumps between neighbors that differ in the bits above it."""
    steps = np.abs(np.diff(values.astype(np.int64), axis=1))[differs]
    return not steps.size or float(steps.mean()) <= _MAX_STEP * 2**bits


def _variation(values: npt.NDArray[np.integer]) -> float:
    """Return the mean difference between horizontal neighbors."""
    return float(np.abs(np.diff(values.astype(np.int64), axis=1)).mean())


def _picture_variation(values: npt.NDArray[np.integer]) -> float:
    """Return the mean difference between horizontal neighbors; infinity if it is that of noise."""
    variation = _variation(values)
    return variation if variation <= _MAX_NOISE * float(np.ptp(values.astype(np.int64))) else float("inf")
