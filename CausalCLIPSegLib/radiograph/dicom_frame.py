"""Decode the single frame of DICOM pixel data to the words that are stored in it, whatever the transfer syntax."""

from __future__ import annotations

import math
import struct
from io import BytesIO
from typing import Any, NamedTuple

import imagecodecs
import numpy as np
import numpy.typing as npt
from pydicom import Dataset, uid
from pydicom.encaps import encapsulate, generate_fragments, parse_basic_offsets
from pydicom.pixels import pixel_array

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import limits
from CausalCLIPSegLib.radiograph.dicom_header import DAMAGED_PIXELS
from CausalCLIPSegLib.radiograph.dicom_layout import PixelLayout

MORE_BYTES = "The file holds more bytes than its image needs; check that the image is complete."

_ITEM_TAG = b"\xfe\xff\x00\xe0"
_JPEG, _JPEG_LS, _JPEG_2000 = "JPEG", "JPEG-LS", "JPEG 2000"
# Markers of a frame header: baseline, extended, progressive and lossless JPEG, and JPEG-LS (ITU-T T.81 and T.87).
_START_OF_FRAME = {0xC0: _JPEG, 0xC1: _JPEG, 0xC2: _JPEG, 0xC3: _JPEG, 0xF7: _JPEG_LS}
_END_OF_IMAGE = b"\xff\xd9"
_JPEG_2000_SIZE = b"\xff\x4f\xff\x51"

_COMPARED_COLUMNS = 256


class _Stream(NamedTuple):
    """What a compressed stream says about itself."""

    kind: str
    rows: int
    columns: int
    samples: int


