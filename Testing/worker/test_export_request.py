"""The worker exports the segments of a scene, including corrected ones; other programs read the files back."""

import json

import highdicom
import numpy as np
import pydicom
import pytest
import slicerio
from PIL import Image
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.worker.jobs.export import export
from CausalCLIPSegLib.worker.protocol import ExportRequest

IMAGE = str(get_testdata_file("RG1_UNCR.dcm", download=False))
SHAPE = (1955, 1841)
NOTE = "Rounded opacities in the right lower zone."
CHECKPOINT = {"name": "tiny", "version": "3", "sha256": "ab" * 32}
PROVENANCE = {"checkpoint": CHECKPOINT, "device": "cpu", "version": "0", "seconds": {}}


@pytest.fixture
def masks(tmp_path):
    """Two overlapping masks: one of the network on the patient's right, and one that a person drew on the left."""
    right, left = np.zeros(SHAPE, bool), np.zeros((1, *SHAPE), np.uint8)
    right[800:1400, 300:900] = True
    left[0, 1000:1300, 850:1500] = 2
    np.save(tmp_path / "right.npy", right)
    np.save(tmp_path / "left.npy", left)
    np.save(tmp_path / "empty.npy", np.zeros(SHAPE, bool))
    return {"right": right, "left": left[0] != 0}


@pytest.fixture
def request_of_export(masks, tmp_path):
    common = {"color": [0.9, 0.6, 0.0]}
    return {
        "image": {"kind": "file", "path": IMAGE},
        "segments": [
            {**common, "id": "r", "name": "Größe, right", "kind": "consolidation", "side": "right"}
            | {"mask": str(tmp_path / "right.npy"), "corrected": True},
            {**common, "id": "l", "name": "Tube", "mask": str(tmp_path / "left.npy"), "algorithm_type": "MANUAL"},
            {**common, "id": "e", "name": "Empty", "mask": str(tmp_path / "empty.npy")},
        ],
        "formats": ["dicom-seg", "seg-nrrd", "picture"],
        "output": str(tmp_path / "out"),
        "note": NOTE,
        "prompt": "Unilateral pulmonary infection, lower left lung.",
        "prompt_laterality": "viewer",
        "threshold": 0.5,
        "provenance": PROVENANCE,
    }


def files_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_all_formats_hold_the_segments_of_the_scene(worker, request_of_export, masks, tmp_path):
    answer = worker.ask("export", **request_of_export)
    assert answer["event"] == "result", answer
    assert files_in(tmp_path / "out") == ["overlay.png", "segmentation.dcm", "segmentation.seg.nrrd"]

    seg = highdicom.seg.segread(answer["files"]["dicom-seg"])
    header = pydicom.dcmread(IMAGE, stop_before_pixels=True)
    assert seg.PatientID == header.PatientID
    pixels = seg.get_pixels_by_source_instance([header.SOPInstanceUID])[0]
    np.testing.assert_array_equal(pixels[..., 0] != 0, masks["right"])
    np.testing.assert_array_equal(pixels[..., 1] != 0, masks["left"])
    first, second = (seg.get_segment_description(number) for number in (1, 2))
    assert first.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert first.segmented_property_type.meaning == "Lung consolidation"
    assert second.SegmentAlgorithmType == "MANUAL"
    sides = [
        item.AnatomicRegionSequence[0].AnatomicRegionModifierSequence[0].CodeMeaning for item in seg.SegmentSequence
    ]
    assert sides == [
        "Right",
        "Left",
    ]  # "Left" comes from the mask, because the request gives no side

    read = slicerio.read_segmentation(answer["files"]["seg-nrrd"])
    assert [segment["id"] for segment in read["segments"]] == ["r", "l"]
    for identifier, side in (("r", "right"), ("l", "left")):
        np.testing.assert_array_equal(slicerio.segment_mask(read, identifier)[:, :, 0].T != 0, masks[side])
    assert read["segments"][0]["tags"]["DICOM.SegmentAlgorithmType"] == "SEMIAUTOMATIC"

    with Image.open(answer["files"]["picture"]) as picture:
        assert min(picture.size) > 1000


