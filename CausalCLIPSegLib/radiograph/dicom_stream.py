"""Open a DICOM file for reading, with a limit on the bytes and the number of reads."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from pydicom import uid
from pydicom.filereader import read_dataset

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import limits

HEADER_TOO_LONG = "The header of this DICOM file is longer than the header of any radiograph."
TOO_MANY_ELEMENTS = "The header of this DICOM file has more parts than the header of any radiograph."
_UNPACKS_TO_MORE = "This DICOM file unpacks to more than any radiograph holds; it is probably damaged."

_INPUT_CHUNK_BYTES = 1 << 20
_OUTPUT_CHUNK_BYTES = 1 << 24


@contextmanager
def open_limited(path: Path, max_bytes: int, message: str) -> Iterator[BinaryIO]:
    """Open a DICOM file so that at most `max_bytes` can be read. Seeking is free.

    A deflated data set is inflated, and its meta information changed to Explicit VR Little Endian.

    Args:
        path: the file.
        max_bytes: number of bytes that may be read.
        message: message of the error that is raised if more are read.

    Raises:
        RadiographError: on opening or reading: the file has more bytes, elements or meta information than allowed.
        Exception: whatever pydicom and zlib raise for a damaged file.
    """
    with path.open("rb") as file:
        yield cast(BinaryIO, _LimitedFile(inflated(file), max_bytes, message))


def inflated(file: BinaryIO) -> BinaryIO:
    """Return a DICOM file at its start, with its data set inflated if it is deflated.

    Raises:
        RadiographError: the file has more meta information, or unpacks to more bytes, than allowed.
        Exception: whatever pydicom and zlib raise for a damaged file.
    """
    head = file.read(limits.MAX_META_BYTES)
    start = _deflated_start(head)
    plain = file if start is None else _inflate(head[:start], file)
    plain.seek(0)
    return plain


class _LimitedFile:
    def __init__(self, file: BinaryIO, max_bytes: int, message: str) -> None:
        self.seek, self.tell = file.seek, file.tell
        self._read, self._message = file.read, message
        self._bytes_left, self._reads_left = max_bytes, limits.MAX_READS

    def read(self, size: int) -> bytes:
        """Read `size` bytes. `size` is required, because an unlimited read must not be possible."""
        self._bytes_left -= size
        self._reads_left -= 1
        if self._reads_left < 0:
            raise RadiographError(TOO_MANY_ELEMENTS)
        if self._bytes_left < 0:
            raise RadiographError(self._message)
        return self._read(size)


def _deflated_start(head: bytes) -> int | None:
    """Return the offset of the deflated data set, right after the meta information; None if it is not deflated."""
    buffer = io.BytesIO(head)
    buffer.seek(132 if head[128:132] == b"DICM" else 0)
    meta = read_dataset(buffer, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    if buffer.tell() == limits.MAX_META_BYTES:
        raise RadiographError(HEADER_TOO_LONG)
    return buffer.tell() if meta.get("TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian else None


def _inflate(meta: bytes, file: BinaryIO) -> BinaryIO:
    """Return the file with its data set inflated, in chunks, so that a bomb is noticed before it fills the memory."""
    file.seek(len(meta))
    plain = io.BytesIO()
    deflated, explicit = uid.DeflatedExplicitVRLittleEndian, uid.ExplicitVRLittleEndian
    plain.write(meta.replace(deflated.encode(), explicit.encode().ljust(len(deflated), b"\0")))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = file.read(_INPUT_CHUNK_BYTES)
    while data:
        plain.write(inflater.decompress(data, _OUTPUT_CHUNK_BYTES))
        if plain.tell() > limits.MAX_UNPACKED_BYTES:
            raise RadiographError(_UNPACKS_TO_MORE)
        data = inflater.unconsumed_tail or (b"" if inflater.eof else file.read(_INPUT_CHUNK_BYTES))
    if not inflater.eof:
        raise EOFError("the deflated data set was cut off")
    return plain
