"""Round trips of segmentations: DICOM, corrections of it, and .seg.nrrd, including one that Slicer cropped."""

from __future__ import annotations

from dataclasses import replace

import nrrd
import numpy as np
import pytest
from dx_images import KINDS, make_dx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pydicom import dcmread, uid
from slicer_core_calls import Slicer

from CausalCLIPSegLib.errors import SegmentationError, UnchangedError
from CausalCLIPSegLib.segmentation.checks import one_line
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.nrrd_reader import read_segments
from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments
from CausalCLIPSegLib.segmentation.revision import correct_segments, match_segments, next_revision, revise
from CausalCLIPSegLib.segmentation.segmentation import ImageReference
from CausalCLIPSegLib.segmentation.source_image import describe_source, new_segmentation

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

shapes = st.tuples(st.integers(32, 50), st.integers(32, 50))


def masks_of(shape, count=None):
    size = {"min_size": 1, "max_size": 5} if count is None else {"min_size": count, "max_size": count}
    return st.lists(hnp.arrays(np.bool_, shape), **size)


def written_and_read(segmentation, header, tmp_path):
    save(encode(segmentation, header), tmp_path / "a.dcm")
    return read_dicom_seg(tmp_path / "a.dcm")


def with_labels(segmentation, labels):
    segments = [replace(segment, label=label) for segment, label in zip(segmentation.segments, labels, strict=True)]
    return replace(segmentation, segments=tuple(segments))


def with_masks(segments, masks):
    return [replace(segment, mask=mask) for segment, mask in zip(segments, masks, strict=True)]


@QUICK
@given(data=st.data())
def test_dicom_seg_keeps_masks_codes_and_identifiers(make_segmentation, assert_same_segmentation, tmp_path, data):
    header = make_dx(data.draw(shapes))
    original = make_segmentation(header, data.draw(masks_of((header.Rows, header.Columns))))
    labels = [data.draw(st.text(max_size=80)) for _ in original.segments]
    read = written_and_read(with_labels(original, labels), header, tmp_path)
    expected = [one_line(label) or f"Segment {number}" for number, label in enumerate(labels, 1)]
    assert_same_segmentation(read, with_labels(original, expected))


@QUICK
@given(data=st.data())
def test_a_correction_can_be_corrected_again(make_segmentation, assert_same_segmentation, tmp_path, data):
    header = make_dx(data.draw(shapes))
    shape = header.Rows, header.Columns
    current = written_and_read(make_segmentation(header, data.draw(masks_of(shape))), header, tmp_path)
    for number in (2, 3):
        previous = current
        masks = data.draw(masks_of(shape, len(previous.segments)))
        pairs = zip(previous.segments, masks, strict=True)
        changed = [not np.array_equal(earlier.mask, mask) for earlier, mask in pairs]
        corrected = correct_segments(previous, with_masks(previous.segments, masks))
        if not any(changed):
            with pytest.raises(SegmentationError, match="the same as before"):
                revise(previous, corrected, "Roe^Richard")
            return
        revised = revise(previous, corrected, f"Editor^{number}")
        current = written_and_read(revised, header, tmp_path)
        assert_same_segmentation(current, revised)
        assert current.previous == ImageReference(
            previous.sop_class_uid, previous.sop_instance_uid, previous.series_instance_uid
        )
        assert current.previous == revised.previous
        assert current.series_instance_uid == previous.series_instance_uid
        assert (current.instance_number, current.creator) == (number, f"Editor^{number}")
        for later, earlier, is_changed in zip(current.segments, previous.segments, changed, strict=True):
            assert later.tracking_uid == earlier.tracking_uid
            assert later.algorithm_type == ("SEMIAUTOMATIC" if is_changed else earlier.algorithm_type)


@QUICK
@given(data=st.data())
def test_conversion_to_nrrd_and_back_keeps_the_segments(make_segmentation, tmp_path, data):
    header = make_dx(data.draw(shapes))
    shape = header.Rows, header.Columns
    original = written_and_read(make_segmentation(header, data.draw(masks_of(shape))), header, tmp_path)
    write_segments(original.segments, shape, original.affine, tmp_path / "a.seg.nrrd")
    of_nrrd = read_segments(tmp_path / "a.seg.nrrd", shape)
    read = written_and_read(new_segmentation(of_nrrd, header), header, tmp_path)
    assert len(read.segments) == len(original.segments)
    for segment, expected in zip(read.segments, original.segments, strict=True):
        np.testing.assert_array_equal(segment.mask, expected.mask)
        for name in ("label", "category", "type", "region", "laterality", "algorithm_type"):
            assert getattr(segment, name) == getattr(expected, name), name
        assert (segment.tracking_id, segment.tracking_uid) == (expected.tracking_id, expected.tracking_uid)
        assert (segment.algorithm.name, segment.algorithm.version) == (
            expected.algorithm.name,
            expected.algorithm.version,
        )
        assert set(segment.algorithm.parameters) == {"checkpoint_sha256"}, "the .seg.nrrd must not hold the note"
    assert match_segments(original, of_nrrd) == list(original.segments)


def test_matches_segments_with_equal_labels_only_by_tracking_uid(make_segmentation):
    original = make_segmentation(make_dx())
    twins = with_labels(original, ["Opacity"] * 3)
    assert match_segments(twins, twins.segments) == list(twins.segments)
    unknown = [replace(segment, tracking_uid=f"2.25.{number}") for number, segment in enumerate(twins.segments)]
    assert match_segments(twins, unknown) == [None] * 3


