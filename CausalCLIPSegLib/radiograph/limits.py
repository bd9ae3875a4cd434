"""Size limits for files and images; anything larger is treated as damaged or malicious."""

from __future__ import annotations

from CausalCLIPSegLib.errors import RadiographError

MIN_SIDE = 32
"""Rows and columns below which nothing can be outlined."""
MAX_SIDE = 20_000
"""Rows and columns above which a header is wrong or malicious; the largest flat detectors have fewer than 5,000."""
MAX_PIXELS = 64_000_000
"""Pixels of the whole image, for the same reason; a film of 35 x 43 cm scanned in steps of 50 µm has 60 million."""
MAX_DEEP_PIXELS = 16_000_000
"""The same where a pixel takes more than two bytes, and several times the memory; the largest flat detectors have 15
million."""


def check_size(rows: int, columns: int, pixel_bytes: int = 1) -> None:
    """Refuse what is too small or too large for a radiograph; to be asked before any pixel is decoded.

    Args:
        rows, columns: of the picture.
        pixel_bytes: that a pixel takes in memory with all its channels.

    Raises:
        RadiographError: fewer than 32 or more than 20,000 pixels on a side, or more than 64 million in all, 16 million
            where a pixel takes more than two bytes.
    """
    if min(rows, columns) < MIN_SIDE:
        raise RadiographError(
            f"The picture is too small for a radiograph: {columns} x {rows} pixels, at least {MIN_SIDE} are needed "
            "on each side."
        )
    if max(rows, columns) > MAX_SIDE or rows * columns > MAX_PIXELS:
        raise RadiographError(
            f"The picture claims to have {columns} x {rows} pixels, more than any radiograph has; the file is "
            "probably damaged."
        )
    if pixel_bytes > 2 and rows * columns > MAX_DEEP_PIXELS:
        raise RadiographError(
            f"The picture has {columns} x {rows} pixels in colour or of more than 16 bits; so large a one is read "
            "only in grey of 8 or 16 bits."
        )
