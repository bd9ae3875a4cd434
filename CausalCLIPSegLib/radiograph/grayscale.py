"""What image files of all kinds go through on their way to pixels in [0, 1]: limits of size, one channel, contrast."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.limits import MAX_JPEG_SCANS

NO_CONTRAST = "The picture has no contrast: all its pixels are equally bright."

# JPEG stores brightness and colour apart, so that a grey picture comes back with channels that differ a little.
_COLOUR_TOLERANCE = 8 / 255
# A coloured logo or letters in a corner do not make a film a colour picture.
_COLOURED_SHARE = 0.01
_PERCENTILES = (0.5, 99.5)
_STRIP = 256
_START_OF_SCAN = b"\xff\xda"


def has_many_scans(jpeg: bytes) -> bool:
    """Whether a stream of JPEG, of any kind, has more scans than a picture is ever stored in."""
    return jpeg.count(_START_OF_SCAN) > MAX_JPEG_SCANS


def reject_flat(values: npt.NDArray[np.generic]) -> None:
    """Refuse what has no contrast, before it is turned into a type that takes more memory.

    Raises:
        RadiographError: no two values differ.
    """
    if values.size == 0 or values.min() == values.max():
        raise RadiographError(NO_CONTRAST)


def to_grayscale(values: npt.NDArray[np.unsignedinteger], full_scale: int) -> npt.NDArray[np.float32]:
    """Return the one channel of a colour picture that is grey.

    Args:
        values: rows x columns x channels, unsigned: grey and alpha, or red, green, blue, with alpha or without.
        full_scale: the value that stands for full brightness and for opaque.

    Returns:
        float32 in [0, 1], rows x columns; what is transparent is black.

    Raises:
        RadiographError: in more than one pixel of a hundred the channels differ by more than JPEG makes them differ.
    """
    channels = values.shape[2]
    if channels >= 3 and _coloured_share(values, _COLOUR_TOLERANCE * full_scale) > _COLOURED_SHARE:
        raise RadiographError("The picture is in colour; a radiograph is grey.")
    # Green is the middle one of the three, and exact where all are equal.
    grey = values[..., 1 if channels >= 3 else 0] / np.float32(full_scale)
    opacity = values[..., -1] / np.float32(full_scale) if channels in (2, 4) else np.float32(1)
    return np.asarray(grey * opacity, dtype=np.float32)


def _coloured_share(values: npt.NDArray[np.unsignedinteger], tolerance: float) -> float:
    """Return the share of pixels whose channels differ by more than that; a strip at a time, which takes no memory."""
    coloured = 0
    for top in range(0, len(values), _STRIP):
        red, green, blue = np.moveaxis(values[top : top + _STRIP, :, :3], 2, 0)
        spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
        coloured += int(np.count_nonzero(spread > tolerance))
    return coloured / (values.shape[0] * values.shape[1])


def percentile_normalize(
    values: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float32]:
    """Spread values without a window of their own over the grey scale, by the 0.5 and the 99.5 percentile.

    A few hot or dead pixels, a marker or a border thus do not decide about the contrast of the lungs.

    Args:
        values: rows x columns, any real type; what is not finite counts as invalid.
        valid: rows x columns; what is False is left out of the percentiles and becomes black.

    Returns:
        float32 in [0, 1], rows x columns; never decreasing in `values` where valid.

    Raises:
        RadiographError: no two valid pixels differ.
    """
    finite = np.isfinite(values)
    valid = finite if valid is None else valid & finite
    reject_flat(values[valid])
    # float64 throughout: 32-bit numbers and the differences of large floats would not survive in float32.
    inside = values[valid].astype(np.float64)
    low, high = np.percentile(inside, _PERCENTILES)
    if low == high:  # nearly all pixels are the same, for instance a small picture on a large black ground
        low, high = inside.min(), inside.max()
    if low == high:  # whole numbers of 64 bits that are alike in float64
        raise RadiographError(NO_CONTRAST)
    stretched = np.zeros(values.shape, dtype=np.float32)
    with np.errstate(over="ignore"):
        stretched[valid] = np.clip((inside - low) / (high - low), 0, 1)
    return stretched


def byte_pixels(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return 8-bit values, rows x columns or rows x columns x channels, as float32 in [0, 1]."""
    if values.ndim == 3:
        return to_grayscale(values, full_scale=255)
    return np.asarray(values / np.float32(255), dtype=np.float32)
