"""Check a file of weights (safetensors) before any library reads it: its header, its size, and its numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from CausalCLIPSegLib.regular_files import open_regular

MAX_BYTES = 1 << 31
"""Bytes of a file of weights. CLIP's RN101 with its text encoder takes a quarter in float32."""
_MAX_HEADER_BYTES = 1 << 22
_MAX_TENSORS = 20_000
_MAX_DIMENSIONS = 8

_EXPONENTS: dict[str, tuple[type[np.unsignedinteger[Any]], int]] = {
    "F16": (np.uint16, 0x7C00),
    "BF16": (np.uint16, 0x7F80),
    "F32": (np.uint32, 0x7F800000),
    "F64": (np.uint64, 0x7FF0000000000000),
}
"""The integer type of each floating-point type, and the bits of its exponent, all set in NaN and infinity."""
_OTHER_BYTES = {"I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


class StoredTensor(NamedTuple):
    """A tensor in a file of weights.

    Attributes:
        dtype: its type, for instance "F16".
        shape: its shape.
        start, end: its first byte in the file, and the byte after its last one.
    """

    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read_tensors(path: Path) -> dict[str, StoredTensor]:
    """Return the tensors of a file by name, without their values.

    Raises:
        OSError: the file cannot be read, or is no regular file.
        ValueError: the file has another format, or it or its header is too long.
    """
    return _read_header(path)[0]


def check_weights(path: Path) -> None:
    """Check that a file of weights is complete, and that all of its numbers are finite.

    Args:
        path: a safetensors file: the length of the header in eight bytes, the header in JSON, the data of the tensors
            without gaps (https://huggingface.co/docs/safetensors).

    Raises:
        OSError: the file cannot be read, or is no regular file.
        ValueError: the file has another format or more than `MAX_BYTES`, is incomplete, or holds NaN or infinity.
    """
    tensors, position = _read_header(path)
    size = path.stat().st_size
    data = np.memmap(path, np.uint8, "r")
    for dtype, shape, start, end in sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.end)):
        if start != position or end > size or end - start != math.prod(shape) * _bytes_of(dtype):
            raise ValueError("a tensor does not fit the file")
        if dtype in _EXPONENTS and not _is_finite(data[start:end], *_EXPONENTS[dtype]):
            raise ValueError("a weight is not a number, or infinite")
        position = end


def _read_header(path: Path) -> tuple[dict[str, StoredTensor], int]:
    """Return the tensors, and the byte at which their values begin."""
    with open_regular(path) as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(8), "little")
        if size > MAX_BYTES or length > min(size - 8, _MAX_HEADER_BYTES):
            raise ValueError("the file or its header is too long")
        return _parse(file.read(length), 8 + length), 8 + length


def _parse(text: bytes, offset: int) -> dict[str, StoredTensor]:
    try:
        header = json.loads(text)
        header.pop("__metadata__", None)
        tensors = {
            name: (entry["dtype"], tuple(entry["shape"]), *entry["data_offsets"]) for name, entry in header.items()
        }
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("the header is damaged") from error
    for each in tensors.values():
        numbers = (*each[1], *each[2:]) if len(each) == 4 and len(each[1]) <= _MAX_DIMENSIONS else (None,)
        if not all(type(number) is int and 0 <= number <= MAX_BYTES for number in numbers):
            raise ValueError("the header is damaged")
    if len(tensors) > _MAX_TENSORS:
        raise ValueError("there are too many tensors")
    return {
        name: StoredTensor(dtype, shape, offset + start, offset + end)
        for name, (dtype, shape, start, end) in tensors.items()
    }


def _bytes_of(dtype: str) -> int:
    if dtype in _EXPONENTS:
        return np.dtype(_EXPONENTS[dtype][0]).itemsize
    if dtype not in _OTHER_BYTES:
        raise ValueError("a tensor has an unknown type")
    return _OTHER_BYTES[dtype]


def _is_finite(data: np.ndarray[Any, np.dtype[np.uint8]], unsigned: type[Any], exponent: int) -> bool:
    bits = np.frombuffer(data.tobytes(), unsigned)  # a copy, because tensors need not be aligned
    return not bool(((bits & unsigned(exponent)) == exponent).any())
