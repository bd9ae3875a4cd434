"""Read PNG, JPEG, TIFF, WebP and BMP files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import png_scale
from CausalCLIPSegLib.radiograph.formats import first_bytes, is_tiff
from CausalCLIPSegLib.radiograph.grayscale import NO_CONTRAST, byte_pixels, deep_pixels, percentile_normalize
from CausalCLIPSegLib.radiograph.limits import check_size, has_too_many_scans
from CausalCLIPSegLib.radiograph.orientation import AS_STORED, Turn
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph
from CausalCLIPSegLib.radiograph.tiff_image import read_tiff

if TYPE_CHECKING:
    from PIL import Image

_BMP_UNCOMPRESSED = (0, 3)  # BI_RGB, BI_BITFIELDS
_ORIENTATION = 274  # tag of EXIF
_JFIF_UNIT_MM = {1: 25.4, 2: 10.0}
# Turns of the values 1 to 8 of the EXIF and TIFF orientation.
_TURNS = {
    1: AS_STORED,
    2: Turn(columns_reversed=True),
    3: Turn(rows_reversed=True, columns_reversed=True),
    4: Turn(rows_reversed=True),
    5: Turn(transposed=True),
    6: Turn(transposed=True, columns_reversed=True),
    7: Turn(transposed=True, rows_reversed=True, columns_reversed=True),
    8: Turn(transposed=True, rows_reversed=True),
}
# ITK reverses rows and columns of a TIFF as the orientation says, but does not exchange them. What it shows becomes
# upright by these turns.
_TURNS_OF_ITK = {
    **dict.fromkeys((1, 2, 3, 4), AS_STORED),
    **dict.fromkeys((5, 7), Turn(transposed=True)),
    **dict.fromkeys((6, 8), Turn(transposed=True, rows_reversed=True, columns_reversed=True)),
}


def read_raster(path: Path) -> Radiograph:
    """Read a PNG, JPEG, TIFF, WebP or BMP file; see `reader.read_radiograph`."""
    from PIL import Image

    try:
        return _read_tiff(path) if is_tiff(first_bytes(path)) else _read_other(path)
    except Image.DecompressionBombError as error:
        raise RadiographError("The image has more pixels than any radiograph; it is probably damaged.") from error


def _read_other(path: Path) -> Radiograph:
    from PIL import Image

    formats = ("PNG", "JPEG", "WEBP", "BMP")
    with path.open("rb") as file, Image.open(file, formats=formats) as image:
        _reject_unsuitable(image)
        if image.format in {"JPEG", "MPO"} and has_too_many_scans(path.read_bytes()):
            raise RadiographError("The image is stored in more passes than any radiograph; it is damaged.")
        image.verify()  # checks the checksums of PNG, which loading ignores
    with path.open("rb") as file, Image.open(file, formats=formats) as image:
        is_deep = image.format == "PNG" and "16" in str(image.tile[0][3]) and len(image.getbands()) > 1
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1), AS_STORED)
        spacing = png_scale.read_spacing(path) if image.format == "PNG" else _jfif_spacing(image)
        pixels, warnings = _read_deep_png(path) if is_deep else _to_pixels(image)
    return _radiograph(path.name, turn.upright(pixels), spacing, turn, warnings)


def _jfif_spacing(image: Image.Image) -> tuple[float, float]:
    unit = _JFIF_UNIT_MM.get(image.info.get("jfif_unit", 0))
    x, y = image.info.get("jfif_density", (0, 0))
    return (unit / y, unit / x) if unit and x > 0 and y > 0 else (1.0, 1.0)


def _read_deep_png(path: Path) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    """Read a PNG of 16 bits in several channels, of which Pillow keeps 8 bits."""
    import imagecodecs  # importing it is slow

    return deep_pixels(imagecodecs.png_decode(path.read_bytes()))


def _read_tiff(path: Path) -> Radiograph:
    from PIL import Image

    content = read_tiff(path)
    turn = _TURNS_OF_ITK.get(content.orientation, AS_STORED)
    if content.pixels is not None:
        pixels = _TURNS.get(content.orientation, AS_STORED).upright(content.pixels)
        return _radiograph(path.name, pixels, content.spacing, turn, content.warnings)
    # Pillow gets an open file: given a name, it maps an uncompressed TIFF into memory, and scrambles a turned one.
    with path.open("rb") as file, Image.open(file, formats=("TIFF",)) as image:
        image.seek(content.page)
        _reject_unsuitable(image)
        pixels, warnings = _to_pixels(image)  # Pillow turns a TIFF upright
    return _radiograph(path.name, pixels, content.spacing, turn, (*content.warnings, *warnings))


def _radiograph(
    name: str,
    pixels: npt.NDArray[np.float32],
    spacing: tuple[float, float],
    turn: Turn,
    warnings: tuple[str, ...],
) -> Radiograph:
    """Return the radiograph of upright pixels.

    ITK takes the resolution of the paper, or the scale of a PNG, as the spacing (row, column).
    """
    stored = np.diag([spacing[1], spacing[0], 1.0, 1.0])
    affine = stored @ turn.to_stored((pixels.shape[0], pixels.shape[1]))
    return checked_radiograph(name, pixels, spacing=None, affine=affine, turn=turn, warnings=warnings)


def _reject_unsuitable(image: Image.Image) -> None:
    """Reject an image by its header, before any pixel is decoded."""
    # All modes except gray of 8 and 16 bits take four bytes per pixel; palettes do once they are resolved.
    pixel_bytes = 1 if image.mode in {"1", "L"} else 2 if image.mode.startswith("I;16") else 4
    check_size(image.height, image.width, pixel_bytes)
    # JPEG files of some cameras contain further images, such as previews, so they are not rejected.
    if image.format in {"PNG", "WEBP"} and getattr(image, "n_frames", 1) > 1:
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
