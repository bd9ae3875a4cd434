"""Damage the header of a DICOM file in ways that Hypothesis chooses."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, dcmread
from pydicom.sequence import Sequence as Items

from CausalCLIPSegLib.privacy import silence_libraries

QUICK = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "80")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
PIXELS = b"\xe0\x7f\x10\x00"
"""The tag of Pixel Data in a little-endian file."""

byte_changes = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4)
"""Positions in a header, as fractions of its length, and the bytes to put there."""

VALUES = {
    "US": st.integers(0, 65535),
    "SS": st.integers(-32768, 32767),
    "UL": st.integers(0, 2**32 - 1),
    "FD": st.floats(),
    "IS": st.integers(-(2**31), 2**31 - 1),
    "DS": st.sampled_from(["0", "-1.5", "1e300", "0.000"]),
    "LO": st.text(max_size=20),
    "CS": st.sampled_from(["", "BINARY", "FRACTIONAL", "LABELMAP", "MANUAL", "ISO_IR 100", "ISO 2022 IR 87"]),
    "UI": st.sampled_from(["", "1.2.3", "1..2", "not a UID", "1.2.840.10008.5.1.4.1.1.66.4"]),
    "DA": st.sampled_from(["", "20200101", "today"]),
    "PN": st.text(max_size=20),
    "OB": st.binary(max_size=20).map(lambda data: data + bytes(len(data) % 2)),
    "SQ": st.integers(0, 3).map(lambda count: Items([Dataset() for _ in range(count)])),
}
"""Values by value representation; most do not fit any element."""


def spoil_bytes(data: bytes, end: int, changes: Sequence[tuple[float, int]]) -> bytes:
    """Return the data with some of the bytes before `end` changed."""
    spoiled = bytearray(data)
    for position, value in changes:
        spoiled[int(position * end)] = value
    return bytes(spoiled)


def spoil_element(data: st.DataObject, good: bytes) -> bytes:
    """Return the file with one element, which may be in a sequence, removed, emptied or replaced."""
    buffer = io.BytesIO()
    with silence_libraries():
        dataset = dcmread(io.BytesIO(good))
        _change(data, *data.draw(st.sampled_from(list(_elements_of(dataset)))))
        try:
            dataset.save_as(buffer)
        except Exception:  # pydicom cannot write every value
            assume(False)
    return buffer.getvalue()


def _elements_of(dataset: Dataset) -> Iterator[tuple[Dataset, int]]:
    """Yield the tags of all elements except the pixels, each with the data set that contains it."""
    for element in dataset:
        if element.tag != 0x7FE00010:
            yield dataset, element.tag
        for item in element.value if element.VR == "SQ" else ():
            yield from _elements_of(item)


def _change(data: st.DataObject, dataset: Dataset, tag: int) -> None:
    element = dataset[tag]
    changes = ["remove", "empty", "replace"]
    if element.VR == "SQ" and element.value:
        changes += ["drop item", "repeat item"]
    change = data.draw(st.sampled_from(changes))
    if change == "remove":
        del dataset[tag]
    elif change == "empty":
        dataset[tag] = DataElement(tag, element.VR, [] if element.VR == "SQ" else None)
    elif change == "replace":
        vr = data.draw(st.sampled_from([element.VR, *VALUES]))
        value = data.draw(VALUES.get(vr, st.just("")))
        dataset[tag] = DataElement(tag, vr, value)
    elif change == "drop item":
        del element.value[data.draw(st.integers(0, len(element.value) - 1))]
    else:
        element.value.append(element.value[data.draw(st.integers(0, len(element.value) - 1))])