def decode_frame(dataset: Dataset, layout: PixelLayout) -> tuple[npt.NDArray[np.unsignedinteger], bool]:
    """Return the stored words, and whether the file holds no more bytes than the image needs.

    The words are those of the decoder: bits are not interpreted and colors are not converted. A compressed stream
    decides by itself how many samples it has, and by which method it is compressed.

    Args:
        dataset: what `dicom_header.read_pixel_data` returned.
        layout: of the same file.

    Returns:
        Unsigned integers of 8, 16 or 32 bits, rows x columns or rows x columns x 3.

    Raises:
        RadiographError: the pixels are damaged or cut off, or have another size than the header declares.
        Exception: whatever the decoders raise for damaged data.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return _decode_plain(dataset, layout)
    if dataset.PixelData.count(_ITEM_TAG) > limits.MAX_FRAGMENTS:
        raise RadiographError(DAMAGED_PIXELS)
    buffer = BytesIO(dataset.PixelData)
    parse_basic_offsets(buffer)  # a single image needs no offsets, and real ones are often wrong
    frame = b"".join(generate_fragments(buffer))
    if limits.MAX_PIXELS_PER_BYTE * len(frame) < layout.rows * layout.columns:
        raise RadiographError(DAMAGED_PIXELS)
    if syntax == uid.RLELossless:
        return _decode_run_lengths(dataset, layout, frame), True
    decoded = _decode_stream(frame, layout)
    # A stream may be of another depth than the header; negative values are extended to the depth of the words.
    size = max(layout.allocated // 8, decoded.dtype.itemsize)
    return decoded.astype(f"{decoded.dtype.kind}{size}", copy=False).view(f"u{size}"), True


def _decode_plain(dataset: Dataset, layout: PixelLayout) -> tuple[npt.NDArray[Any], bool]:
    row_bytes = layout.columns * layout.samples * layout.allocated // 8
    if layout.photometric == "YBR_FULL_422":
        row_bytes = row_bytes * 2 // 3
    excess = len(dataset.PixelData) - layout.rows * row_bytes
    if layout.samples == 3 and not layout.photometric.endswith("_422"):
        dataset.PlanarConfiguration = _planar_configuration(dataset, layout)
    words = _pydicom_words(dataset)
    tail = dataset.PixelData[layout.rows * row_bytes :]
    if excess <= 1 or not tail.strip(tail[:1]):  # a padding byte, or a fill
        return words, True
    if excess > limits.MAX_TRAILING_BYTES or _is_sheared(dataset.PixelData, layout):
        raise RadiographError(DAMAGED_PIXELS)
    return words, False


def _planar_configuration(dataset: Dataset, layout: PixelLayout) -> int:
    """Return whether the samples lie in planes (1) or pixel by pixel (0).

    Programs that decompress an image often leave the value of the compressed one, so the reading whose rows resemble
    each other more is taken. In the wrong one, neighboring rows are three apart, or of different thirds of the image.
    """
    declared = 1 if dataset.PlanarConfiguration == 1 else 0
    count = layout.rows * layout.columns * 3
    words = np.frombuffer(dataset.PixelData, f"u{layout.allocated // 8}", count)

    def variation(planar: int) -> float:
        shape = (3, layout.rows, layout.columns) if planar else (layout.rows, layout.columns, 3)
        image = words.reshape(shape)[0] if planar else words.reshape(shape)[..., 0]
        image = image[:, :: max(1, layout.columns // _COMPARED_COLUMNS)]
        return float(np.abs(np.diff(image.astype(np.int64), axis=0)).mean())

    return min((declared, 1 - declared), key=variation)


def _is_sheared(data: bytes, layout: PixelLayout) -> bool:
    """Return whether all bytes make a smoother picture if the rows are longer than the header says."""
    words = np.frombuffer(data, f"u{layout.allocated // 8}")[: len(data) * 8 // layout.allocated]
    declared, possible = layout.columns * layout.samples, len(words) // layout.rows
    if possible == declared:
        return False

    def variation(columns: int) -> float:
        rows = words[: layout.rows * columns].reshape(layout.rows, columns).astype(np.int64)
        return float(np.abs(np.diff(rows, axis=0)).mean())

    return variation(possible) < variation(declared)


def _decode_run_lengths(dataset: Dataset, layout: PixelLayout, frame: bytes) -> npt.NDArray[Any]:
    # Run-length encoding at worst adds one byte to 128; its own header takes 64.
    most = 64 + 1.1 * layout.rows * layout.columns * layout.samples * math.ceil(layout.allocated / 8)
    if len(frame) >= most:
        raise RadiographError(DAMAGED_PIXELS)
    _reserve(layout.rows * layout.columns * layout.samples)
    dataset.PixelData = encapsulate([frame])
    return _pydicom_words(dataset)


def _reserve(values: int) -> None:
    """Raise MemoryError if there is too little memory to decode this many values.

    OpenJPEG and pydicom take about 8 bytes for a value, and report too little memory as damage; NumPy does not.
    """
    np.empty(values, np.float64)


def _pydicom_words(dataset: Dataset) -> npt.NDArray[Any]:
    """Return the words of uncompressed or run-length encoded pixels, with all their bits."""
    dataset.BitsStored, dataset.HighBit = dataset.BitsAllocated, dataset.BitsAllocated - 1
    dataset.PixelRepresentation, dataset.NumberOfFrames = 0, 1
    # GDCM, which pydicom would prefer if it is installed, ends the process on some damaged data.
    plugin = "pydicom" if dataset.file_meta.TransferSyntaxUID == uid.RLELossless else ""
    return pixel_array(dataset, index=0, raw=True, decoding_plugin=plugin)


def _decode_stream(frame: bytes, layout: PixelLayout) -> npt.NDArray[Any]:
    """Decode a JPEG, JPEG-LS or JPEG 2000 stream, after its size was compared with that of the header."""
    stream = _describe_stream(frame)
    if stream is None or (stream.rows, stream.columns) != (layout.rows, layout.columns):
        raise RadiographError(DAMAGED_PIXELS)
    if stream.samples not in (1, 3) or limits.has_too_many_scans(frame):
        raise RadiographError(DAMAGED_PIXELS)
    limits.check_size(stream.rows, stream.columns, stream.samples * layout.allocated // 8)
    if stream.kind == _JPEG_2000:
        _reserve(stream.rows * stream.columns * stream.samples)
        decoded = imagecodecs.jpeg2k_decode(frame)
    elif stream.kind == _JPEG_LS:
        decoded = imagecodecs.jpegls_decode(frame)
    else:
        if _END_OF_IMAGE not in frame[frame.rindex(b"\xff\xda") :]:  # libjpeg would fill the rest with gray
            raise RadiographError(DAMAGED_PIXELS)
        same = "RGB" if stream.samples == 3 else None  # that is, no conversion of colors
        decoded = imagecodecs.jpeg8_decode(frame, colorspace=same, outcolorspace=same)
    if decoded.shape != (stream.rows, stream.columns, 3)[: decoded.ndim] or decoded.ndim != 2 + (stream.samples == 3):
        raise RadiographError(DAMAGED_PIXELS)
    return decoded


def _describe_stream(frame: bytes) -> _Stream | None:
    """Return size and kind of a compressed stream from its first markers; None if it is none of a radiograph."""
    start = frame.find(_JPEG_2000_SIZE, 0, limits.MAX_META_BYTES)
    if frame[:1] != b"\xff" and start < 0:
        return None
    if start == 0 or frame[:1] != b"\xff":
        if len(frame) < start + 42:
            return None
        right, bottom, left, top = struct.unpack_from(">4I", frame, start + 8)
        return _Stream(_JPEG_2000, bottom - top, right - left, struct.unpack_from(">H", frame, start + 40)[0])
    at = 2
    while at + 10 <= len(frame) and frame[at] == 0xFF:
        marker, length = frame[at + 1], struct.unpack_from(">H", frame, at + 2)[0]
        if marker in _START_OF_FRAME:
            rows, columns, samples = struct.unpack_from(">HHB", frame, at + 5)
            return _Stream(_START_OF_FRAME[marker], rows, columns, samples)
        at += 1 if marker == 0xFF else 2 + length  # fill bytes may stand before a marker
    return None
