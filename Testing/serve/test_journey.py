"""From a radiograph to its files, over HTTP; the result is that of the library."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest
from pydicom import dcmread

from CausalCLIPSegLib import Segmenter, read_radiograph
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.segmentation.nrrd_reader import read_segments
from CausalCLIPSegLib.serve.radiographs import OpenRadiograph
from CausalCLIPSegLib.serve.segments import save_mask, segments_of

NOTE = "Consolidation in the right lower zone."
LOW = 0.01
"""A threshold that every pixel reaches with any weights."""


@pytest.fixture
def run(server, opened):
    """The path of a run that is done, on a DICOM radiograph of 48 rows x 40 columns; both lungs are segmented."""
    path = server.start_run(opened, NOTE, threshold=LOW)
    assert server.wait(path)["state"] == "done"
    return path


def _octets(server, path):
    return np.frombuffer(server.ask("GET", path).content, np.uint8).reshape(48, 40)


def _put(server, run, segment, mask, **options):
    headers = {"Content-Type": "application/octet-stream"} | options.pop("headers", {})
    data = options.pop("data", mask.astype(np.uint8).tobytes())
    return server.ask("PUT", f"{run}/masks/{segment}", data=data, headers=headers, **options)


def test_pixels_maps_and_masks_are_those_of_the_library(server, opened, dx_image, tmp_path, tiny_checkpoint_to_read):
    file = tmp_path / "image.dcm"
    file.write_bytes(dx_image)
    radiograph = read_radiograph(file)
    result = Segmenter.from_checkpoint(tiny_checkpoint_to_read, "cpu").segment(radiograph, NOTE)
    run = server.start_run(opened, NOTE)
    document = server.wait(run)
    pixels = np.frombuffer(server.ask("GET", f"{opened}/radiograph/pixels").content, "<u2").reshape(48, 40)
    np.testing.assert_allclose(pixels / 65535, radiograph.pixels, atol=1 / 65535)
    assert document["maps"][0]["name"] == "probability"
    probability = _octets(server, f"{run}/maps/probability")
    np.testing.assert_allclose(probability / 255, result.probability, atol=0.51 / 255)
    assert [each["id"] for each in document["segments"] if not each["candidate"]] == [
        segment.identifier for segment in result.segments
    ]
    for segment in (*result.segments, *(candidate.segment for candidate in result.candidates)):
        np.testing.assert_array_equal(_octets(server, f"{run}/masks/{segment.identifier}"), segment.mask)
    assert document["result"]["threshold"] == result.threshold
    assert document["result"]["area_fraction"] == pytest.approx(float(result.mask.mean()))


def test_a_note_is_answered_as_the_worker_answers(server):
    answer = server.ask("POST", "notes", json={"note": "RLL pneumonia. No effusion."})
    assert (answer.json["sides"], answer.json["sides_viewer"]) == (["right"], ["left"])
    mirrored = server.ask("POST", "notes", json={"note": "RLL pneumonia.", "mirrored": True})
    assert mirrored.json["sides_viewer"] == ["right"]


def test_events_lead_from_the_queue_to_the_end(server, opened):
    run = server.start_run(opened)
    text = server.ask("GET", f"{run}/events").content.decode()
    events = [
        (block.split("\n")[0].removeprefix("event: "), json.loads(block.split("\n")[1].removeprefix("data: ")))
        for block in text.strip().split("\n\n")
    ]
    names = [name for name, _ in events]
    fractions = [data["fraction"] for name, data in events if name == "progress"]
    assert (names[0], names[-1], set(names)) == ("queued", "done", {"queued", "progress", "done"})
    assert fractions == sorted(fractions)
    assert server.ask("GET", f"{run}/events").content.decode() == text, "a client that connects later gets them, too"


def test_every_file_can_be_read_back(server, run, tmp_path):
    for name in ("segmentation.dcm", "segmentation.seg.nrrd", "overlay.png", "result.json"):
        answer = server.ask("GET", f"{run}/export/{name}")
        assert answer.status == 200
        (tmp_path / name).write_bytes(answer.content)
    masks = {
        each["id"]: _octets(server, f"{run}/masks/{each['id']}") for each in server.ask("GET", run).json["segments"]
    }
    dicom = read_dicom_seg(tmp_path / "segmentation.dcm")
    nrrd = read_segments(tmp_path / "segmentation.seg.nrrd", (48, 40))
    for written in (dicom.segments, nrrd):
        for segment, mask in zip(written, masks.values(), strict=True):
            np.testing.assert_array_equal(segment.mask, mask)
    report = json.loads((tmp_path / "result.json").read_bytes())
    assert report == server.ask("GET", run).json["result"]
    assert report["source"]["sop_instance_uid"] == "2.25.102"


def test_a_correction_is_the_next_object_of_the_series(server, run, tmp_path):
    def exported():
        (tmp_path / "seg.dcm").write_bytes(server.ask("GET", f"{run}/export/segmentation.dcm").content)
        return read_dicom_seg(tmp_path / "seg.dcm")

    first = exported()
    mask = np.zeros((48, 40))
    mask[10:20, 5:15] = 1
    assert _put(server, run, "infection_right", mask).status == 204
    second = exported()
    assert (first.instance_number, second.instance_number) == (1, 2)
    assert second.series_instance_uid == first.series_instance_uid
    assert second.previous.sop_instance_uid == first.sop_instance_uid
    assert [each.algorithm_type for each in second.segments] == ["SEMIAUTOMATIC", "AUTOMATIC"]
    assert exported().sop_instance_uid == second.sop_instance_uid, "nothing changed, so there is no new object"
    np.testing.assert_array_equal(second.segments[0].mask, mask)


def test_a_correction_before_the_first_export_follows_the_object_of_the_network(server, run):
    _put(server, run, "infection_right", np.eye(48, 40))
    content = server.ask("GET", f"{run}/export/segmentation.dcm").content
    assert dcmread(io.BytesIO(content)).InstanceNumber == 2


@pytest.mark.parametrize("corrected", [True, False])
def test_a_threshold_that_a_person_moves_is_no_correction(server, run, corrected):
    mask = np.zeros((48, 40))
    mask[:5] = 1
    _put(server, run, "infection_right", mask, params={"corrected": corrected, "threshold": 0.7})
    document = server.ask("GET", run).json
    assert document["segments"][0]["corrected"] is corrected
    assert document["threshold"] == document["result"]["threshold"] == 0.7
    assert document["segments"][0]["area_fraction"] == pytest.approx(5 / 48)
    assert document["segments"][0]["area_cm2"] == pytest.approx(5 * 40 * 0.2 * 0.15 / 100)


def test_the_mask_of_the_network_sent_back_is_no_correction(server, run):
    mask = _octets(server, f"{run}/masks/infection_left")
    packed = gzip.compress(mask.tobytes())
    assert _put(server, run, "infection_left", mask, data=packed, headers={"Content-Encoding": "gzip"}).status == 204
    assert not server.ask("GET", run).json["segments"][1]["corrected"]


def test_strokes_leave_no_heap_of_masks(server, run):
    folder = server.server.root.folder
    for size in range(1, 8):
        mask = np.zeros((48, 40))
        mask[:size] = 1
        _put(server, run, "infection_right", mask)
        np.testing.assert_array_equal(_octets(server, f"{run}/masks/infection_right"), mask)
    assert len(list(folder.rglob(f"run-{run.rpartition('/')[2]}/file-*.npy"))) == 2


def test_segments_are_left_out_and_drawn(server, run, tmp_path):
    assert server.ask("DELETE", f"{run}/masks/infection_left").status == 204
    added = server.ask("POST", f"{run}/segments", json={"name": "Nodule", "color": [1, 2, 3]}).json
    assert (added["side"], added["exported"]) == (None, False)
    mask = np.zeros((48, 40))
    mask[10:20, 30:38] = 1  # on the viewer's right: the patient's left
    _put(server, run, added["id"], mask)
    listed = {each["id"]: each for each in server.ask("GET", run).json["segments"]}
    assert (listed[added["id"]]["side"], listed["infection_left"]["exported"]) == ("left", False)
    (tmp_path / "seg.dcm").write_bytes(server.ask("GET", f"{run}/export/segmentation.dcm").content)
    segments = read_dicom_seg(tmp_path / "seg.dcm").segments
    assert [(each.label, each.algorithm_type) for each in segments] == [
        ("Consolidation, right lung", "AUTOMATIC"),
        ("Nodule", "MANUAL"),
    ]


def test_a_candidate_is_in_no_file_until_a_person_accepts_it(tmp_path):
    np.save(tmp_path / "mask.npy", np.eye(48, 40, dtype=bool))
    codes = {"area_mm2": None, "area_fraction": 0.02, "components": 1, "mask": str(tmp_path / "mask.npy")}
    names = {"name": "Opacity, left lung", "kind": "infection", "side": "left", "side_viewer": "right"}
    texts = {
        "place": "left lung",
        "zones": [],
        "highest_probability": 0.9,
        "denied": True,
        "sentence": "Look.",
        "texts": {},
    }
    document = {"id": "not_in_note_1", "color": [1, 0, 0], **codes, **names, **texts}
    (candidate,) = segments_of({"segments": [], "not_in_note": [document]}).values()
    assert (candidate.document()["exported"], candidate.document()["statement"]) == (False, "Look.")
    radiograph = OpenRadiograph(tmp_path, "image", 48, 40, None, None, (), None)
    accepted = save_mask(np.eye(48, 40, dtype=np.uint8).tobytes(), candidate, radiograph, tmp_path / "new.npy")
    assert (accepted.document()["exported"], accepted.is_corrected, accepted.export_document()["name"]) == (
        True,
        False,
        "Opacity, left lung",
    )


def test_a_radiograph_that_is_no_dicom_file_has_no_dicom_seg(server, opened_png):
    run = server.start_run(opened_png, threshold=LOW)
    server.wait(run)
    answer = server.ask("GET", f"{run}/export/segmentation.dcm")
    assert answer.status == 422
    assert "DICOM" in answer.json["error"]["message"]


def test_a_mirrored_radiograph_is_asked_about(server, tmp_path):
    from dx_images import make_dx, save_dx

    save_dx(make_dx(PatientOrientation=["R", "F"]), tmp_path / "image.dcm")
    data = (tmp_path / "image.dcm").read_bytes()
    session = server.open_session()
    asked = server.ask("POST", f"{session}/radiograph", files={"file": data})
    assert (asked.status, asked.error) == (409, "radiograph.mirrored")
    for mirrored, left in (("true", "viewer_left"), ("false", "viewer_right")):
        answer = server.ask("POST", f"{session}/radiograph", files={"file": data}, data={"mirrored": mirrored})
        assert answer.json["patient_left"] == left
        assert server.wait(server.start_run(session))["understood"]["sides_viewer"] == [
            "right" if mirrored == "true" else "left"
        ]


def test_a_note_that_contradicts_itself_is_asked_about(server, opened):
    note = "Right lower zone consolidation. Impression: left lower zone consolidation."
    assert server.ask("POST", "notes", json={"note": note}).json["questions"]
    document = server.wait(server.start_run(opened, note))
    assert (document["state"], document["error"]["id"]) == ("failed", "note.side")
    assert server.wait(server.start_run(opened, note, side="left"))["state"] == "done"


def test_a_sentence_of_the_library_has_an_id_for_translations(server, opened):
    document = server.wait(server.start_run(opened, "No finding."))
    assert document["state"] == "failed"
    assert document["error"]["text"]["id"].startswith("note.")
    assert document["error"]["message"].endswith(".")


def test_a_file_below_an_allowed_folder_is_opened_by_its_name(server, allowed, image):
    (allowed / "study").mkdir(exist_ok=True)
    (allowed / "study" / "image.png").write_bytes(image)
    session = server.open_session()
    answer = server.ask("POST", f"{session}/radiograph", json={"path": "study/image.png"})
    assert (answer.json["name"], answer.json["rows"], answer.json["columns"]) == ("image.png", 90, 120)
