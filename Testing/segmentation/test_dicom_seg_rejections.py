"""Files that cannot be shown, converted or corrected are rejected quickly, in one sentence, and nothing is written."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import pytest
from bad_dicom_segs import DICOM, labelmap
from bad_images import IMAGES
from bad_nrrds import NRRD
from dx_images import make_dx
from reading_costs import assert_cheap, reading_costs
from segmentation_kit import SHAPE, Kit, insert, to_bytes

from CausalCLIPSegLib.segmentation.source_image import read_source

EDITOR = ["--editor", "Roe^Richard"]


@pytest.fixture(scope="module")
def kit(make_segmentation, tmp_path_factory):
    return Kit(tmp_path_factory.mktemp("good"), make_segmentation)


def error_message(run):
    """Return the error message of a rejected command, after checking its form."""
    assert run.status == 2, run.err
    assert run.out == ""
    message = run.err.strip()
    assert "\n" not in message
    assert message.endswith(".")
    assert 15 < len(message.replace(str(run.folder), "")) < 250
    for word in ("Error", "Traceback", "Exception", "pydicom", "None", "Doe"):
        assert word not in message
    return message


def assert_rejected(causalclipseg, tmp_path, message, commands):
    """Run commands with --output and --force: each is rejected, and leaves the existing file as it was."""
    folder = tmp_path / "existing"
    folder.mkdir()
    (folder / "result").write_text("an earlier result")
    for command in commands:
        assert message in error_message(causalclipseg(*command, "--output", folder / "result", "--force"))
    assert [path.name for path in folder.iterdir()] == ["result"]
    assert (folder / "result").read_text() == "an earlier result"


def test_reads_the_good_files(kit, causalclipseg, tmp_path):
    assert causalclipseg("seg", "show", kit.dicom).status == 0
    (tmp_path / "labels.dcm").write_bytes(labelmap()(kit))
    assert causalclipseg("seg", "show", tmp_path / "labels.dcm").status == 0
    for path in (kit.nrrd, kit.single_nrrd):
        command = ["seg", "convert", path, "--image", kit.image, "--output", path.with_suffix(".dcm")]
        assert causalclipseg(*command).status == 0


@pytest.mark.parametrize("name", DICOM)
def test_rejects_a_bad_dicom_seg(kit, causalclipseg, tmp_path, name):
    message, make = DICOM[name]
    path = tmp_path / "bad.dcm"
    path.write_bytes(make(kit))
    assert message in error_message(causalclipseg("seg", "show", path))
    revise = ["seg", "revise", path, kit.nrrd, "--image", kit.image, *EDITOR]
    assert_rejected(causalclipseg, tmp_path, message, [["seg", "convert", path], revise])


@pytest.mark.parametrize("name", NRRD)
def test_rejects_a_bad_nrrd(kit, causalclipseg, tmp_path, name):
    message, make = NRRD[name]
    path = tmp_path / "bad.seg.nrrd"
    path.write_bytes(make(kit))
    revise = ["seg", "revise", kit.dicom, path, "--image", kit.image, *EDITOR]
    assert_rejected(causalclipseg, tmp_path, message, [["seg", "convert", path, "--image", kit.image], revise])


@pytest.mark.parametrize("name", IMAGES)
def test_rejects_a_bad_image(kit, causalclipseg, tmp_path, name):
    message, make = IMAGES[name]
    path = tmp_path / "bad.dcm"
    path.write_bytes(make(kit))
    revise = ["seg", "revise", kit.dicom, kit.single_nrrd, "--image", path, *EDITOR]
    commands = [["seg", "convert", kit.dicom, "--image", path], revise]
    if name != "another_radiograph":  # a .seg.nrrd does not name its radiograph
        commands.append(["seg", "convert", kit.nrrd, "--image", path])
    assert_rejected(causalclipseg, tmp_path, message, commands)


def test_rejects_a_segmentation_that_names_no_radiograph(kit, causalclipseg, tmp_path):
    dataset = kit.dataset()
    del dataset.ReferencedSeriesSequence
    dataset.pop("SourceImageSequence", None)
    for item in (*dataset.SharedFunctionalGroupsSequence, *dataset.PerFrameFunctionalGroupsSequence):
        item.pop("DerivationImageSequence", None)
    path = tmp_path / "orphan.dcm"
    dataset.save_as(path)
    assert re.search(r"Image +unknown", causalclipseg("seg", "show", path).out)
    commands = [
        ["seg", "convert", path, "--image", kit.image],
        ["seg", "revise", path, kit.single_nrrd, "--image", kit.image, *EDITOR],
    ]
    assert_rejected(causalclipseg, tmp_path, "which radiograph", commands)


def test_rejects_folders_and_missing_files(kit, causalclipseg, tmp_path):
    for path, message in ((tmp_path, "folder"), (tmp_path / "none.dcm", "no file"), ("x" * 5000, "")):
        for command in (
            ["seg", "show", path],
            ["seg", "convert", kit.dicom, "--image", path, "--output", "new.seg.nrrd"],
            ["seg", "revise", path, kit.nrrd, "--image", kit.image, *EDITOR],
            ["seg", "revise", kit.dicom, path, "--image", kit.image, *EDITOR],
        ):
            assert message in error_message(causalclipseg(*command))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_does_not_wait_for_a_pipe(causalclipseg, tmp_path):
    os.mkfifo(tmp_path / "pipe.dcm")
    assert "it is a pipe" in error_message(causalclipseg("seg", "show", tmp_path / "pipe.dcm"))


def test_rejects_a_name_that_is_too_long(causalclipseg, tmp_path):
    assert "too long" in error_message(causalclipseg("seg", "show", tmp_path / ("a" * 300)))


def test_rejects_a_file_without_permission(kit, causalclipseg, monkeypatch):
    real_open = os.open

    def deny(path, *arguments, **options):
        if Path(path) == kit.dicom:
            raise PermissionError(13, "Permission denied", str(path))
        return real_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", deny)
    assert "permission" in error_message(causalclipseg("seg", "show", kit.dicom))


def test_skips_huge_sequences_of_an_image(tmp_path):
    items = b"\xfe\xff\x00\xe0\0\0\0\0" * 1_000_000
    folder = tmp_path / "image"
    folder.mkdir()
    path = folder / "image.dcm"
    path.write_bytes(insert(to_bytes(make_dx()), b"\x08\0\x01\0SQ\0\0" + struct.pack("<I", len(items)) + items))
    assert read_source(path)[1] == SHAPE
    imports = "from CausalCLIPSegLib.segmentation.source_image import read_source"
    assert_cheap(reading_costs(folder, imports, '{"dcm": read_source}'))


def test_rejects_a_giant_file(kit, causalclipseg, tmp_path):
    for name in ("giant.dcm", "giant.seg.nrrd"):
        (tmp_path / name).touch()
        os.truncate(tmp_path / name, 5 << 30)  # sparse, so it takes no space
        options = [] if name.endswith(".dcm") else ["--image", kit.image]
        output = ["--output", tmp_path / f"new.{name}"]
        assert "too large" in error_message(causalclipseg("seg", "convert", tmp_path / name, *options, *output))
    command = ["seg", "convert", kit.dicom, "--image", tmp_path / "giant.dcm", "--output", tmp_path / "new.seg.nrrd"]
    assert "too large" in error_message(causalclipseg(*command))


def test_rejects_all_bad_files_in_little_time_and_memory(kit, tmp_path):
    folder = tmp_path / "all"
    folder.mkdir()
    tables = {"dcm": DICOM, "nrrd": NRRD, "image": IMAGES}
    for ending, table in tables.items():
        for name, (_, make) in table.items():
            (folder / f"{name}.{ending}").write_bytes(make(kit))
    costs = reading_costs(
        folder,
        "from CausalCLIPSegLib.segmentation.nrrd_reader import read_segments\n"
        "from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg\n"
        "from CausalCLIPSegLib.segmentation.dicom_writer import encode, save\n"
        "from CausalCLIPSegLib.segmentation.source_image import read_source",
        '{"dcm": read_dicom_seg, "nrrd": lambda path: read_segments(path, (48, 40)), "image": read_source}',
    )
    assert len(costs) == sum(map(len, tables.values()))
    assert_cheap(costs)
