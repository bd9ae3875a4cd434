"""Damaged headers: whatever is changed in one, there is the project's own error or the very same outlines."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from dx_films import make_film
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom import DataElement, Dataset, Sequence, dcmread

from CausalCLIPSegLib.dicom_seg.nrrd import read_segments, write_segments
from CausalCLIPSegLib.dicom_seg.reading import read_dicom_seg
from CausalCLIPSegLib.dicom_seg.writing import encode, save
from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.quiet import quiet

QUICK = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "80")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
SHAPE = (48, 40)
PIXELS = b"\xe0\x7f\x10\x00"
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
    "SQ": st.integers(0, 3).map(lambda count: Sequence([Dataset() for _ in range(count)])),
}


@pytest.fixture(scope="module")
def kinds(segment, tmp_path_factory):
    """Files by kind, with the outlines in them."""
    folder = tmp_path_factory.mktemp("fuzz")
    film = make_film()
    made = segment(film)
    save(encode(made, film), folder / "binary")
    masks = [part.mask for part in made.segments]
    labels = np.zeros(SHAPE, np.uint8)
    for number, mask in enumerate(masks, 1):
        labels[mask] = number
    labelled = dcmread(folder / "binary")
    labelled.SOPClassUID = labelled.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.7"
    labelled.SegmentationType, labelled.NumberOfFrames = "LABELMAP", 1
    labelled.BitsAllocated = labelled.BitsStored = 8
    labelled.HighBit, labelled.PixelData = 7, labels.tobytes()
    labelled.add(DataElement(0x00280120, "US", 0))
    labelled.save_as(folder / "labels")
    write_segments(made.segments, SHAPE, np.diag([0.15, 0.2, 1, 1]), folder / "nrrd")
    return {
        "binary": ((folder / "binary").read_bytes(), masks),
        "labels": ((folder / "labels").read_bytes(), [labels == number for number in (1, 2, 3)]),
        "nrrd": ((folder / "nrrd").read_bytes(), masks),
    }


def assert_refused_or_same(read, path, data, masks):
    path.write_bytes(data)
    try:
        segments = read(path)
    except SegmentationError:
        return
    assert len(segments) == len(masks)
    for segment, mask in zip(segments, masks, strict=True):
        np.testing.assert_array_equal(segment.mask, mask)


def read_segments_of(path):
    return read_dicom_seg(path).segments


@pytest.mark.parametrize("kind", ["binary", "labels"])
@QUICK
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=4))
def test_bytes_of_a_header(kinds, tmp_path, kind, changes):
    good, masks = kinds[kind]
    data, end = bytearray(good), good.rindex(PIXELS) + 12
    for place, value in changes:
        data[int(place * end)] = value
    assert_refused_or_same(read_segments_of, tmp_path / "fuzz.dcm", bytes(data), masks)


@pytest.mark.parametrize("kind", ["binary", "labels"])
@QUICK
@given(start=st.floats(0, 1), length=st.integers(1, 300), put=st.binary(max_size=20))
def test_pieces_of_a_header(kinds, tmp_path, kind, start, length, put):
    good, masks = kinds[kind]
    end = good.rindex(PIXELS)
    at = int(start * end)
    data = good[:at] + put + good[min(at + length, end) :]
    assert_refused_or_same(read_segments_of, tmp_path / "fuzz.dcm", data, masks)


def elements_of(dataset, within=()):
    """Give all elements but the pixels, with the data sets that they stand in."""
    for element in dataset:
        if element.tag != 0x7FE00010:
            yield dataset, element.tag
        for item in element.value if element.VR == "SQ" else ():
            yield from elements_of(item)


def change(data, dataset, tag):
    """Draw a way to spoil an element."""
    element = dataset[tag]
    ways = ["remove", "empty", "replace"]
    if element.VR == "SQ" and element.value:
        ways += ["drop item", "repeat item"]
    way = data.draw(st.sampled_from(ways))
    if way == "remove":
        del dataset[tag]
    elif way == "empty":
        dataset[tag] = DataElement(tag, element.VR, [] if element.VR == "SQ" else None)
    elif way == "replace":
        vr = data.draw(st.sampled_from([element.VR, *VALUES]))
        value = data.draw(VALUES.get(vr, st.just("")))
        dataset[tag] = DataElement(tag, vr, value)
    elif way == "drop item":
        del element.value[data.draw(st.integers(0, len(element.value) - 1))]
    else:
        element.value.append(element.value[data.draw(st.integers(0, len(element.value) - 1))])


@pytest.mark.parametrize("kind", ["binary", "labels"])
@QUICK
@given(data=st.data())
def test_elements_of_a_header(kinds, tmp_path, kind, data):
    good, masks = kinds[kind]
    buffer = io.BytesIO()
    with quiet():
        dataset = dcmread(io.BytesIO(good))
        change(data, *data.draw(st.sampled_from(list(elements_of(dataset)))))
        try:
            dataset.save_as(buffer)
        except Exception:  # pydicom does not write everything
            assume(False)
    assert_refused_or_same(read_segments_of, tmp_path / "fuzz.dcm", buffer.getvalue(), masks)


@QUICK
@given(changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=3))
def test_bytes_of_a_nrrd(kinds, tmp_path, changes):
    good, masks = kinds["nrrd"]
    data = bytearray(good)
    for place, value in changes:
        data[int(place * len(data))] = value
    read = lambda path: read_segments(path, SHAPE)  # noqa: E731
    assert_refused_or_same(read, tmp_path / "fuzz.seg.nrrd", bytes(data), masks)


@QUICK
@given(data=st.data())
def test_lines_of_a_nrrd(kinds, tmp_path, data):
    good, masks = kinds["nrrd"]
    head, _, packed = good.partition(b"\n\n")
    lines = head.split(b"\n")
    at = data.draw(st.integers(1, len(lines) - 1))
    number = st.integers(-(2**33), 2**33).map(lambda value: b" %d" % value)
    put = data.draw(st.one_of(st.binary(max_size=10), number, st.just(b"")))
    way = data.draw(st.sampled_from(["remove", "append", "replace", "repeat"]))
    name, separator, _ = lines[at].partition(b":")
    lines[at : at + 1] = {
        "remove": [],
        "append": [lines[at] + put],
        "replace": [name + separator + (b"=" if b":=" in lines[at] else b"") + put],
        "repeat": [lines[at], lines[at]],
    }[way]
    read = lambda path: read_segments(path, SHAPE)  # noqa: E731
    assert_refused_or_same(read, tmp_path / "fuzz.seg.nrrd", b"\n".join(lines) + b"\n\n" + packed, masks)
