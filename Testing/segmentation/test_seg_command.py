"""`causalclipseg seg` as a user types it: corrections, what exists already, being stopped, and silence on patients."""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from dx_images import dx_of_kind, make_dx, save_dx
from pydicom import dcmread

from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.nrrd import write_segments
from CausalCLIPSegLib.segmentation.segmentation import new_uid

ROOT = Path(__file__).parents[2]
EDITOR = ["--editor", "Roe^Richard"]
SECRET = "Geheim"


def corrected_file(segments, path):
    shape = segments[0].mask.shape
    write_segments(segments, shape, np.diag([0.15, 0.2, 1, 1]), path)
    return path


@pytest.fixture
def corrected(written, tmp_path):
    """Write a segmentation, and a .seg.nrrd in which its first outline was turned round."""

    def make(film=None):
        made = written(film)
        first, *others = made.segmentation.segments
        return made, corrected_file([replace(first, mask=~first.mask), *others], tmp_path / "corrected.seg.nrrd")

    return make


def listing(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


# -- corrections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG lossless", "JPEG 2000", "monochrome1", "odd size", "names", "real CR"])
def test_a_correction(causalclipseg, corrected, tmp_path, kind):
    made, nrrd = corrected(dx_of_kind(kind))
    done = causalclipseg("seg", "revise", made.path, nrrd, "--image", made.film, *EDITOR)
    assert (done.status, done.err) == (0, "")
    path = Path(done.out.strip())
    assert path == tmp_path / "segmentation-2.dcm"
    before, after = read_dicom_seg(made.path), read_dicom_seg(path)
    assert (after.instance_number, after.creator) == (2, "Roe^Richard")
    assert after.series_instance_uid == before.series_instance_uid
    assert after.source == before.source
    assert after.previous.sop_instance_uid == before.sop_instance_uid
    assert [part.algorithm_type for part in after.segments] == ["SEMIAUTOMATIC", "AUTOMATIC", "AUTOMATIC"]
    assert [part.tracking_uid for part in after.segments] == [part.tracking_uid for part in before.segments]
    np.testing.assert_array_equal(after.segments[0].mask, ~before.segments[0].mask)
    for part, earlier in zip(after.segments[1:], before.segments[1:], strict=True):
        np.testing.assert_array_equal(part.mask, earlier.mask)
    shown = causalclipseg("seg", "show", path)
    assert before.sop_instance_uid in shown.out
    assert "semiautomatic" in shown.out


def test_segments_that_were_added_and_removed(causalclipseg, corrected, tmp_path):
    made, _ = corrected()
    first, second, _ = made.segmentation.segments
    new = replace(second, label="Another one", tracking_id="new", tracking_uid=new_uid(), mask=~second.mask)
    nrrd = corrected_file([first, new], tmp_path / "other.seg.nrrd")
    output = tmp_path / "folder" / "out.dcm"
    done = causalclipseg("seg", "revise", made.path, nrrd, "--image", made.film, *EDITOR, "--output", output)
    assert done.status == 0, done.err
    kept, added = read_dicom_seg(output).segments
    assert (kept.tracking_uid, kept.algorithm_type) == (first.tracking_uid, "AUTOMATIC")
    assert (added.label, added.algorithm_type, added.algorithm) == ("Another one", "MANUAL", None)
    np.testing.assert_array_equal(added.mask, ~second.mask)


def test_nothing_is_replaced_without_being_told(causalclipseg, corrected, tmp_path):
    made, nrrd = corrected()
    (tmp_path / "segmentation-2.dcm").write_text("an earlier one")
    (tmp_path / "segmentation.seg.nrrd").write_text("an earlier one")
    (tmp_path / "corrected.dcm").write_text("an earlier one")
    before = listing(tmp_path)
    commands = [
        ["seg", "revise", made.path, nrrd, "--image", made.film, *EDITOR],
        ["seg", "convert", made.path],
        ["seg", "convert", nrrd, "--image", made.film],
    ]
    for command in commands:
        done = causalclipseg(*command)
        assert (done.status, done.out) == (2, "")
        assert "exists already; --force replaces it." in done.err
        assert listing(tmp_path) == before
    for command in commands:
        assert causalclipseg(*command, "--force").status == 0
    assert set(listing(tmp_path)) == set(before)
    assert b"an earlier one" not in listing(tmp_path).values()


def test_what_is_no_correction(causalclipseg, corrected, tmp_path):
    made, nrrd = corrected()
    first, second, third = made.segmentation.segments
    same = corrected_file([first, second, third], tmp_path / "same.seg.nrrd")
    double = corrected_file([first, replace(first, mask=~first.mask)], tmp_path / "double.seg.nrrd")
    other = tmp_path / "other.dcm"
    save_dx(make_dx(SOPInstanceUID="2.25.99"), other)
    before = listing(tmp_path)
    image = ["--image", made.film]
    for arguments, word in (
        ([made.path, same, *image, *EDITOR], "the same as before"),
        ([made.path, double, *image, *EDITOR], "stand for the same one"),
        ([made.path, nrrd, "--image", other, *EDITOR], "another film"),
        ([made.path, nrrd, *image, "--editor", " "], "name of who corrected"),
        ([made.path, nrrd, *image, "--editor", "x" * 65], "name of who corrected"),
        ([made.path, nrrd, *image], "--editor"),
        ([made.path, nrrd, *EDITOR], "--image"),
        ([nrrd, made.path, *image, *EDITOR], "no DICOM file"),
        ([made.path, nrrd, *image, *EDITOR, "--output", tmp_path], "is a folder"),
    ):
        done = causalclipseg("seg", "revise", *arguments)
        assert (done.status, done.out) == (2, ""), word
        assert word in done.err
        assert done.err.count("\n") == 1
        assert listing(tmp_path) == before


def test_segments_without_a_pixel_are_left_out(causalclipseg, written, tmp_path):
    made = written()
    first, second, *_ = made.segmentation.segments
    empty = replace(second, mask=np.zeros_like(second.mask))
    made.path.unlink()
    some = corrected_file([empty, first], tmp_path / "some.seg.nrrd")
    done = causalclipseg("seg", "convert", some, "--image", made.film)
    assert (done.status, done.err) == (0, f"Left out, since nothing is outlined in it: {second.label}.\n")
    (found,) = read_dicom_seg(tmp_path / "some.dcm").segments
    assert found.tracking_uid == first.tracking_uid
    none = corrected_file([empty], tmp_path / "none.seg.nrrd")
    done = causalclipseg("seg", "convert", none, "--image", made.film)
    sentence = "Nothing is outlined in none.seg.nrrd, so there is no DICOM-SEG to write.\n"
    assert (done.status, done.err) == (2, sentence)
    assert not (tmp_path / "none.dcm").exists()


def test_a_correction_may_empty_a_segment_but_adds_no_empty_one(causalclipseg, written, tmp_path):
    made = written()
    first, *others = made.segmentation.segments
    nothing = np.zeros_like(first.mask)
    added = replace(first, label="Another", mask=nothing, tracking_id="another", tracking_uid=new_uid())
    nrrd = corrected_file([replace(first, mask=nothing), *others, added], tmp_path / "corrected.seg.nrrd")
    done = causalclipseg("seg", "revise", made.path, nrrd, "--image", made.film, *EDITOR)
    assert (done.status, done.err) == (0, "Left out, since nothing is outlined in it: Another.\n")
    found = read_dicom_seg(tmp_path / "segmentation-2.dcm").segments
    assert [part.tracking_uid for part in found] == [part.tracking_uid for part in (first, *others)]
    assert (found[0].mask.any(), found[0].algorithm_type) == (False, "SEMIAUTOMATIC")


def test_what_is_converted_already(causalclipseg, corrected):
    made, nrrd = corrected()
    assert "already" in causalclipseg("seg", "convert", made.path, "--to", "dcm").err
    assert "already" in causalclipseg("seg", "convert", nrrd, "--to", "seg.nrrd").err
    assert "--image" in causalclipseg("seg", "convert", nrrd).err


def test_what_would_move_the_cursor_is_not_shown(causalclipseg, written, tmp_path):
    dataset = dcmread(written().path)
    item = dataset.SegmentSequence[0]
    item.SegmentLabel = "\x1b[2J\x1b[31mred"
    item.SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters = "\x1b]0;title\x07" + "x" * 5000
    dataset.save_as(tmp_path / "odd.dcm")
    done = causalclipseg("seg", "show", tmp_path / "odd.dcm")
    assert done.status == 0
    assert not set(done.out) & set(map(chr, [*range(10), *range(11, 32)]))
    assert "red" in done.out
    assert len(done.out) < 10_000


# -- being stopped ----------------------------------------------------------------------------------------------------


def test_stopped_while_writing(causalclipseg, corrected, monkeypatch, tmp_path):
    made, nrrd = corrected()

    def stop(dataset, path):
        path.write_bytes(b"half of it")
        raise KeyboardInterrupt

    before = listing(tmp_path)
    monkeypatch.setattr("CausalCLIPSegLib.segmentation.dicom_writer.save", stop)
    done = causalclipseg("seg", "revise", made.path, nrrd, "--image", made.film, *EDITOR)
    assert (done.status, done.out, done.err) == (130, "", "Stopped; nothing was written.\n")
    assert listing(tmp_path) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_stopped_by_the_keyboard(tmp_path):
    """The command waits for its note, which a pipe holds back; that it waits is seen by its having opened the pipe."""
    os.mkfifo(tmp_path / "note.txt")
    save_dx(make_dx(), tmp_path / "film.dcm")
    process = subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.cli", "segment", "film.dcm", "--note-file", "note.txt"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # Tests that a shell runs in the background are started with the signal ignored, and would pass that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    pipe = open_for_writing(tmp_path / "note.txt", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    os.close(pipe)
    assert (process.returncode, out, err) == (130, "", "Stopped; nothing was written.\n")
    assert {path.name for path in tmp_path.iterdir()} == {"film.dcm", "note.txt"}


def open_for_writing(path, reader):
    """Open a pipe as soon as a process reads from it."""
    for _ in range(600):
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO or reader.poll() is not None:
                raise
            time.sleep(0.1)
    raise TimeoutError(path)


# -- patients ---------------------------------------------------------------------------------------------------------


def secretive_film():
    """Return a film that says in each place it can who is on it."""
    film = make_dx(
        PatientName=f"{SECRET}^Gerda",
        PatientID=f"{SECRET}-4711",
        AccessionNumber=f"{SECRET}-A",
        StudyDescription=f"{SECRET} study",
        ReferringPhysicianName=f"{SECRET}^Arzt",
        StudyID=f"{SECRET}",
        PatientComments=SECRET * 3,
    )
    film.file_meta.SourceApplicationEntityTitle = SECRET
    return film


def spoil(path, keyword, vr, words, to):
    """Write a file in which an element holds words that its type does not allow."""
    data = path.read_bytes()
    group, element = keyword
    tag = bytes([group & 255, group >> 8, element & 255, element >> 8])
    at = data.index(tag + vr)
    length = int.from_bytes(data[at + 6 : at + 8], "little")
    words = words + b" " * (len(words) % 2)
    to.write_bytes(data[: at + 6] + len(words).to_bytes(2, "little") + words + data[at + 8 + length :])
    return to


def test_no_patient_in_what_is_said(causalclipseg, corrected, caplog, recwarn, tmp_path):
    made, nrrd = corrected(secretive_film())
    caplog.set_level(logging.DEBUG)
    words = SECRET.encode()
    films = {
        "spacing": spoil(made.film, (0x0028, 0x0030), b"DS", words, tmp_path / "spacing.dcm"),
        "date": spoil(made.film, (0x0008, 0x0020), b"DA", words, tmp_path / "date.dcm"),
        "rows": spoil(made.film, (0x0028, 0x0010), b"US", words, tmp_path / "rows.dcm"),
        "class": spoil(made.film, (0x0008, 0x0016), b"UI", words, tmp_path / "class.dcm"),
        "study": spoil(made.film, (0x0020, 0x000D), b"UI", words, tmp_path / "study.dcm"),
        "charset": spoil(made.film, (0x0008, 0x0005), b"CS", words, tmp_path / "charset.dcm"),
    }
    files = [
        spoil(made.path, (0x0020, 0x0013), b"IS", words, tmp_path / "number.dcm"),
        spoil(made.path, (0x0028, 0x0008), b"IS", words, tmp_path / "frames.dcm"),
        spoil(made.path, (0x0062, 0x0001), b"CS", words, tmp_path / "type.dcm"),
        spoil(made.path, (0x0008, 0x0016), b"UI", words, tmp_path / "kind.dcm"),
        spoil(made.path, (0x0010, 0x0030), b"DA", words, tmp_path / "birth.dcm"),
    ]
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(made.path.read_bytes()[:1500])
    commands = [
        ["seg", "show", made.path],
        ["seg", "convert", made.path, "--image", made.film, "--force"],
        ["seg", "convert", nrrd, "--image", made.film, "--force"],
        ["seg", "revise", made.path, nrrd, "--image", made.film, *EDITOR, "--force"],
        *(["seg", "show", path] for path in (*files, cut, made.film)),
        *(["seg", "revise", path, nrrd, "--image", made.film, *EDITOR, "--force"] for path in (*files, cut)),
        *(["seg", "convert", nrrd, "--image", path, "--force"] for path in films.values()),
        *(["seg", "revise", made.path, nrrd, "--image", path, *EDITOR, "--force"] for path in films.values()),
    ]
    statuses = []
    for command in commands:
        done = causalclipseg("--verbose", *command)
        assert SECRET not in done.out + done.err, command
        statuses.append(done.status)
    assert statuses[:4] == [0] * 4
    assert statuses.count(2) > 8
    assert set(statuses) == {0, 2}
    assert SECRET not in caplog.text
    assert "CausalCLIPSegLib.cli.run" in caplog.text
    assert not [warning for warning in recwarn if SECRET in str(warning.message)]


@pytest.mark.parametrize(
    ("place", "status"),
    [("radiograph.dicom_header.read_header", 2), ("segmentation.dicom_writer.encode", 1)],
    ids=["expected", "unexpected"],
)
def test_causes_are_logged_without_their_words(causalclipseg, corrected, monkeypatch, caplog, place, status):
    made, nrrd = corrected()

    def fail(*given):
        raise ValueError(f"Invalid value for VR PN: '{SECRET}'")

    monkeypatch.setattr(f"CausalCLIPSegLib.{place}", fail)
    caplog.set_level(logging.DEBUG)
    done = causalclipseg("--verbose", "seg", "convert", nrrd, "--image", made.film)
    assert done.status == status
    assert SECRET not in done.out + done.err + caplog.text
    assert "ValueError" in caplog.text
    assert "in fail" in caplog.text


def test_the_patient_is_in_the_file_and_nowhere_else(causalclipseg, corrected, tmp_path):
    made, _ = corrected(secretive_film())
    assert dcmread(made.path).PatientName == f"{SECRET}^Gerda"
    assert causalclipseg("seg", "convert", made.path, "--output", tmp_path / "a.seg.nrrd").status == 0
    assert SECRET.encode() not in (tmp_path / "a.seg.nrrd").read_bytes().partition(b"\n\n")[0]
