"""Convert pixel values of any type to one channel in [0, 1]."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError

NO_CONTRAST = "The image has no contrast: all its pixels are equally bright."

# JPEG stores brightness and color separately, so the channels of a gray image may differ a little.
_COLOR_TOLERANCE = 8 / 255
# A colored logo or letters in a corner are tolerated.
_MAX_COLORED_SHARE = 0.01
_PERCENTILES = (0.5, 99.5)
_STRIP_ROWS = 256


def reject_flat(values: npt.NDArray[np.generic]) -> None:
    """Reject values without contrast, before they are converted to a type that takes more memory.

    Raises:
        RadiographError: all values are equal, or there are none.
    """
    if values.size == 0 or values.min() == values.max():
        raise RadiographError(NO_CONTRAST)


def to_grayscale(values: npt.NDArray[np.unsignedinteger], full_scale: int) -> npt.NDArray[np.float32]:
    """Return the brightness of an image with several channels, which must be gray.

    Args:
        values: rows x columns x channels, unsigned integers: gray and alpha, or red, green and blue with or without
            alpha.
        full_scale: the value of full brightness and full opacity.

    Returns:
        float32, rows x columns, in [0, 1]; transparent pixels are black.

    Raises:
        RadiographError: in more than 1 % of the pixels, the color channels differ by more than 8/255 of the scale.
    """
    channels = values.shape[2]
    if channels >= 3 and _colored_share(values, _COLOR_TOLERANCE * full_scale) > _MAX_COLORED_SHARE:
        raise RadiographError("The image is in color; a radiograph is gray.")
    # Within the tolerance any color channel would do; green is exact if all are equal.
    gray = values[..., 1 if channels >= 3 else 0] / np.float32(full_scale)
    opacity = values[..., -1] / np.float32(full_scale) if channels in (2, 4) else np.float32(1)
    return np.asarray(gray * opacity, dtype=np.float32)


def _colored_share(values: npt.NDArray[np.unsignedinteger], tolerance: float) -> float:
    """Return the share of pixels whose channels differ by more than `tolerance`. Works in strips to save memory."""
    colored = 0
    for top in range(0, len(values), _STRIP_ROWS):
        red, green, blue = np.moveaxis(values[top : top + _STRIP_ROWS, :, :3], 2, 0)
        spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
        colored += int(np.count_nonzero(spread > tolerance))
    return colored / (values.shape[0] * values.shape[1])


def percentile_normalize(
    values: npt.NDArray[np.generic], valid: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float32]:
    """Rescale values to [0, 1] between the 0.5th and 99.5th percentiles, for images without a display window.

    The percentiles keep a few hot or dead pixels, a marker or a border from reducing the contrast of the lungs.

    Args:
        values: rows x columns, any real type. Values that are not finite are invalid.
        valid: bool, rows x columns, or None if all are valid. Invalid pixels are ignored and become black.

    Returns:
        float32, rows x columns, in [0, 1]; a valid pixel is never darker than one with a smaller value.

    Raises:
        RadiographError: all valid pixels are equal.
    """
    finite = np.isfinite(values)
    valid = finite if valid is None else valid & finite
    reject_flat(values[valid])
    # float64, because float32 cannot hold 32-bit integers or the differences of large floats.
    valid_values = values[valid].astype(np.float64)
    low, high = np.percentile(valid_values, _PERCENTILES)
    if low == high:  # nearly all pixels are equal, for example a small image on a large black background
        low, high = valid_values.min(), valid_values.max()
    if low == high:  # 64-bit integers that are equal in float64
        raise RadiographError(NO_CONTRAST)
    normalized = np.zeros(values.shape, dtype=np.float32)
    with np.errstate(over="ignore"):
        normalized[valid] = np.clip((valid_values - low) / (high - low), 0, 1)
    return normalized


def byte_pixels(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return 8-bit values as float32, rows x columns, in [0, 1].

    Args:
        values: rows x columns, or rows x columns x channels (see `to_grayscale`).

    Raises:
        RadiographError: the image is in color.
    """
    if values.ndim == 3:
        return to_grayscale(values, full_scale=255)
    return np.asarray(values / np.float32(255), dtype=np.float32)
