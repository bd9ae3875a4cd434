"""`causalclipseg seg`: corrections, existing files, interruption, and no patient data in the output."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dx_images import dx_of_kind, make_dx, save_dx
from pydicom import dcmread

from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.nrrd_writer import write_segments
from CausalCLIPSegLib.segmentation.segmentation import new_uid

EDITOR = ["--editor", "Roe^Richard"]
SECRET = "Geheim"


def corrected_file(segments, path):
    shape = segments[0].mask.shape
    write_segments(segments, shape, np.diag([0.15, 0.2, 1, 1]), path)
    return path


@pytest.fixture
def corrected(write_segmentation, tmp_path):
    """Return a function that writes a segmentation, and a .seg.nrrd in which its first mask is inverted."""

    def make(radiograph=None):
        files = write_segmentation(radiograph)
        first, *others = files.segmentation.segments
        return files, corrected_file([replace(first, mask=~first.mask), *others], tmp_path / "corrected.seg.nrrd")

    return make


def listing(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", ["JPEG lossless", "JPEG 2000", "monochrome1", "odd size", "names", "real CR"])
def test_revise_writes_a_correction(causalclipseg, corrected, tmp_path, kind):
    files, nrrd = corrected(dx_of_kind(kind))
    run = causalclipseg("seg", "revise", files.path, nrrd, "--image", files.image, *EDITOR)
    assert (run.status, run.err) == (0, "")
    path = Path(run.out.strip())
    assert path == tmp_path / "segmentation-2.dcm"
    original, revised = read_dicom_seg(files.path), read_dicom_seg(path)
    assert (revised.instance_number, revised.creator) == (2, "Roe^Richard")
    assert revised.series_instance_uid == original.series_instance_uid
    assert revised.source == original.source
    assert revised.previous.sop_instance_uid == original.sop_instance_uid
    assert [segment.algorithm_type for segment in revised.segments] == ["SEMIAUTOMATIC", "AUTOMATIC", "AUTOMATIC"]
    assert [segment.tracking_uid for segment in revised.segments] == [
        segment.tracking_uid for segment in original.segments
    ]
    np.testing.assert_array_equal(revised.segments[0].mask, ~original.segments[0].mask)
    for segment, earlier in zip(revised.segments[1:], original.segments[1:], strict=True):
        np.testing.assert_array_equal(segment.mask, earlier.mask)
    shown = causalclipseg("seg", "show", path)
    assert original.sop_instance_uid in shown.out
    assert "semiautomatic" in shown.out


def test_revise_adds_and_removes_segments(causalclipseg, corrected, tmp_path):
    files, _ = corrected()
    first, second, _ = files.segmentation.segments
    new = replace(second, label="Another segment", tracking_id="new", tracking_uid=new_uid(), mask=~second.mask)
    nrrd = corrected_file([first, new], tmp_path / "other.seg.nrrd")
    output = tmp_path / "folder" / "out.dcm"
    run = causalclipseg("seg", "revise", files.path, nrrd, "--image", files.image, *EDITOR, "--output", output)
    assert run.status == 0, run.err
    unchanged, added = read_dicom_seg(output).segments
    assert (unchanged.tracking_uid, unchanged.algorithm_type) == (first.tracking_uid, "AUTOMATIC")
    assert (added.label, added.algorithm_type, added.algorithm) == ("Another segment", "MANUAL", None)
    np.testing.assert_array_equal(added.mask, ~second.mask)


def test_existing_files_are_replaced_only_with_force(causalclipseg, corrected, tmp_path):
    files, nrrd = corrected()
    (tmp_path / "segmentation-2.dcm").write_text("an earlier file")
    (tmp_path / "segmentation.seg.nrrd").write_text("an earlier file")
    (tmp_path / "corrected.dcm").write_text("an earlier file")
    before = listing(tmp_path)
    commands = [
        ["seg", "revise", files.path, nrrd, "--image", files.image, *EDITOR],
        ["seg", "convert", files.path],
        ["seg", "convert", nrrd, "--image", files.image],
    ]
    for command in commands:
        run = causalclipseg(*command)
        assert (run.status, run.out) == (2, "")
        assert "exists already; --force replaces it." in run.err
        assert listing(tmp_path) == before
    for command in commands:
        assert causalclipseg(*command, "--force").status == 0
    assert set(listing(tmp_path)) == set(before)
    assert b"an earlier file" not in listing(tmp_path).values()


def test_revise_rejects_invalid_corrections(causalclipseg, corrected, tmp_path):
    files, nrrd = corrected()
    first, second, third = files.segmentation.segments
    same = corrected_file([first, second, third], tmp_path / "same.seg.nrrd")
    double = corrected_file([first, replace(first, mask=~first.mask)], tmp_path / "double.seg.nrrd")
    other = tmp_path / "other.dcm"
    save_dx(make_dx(SOPInstanceUID="2.25.99"), other)
    before = listing(tmp_path)
    image = ["--image", files.image]
    for arguments, message in (
        ([files.path, same, *image, *EDITOR], "the same as before"),
        ([files.path, double, *image, *EDITOR], "match the same earlier segment"),
        ([files.path, nrrd, "--image", other, *EDITOR], "another radiograph"),
        ([files.path, nrrd, *image, "--editor", " "], "name of its editor"),
        ([files.path, nrrd, *image, "--editor", "x" * 65], "name of its editor"),
        ([files.path, nrrd, *image], "--editor"),
        ([files.path, nrrd, *EDITOR], "--image"),
        ([nrrd, files.path, *image, *EDITOR], "not a DICOM file"),
        ([files.path, nrrd, *image, *EDITOR, "--output", tmp_path], "is a folder"),
    ):
        run = causalclipseg("seg", "revise", *arguments)
        assert (run.status, run.out) == (2, ""), message
        assert message in run.err
        assert run.err.count("\n") == 1
        assert listing(tmp_path) == before


def test_convert_leaves_out_empty_segments(causalclipseg, write_segmentation, tmp_path):
    files = write_segmentation()
    first, second, *_ = files.segmentation.segments
    empty = replace(second, mask=np.zeros_like(second.mask))
    files.path.unlink()
    some = corrected_file([empty, first], tmp_path / "some.seg.nrrd")
    run = causalclipseg("seg", "convert", some, "--image", files.image)
    assert (run.status, run.err) == (0, f"Left out, since nothing is outlined in it: {second.label}.\n")
    (segment,) = read_dicom_seg(tmp_path / "some.dcm").segments
    assert segment.tracking_uid == first.tracking_uid
    none = corrected_file([empty], tmp_path / "none.seg.nrrd")
    run = causalclipseg("seg", "convert", none, "--image", files.image)
    sentence = "Nothing is outlined in none.seg.nrrd, so there is no DICOM-SEG to write.\n"
    assert (run.status, run.err) == (2, sentence)
    assert not (tmp_path / "none.dcm").exists()


def test_revise_keeps_an_emptied_segment_but_leaves_out_a_new_empty_one(causalclipseg, write_segmentation, tmp_path):
    files = write_segmentation()
    first, *others = files.segmentation.segments
    empty = np.zeros_like(first.mask)
    added = replace(first, label="Another", mask=empty, tracking_id="another", tracking_uid=new_uid())
    nrrd = corrected_file([replace(first, mask=empty), *others, added], tmp_path / "corrected.seg.nrrd")
    run = causalclipseg("seg", "revise", files.path, nrrd, "--image", files.image, *EDITOR)
    assert (run.status, run.err) == (0, "Left out, since nothing is outlined in it: Another.\n")
    segments = read_dicom_seg(tmp_path / "segmentation-2.dcm").segments
    assert [segment.tracking_uid for segment in segments] == [segment.tracking_uid for segment in (first, *others)]
    assert (segments[0].mask.any(), segments[0].algorithm_type) == (False, "SEMIAUTOMATIC")


def test_convert_rejects_the_same_format(causalclipseg, corrected):
    files, nrrd = corrected()
    assert "already" in causalclipseg("seg", "convert", files.path, "--to", "dcm").err
    assert "already" in causalclipseg("seg", "convert", nrrd, "--to", "seg.nrrd").err
    assert "--image" in causalclipseg("seg", "convert", nrrd).err


def test_show_prints_no_control_characters(causalclipseg, write_segmentation, tmp_path):
    dataset = dcmread(write_segmentation().path)
    item = dataset.SegmentSequence[0]
    item.SegmentLabel = "\x1b[2J\x1b[31mred"
    item.SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters = "\x1b]0;title\x07" + "x" * 5000
    dataset.save_as(tmp_path / "odd.dcm")
    run = causalclipseg("seg", "show", tmp_path / "odd.dcm")
    assert run.status == 0
    assert not set(run.out) & set(map(chr, [*range(10), *range(11, 32)]))
    assert "red" in run.out
    assert len(run.out) < 10_000


def test_an_interruption_while_writing_changes_no_file(causalclipseg, corrected, monkeypatch, tmp_path):
    files, nrrd = corrected()

    def stop(dataset, path):
        path.write_bytes(b"half of the file")
        raise KeyboardInterrupt

    before = listing(tmp_path)
    monkeypatch.setattr("CausalCLIPSegLib.segmentation.dicom_writer.save", stop)
    run = causalclipseg("seg", "revise", files.path, nrrd, "--image", files.image, *EDITOR)
    assert (run.status, run.out, run.err) == (130, "", "Stopped; nothing was written.\n")
    assert listing(tmp_path) == before


def identifying_radiograph():
    """Return a radiograph with the patient's identity in every element that can hold it."""
    header = make_dx(
        PatientName=f"{SECRET}^Gerda",
        PatientID=f"{SECRET}-4711",
        AccessionNumber=f"{SECRET}-A",
        StudyDescription=f"{SECRET} study",
        ReferringPhysicianName=f"{SECRET}^Arzt",
        StudyID=f"{SECRET}",
        PatientComments=SECRET * 3,
    )
    header.file_meta.SourceApplicationEntityTitle = SECRET
    return header


