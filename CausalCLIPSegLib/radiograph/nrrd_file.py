"""Read the header and the values of an NRRD file within limits.

Only a file that holds its own values is read: a `data file` could name any file of the computer, or a pipe.
"""

from __future__ import annotations

import bz2
import gzip
import io
import re
import warnings
from pathlib import Path
from typing import Any, BinaryIO, cast

import nrrd
import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.radiograph import limits

_RAW, _GZIP, _BZIP2 = {"raw"}, {"gzip", "gz"}, {"bzip2", "bz2"}
_TEXT, _HEX = {"ascii", "text", "txt"}, {"hex"}
_DETACHED = frozenset({"data file", "datafile"})
_SKIPS = frozenset({"line skip", "lineskip", "byte skip", "byteskip"})
# pynrrd reads vectors only without the blanks that the format allows in them.
_VECTORS = re.compile(rb"^(space ?directions|space ?origin|measurement ?frame):.*$", re.MULTILINE | re.IGNORECASE)
_BLANKS = re.compile(rb"(?<=[(,])[ \t]+|[ \t]+(?=[,)])")
_LONGEST_VALUE = 16
_MAX_TEXT_BYTES = 1 << 26
_INCOMPLETE = "The file is incomplete: it ends before the last pixel."


class NrrdError(ValueError):
    """An NRRD file that is damaged or of a variety that is not read; the message is one sentence."""


def read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Return the fields of the header, as pynrrd reads them, and the offset of the values.

    Raises:
        NrrdError: the file is not an NRRD, contradicts itself, or does not hold its values.
        Exception: the header has no end, or pynrrd cannot read it.
    """
    with path.open("rb") as file:
        head = file.read(limits.MAX_SEGMENTATION_HEADER_BYTES)
    end = re.search(rb"\n\r?\n", head)
    if not head.startswith(b"NRRD"):
        raise NrrdError("The file is not an NRRD file.")
    if end is None:
        raise ValueError("the header has no end")
    fields = _VECTORS.sub(lambda match: _BLANKS.sub(b"", match[0]), head[: end.end()])
    header = nrrd.read_header(io.BytesIO(fields))
    names = {name.lower() for name in header}
    if names & _DETACHED:
        raise NrrdError("This NRRD file keeps its values in another file; save it as one file.")
    if names & _SKIPS:
        raise NrrdError("This NRRD file stores its values in a way that is not read; save it again in one file.")
    sizes = [int(size) for size in header["sizes"]]
    if header["dimension"] != len(sizes) or min(sizes) < 1:
        raise NrrdError("The header of this NRRD file contradicts itself about its size.")
    return dict(header), end.end()


def encoding(header: dict[str, Any]) -> str:
    """Return the encoding of the values in lower case."""
    return str(header["encoding"]).lower()


def data_type(header: dict[str, Any]) -> np.dtype[Any]:
    """Return the type of the values.

    Raises:
        Exception: pynrrd does not know the type, or the byte order is missing.
    """
    one_value = {**header, "encoding": "raw", "dimension": 1, "sizes": np.array([1])}
    if encoding(header) in _TEXT:
        one_value["endian"] = "little"
    values = nrrd.read_data(one_value, io.BytesIO(bytes(_LONGEST_VALUE)), index_order="C")
    return cast("np.dtype[Any]", values.dtype)


def read_values(path: Path, header: dict[str, Any], start: int) -> tuple[npt.NDArray[Any], bool]:
    """Return the values, with the fastest axis last, and whether bytes follow them.

    At most as many bytes as the header declares are unpacked, so check `sizes` and the type before.

    Raises:
        NrrdError: values are missing, or have an unknown encoding.
        Exception: whatever the decoder raises for damaged bytes.
    """
    kind = encoding(header)
    shape = tuple(int(size) for size in reversed(header["sizes"]))
    dtype, count = data_type(header), int(np.prod(shape, dtype=np.int64))
    length = count * dtype.itemsize
    with path.open("rb") as file:
        file.seek(start)
        if kind in _TEXT:
            return _parse_text(file.read(_MAX_TEXT_BYTES + 1), count, dtype).reshape(shape), False
        if kind in _HEX:
            data = bytes.fromhex(file.read().decode("ascii"))
            data, rest = data[:length], data[length:]
        else:
            opened = _open(file, kind)
            data, rest = opened.read(length), opened.read(1)
    if len(data) < length:
        raise NrrdError(_INCOMPLETE)
    return np.frombuffer(data, dtype).reshape(shape), bool(rest)


def _open(file: BinaryIO, kind: str) -> BinaryIO:
    if kind in _RAW:
        return file
    if kind in _GZIP:
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if kind in _BZIP2:
        return cast(BinaryIO, bz2.BZ2File(file))
    raise NrrdError("This NRRD file stores its values in a way that is not read; save it with gzip or raw.")


def _parse_text(text: bytes, count: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    if len(text) > _MAX_TEXT_BYTES:
        raise NrrdError("This NRRD file writes its values as text, which is read only for smaller images.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy only warns if a word is no number
        values = np.fromstring(text, dtype=np.float64, sep=" ")[:count]
    if len(values) < count:
        raise NrrdError(_INCOMPLETE)
    if dtype.kind in "iu" and not (np.iinfo(dtype).min <= values.min() and values.max() <= np.iinfo(dtype).max):
        raise NrrdError("This NRRD file has values that its type cannot hold.")
    return values.astype(dtype)