@pytest.mark.parametrize("with_note", [True, False])
def test_the_note_is_in_the_dicom_seg_only_with_consent(worker, request_of_export, with_note):
    answer = worker.ask("export", **{**request_of_export, "formats": ["dicom-seg"], "with_note": with_note})
    data = pydicom.dcmread(answer["files"]["dicom-seg"])
    assert (NOTE in json.dumps(data.to_json_dict())) == with_note


def test_an_earlier_export_is_replaced_only_with_force(worker, request_of_export, tmp_path):
    request = {**request_of_export, "formats": ["seg-nrrd"]}
    path = worker.ask("export", **request)["files"]["seg-nrrd"]
    assert path == str(tmp_path / "out" / "segmentation.seg.nrrd")
    before = (tmp_path / "out" / "segmentation.seg.nrrd").read_bytes()
    error = worker.ask("export", **{**request, "segments": request["segments"][:1]})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert "already holds" in error["message"]
    assert (tmp_path / "out" / "segmentation.seg.nrrd").read_bytes() == before
    assert worker.ask("export", **{**request, "segments": request["segments"][:1], "force": True})["event"] == "result"
    assert (tmp_path / "out" / "segmentation.seg.nrrd").read_bytes() != before


def test_a_second_export_is_the_next_instance_of_the_series(worker, request_of_export, masks, tmp_path):
    request = {**request_of_export, "formats": ["dicom-seg"]}
    first = read_dicom_seg(worker.ask("export", **request)["files"]["dicom-seg"])
    path = tmp_path / "out" / "segmentation.dcm"
    revision = {"previous": str(path), "output": str(tmp_path / "second"), "editor": "Jane Doe", "instance_number": 4}
    error = worker.ask("export", **{**request, **revision})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert error["message"] == "The outlines are the same as before, so there is nothing to write."
    np.save(tmp_path / "left.npy", ~masks["left"])
    second = read_dicom_seg(worker.ask("export", **{**request, **revision})["files"]["dicom-seg"])
    assert (second.series_instance_uid, second.instance_number) == (first.series_instance_uid, 4)
    assert second.previous.sop_instance_uid == first.sop_instance_uid
    assert second.creator == "Jane Doe"
    np.testing.assert_array_equal(second.segments[0].mask, masks["right"])
    np.testing.assert_array_equal(second.segments[1].mask, ~masks["left"])
    assert [segment.tracking_uid for segment in second.segments] == [
        segment.tracking_uid for segment in first.segments
    ]
    path.write_bytes(b"damaged")
    error = worker.ask("export", **{**request, **revision, "output": str(tmp_path / "third")})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert files_in(tmp_path / "third") == []


def test_a_dicom_seg_that_fails_costs_no_other_file(worker, request_of_export, tmp_path):
    (tmp_path / "damaged.dcm").write_bytes(b"damaged")
    request = {**request_of_export, "previous": str(tmp_path / "damaged.dcm"), "editor": "Jane Doe"}
    answer = worker.ask("export", **request)
    assert answer["event"] == "result"
    assert set(answer["files"]) == {"seg-nrrd", "picture"}
    assert list(answer["missing"]) == ["dicom-seg"]
    assert "not a DICOM" in answer["missing"]["dicom-seg"]
    assert files_in(tmp_path / "out") == ["overlay.png", "segmentation.seg.nrrd"]
    error = worker.ask("export", **{**request, "formats": ["dicom-seg"], "output": str(tmp_path / "second")})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert files_in(tmp_path / "second") == []


def test_empty_segments_give_a_picture_but_no_dicom_seg(worker, request_of_export, tmp_path):
    request = {**request_of_export, "segments": request_of_export["segments"][2:]}
    error = worker.ask("export", **request)
    assert (error["event"], error["kind"]) == ("error", "user")
    assert "Nothing is outlined" in error["message"]
    assert files_in(tmp_path / "out") == []
    assert worker.ask("export", **{**request, "formats": ["picture", "seg-nrrd"]})["event"] == "result"


