"""Read PNG, JPEG, TIFF, WebP and BMP files with Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.grayscale import NO_CONTRAST, byte_pixels, percentile_normalize
from CausalCLIPSegLib.radiograph.limits import check_size, has_too_many_scans
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph

if TYPE_CHECKING:
    from PIL import Image

_TIFF_PHOTOMETRIC = 262
_TIFF_TILE_SIZE = (323, 322)  # rows, columns
_BMP_UNCOMPRESSED = (0, 3)  # BI_RGB, BI_BITFIELDS


def read_raster(path: Path) -> Radiograph:
    """Read a PNG, JPEG, TIFF, WebP or BMP file; see `reader.read_radiograph`."""
    from PIL import Image, ImageOps

    formats = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
    try:
        with Image.open(path, formats=formats) as image:
            _reject_unsuitable(image)
            if image.format in {"JPEG", "MPO"} and has_too_many_scans(path.read_bytes()):
                raise RadiographError("The image is stored in more passes than any radiograph; it is damaged.")
            image.verify()  # checks the checksums of PNG, which loading ignores
    except Image.DecompressionBombError as error:
        raise RadiographError("The image has more pixels than any radiograph; it is probably damaged.") from error
    # Pillow gets an open file: given a name, it maps an uncompressed TIFF into memory, and scrambles a turned one.
    with path.open("rb") as file, Image.open(file, formats=formats) as image:
        # Pillow inverts a WhiteIsZero TIFF of 8 bits, but not a deeper one.
        white_is_zero = image.mode != "L" and getattr(image, "tag_v2", {}).get(_TIFF_PHOTOMETRIC) == 0
        ImageOps.exif_transpose(image, in_place=True)
        pixels, warnings = _to_pixels(image)
    pixels = 1 - pixels if white_is_zero else pixels
    return checked_radiograph(path.name, pixels, spacing=None, affine=np.eye(4), warnings=warnings)


def _reject_unsuitable(image: Image.Image) -> None:
    """Reject an image by its header, before any pixel is decoded."""
    # A tile may be larger than the image, and is decoded as a whole.
    tags = getattr(image, "tag_v2", {})
    rows, columns = (int(tags.get(tag, 0)) for tag in _TIFF_TILE_SIZE)
    # All modes except gray of 8 and 16 bits take four bytes per pixel; palettes do once they are resolved.
    pixel_bytes = 1 if image.mode in {"1", "L"} else 2 if image.mode.startswith("I;16") else 4
    check_size(max(image.height, rows), max(image.width, columns), pixel_bytes)
    # JPEG files of some cameras contain further images, such as previews, so they are not rejected.
    if image.format in {"TIFF", "PNG", "WEBP"} and getattr(image, "n_frames", 1) > 1:
        raise RadiographError("The file holds several images; give it one radiograph.")
    if image.mode == "1":
        raise RadiographError("The image is black and white without any gray; a radiograph has levels of gray.")
    # Pillow decodes run lengths in Python, which takes minutes for a large file.
    if image.format == "BMP" and image.info.get("compression") not in _BMP_UNCOMPRESSED:
        raise RadiographError("This BMP image is compressed, which the program does not read; save it as PNG.")


def _to_pixels(image: Image.Image) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    if len(image.getbands()) == 1:
        low, high = image.getextrema()
        if low == high:
            raise RadiographError(NO_CONTRAST)
    if image.mode[0] in "IF":  # 16-bit and 32-bit integers, 32-bit floats
        return percentile_normalize(np.asarray(image)), ()
    if image.mode not in {"L", "LA", "RGB", "RGBA"}:  # palettes, CMYK, YCbCr, Lab
        image = image.convert("RGB")
    return byte_pixels(np.asarray(image))
