"""Read PNG, JPEG, TIFF and WebP files with Pillow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.grayscale import NO_CONTRAST, byte_pixels, has_many_scans, percentile_normalize
from CausalCLIPSegLib.radiograph.limits import check_size
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph

if TYPE_CHECKING:
    from PIL import Image

_TIFF_TILE_SIZE = (323, 322)  # rows, columns


def read_picture(path: Path) -> Radiograph:
    """Read a PNG, JPEG, TIFF or WebP file; see `reader.read_radiograph`."""
    from PIL import Image, ImageOps

    formats = ("PNG", "JPEG", "TIFF", "WEBP")
    try:
        with Image.open(path, formats=formats) as image:
            _refuse_picture(image)
            if image.format in {"JPEG", "MPO"} and has_many_scans(path.read_bytes()):
                raise RadiographError("The picture is stored in more passes than any radiograph; it is damaged.")
            image.verify()  # the checksums of PNG; loading does not look at them
    except Image.DecompressionBombError as error:
        raise RadiographError("The picture has more pixels than any radiograph; it is probably damaged.") from error
    # By an open file, since by name PIL maps a TIFF without compression into memory, and scrambles it if it is turned.
    with path.open("rb") as file, Image.open(file, formats=formats) as image:
        # PIL turns WhiteIsZero round for 8 bits, but not for more (tag 262, PhotometricInterpretation).
        white_is_zero = image.mode != "L" and getattr(image, "tag_v2", {}).get(262) == 0
        ImageOps.exif_transpose(image, in_place=True)
        pixels = _picture_pixels(image)
    return checked_radiograph(path.name, 1 - pixels if white_is_zero else pixels, spacing=None, affine=np.eye(4))


def _refuse_picture(image: Image.Image) -> None:
    """Refuse by the header alone."""
    # A tile may be larger than the picture, and is unpacked whole.
    tags = getattr(image, "tag_v2", {})
    rows, columns = (int(tags.get(tag, 0)) for tag in _TIFF_TILE_SIZE)
    # All but grey of 8 and of 16 bits takes four bytes, palettes when they are resolved.
    pixel_bytes = 1 if image.mode in {"1", "L"} else 2 if image.mode.startswith("I;16") else 4
    check_size(max(image.height, rows), max(image.width, columns), pixel_bytes)
    # JPEG files of some cameras carry further pictures, but only for their own ends.
    if image.format in {"TIFF", "PNG", "WEBP"} and getattr(image, "n_frames", 1) > 1:
        raise RadiographError("The file holds several pictures; give it one radiograph.")
    if image.mode == "1":
        raise RadiographError("The picture is black and white without any grey; a radiograph has levels of grey.")


def _picture_pixels(image: Image.Image) -> npt.NDArray[np.float32]:
    if len(image.getbands()) == 1:
        low, high = image.getextrema()
        if low == high:
            raise RadiographError(NO_CONTRAST)
    if image.mode[0] in "IF":  # 16-bit and 32-bit integers, 32-bit floats
        return percentile_normalize(np.asarray(image))
    if image.mode not in {"L", "LA", "RGB", "RGBA"}:  # palettes, CMYK, YCbCr, Lab
        image = image.convert("RGB")
    return byte_pixels(np.asarray(image))
