"""Reading a file with a damaged header raises the project's own error or returns the same masks."""

from __future__ import annotations

import numpy as np
import pytest
from dx_images import make_dx
from header_fuzz import PIXELS, QUICK, byte_changes, spoil_bytes, spoil_element
from hypothesis import given
from hypothesis import strategies as st
from pydicom import DataElement, dcmread

from CausalCLIPSegLib.errors import SegmentationError
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.nrrd_reader import read_segments
from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments

SHAPE = (48, 40)


@pytest.fixture(scope="module")
def good_files(make_segmentation, tmp_path_factory):
    """Good files by kind, with their masks."""
    folder = tmp_path_factory.mktemp("fuzz")
    header = make_dx()
    segmentation = make_segmentation(header)
    save(encode(segmentation, header), folder / "binary")
    masks = [segment.mask for segment in segmentation.segments]
    labels = np.zeros(SHAPE, np.uint8)
    for number, mask in enumerate(masks, 1):
        labels[mask] = number
    labelmap = dcmread(folder / "binary")
    labelmap.SOPClassUID = labelmap.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.7"
    labelmap.SegmentationType, labelmap.NumberOfFrames = "LABELMAP", 1
    labelmap.BitsAllocated = labelmap.BitsStored = 8
    labelmap.HighBit, labelmap.PixelData = 7, labels.tobytes()
    labelmap.add(DataElement(0x00280120, "US", 0))
    labelmap.save_as(folder / "labels")
    write_segments(segmentation.segments, SHAPE, np.diag([0.15, 0.2, 1, 1]), folder / "nrrd")
    return {
        "binary": ((folder / "binary").read_bytes(), masks),
        "labels": ((folder / "labels").read_bytes(), [labels == number for number in (1, 2, 3)]),
        "nrrd": ((folder / "nrrd").read_bytes(), masks),
    }


def assert_rejected_or_same(read, path, data, masks):
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
@given(changes=byte_changes)
def test_survives_changed_bytes_in_a_dicom_header(good_files, tmp_path, kind, changes):
    good, masks = good_files[kind]
    data = spoil_bytes(good, good.rindex(PIXELS) + 12, changes)
    assert_rejected_or_same(read_segments_of, tmp_path / "fuzz.dcm", data, masks)


@pytest.mark.parametrize("kind", ["binary", "labels"])
@QUICK
@given(start=st.floats(0, 1), length=st.integers(1, 300), replacement=st.binary(max_size=20))
def test_survives_replaced_pieces_of_a_dicom_header(good_files, tmp_path, kind, start, length, replacement):
    good, masks = good_files[kind]
    end = good.rindex(PIXELS)
    position = int(start * end)
    data = good[:position] + replacement + good[min(position + length, end) :]
    assert_rejected_or_same(read_segments_of, tmp_path / "fuzz.dcm", data, masks)


@pytest.mark.parametrize("kind", ["binary", "labels"])
@QUICK
@given(data=st.data())
def test_survives_changed_elements_in_a_dicom_header(good_files, tmp_path, kind, data):
    good, masks = good_files[kind]
    assert_rejected_or_same(read_segments_of, tmp_path / "fuzz.dcm", spoil_element(data, good), masks)


@QUICK
@given(changes=byte_changes)
def test_survives_changed_bytes_in_a_nrrd(good_files, tmp_path, changes):
    good, masks = good_files["nrrd"]
    read = lambda path: read_segments(path, SHAPE)  # noqa: E731
    assert_rejected_or_same(read, tmp_path / "fuzz.seg.nrrd", spoil_bytes(good, len(good), changes), masks)


@QUICK
@given(data=st.data())
def test_survives_changed_lines_in_a_nrrd_header(good_files, tmp_path, data):
    good, masks = good_files["nrrd"]
    head, _, packed = good.partition(b"\n\n")
    lines = head.split(b"\n")
    position = data.draw(st.integers(1, len(lines) - 1))
    number = st.integers(-(2**33), 2**33).map(lambda value: b" %d" % value)
    value = data.draw(st.one_of(st.binary(max_size=10), number, st.just(b"")))
    operation = data.draw(st.sampled_from(["remove", "append", "replace", "repeat"]))
    name, separator, _ = lines[position].partition(b":")
    lines[position : position + 1] = {
        "remove": [],
        "append": [lines[position] + value],
        "replace": [name + separator + (b"=" if b":=" in lines[position] else b"") + value],
        "repeat": [lines[position], lines[position]],
    }[operation]
    read = lambda path: read_segments(path, SHAPE)  # noqa: E731
    assert_rejected_or_same(read, tmp_path / "fuzz.seg.nrrd", b"\n".join(lines) + b"\n\n" + packed, masks)