def spoil(path, keyword, vr, value, to):
    """Copy a file to `to`, with a value that the type of an element does not allow; return `to`."""
    data = path.read_bytes()
    group, element = keyword
    tag = bytes([group & 255, group >> 8, element & 255, element >> 8])
    at = data.index(tag + vr)
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    value = value + b" " * (len(value) % 2)
    to.write_bytes(data[: at + 6] + len(value).to_bytes(2, "little") + value + data[at + 8 + length :])
    return to


def test_no_patient_data_in_output_and_log(causalclipseg, corrected, caplog, recwarn, tmp_path):
    files, nrrd = corrected(identifying_radiograph())
    caplog.set_level(logging.DEBUG)
    secret = SECRET.encode()
    images = {
        "spacing": spoil(files.image, (0x0028, 0x0030), b"DS", secret, tmp_path / "spacing.dcm"),
        "date": spoil(files.image, (0x0008, 0x0020), b"DA", secret, tmp_path / "date.dcm"),
        "rows": spoil(files.image, (0x0028, 0x0010), b"US", secret, tmp_path / "rows.dcm"),
        "class": spoil(files.image, (0x0008, 0x0016), b"UI", secret, tmp_path / "class.dcm"),
        "study": spoil(files.image, (0x0020, 0x000D), b"UI", secret, tmp_path / "study.dcm"),
        "charset": spoil(files.image, (0x0008, 0x0005), b"CS", secret, tmp_path / "charset.dcm"),
    }
    segmentations = [
        spoil(files.path, (0x0020, 0x0013), b"IS", secret, tmp_path / "number.dcm"),
        spoil(files.path, (0x0028, 0x0008), b"IS", secret, tmp_path / "frames.dcm"),
        spoil(files.path, (0x0062, 0x0001), b"CS", secret, tmp_path / "type.dcm"),
        spoil(files.path, (0x0008, 0x0016), b"UI", secret, tmp_path / "kind.dcm"),
        spoil(files.path, (0x0010, 0x0030), b"DA", secret, tmp_path / "birth.dcm"),
    ]
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(files.path.read_bytes()[:1500])
    commands = [
        ["seg", "show", files.path],
        ["seg", "convert", files.path, "--image", files.image, "--force"],
        ["seg", "convert", nrrd, "--image", files.image, "--force"],
        ["seg", "revise", files.path, nrrd, "--image", files.image, *EDITOR, "--force"],
        *(["seg", "show", path] for path in (*segmentations, cut, files.image)),
        *(["seg", "revise", path, nrrd, "--image", files.image, *EDITOR, "--force"] for path in (*segmentations, cut)),
        *(["seg", "convert", nrrd, "--image", path, "--force"] for path in images.values()),
        *(["seg", "revise", files.path, nrrd, "--image", path, *EDITOR, "--force"] for path in images.values()),
    ]
    statuses = []
    for command in commands:
        run = causalclipseg("--verbose", *command)
        assert SECRET not in run.out + run.err, command
        statuses.append(run.status)
    assert statuses[:4] == [0] * 4
    assert statuses.count(2) > 8
    assert set(statuses) == {0, 2}
    assert SECRET not in caplog.text
    assert "CausalCLIPSegLib.cli.run" in {record.name for record in caplog.records}
    assert not [warning for warning in recwarn if SECRET in str(warning.message)]


