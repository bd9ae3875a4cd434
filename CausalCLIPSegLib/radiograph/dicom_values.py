"""Read values from a DICOM header, in which each may be missing, empty, malformed or multiple."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.multival import MultiValue


def first_text(header: Dataset, keyword: str) -> str:
    """Return the first value in capitals, with runs of white space replaced by one space; "" if it is missing."""
    value = header.get(keyword)
    first = next(iter(value), "") if isinstance(value, MultiValue) else value
    return " ".join(str(first or "").upper().split())


def finite_numbers(header: Dataset, keyword: str) -> list[float]:
    """Return those values that are finite numbers. Bytes, as of a wrong VR, count as unsigned words of 16 bits."""
    value: Any = header.get(keyword)
    if isinstance(value, bytes):
        byte_order = ">" if header.original_encoding[1] is False else "<"
        value = np.frombuffer(value[: len(value) // 2 * 2], f"{byte_order}u2")
    numbers = []
    for single in value if isinstance(value, (MultiValue, list, np.ndarray)) else [value]:
        try:
            number = float(single)
        except (TypeError, ValueError):
            continue
        if math.isfinite(number):
            numbers.append(number)
    return numbers


def first_number(header: Dataset, keyword: str) -> float | None:
    """Return the first finite number, or None."""
    return next(iter(finite_numbers(header, keyword)), None)


def first_integer(header: Dataset, keyword: str, default: int) -> int:
    """Return the first finite number, truncated to an integer, or `default`."""
    number = first_number(header, keyword)
    return default if number is None else int(number)
