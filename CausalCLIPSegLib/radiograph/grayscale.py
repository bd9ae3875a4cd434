"""Convert pixel values of any type to one channel in [0, 1]."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError

NO_CONTRAST = "The image has no contrast: all its pixels are equally bright."

COLORED_MARKS = "A part of the image is in color, such as text or a watermark; the program works on its gray."
COLOR_TINT = "The image has a tint of color, as from a scanner; the program works on its gray."

# Channels of a gray image may differ by this much, because JPEG stores brightness and color separately.
_COLOR_TOLERANCE = 8 / 255
# A warning is given if a larger share of the pixels has color.
_MAX_UNNOTICED_SHARE = 1e-4
# Text, a logo or a watermark covers less of the image; a color map that is laid over it covers more.
_MAX_MARKED_SHARE = 0.05
# A tint gives the same color to all pixels of the same brightness, up to this difference, which JPEG may add.
_TINT_TOLERANCE = 24 / 255
# The colors of a tint have one hue. This is the cosine of the largest angle to the mean of them: 32 degrees.
_MIN_HUE_COSINE = 0.85
# Difference of the channels in relation to the largest; about 0.4 in a scan on a blue base, 1 in a pure color.
_MAX_TINT_SATURATION = 0.6
# Degree of the polynomial from brightness to color.
_TINT_DEGREE = 3
# A channel may be clipped in this share of the pixels.
_MAX_CLIPPED_SHARE = 0.001
_SAMPLED_PIXELS = 1 << 18
_PERCENTILES = (0.5, 99.5)
_STRIP_ROWS = 256


def reject_flat(values: npt.NDArray[np.generic]) -> None:
    """Reject values without contrast, before they are converted to a type that takes more memory.

    Raises:
        RadiographError: all values are equal, or there are none.
    """
    if values.size == 0 or values.min() == values.max():
        raise RadiographError(NO_CONTRAST)


def to_grayscale(
    values: npt.NDArray[np.unsignedinteger], full_scale: int
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return the gray of an image with several channels, and what the user should know about its color.

    Color that is no information is taken away: marks on at most 5 % of the pixels, and a tint of the whole image.

    Args:
        values: rows x columns x channels, unsigned integers: gray and alpha, or red, green and blue with or without
            alpha.
        full_scale: the value of full brightness and full opacity.

    Returns:
        float32, rows x columns, in [0, 1], where transparent pixels are black; and one sentence for each warning.

    Raises:
        RadiographError: the color is information, as in a photograph or a color map.
    """
    gray, warnings = _without_color(values, full_scale) if values.shape[2] >= 3 else (values[..., 0], ())
    pixels = np.asarray(gray / np.float32(full_scale), dtype=np.float32)
    if values.shape[2] in (2, 4):
        pixels *= values[..., -1] / np.float32(full_scale)
    return pixels, warnings


