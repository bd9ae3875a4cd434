"""`causalclipseg segment` and `demo` as a user types them, on a real radiograph with the embedded checkpoint."""

import json
import os
import sys

import numpy as np
import pytest
import SimpleITK
from PIL import Image
from pydicom import dcmread
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.about import RESEARCH_ONLY
from CausalCLIPSegLib.demo import DEMO_IMAGE, DEMO_NOTE

NOTE = ["--note", "right lower opacity"]


def test_demo_writes_and_prints_everything(causalclipseg, tmp_path):
    completed = causalclipseg("demo")
    assert completed.returncode == 0, completed.stderr
    folder = tmp_path / "causalclipseg-demo"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["overlay.png", "result.json", "segmentation.dcm", "segmentation.seg.nrrd"]
    )
    result = json.loads((folder / "result.json").read_text())
    assert result["note"] == DEMO_NOTE
    assert result["prompt"].startswith("Bilateral pulmonary infection")
    assert result["laterality"] == "viewer"
    assert result["area_mm2"] is None
    assert 0 < result["area_fraction"] < 0.5
    assert {segment["side_patient"] for segment in result["segments"]} == {"left", "right"}
    assert completed.stdout.count(RESEARCH_ONLY) == 1
    for text in (result["prompt"], "Segmented", "patient's right", "patient's left", "overlay.png"):
        assert text in completed.stdout
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(folder / "segmentation.seg.nrrd")))
    assert labels.shape[-2:] == (1955, 1841) or labels.shape[1:3] == (1955, 1841)
    assert 0 < (labels > 0).mean() < 0.5
    with Image.open(folder / "overlay.png") as picture:
        assert min(picture.size) > 1000
    source = dcmread(get_testdata_file(DEMO_IMAGE, download=False), stop_before_pixels=True)
    segmentation = dcmread(folder / "segmentation.dcm")
    assert (segmentation.Rows, segmentation.Columns) == (1955, 1841)
    assert segmentation.StudyInstanceUID == source.StudyInstanceUID
    shares = [segment["area_fraction"] for segment in result["segments"]]
    np.testing.assert_allclose(segmentation.pixel_array.mean(axis=(1, 2)), shares, atol=1e-6)
    # The header does not state that the image is free of burned-in text.
    assert any("burned into the image" in warning for warning in result["warnings"])
    assert "burned into the image" in completed.stdout
    assert str(source.PatientName) not in (folder / "result.json").read_text() + completed.stdout + completed.stderr
    again = causalclipseg("demo")
    assert again.returncode == 0, again.stderr


def test_note_about_one_side_segments_that_side(causalclipseg, tmp_path, png):
    (tmp_path / "note.txt").write_text("Rounded opacities in the right lower zone.\n", encoding="utf-8")
    completed = causalclipseg("segment", png.name, "--note-file", "note.txt", "--output", "out")
    assert completed.returncode == 0, completed.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["sides"] == ["right"]
    assert "left lung" in result["prompt"]
    areas = {segment["side_patient"]: segment["area_fraction"] for segment in result["segments"]}
    assert areas.get("right", 0) >= 0.95 * sum(areas.values())


def test_result_is_replaced_only_with_force(causalclipseg, rejected, tmp_path, png):
    first = causalclipseg("segment", png.name, *NOTE, "--output", "out")
    assert first.returncode == 0, first.stderr
    before = (tmp_path / "out" / "result.json").read_bytes()
    other = ["segment", png.name, "--note", "left", "--output", "out"]
    message = rejected(*other)
    assert "earlier run" in message
    # The program checks this before it loads the checkpoint, which takes time.
    assert rejected(*other, "--checkpoint", "none") == message
    assert (tmp_path / "out" / "result.json").read_bytes() == before
    last = causalclipseg(*other, "--force")
    assert last.returncode == 0, last.stderr


def test_output_folder_must_not_be_a_file(rejected, png):
    assert png.name in rejected("segment", png.name, *NOTE, "--output", png.name)


def test_result_of_a_uid_keeps_the_whole_name(causalclipseg, tmp_path, png):
    png.rename(tmp_path / "1.2.840.1.dcm")  # the format is detected by content
    completed = causalclipseg("segment", "1.2.840.1.dcm", *NOTE)
    assert completed.returncode == 0, completed.stderr
    assert (tmp_path / "1.2.840.1-segmentation" / "result.json").is_file()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such file names")
def test_accepts_a_file_name_in_another_encoding(causalclipseg, tmp_path, png):
    name = os.fsdecode("für.png".encode("latin-1"))
    png.rename(tmp_path / name)
    completed = causalclipseg("segment", name, *NOTE)
    assert completed.returncode == 0, completed.stderr
    assert "f\\udcfcr-segmentation" in completed.stdout
    assert (tmp_path / name.replace(".png", "-segmentation") / "result.json").is_file()


def test_prints_where_note_and_mask_disagree(causalclipseg, png, tmp_path):
    note = ["--note", "Opacity in the left upper zone."]
    completed = causalclipseg("segment", png.name, *note, "--threshold", "0.001", "--output", "out")
    assert completed.returncode == 0, completed.stderr
    disagreements = json.loads((tmp_path / "out" / "result.json").read_text())["disagreements"]
    assert disagreements
    assert all(sentence in completed.stdout for sentence in disagreements)
    assert "Note vs mask" in completed.stdout


def test_prints_what_the_note_leaves_out_and_what_is_not_seen(causalclipseg, tmp_path):
    """The radiograph has opacities in both lungs; the note calls one of them clear."""
    image = str(get_testdata_file(DEMO_IMAGE, download=False))
    note = ["--note", "Opacity in the left lung. Right lung clear.", "--output", "out"]
    completed = causalclipseg("segment", image, *note)
    assert completed.returncode == 0, completed.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert [place["present"] for place in result["places"]] == [True]
    assert {segment["side_patient"] for segment in result["segments"]} == {"left"}
    assert {area["side_patient"] for area in result["not_in_note"]} == {"right"}
    for sentence in (each["sentence"] for each in (*result["places"], *result["not_in_note"])):
        assert sentence in completed.stdout
    assert "which the note calls clear" in completed.stdout
    assert len(dcmread(tmp_path / "out" / "segmentation.dcm").SegmentSequence) == 1
    empty = causalclipseg("segment", image, *note, "--force", "--threshold", "0.9999")
    assert empty.returncode == 0, empty.stderr
    assert "Note: left lung. Nothing there reaches the threshold (highest probability 0." in empty.stdout
    assert (tmp_path / "out" / "segmentation.seg.nrrd").is_file()
