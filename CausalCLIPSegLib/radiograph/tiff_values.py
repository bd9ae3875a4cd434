"""Decode the values of a TIFF page of any depth.

Pillow (libtiff) only unpacks bytes here: the page is handed to it as an image of 8 bits whose columns are the bytes of
a row. Byte order, predictor and type are applied afterwards, where Pillow makes mistakes. The decoders of imagecodecs
are not used, because its LZW decoder writes beyond its memory if the data are damaged.
"""

from __future__ import annotations

import io
import math
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError

if TYPE_CHECKING:
    from tifffile import TiffPage

_NONE, _LZW, _DEFLATE, _OLD_DEFLATE, _PACKBITS, _LZMA, _ZSTD = 1, 5, 8, 32946, 32773, 34925, 50000
_COMPRESSIONS = frozenset({_NONE, _LZW, _DEFLATE, _OLD_DEFLATE, _PACKBITS, _LZMA, _ZSTD})
_HORIZONTAL, _FLOATING = 2, 3
_SEPARATE = 2
_PACKED_BITS = 12
_FILL_ORDER = 266
_UNREADABLE = "This TIFF image stores its pixels in a way that the program does not read."


def read_values(path: Path, page: TiffPage) -> npt.NDArray[Any]:
    """Return the values of a page, rows x columns, or rows x columns x samples.

    Raises:
        RadiographError: the page is stored in a way that is not read.
        Exception: whatever Pillow raises for damaged data.
    """
    is_packed = page.bitspersample == _PACKED_BITS and page.samplesperpixel == 1 and page.predictor == 1
    is_whole = page.dtype is not None and page.dtype.itemsize * 8 == page.bitspersample
    if (
        page.compression not in _COMPRESSIONS
        or page.tags.valueof(_FILL_ORDER, 1) != 1
        or page.dtype is None
        or not (is_whole or is_packed)
    ):
        raise RadiographError(_UNREADABLE)
    content = path.read_bytes()
    planes = page.samplesperpixel if page.planarconfig == _SEPARATE else 1
    per_plane = len(page.dataoffsets) // planes
    samples = page.samplesperpixel // planes
    decoded = []
    for plane in range(planes):
        segments = slice(plane * per_plane, (plane + 1) * per_plane)
        data = _unpack(content, page, page.dataoffsets[segments], page.databytecounts[segments], samples)
        decoded.append(_to_values(data, page, samples))
    values = decoded[0] if planes == 1 else np.concatenate(decoded, axis=-1)
    return values[..., 0] if values.shape[2] == 1 else values


def _unpack(
    content: bytes, page: TiffPage, offsets: tuple[int, ...], lengths: tuple[int, ...], samples: int
) -> npt.NDArray[np.uint8]:
    """Return the bytes of a plane, rows x bytes of a row; each tile is padded to a whole one."""
    from PIL import Image

    tags = {256: [math.ceil(page.imagewidth * samples * page.bitspersample / 8)], 257: [page.imagelength]}
    if page.is_tiled:
        tile_bytes = page.tilewidth * samples * page.bitspersample // 8
        tags |= {322: [tile_bytes], 323: [page.tilelength], 324: list(offsets), 325: list(lengths)}
        columns = math.ceil(page.imagewidth / page.tilewidth)
        tags[256] = [columns * tile_bytes]
    else:
        tags |= {273: list(offsets), 278: [page.rowsperstrip], 279: list(lengths)}
    tags |= {258: [8], 259: [int(page.compression)], 262: [1], 277: [1]}
    with Image.open(io.BytesIO(_with_directory(content, tags)), formats=("TIFF",)) as image:
        return np.asarray(image)


def _with_directory(content: bytes, tags: dict[int, list[int]]) -> bytes:
    """Return a TIFF with the same bytes at the same offsets, but another directory, which follows them."""
    start = len(content) + len(content) % 2
    after = start + 2 + 12 * len(tags) + 4
    entries, lists = b"", b""
    for tag, numbers in sorted(tags.items()):
        packed = struct.pack(f"<{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            place = struct.pack("<I", after + len(lists))
            lists += packed
        else:
            place = packed
        entries += struct.pack("<HHI", tag, 4, len(numbers)) + place
    directory = struct.pack("<H", len(tags)) + entries + bytes(4) + lists
    padding = bytes(start - len(content))
    return b"".join([b"II*\0", struct.pack("<I", start), memoryview(content)[8:], padding, directory])


def _to_values(data: npt.NDArray[np.uint8], page: TiffPage, samples: int) -> npt.NDArray[Any]:
    """Return rows x columns x samples of the unpacked bytes of a plane."""
    rows, columns = page.imagelength, page.imagewidth
    if page.bitspersample == _PACKED_BITS:
        return _unpack_12_bits(data)[:rows, :columns, np.newaxis]
    assert page.dtype is not None, "read_values has checked it"
    size = page.dtype.itemsize
    width = page.tilewidth if page.is_tiled else columns  # a predictor begins anew in each tile
    parts = data.reshape(rows, -1, width * samples * size)
    dtype = page.dtype.newbyteorder(page.parent.byteorder)
    if page.predictor == _FLOATING:
        differences = parts.reshape(*parts.shape[:2], -1, samples)
        ordered = np.cumsum(differences, axis=2, dtype=np.uint8).reshape(*parts.shape[:2], size, width * samples)
        values = np.ascontiguousarray(ordered.swapaxes(2, 3)).view(page.dtype.newbyteorder(">"))
    else:
        values = np.ascontiguousarray(parts).view(dtype)
    values = values.reshape(*parts.shape[:2], width, samples)
    if page.predictor == _HORIZONTAL:
        unsigned = values.view(np.dtype(f"u{size}").newbyteorder(page.parent.byteorder))
        values = np.cumsum(unsigned, axis=2, dtype=f"u{size}").view(page.dtype.newbyteorder("="))
    elif page.predictor not in {1, _FLOATING}:
        raise RadiographError(_UNREADABLE)
    return values.reshape(rows, -1, samples)[:, :columns].astype(page.dtype.newbyteorder("="), copy=False)


def _unpack_12_bits(data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint16]:
    """Return values of 12 bits, of which two fill three bytes; each row begins with a new byte."""
    padded = np.pad(data, ((0, 0), (0, -data.shape[1] % 3))).astype(np.uint16)
    first, second, third = padded[:, 0::3], padded[:, 1::3], padded[:, 2::3]
    values = np.stack([first << 4 | second >> 4, (second & 15) << 8 | third], axis=-1)
    return values.reshape(len(data), -1)