def _without_color(
    values: npt.NDArray[np.unsignedinteger], full_scale: int
) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """Return the gray of red, green and blue, and the warnings; a sample of the pixels decides how it is found."""
    flat = values.reshape(-1, values.shape[2])
    colors = flat[:: max(1, len(flat) // _SAMPLED_PIXELS)].astype(np.float32) / full_scale
    colors = colors[:, :3] * (colors[:, 3:] if colors.shape[1] == 4 else 1)  # what is transparent is not seen
    colored = float(np.mean(np.ptp(colors, axis=1) > _COLOR_TOLERANCE))
    if colored <= _MAX_UNNOTICED_SHARE:
        return values[..., 1], ()
    if colored <= _MAX_MARKED_SHARE:
        return values[..., :3].min(axis=2), (COLORED_MARKS,)  # a transparent mark adds to the other channels
    if _is_tint(colors):
        if np.ptp(colors.mean(axis=0)) < _COLOR_TOLERANCE:  # only noise
            return values[..., :3].mean(axis=2, dtype=np.float32), (COLOR_TINT,)
        # The other channels of a tinted image are darkened or clipped, so they tell less.
        return values[..., _clearest_channel(colors)], (COLOR_TINT,)
    raise RadiographError("The image is in color; a radiograph is gray.")


def _is_tint(colors: npt.NDArray[np.floating]) -> bool:
    """Return whether the color of each pixel follows smoothly from its brightness, and is pale and of one hue.

    Args:
        colors: pixels x 3, in [0, 1].
    """
    brightness = colors.mean(axis=1)
    hues = colors - brightness[:, np.newaxis]
    powers = np.vander(brightness, _TINT_DEGREE + 1)
    tints = powers @ np.linalg.lstsq(powers, hues)[0]
    if np.mean(np.abs(hues - tints).max(axis=1) > _TINT_TOLERANCE) > _MAX_MARKED_SHARE:
        return False
    if np.ptp(colors, axis=1).sum() > _MAX_TINT_SATURATION * colors.max(axis=1).sum():
        return False
    clear = tints[np.ptp(tints, axis=1) > _COLOR_TOLERANCE]
    directions = clear / np.linalg.norm(clear, axis=1, keepdims=True)
    main = directions.sum(axis=0)
    other_hue = directions @ main < _MIN_HUE_COSINE * np.linalg.norm(main)
    return bool(other_hue.sum() <= _MAX_MARKED_SHARE * len(colors))


def _clearest_channel(colors: npt.NDArray[np.floating]) -> int:
    """Return the number of the channel with the most contrast among those that are not clipped."""
    contrast = colors.std(axis=0)
    for channel in range(3):
        white = colors[colors[:, channel] >= 1]
        if len(white) > _MAX_CLIPPED_SHARE * len(colors) and white.std(axis=0).max() > _COLOR_TOLERANCE:
            contrast[channel] = 0  # the other channels tell white pixels of this one apart
    return int(np.argmax(contrast))


def percentile_normalize(
    values: npt.NDArray[np.generic], counts: npt.NDArray[np.integer] | None = None
) -> npt.NDArray[np.float32]:
    """Rescale values to [0, 1] between the 0.5th and 99.5th percentiles, for images without a display window.

    The percentiles keep a few hot or dead pixels, a marker or a border from reducing the contrast of the lungs.

    Args:
        values: rows x columns, or the different values of an image; any real type. Values that are not finite are
            invalid.
        counts: how many pixels have each value; None if `values` are the pixels. A value without pixels is invalid.

    Returns:
        float32, of the shape of `values`, in [0, 1]; a valid value is never darker than a smaller one, and an invalid
        one is black.

    Raises:
        RadiographError: all valid pixels are equal.
    """
    finite = np.isfinite(values)
    valid = finite if counts is None else (counts > 0) & finite
    every = bool(valid.all())
    valid_values = values.ravel() if every else values[valid]
    reject_flat(valid_values)
    low, high = quantiles(valid_values, None if counts is None else counts[valid])
    if low == high:  # nearly all pixels are equal, for example a small image on a large black background
        low, high = float(valid_values.min()), float(valid_values.max())
    if low == high:  # 64-bit integers that are equal in float64
        raise RadiographError(NO_CONTRAST)
    del valid_values
    normalized = np.empty(values.shape, dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for top in range(0, len(values), _STRIP_ROWS):  # in strips, because float64 takes much memory
            strip = values[top : top + _STRIP_ROWS].astype(np.float64)
            normalized[top : top + _STRIP_ROWS] = np.clip((strip - low) / (high - low), 0, 1)
    if not every:
        normalized[~valid] = 0
    return normalized


def quantiles(values: npt.NDArray[np.generic], counts: npt.NDArray[np.integer] | None = None) -> tuple[float, float]:
    """Return the 0.5th and the 99.5th percentile, interpolated linearly in float64.

    float32 cannot hold 32-bit integers or the differences of large floats.

    Args:
        values: in one dimension.
        counts: how many pixels have each value; None: one.
    """
    size = values.size if counts is None else int(counts.sum())
    positions = [share / 100 * (size - 1) for share in _PERCENTILES]
    indices = [index for position in positions for index in (math.floor(position), math.ceil(position))]
    if counts is None:
        found = np.partition(values, indices)[indices]
    else:
        order = np.argsort(values)
        found = values[order][np.searchsorted(np.cumsum(counts[order]), indices, side="right")]
    low, high = (
        float(below) * (1 - position % 1) + float(above) * (position % 1)
        for position, below, above in zip(positions, found[::2], found[1::2], strict=True)
    )
    return low, high


def byte_pixels(values: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return 8-bit values as float32, rows x columns, in [0, 1], and the warnings of `to_grayscale`.

    Args:
        values: rows x columns, or rows x columns x channels (see `to_grayscale`).

    Raises:
        RadiographError: the image is in color.
    """
    if values.ndim == 3:
        return to_grayscale(values, full_scale=255)
    return np.asarray(values / np.float32(255), dtype=np.float32), ()


def deep_pixels(values: npt.NDArray[np.unsignedinteger]) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Return values of more than 8 bits in several channels as stretched gray, and the warnings of `to_grayscale`.

    Args:
        values: rows x columns x channels (see `to_grayscale`); they may use only a part of the range of their type.

    Raises:
        RadiographError: the image is in color, or has no contrast.
    """
    pixels, warnings = to_grayscale(values, full_scale=max(1, int(values.max())))
    return percentile_normalize(pixels), warnings
