"""Read elements of a segmentation's header, each of which may be missing or malformed."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset, Sequence

from CausalCLIPSegLib.radiograph import limits
from CausalCLIPSegLib.segmentation.checks import one_line


def text_of(dataset: Dataset, keyword: str) -> str:
    """Return a value as one line without control characters; "" if it is missing or not text."""
    value = value_of(dataset, keyword)
    if value is None or isinstance(value, (Sequence, bytes)):
        return ""
    return one_line(str(value), limits.MAX_TEXT_LENGTH)


def integer_of(dataset: Dataset, keyword: str) -> int:
    """Return an integer; 0 if it is missing or malformed, or if the element has several values."""
    value = value_of(dataset, keyword)
    return int(value) if isinstance(value, int) else 0


def items_of(dataset: Dataset, keyword: str) -> list[Dataset]:
    """Return the items of a sequence; [] if it is missing or not a sequence."""
    value = value_of(dataset, keyword)
    return list(value) if isinstance(value, Sequence) else []


def value_of(dataset: Dataset, keyword: str) -> Any:
    """Return a value; None if it is missing or cannot be converted."""
    try:
        return dataset.get(keyword)
    except Exception:  # pydicom raises unrelated errors for values that do not fit their VR
        return None