def test_next_revision_rejects_another_radiograph_and_unchanged_segments(make_segmentation):
    original, other = make_segmentation(make_dx()), make_segmentation(make_dx(SOPInstanceUID="2.25.999"))
    with pytest.raises(SegmentationError, match="another radiograph"):
        next_revision(original, other, "Roe^Richard")
    with pytest.raises(UnchangedError, match="the same as before"):
        next_revision(original, original, "Roe^Richard")
    first, *rest = original.segments
    for changed in ((replace(first, label="Effusion"), *rest), (replace(first, color=(0, 0, 1)), *rest), tuple(rest)):
        revised = next_revision(original, replace(original, segments=changed), "Roe^Richard", 7)
        assert (revised.series_instance_uid, revised.instance_number) == (original.series_instance_uid, 7)
        assert revised.segments == changed


def test_takes_a_new_label_only_with_rename(make_segmentation):
    original = make_segmentation(make_dx())
    first, *rest = original.segments
    edited = (replace(first, label="Effusion"), *rest)
    revised = revise(original, correct_segments(original, edited, rename=True), "Roe^Richard")
    assert [segment.label for segment in revised.segments] == ["Effusion", *(segment.label for segment in rest)]
    assert [segment.algorithm_type for segment in revised.segments] == [
        segment.algorithm_type for segment in original.segments
    ]
    assert correct_segments(original, edited) == original.segments


def test_derives_missing_tracking_uids_from_the_file(make_segmentation, tmp_path):
    header = make_dx()
    dataset = encode(make_segmentation(header), header)
    for item in dataset.SegmentSequence:
        del item.TrackingUID
    save(dataset, tmp_path / "a.dcm")
    first, second = (
        [segment.tracking_uid for segment in read_dicom_seg(tmp_path / "a.dcm").segments] for _ in range(2)
    )
    assert first == second
    assert len(set(first)) == len(first)


def test_rejects_a_correction_of_segments_that_share_an_identifier(make_segmentation):
    original = make_segmentation(make_dx())
    twins = replace(original, segments=tuple(replace(segment, tracking_uid="2.25.1") for segment in original.segments))
    with pytest.raises(SegmentationError, match="share an identifier"):
        correct_segments(twins, twins.segments[:1])


def test_rejects_a_correction_of_another_size(make_segmentation):
    original = make_segmentation(make_dx())
    with pytest.raises(SegmentationError, match="another size"):
        correct_segments(original, [replace(original.segments[0], mask=np.zeros((3, 3), bool))])


def test_rejects_a_correction_without_segments(make_segmentation):
    with pytest.raises(SegmentationError, match="No segment is left"):
        revise(make_segmentation(make_dx()), [], "Roe^Richard")


@pytest.mark.parametrize("place", [np.s_[10:20, 5:9], np.s_[0:3, 30:40], np.s_[40:48, 0:40], np.s_[7:8, 7:8]])
@pytest.mark.parametrize("overlapping", [False, True])
def test_reads_a_nrrd_that_slicer_cropped(make_segmentation, tmp_path, place, overlapping):
    slicer_core = Slicer()
    first, second = np.zeros((48, 40), dtype=bool), np.zeros((48, 40), dtype=bool)
    first[place] = True
    second[place] = overlapping
    original = make_segmentation(make_dx(), [first, second])
    write_segments(original.segments, (48, 40), original.affine, tmp_path / "a.seg.nrrd")
    node = slicer_core.segmentation(tmp_path / "a.seg.nrrd")
    storage = slicer_core.slicer.vtkMRMLSegmentationStorageNode()
    slicer_core.scene.AddNode(storage)
    storage.SetCropToMinimumExtent(True)
    storage.SetFileName(str(tmp_path / "b.seg.nrrd"))
    assert storage.WriteData(node) == 1
    sizes = nrrd.read_header(str(tmp_path / "b.seg.nrrd"))["sizes"]
    assert np.prod(sizes[-3:]) < 48 * 40
    assert len(sizes) == (4 if overlapping else 3)
    read = read_segments(tmp_path / "b.seg.nrrd", (48, 40))
    for segment, mask in zip(read, (first, second), strict=True):
        np.testing.assert_array_equal(segment.mask, mask)
    with pytest.raises(SegmentationError, match="pixels"):
        read_segments(tmp_path / "b.seg.nrrd", (48, 41))


def test_records_lossy_compression_of_the_radiograph(write_segmentation):
    header = make_dx(**KINDS["lossy"])
    assert dcmread(write_segmentation(make_dx()).path).LossyImageCompression == "00"
    dataset = dcmread(write_segmentation(header).path)
    for keyword in KINDS["lossy"]:
        assert dataset[keyword].value == header[keyword].value, keyword


def test_records_a_lossy_transfer_syntax_even_if_the_header_omits_it():
    header = make_dx()
    header.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    described = describe_source(header)
    assert (described.LossyImageCompression, described.LossyImageCompressionMethod) == ("01", "ISO_10918_1")


def test_leaves_out_malformed_values_about_compression():
    header = make_dx(LossyImageCompression="01")
    header.add_new("LossyImageCompressionRatio", "LO", "much")
    header.add_new("LossyImageCompressionMethod", "LO", "with losses")
    described = describe_source(header)
    assert described.LossyImageCompression == "01"
    assert not {"LossyImageCompressionRatio", "LossyImageCompressionMethod"} & set(described.dir())
