"""What is written comes back: DICOM, its corrections, and by way of .seg.nrrd, also one that Slicer cropped."""

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
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.dicom_writer import encode, save
from CausalCLIPSegLib.segmentation.nrrd import read_segments, segmentation_from_segments, write_segments
from CausalCLIPSegLib.segmentation.revision import next_revision, revise, sort_segments
from CausalCLIPSegLib.segmentation.segmentation import ImageReference
from CausalCLIPSegLib.segmentation.source_image import describe_source, one_line

QUICK = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

shapes = st.tuples(st.integers(32, 50), st.integers(32, 50))


def masks_of(shape, count=None):
    size = {"min_size": 1, "max_size": 5} if count is None else {"min_size": count, "max_size": count}
    return st.lists(hnp.arrays(np.bool_, shape), **size)


def written_and_read(segmentation, header, tmp_path):
    save(encode(segmentation, header), tmp_path / "a.dcm")
    return read_dicom_seg(tmp_path / "a.dcm")


@QUICK
@given(data=st.data())
def test_dicom(segment, same, tmp_path, data):
    film = make_dx(data.draw(shapes))
    made = segment(film, data.draw(masks_of((film.Rows, film.Columns))))
    labels = [data.draw(st.text(max_size=80)) for _ in made.segments]
    made = replace(made, segments=tuple(map(lambda part, label: replace(part, label=label), made.segments, labels)))
    found = written_and_read(made, film, tmp_path)
    shown = [one_line(label) or f"Segment {number}" for number, label in enumerate(labels, 1)]
    same(found, replace(made, segments=tuple(map(lambda p, shown: replace(p, label=shown), made.segments, shown))))


@QUICK
@given(data=st.data())
def test_a_correction_of_a_correction(segment, same, tmp_path, data):
    film = make_dx(data.draw(shapes))
    shape = film.Rows, film.Columns
    found = written_and_read(segment(film, data.draw(masks_of(shape))), film, tmp_path)
    for number in (2, 3):
        before = found
        new = data.draw(masks_of(shape, len(before.segments)))
        corrected = {part.tracking_uid: mask for part, mask in zip(before.segments, new, strict=True)}
        changed = [not np.array_equal(part.mask, mask) for part, mask in zip(before.segments, new, strict=True)]
        if not any(changed):
            with pytest.raises(SegmentationError, match="the same as before"):
                revise(before, corrected, "Roe^Richard")
            return
        after = revise(before, corrected, f"Editor^{number}")
        found = written_and_read(after, film, tmp_path)
        same(found, after)
        assert found.previous == ImageReference(
            before.sop_class_uid, before.sop_instance_uid, before.series_instance_uid
        )
        assert found.previous == after.previous
        assert found.series_instance_uid == before.series_instance_uid
        assert (found.instance_number, found.creator) == (number, f"Editor^{number}")
        for part, earlier, touched in zip(found.segments, before.segments, changed, strict=True):
            assert part.tracking_uid == earlier.tracking_uid
            assert part.algorithm_type == ("SEMIAUTOMATIC" if touched else earlier.algorithm_type)


@QUICK
@given(data=st.data())
def test_dicom_to_nrrd_to_dicom(segment, tmp_path, data):
    film = make_dx(data.draw(shapes))
    shape = film.Rows, film.Columns
    made = written_and_read(segment(film, data.draw(masks_of(shape))), film, tmp_path)
    write_segments(made.segments, shape, made.affine, tmp_path / "a.seg.nrrd")
    again = segmentation_from_segments(read_segments(tmp_path / "a.seg.nrrd", shape), film)
    found = written_and_read(again, film, tmp_path)
    assert len(found.segments) == len(made.segments)
    for part, expected in zip(found.segments, made.segments, strict=True):
        np.testing.assert_array_equal(part.mask, expected.mask)
        for name in ("label", "category", "type", "region", "laterality", "algorithm_type"):
            assert getattr(part, name) == getattr(expected, name), name
        assert (part.tracking_id, part.tracking_uid) == (expected.tracking_id, expected.tracking_uid)
        assert (part.algorithm.name, part.algorithm.version) == (expected.algorithm.name, expected.algorithm.version)
        # The note does not travel, only the weights.
        assert set(part.algorithm.parameters) == {"checkpoint_sha256"}
    assert sort_segments(made, again.segments)[1] == ()


def test_segments_of_equal_names_are_told_apart_by_identifier(segment):
    made = segment(make_dx())
    twins = replace(made, segments=tuple(replace(part, label="Opacity") for part in made.segments))
    masks, added = sort_segments(twins, twins.segments)
    assert list(masks) == [part.tracking_uid for part in twins.segments]
    strangers = [replace(part, tracking_uid=f"2.25.{number}") for number, part in enumerate(twins.segments)]
    masks, added = sort_segments(twins, strangers)
    assert (len(masks), len(added)) == (0, 3)


