"""Read the file of a DICOM film in little time and memory, whatever the file says of itself.

pydicom alone builds what a file asks for: a million empty items, a number of a hundred megabytes, all that a few
kilobytes of deflated noughts stand for. Nothing of that is in a film.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pydicom import Dataset, uid
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.filereader import read_dataset, read_partial
from pydicom.tag import BaseTag

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph import limits

DAMAGED_PIXELS = "The pixels of this DICOM file are damaged or do not fit its header."
_TOO_LONG = "The header of this DICOM file is longer than that of any radiograph."
_TOO_MANY_PARTS = "The header of this DICOM file has more parts than any radiograph's."
_UNPACKS_TO_MORE = "This DICOM file unpacks to more than any radiograph holds; it is probably damaged."

_ITEMS = (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00")
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})

_PIXEL_DATA = 0x7FE00010
_PIXELS = range(0x7FE00008, _PIXEL_DATA + 1)
"""Pixel Data and its two relatives of floating point numbers."""
_LAYOUT = (
    *("SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows", "Columns"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
)


def read_header(path: Path) -> Dataset:
    """Read all of a DICOM file but its pixels; without preamble and without file meta information too.

    Returns:
        the data set with every value converted. Left out are private elements, values of more than a megabyte,
        sequences of more than half a megabyte together, and what cannot be converted. A deflated file passes for one
        that is not.

    Raises:
        RadiographError: the file unpacks to more, or has more parts, than any radiograph.
        Exception: whatever pydicom raises for a damaged file.
    """
    with _opened(path, limits.MAX_HEADER_BYTES, _TOO_LONG) as file:
        header = read_partial(
            file, lambda tag, vr, length: int(tag) in _PIXELS, defer_size=limits.MAX_VALUE_BYTES, force=True
        )
    header.buffer = None
    _convert_all(header, _Allowance())
    return header


def read_pixel_data(path: Path, header: Dataset) -> Dataset:
    """Read the stored picture of a DICOM file, and nothing else of it.

    Args:
        path: the file.
        header: of the file, by `read_header`; it has said that its picture has a size that a radiograph can have.

    Returns:
        a data set with Pixel Data, and with those elements of the header that say how it is stored.

    Raises:
        RadiographError: there are no pixels, or more than the header says.
        Exception: whatever pydicom raises for a damaged file.
    """
    picture = Dataset()
    picture.file_meta = deepcopy(header.file_meta)
    for keyword in _LAYOUT:
        if keyword in header:
            picture[keyword] = header[keyword]
    bits = picture.Rows * picture.Columns * picture.get("SamplesPerPixel", 1) * picture.BitsAllocated
    most_bytes = min(
        limits.MAX_HEADER_BYTES + bits // 7, limits.MAX_UNPACKED_BYTES
    )  # compression at its worst adds one byte to 128
    with _opened(path, most_bytes, DAMAGED_PIXELS) as file:
        found = read_partial(
            file, lambda tag, vr, length: int(tag) > _PIXEL_DATA, force=True, specific_tags=[_PIXEL_DATA]
        )
    if "PixelData" not in found:
        raise RadiographError("This DICOM file holds no picture, or its picture was cut off.")
    picture["PixelData"] = found["PixelData"]
    implicit, little_endian = header.original_encoding
    picture.set_original_encoding(implicit, little_endian, header.original_character_set)
    return picture


# -- the file ---------------------------------------------------------------------------------------------------------


class _Counted:
    """A file of which no more is read than a film has, and that not in a million pieces; passing over is free."""

    def __init__(self, file: BinaryIO, most_bytes: int, refusal: str) -> None:
        self.seek, self.tell = file.seek, file.tell
        self._read, self._refusal = file.read, refusal
        self._bytes, self._reads = most_bytes, limits.MAX_READS

    def read(self, size: int) -> bytes:
        """Not all at once, as pydicom would read a deflated file if it met one here."""
        self._bytes -= size
        self._reads -= 1
        if self._reads < 0:
            raise RadiographError(_TOO_MANY_PARTS)
        if self._bytes < 0:
            raise RadiographError(self._refusal)
        return self._read(size)


@contextmanager
def _opened(path: Path, most_bytes: int, refusal: str) -> Iterator[BinaryIO]:
    """Open a file to be read up to so many bytes; a deflated one as if it had never been deflated."""
    with path.open("rb") as file:
        head = file.read(limits.MAX_META_BYTES)
        start = _start_of_deflated(head)
        plain = file if start is None else _inflated(head[:start], file)
        plain.seek(0)
        yield cast(BinaryIO, _Counted(plain, most_bytes, refusal))


def _start_of_deflated(head: bytes) -> int | None:
    """Return where the data set of a deflated file begins, behind the meta information; None for other files."""
    buffer = io.BytesIO(head)
    buffer.seek(132 if head[128:132] == b"DICM" else 0)
    meta = read_dataset(buffer, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    if buffer.tell() == limits.MAX_META_BYTES:
        raise RadiographError(_TOO_LONG)
    return buffer.tell() if meta.get("TransferSyntaxUID") == uid.DeflatedExplicitVRLittleEndian else None


def _inflated(meta: bytes, file: BinaryIO) -> BinaryIO:
    file.seek(len(meta))
    plain = io.BytesIO()
    deflated, explicit = uid.DeflatedExplicitVRLittleEndian, uid.ExplicitVRLittleEndian
    plain.write(meta.replace(deflated.encode(), explicit.encode().ljust(len(deflated), b"\0")))
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    data = file.read(1 << 20)
    while data:
        plain.write(inflater.decompress(data, 1 << 24))
        if plain.tell() > limits.MAX_UNPACKED_BYTES:
            raise RadiographError(_UNPACKS_TO_MORE)
        data = inflater.unconsumed_tail or (b"" if inflater.eof else file.read(1 << 20))
    if not inflater.eof:
        raise EOFError("the deflated data set was cut off")
    return plain


# -- the values -------------------------------------------------------------------------------------------------------


@dataclass
class _Allowance:
    """What may still become objects."""

    sequence_bytes: int = limits.MAX_SEQUENCE_BYTES
    parts: int = limits.MAX_ELEMENTS

    def spend_parts(self, count: int) -> None:
        self.parts -= count
        if self.parts < 0:
            raise RadiographError(_TOO_MANY_PARTS)

    def covers(self, sequence: bytes) -> bool:
        """Whether a sequence, not taken apart yet, is small enough; nothing here asks for one that is not."""
        if len(sequence) > self.sequence_bytes or sum(map(sequence.count, _ITEMS)) > self.parts:
            return False
        self.sequence_bytes -= len(sequence)
        return True


def _convert_all(dataset: Dataset, allowance: _Allowance) -> None:
    """Convert all values now: done later it would raise, or quote patient data in a warning, at some distant place."""
    for tag, element in list(dataset.items()):
        if not _is_wanted(tag, element, allowance):
            del dataset[tag]
            continue
        try:
            converted = dataset[tag]
        except Exception:  # pydicom has no common class for values that do not fit their VR
            del dataset[tag]
            continue
        for item in converted.value if converted.VR == "SQ" else ():
            allowance.spend_parts(1)
            _convert_all(item, allowance)


def _is_wanted(tag: BaseTag, element: object, allowance: _Allowance) -> bool:
    """Whether an element is to be converted; what it would become is counted."""
    allowance.spend_parts(1)
    if tag.is_private or not dictionary_has_tag(tag):
        return False
    if not isinstance(element, RawDataElement) or not element.length:
        return True
    # What was passed over, and what pydicom leaves as bytes, whatever it is by the dictionary.
    if element.value is None or (element.VR == "UN" and len(element.value) >= 0xFFFF):
        return False
    vrs = {element.VR, *dictionary_VR(tag).split(" or ")}
    if "SQ" in vrs:
        return allowance.covers(element.value)
    if not vrs <= _BINARY:
        allowance.spend_parts(element.value.count(b"\\"))
    return True
