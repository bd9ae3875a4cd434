"""Choose the page of a TIFF file, and read what Pillow reads wrong or not at all.

Pillow returns noise for planar color of 16 bits and for most compressed big-endian values, and wraps 32-bit integers.
It stays the reader of 8 bits, with palettes, CMYK, YCbCr and JPEG. tifffile reads only the directory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.grayscale import byte_pixels, deep_pixels, percentile_normalize
from CausalCLIPSegLib.radiograph.limits import check_size
from CausalCLIPSegLib.radiograph.tiff_values import read_values

if TYPE_CHECKING:
    from tifffile import TiffPage

SMALL_PAGES = (
    "The file holds further, smaller images; the largest was read. Another program may show another one, where the "
    "segmentation would not fit."
)

_MAX_PAGES = 32
_MIN_IS_WHITE, _MIN_IS_BLACK, _RGB = 0, 1, 2
_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 274, 282, 283, 296
_UNSIGNED = 1
_UNCOMPRESSED = 1
_UNIT_MM = {2: 25.4, 3: 10.0}


@dataclass(frozen=True)
class TiffContent:
    """What a TIFF file says about the page that is read.

    Attributes:
        page: its number, counted from 0.
        orientation: the value of the tag, 1 to 8.
        spacing: row mm, column mm, as ITK takes them from the resolution; 1 if there is none.
        pixels: float32, rows x columns, as stored; None if Pillow has to read the page.
        warnings: one sentence each.
    """

    page: int
    orientation: int
    spacing: tuple[float, float]
    pixels: npt.NDArray[np.float32] | None
    warnings: tuple[str, ...]


def read_tiff(path: Path) -> TiffContent:
    """Return what a TIFF file says about its largest page, and the pixels unless Pillow has to read them.

    Raises:
        RadiographError: there are several images, or the image is incomplete, or not gray.
        Exception: whatever tifffile raises for a damaged file.
    """
    from tifffile import TiffFile  # importing it is slow

    with path.open("rb") as file, TiffFile(file, name="image", _multifile=False) as tiff:
        pages = cast("list[TiffPage]", list(islice(tiff.pages, _MAX_PAGES)))
        parts = cast("list[TiffPage]", list(islice(pages[0].pages or (), _MAX_PAGES)))
        page, has_thumbnails = _largest([*pages, *parts])
        _reject_unsuitable(page)
        _reject_incomplete(page, path.stat().st_size)
        warnings = (SMALL_PAGES,) if has_thumbnails else ()
        pixels = None
        big_endian_bigtiff = tiff.is_bigtiff and tiff.byteorder == ">"  # Pillow does not know it
        if page in parts or page.bitspersample > 8 or page.sampleformat != _UNSIGNED or big_endian_bigtiff:
            pixels, more_warnings = _read(path, page)
            warnings = (*warnings, *more_warnings)
        number = pages.index(page) if page in pages else 0
        return TiffContent(number, int(_number(page, _ORIENTATION, 1)), _spacing(page), pixels, warnings)


def _largest(pages: list[TiffPage]) -> tuple[TiffPage, bool]:
    """Return the page with the most pixels, and whether there are smaller ones.

    Raises:
        RadiographError: there are several pages, and not all others are at most half as wide and high as the largest.
    """
    page = max(pages, key=lambda page: page.imagewidth * page.imagelength)
    for other in pages:
        # The sides of half an image are rounded up.
        is_large = other.imagewidth > (page.imagewidth + 1) // 2 or other.imagelength > (page.imagelength + 1) // 2
        if other is not page and (is_large or len(pages) >= _MAX_PAGES):
            raise RadiographError("The file holds several images; give it one radiograph.")
    return page, len(pages) > 1


def _reject_unsuitable(page: TiffPage) -> None:
    """Reject a page by its header, before any pixel is decoded."""
    if page.imagedepth > 1 or page.tiledepth > 1:
        raise RadiographError("The file holds a volume or several images; give it one radiograph.")
    # A tile may be larger than the image, and is decoded as a whole.
    rows, columns = max(page.imagelength, page.tilelength), max(page.imagewidth, page.tilewidth)
    check_size(rows, columns, page.samplesperpixel * math.ceil(page.bitspersample / 8))


def _reject_incomplete(page: TiffPage, file_bytes: int) -> None:
    """Reject a page with fewer strips, tiles or bytes than its size needs; Pillow fills the rest with noise."""
    ends = [at + length for at, length in zip(page.dataoffsets, page.databytecounts, strict=True)]
    row_bytes = math.ceil(page.imagewidth * page.samplesperpixel * page.bitspersample / 8)
    needed = row_bytes * page.imagelength if page.compression == _UNCOMPRESSED and not page.is_subsampled else 0
    is_complete = len(ends) >= math.prod(page.chunked) and min(page.databytecounts) > 0 and max(ends) <= file_bytes
    if not is_complete or sum(page.databytecounts) < needed:
        raise RadiographError("The file is incomplete: it ends before the last pixel.")


def _read(path: Path, page: TiffPage) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    is_gray = page.photometric in (_MIN_IS_WHITE, _MIN_IS_BLACK) and page.samplesperpixel <= 2
    is_color = page.photometric == _RGB and page.samplesperpixel in (3, 4)
    if page.dtype is None or page.dtype.kind not in "iuf" or not (is_gray or is_color):
        raise RadiographError("This TIFF image stores its pixels in a way that the program does not read.")
    values = read_values(path, page)
    if values.ndim == 3 and values.dtype.kind != "u":
        raise RadiographError("The file holds several values for each pixel; a radiograph holds one.")
    warnings: tuple[str, ...] = ()
    if values.dtype == np.uint8:
        pixels, warnings = byte_pixels(values)
    elif values.ndim == 3:
        pixels, warnings = deep_pixels(values)
    else:
        pixels = percentile_normalize(values)
    return 1 - pixels if page.photometric == _MIN_IS_WHITE else pixels, warnings


def _spacing(page: TiffPage) -> tuple[float, float]:
    unit = _UNIT_MM.get(int(_number(page, _RESOLUTION_UNIT, 1)))
    x, y = _number(page, _X_RESOLUTION, 0), _number(page, _Y_RESOLUTION, 0)
    return (unit / y, unit / x) if unit and min(x, y) > 0 else (1.0, 1.0)


def _number(page: TiffPage, tag: int, default: float) -> float:
    """Return the value of a tag, a number or a fraction; the default if it has none."""
    value = page.tags.valueof(tag, default)
    numbers = [float(part) for part in (value if isinstance(value, tuple) else (value,))]
    number = numbers[0] / numbers[1] if len(numbers) == 2 and numbers[1] else numbers[0]
    return number if math.isfinite(number) else default