def test_what_follows_is_of_the_same_film_and_says_something_else(segment):
    made, other = segment(make_dx()), segment(make_dx(SOPInstanceUID="2.25.999"))
    with pytest.raises(SegmentationError, match="another film"):
        next_revision(made, other, "Roe^Richard")
    with pytest.raises(UnchangedError, match="the same as before"):
        next_revision(made, made, "Roe^Richard")
    first, *rest = made.segments
    for changed in ((replace(first, label="Effusion"), *rest), (replace(first, color=(0, 0, 1)), *rest), tuple(rest)):
        after = next_revision(made, replace(made, segments=changed), "Roe^Richard", 7)
        assert (after.series_instance_uid, after.instance_number) == (made.series_instance_uid, 7)
        assert after.segments == changed
    masks = {part.tracking_uid: part.mask for part in made.segments}
    after = revise(made, masks, "Roe^Richard", renamed={first.tracking_uid: replace(first, label="Effusion")})
    assert [part.label for part in after.segments] == ["Effusion", *(part.label for part in rest)]
    assert [part.algorithm_type for part in after.segments] == [part.algorithm_type for part in made.segments]


def test_identifiers_that_a_file_lacks_are_the_same_each_time(segment, tmp_path):
    film = make_dx()
    data = encode(segment(film), film)
    for item in data.SegmentSequence:
        del item.TrackingUID
    save(data, tmp_path / "a.dcm")
    first, second = ([one.tracking_uid for one in read_dicom_seg(tmp_path / "a.dcm").segments] for _ in range(2))
    assert first == second
    assert len(set(first)) == len(first)


def test_segments_of_one_identifier_are_not_corrected(segment):
    made = segment(make_dx())
    twins = replace(made, segments=tuple(replace(part, tracking_uid="2.25.1") for part in made.segments))
    with pytest.raises(SegmentationError, match="share an identifier"):
        revise(twins, {"2.25.1": made.segments[0].mask}, "Roe^Richard")


@pytest.mark.parametrize("where", [np.s_[10:20, 5:9], np.s_[0:3, 30:40], np.s_[40:48, 0:40], np.s_[7:8, 7:8]])
@pytest.mark.parametrize("overlapping", [False, True])
def test_what_slicer_has_cropped(segment, tmp_path, where, overlapping):
    slicer_core = Slicer()
    film = make_dx()
    first, second = np.zeros((48, 40), dtype=bool), np.zeros((48, 40), dtype=bool)
    first[where] = True
    second[where] = overlapping
    made = segment(film, [first, second])
    write_segments(made.segments, (48, 40), made.affine, tmp_path / "a.seg.nrrd")
    node = slicer_core.segmentation(tmp_path / "a.seg.nrrd")
    storage = slicer_core.slicer.vtkMRMLSegmentationStorageNode()
    slicer_core.scene.AddNode(storage)
    storage.SetCropToMinimumExtent(True)
    storage.SetFileName(str(tmp_path / "b.seg.nrrd"))
    assert storage.WriteData(node) == 1
    sizes = nrrd.read_header(str(tmp_path / "b.seg.nrrd"))["sizes"]
    assert np.prod(sizes[-3:]) < 48 * 40
    assert len(sizes) == (4 if overlapping else 3)
    found = read_segments(tmp_path / "b.seg.nrrd", (48, 40))
    for part, mask in zip(found, (first, second), strict=True):
        np.testing.assert_array_equal(part.mask, mask)
    with pytest.raises(SegmentationError, match="pixels"):
        read_segments(tmp_path / "b.seg.nrrd", (48, 41))


def test_what_is_derived_from_a_lossy_film_says_so(written):
    film = make_dx(**KINDS["lossy"])
    assert dcmread(written(make_dx()).path).LossyImageCompression == "00"
    found = dcmread(written(film).path)
    for keyword in KINDS["lossy"]:
        assert found[keyword].value == film[keyword].value, keyword


def test_a_film_in_a_lossy_syntax_is_lossy_whatever_its_header_says():
    film = make_dx()
    film.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    described = describe_source(film)
    assert (described.LossyImageCompression, described.LossyImageCompressionMethod) == ("01", "ISO_10918_1")


def test_what_a_header_says_of_losses_that_is_no_value_is_left_out():
    film = make_dx(LossyImageCompression="01")
    film.add_new("LossyImageCompressionRatio", "LO", "much")
    film.add_new("LossyImageCompressionMethod", "LO", "with losses")
    described = describe_source(film)
    assert described.LossyImageCompression == "01"
    assert not {"LossyImageCompressionRatio", "LossyImageCompressionMethod"} & set(described.dir())
