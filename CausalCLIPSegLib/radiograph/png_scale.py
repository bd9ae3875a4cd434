"""Read the size of a pixel from a PNG file, where ITK writes and reads its spacing."""

from __future__ import annotations

import re
import struct
from pathlib import Path

_CHUNK = struct.Struct(">I4s")
_SIGNATURE_BYTES, _CHECKSUM_BYTES, _MAX_SCALE_BYTES = 8, 4, 256
# Unit (1 meter, 2 radian), width and height. ITK writes millimeters as unit 1, and takes both units as millimeters.
_SCALE = re.compile(rb"[\x01\x02]([+]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\0([+]?[0-9.]+(?:[eE][+-]?[0-9]+)?)\Z")


def read_spacing(path: Path) -> tuple[float, float]:
    """Return the spacing (row mm, column mm) that ITK takes from the chunk sCAL of a PNG file; 1 if there is none."""
    with path.open("rb") as file:
        file.seek(_SIGNATURE_BYTES)
        while len(head := file.read(_CHUNK.size)) == _CHUNK.size:
            length, kind = _CHUNK.unpack(head)
            if kind == b"IDAT":  # the chunk stands before the pixels
                break
            if kind == b"sCAL" and length <= _MAX_SCALE_BYTES:
                return _parse(file.read(length))
            file.seek(length + _CHECKSUM_BYTES, 1)
    return 1.0, 1.0


def _parse(scale: bytes) -> tuple[float, float]:
    if match := _SCALE.match(scale):
        try:
            width, height = float(match[1]), float(match[2])
        except ValueError:  # several points
            return 1.0, 1.0
        if min(width, height) > 0 and max(width, height) < float("inf"):
            return height, width
    return 1.0, 1.0