@pytest.mark.parametrize(
    ("place", "status"),
    [("radiograph.dicom_header.read_header", 2), ("segmentation.dicom_writer.encode", 1)],
    ids=["expected", "unexpected"],
)
def test_errors_are_logged_without_their_messages(causalclipseg, corrected, monkeypatch, caplog, place, status):
    files, nrrd = corrected()

    def fail(*arguments):
        raise ValueError(f"Invalid value for VR PN: '{SECRET}'")

    monkeypatch.setattr(f"CausalCLIPSegLib.{place}", fail)
    caplog.set_level(logging.DEBUG)
    run = causalclipseg("--verbose", "seg", "convert", nrrd, "--image", files.image)
    assert run.status == status
    assert SECRET not in run.out + run.err + caplog.text
    assert "ValueError" in caplog.text
    assert "in fail" in caplog.text


def test_patient_data_is_in_the_dicom_file_only(causalclipseg, corrected, tmp_path):
    files, _ = corrected(identifying_radiograph())
    assert dcmread(files.path).PatientName == f"{SECRET}^Gerda"
    assert causalclipseg("seg", "convert", files.path, "--output", tmp_path / "a.seg.nrrd").status == 0
    assert SECRET.encode() not in (tmp_path / "a.seg.nrrd").read_bytes().partition(b"\n\n")[0]