@pytest.mark.parametrize("kinds", [[], ["effusion"], ["lesion drawn by hand"]])
def test_the_picture_explains_the_note_as_the_prompt_understood_it(request_of_export, kinds, monkeypatch):
    """Also if nothing is outlined, or if somebody has added a segment of another kind."""
    shown = []

    def write(result, path):
        shown.append(result)
        path.touch()

    monkeypatch.setattr("CausalCLIPSegLib.export.write_overlay", write)
    first = request_of_export["segments"][0]
    request = {
        **request_of_export,
        "id": "a",
        "request": "export",
        "note": "Right basal effusion. Pneumonia on the left.",
        "prompt": "Unilateral pleural effusion, one area, lower left lung.",
        "formats": ["picture"],
        "segments": [{**first, "kind": kind} for kind in kinds],
    }
    export(ExportRequest.model_validate(request), lambda *_: None)
    (result,) = shown
    assert (result.expression.finding, result.expression.sides) == ("effusion", ("right",))


def test_an_image_without_a_dicom_header_gives_no_dicom_seg(worker, request_of_export, values, tmp_path):
    affine = np.eye(4).tolist()
    np.save(tmp_path / "small.npy", np.eye(90, 120, dtype=bool))
    segment = {**request_of_export["segments"][0], "mask": str(tmp_path / "small.npy")}
    image = {"kind": "array", "path": str(values), "affine": affine}
    request = {**request_of_export, "image": image, "segments": [segment]}
    error = worker.ask("export", **request)
    assert (error["event"], error["kind"]) == ("error", "user")
    assert "DICOM" in error["message"]
    answer = worker.ask("export", **{**request, "formats": ["seg-nrrd"]})
    read = slicerio.read_segmentation(answer["files"]["seg-nrrd"])
    np.testing.assert_array_equal(slicerio.segment_mask(read, "r")[:, :, 0].T != 0, np.eye(90, 120, dtype=bool))


def test_rejects_a_mask_of_another_size(worker, request_of_export, tmp_path):
    np.save(tmp_path / "right.npy", np.ones((10, 10), bool))
    error = worker.ask("export", **request_of_export)
    assert error["kind"] == "user"
    assert "another radiograph" in error["message"]
    assert files_in(tmp_path / "out") == []


def test_exports_a_corrected_result(worker, tiny_checkpoint_to_read, request_of_export, tmp_path):
    """Segment, correct a pixel, export with the provenance of the result."""
    result = worker.ask(
        "segment",
        image=request_of_export["image"],
        note=NOTE,
        checkpoint=str(tiny_checkpoint_to_read),
        device="cpu",
        threshold=0.3,
        output=str(tmp_path / "result"),
    )
    assert result["segments"], "the network of the tests segments something"
    segments = []
    for segment in result["segments"]:
        mask = np.load(segment["mask"])
        mask[0, 0] = not mask[0, 0]
        np.save(segment["mask"], mask)
        fields = {key: segment[key] for key in ("id", "name", "kind", "side", "color", "mask")}
        segments.append({**fields, "corrected": True})
    answer = worker.ask(
        "export",
        image=request_of_export["image"],
        segments=segments,
        formats=["dicom-seg", "picture"],
        output=str(tmp_path / "out"),
        note=NOTE,
        prompt=result["understood"]["prompt"],
        prompt_laterality=result["understood"]["prompt_laterality"],
        threshold=result["threshold"],
        provenance=result["provenance"],
        probability=result["probability"],
    )
    assert answer["event"] == "result", answer
    seg = highdicom.seg.segread(answer["files"]["dicom-seg"])
    pixels = seg.get_pixels_by_source_instance([result["sop_instance_uid"]])[0]
    for number, segment in enumerate(segments):
        np.testing.assert_array_equal(pixels[..., number] != 0, np.load(segment["mask"]))


def test_rejects_a_probability_of_another_size(worker, request_of_export, tmp_path):
    np.save(tmp_path / "probability.npy", np.ones((10, 10), np.float32))
    request = {**request_of_export, "formats": ["picture"], "probability": str(tmp_path / "probability.npy")}
    error = worker.ask("export", **request)
    assert error["kind"] == "user"
    assert "another radiograph" in error["message"]
    assert files_in(tmp_path / "out") == []
