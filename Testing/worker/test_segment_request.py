"""The request "segment": results, queue, cancellation and errors."""

import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from CausalCLIPSegLib import maps
from CausalCLIPSegLib.demo import DEMO_IMAGE
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.model.card import read_card, write_card
from CausalCLIPSegLib.model.place_calibration import PlaceCalibration
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.segmenter import Segmenter
from CausalCLIPSegLib.worker.protocol import SegmentResult

IMAGE = str(get_testdata_file(DEMO_IMAGE, download=False))


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_segments_an_array(worker, segment_request, tmp_path):
    identifier = worker.send("segment", **segment_request)
    result = worker.end_of(identifier)
    SegmentResult.model_validate(result)
    fractions = [event["fraction"] for event in worker.events_about(identifier) if event["event"] == "progress"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert (result["rows"], result["columns"]) == (90, 120)
    assert result["mirrored"] is None
    assert result["provenance"]["checkpoint"]["name"] == "tiny"
    assert result["provenance"]["device"] == "cpu"
    probability = np.load(result["probability"])
    assert (probability.dtype, probability.shape) == (np.float32, (90, 120))
    causal, confounder = np.load(result["causal_attention"]), np.load(result["confounder_attention"])
    assert causal.dtype == np.float16
    np.testing.assert_allclose(causal.astype(float) + confounder.astype(float), 1, atol=2e-3)
    masks = split_by_side(probability >= 0.3)
    assert {segment["side"] for segment in result["segments"]} == {side for side in masks if masks[side].any()}
    for segment in result["segments"]:
        mask = np.load(segment["mask"])
        np.testing.assert_array_equal(mask, masks[segment["side"]])
        assert segment["area_mm2"] == pytest.approx(mask.sum() * 0.25 * 0.5)
        assert segment["area_fraction"] == pytest.approx(mask.mean())
        assert segment["terminology"]["region_modifier"]["meaning"].lower() == segment["side"]
        assert segment["side_viewer"] != segment["side"]
    kinds = {possible["side"]: possible["kind"] for possible in result["possible"]}
    assert kinds == {"right": "consolidation", "left": "infection"}
    assert files(tmp_path / "out") == sorted(
        ["probability.npy", "causal_attention.npy", "confounder_attention.npy"]
        + [Path(segment["mask"]).name for segment in (*result["segments"], *result["not_in_note"])]
    )


def test_answers_with_a_list_of_named_maps_and_the_weights_of_words(
    worker, segment_request, tmp_path, checkpoint_of_each_architecture
):
    result = worker.ask("segment", **{**segment_request, "checkpoint": str(checkpoint_of_each_architecture)})
    expected = Segmenter.from_checkpoint(checkpoint_of_each_architecture, "cpu").card.network.architecture
    names = [each["name"] for each in result["maps"]]
    if expected == "causalclipseg":
        assert names == ["probability", "causal_attention", "confounder_attention"]
        assert result["words"] == []
    else:
        assert names == ["probability", "patches_of_interest"]
        words = {each["word"] for each in result["words"]}
        assert {"infection", "left", "lower"} <= words, "the prompt has the viewer's left"
        weighted = {each["text"]: each["words"] for each in result["heard"] if each["in_note"] and each["weight"]}
        assert weighted["right"] == ["unilateral", "left"], "the note has the patient's right"
        total = sum(each["weight"] for each in result["words"])
        assert sum(each["weight"] or 0 for each in result["heard"]) == pytest.approx(total)
    assert bool(result["heard"]) is bool(result["words"])
    for each in result["maps"]:
        assert (each["title"], each["worth"]) == maps.KNOWN[each["name"]]
        assert each["texts"]["title"]["id"] == f"map.{each['name']}"
        assert each["texts"]["worth"]["id"] == f"worth.{each['name']}"
        values = np.load(each["file"])
        assert values.shape == (90, 120)
        assert each["low"] - 1e-2 <= values.min() <= values.max() <= each["high"] + 1e-2
    assert (result["maps"][0]["file"], result["maps"][0]["high"]) == (result["probability"], 1)
    again = worker.ask("segment", **segment_request)
    left = "patches_of_interest.npy" in files(tmp_path / "out")
    assert left is any(each["name"] == "patches_of_interest" for each in again["maps"])


def test_offers_what_the_note_leaves_out_as_segments_that_can_be_exported(
    worker, segment_request, tiny_checkpoint, tmp_path
):
    """The search of this card finds everything, and nothing reaches the threshold of the request."""
    card = read_card(tiny_checkpoint)
    write_card(card.model_copy(update={"places": PlaceCalibration(search_threshold=1e-6)}), tiny_checkpoint)
    request = {**segment_request, "checkpoint": str(tiny_checkpoint), "threshold": 0.999999}
    request["note"] += " Left lung clear."
    result = worker.ask("segment", **request)
    SegmentResult.model_validate(result)
    assert result["segments"] == []
    (place,) = result["places"]
    assert (place["place"], place["present"], place["side_viewer"]) == ("right lower zone", False, "left")
    areas = {area["place"]: area for area in result["not_in_note"]}
    assert sorted(area["side"] for area in areas.values()) == ["left", "right"]
    assert areas["left lung"]["denied"]
    masks = [np.load(area["mask"]) for area in areas.values()]
    assert all(mask.dtype == bool and mask.shape == (90, 120) for mask in masks)
    assert not (masks[0] & masks[1]).any()
    for area, mask in zip(areas.values(), masks, strict=True):
        assert area["area_mm2"] == pytest.approx(mask.sum() * 0.25 * 0.5)
        assert area["terminology"]["region_modifier"]["meaning"].lower() == area["side"]
    segment = {key: areas["left lung"][key] for key in ("id", "name", "kind", "side", "color", "mask")}
    understood = result["understood"]
    exported = worker.ask(
        "export",
        image=request["image"],
        segments=[segment],
        formats=["seg-nrrd"],
        output=str(tmp_path / "export"),
        note=request["note"],
        prompt=understood["prompt"],
        prompt_laterality=understood["prompt_laterality"],
        threshold=request["threshold"],
        provenance=result["provenance"],
    )
    assert exported["event"] == "result", exported

    again = worker.ask("segment", **{**request, "note": "Bilateral opacities."})
    assert again["not_in_note"] == []
    assert not list((tmp_path / "out").glob("mask_not_in_note*")), "files of the earlier result are removed"


def test_segments_a_file_as_the_library_does(start_worker, tmp_path):
    """Uses the embedded checkpoint. Then standard input closes during the next run, as if Slicer had crashed."""
    note = "Rounded opacities in the right middle and lower zones and in the left lower zone."
    worker = start_worker()
    request = {"image": {"kind": "file", "path": IMAGE}, "note": note, "device": "cpu"}
    result = worker.ask("segment", **request, output=str(tmp_path / "first"))
    assert result["event"] == "result", result
    expected = Segmenter.from_checkpoint("default", "cpu").segment(read_radiograph(IMAGE), note)
    np.testing.assert_allclose(np.load(result["probability"]), expected.probability, atol=1e-4)
    assert result["understood"]["prompt"] == expected.prompt
    assert result["threshold"] == expected.threshold
    assert [segment["id"] for segment in result["segments"]] == [each.identifier for each in expected.segments]
    assert result["sop_instance_uid"] == expected.radiograph.header.SOPInstanceUID
    assert result["area_mm2"] is None
    assert [each["sentence"] for each in result["places"]] == [each.sentence for each in expected.places]
    assert [each["sentence"] for each in result["not_in_note"]] == [each.sentence for each in expected.candidates]

    second = worker.send("segment", **request, output=str(tmp_path / "second"))
    worker.wait_until_network_runs(second)
    assert worker.close_input() == 0
    assert files(tmp_path / "second") in ([], files(tmp_path / "first"))  # all files or none
    assert worker.log.read_text() == ""


def test_warnings_do_not_explain_a_missing_dicom_seg(worker, segment_request, tmp_path):
    """Warnings in result.json explain it; the worker explains it only if a DICOM-SEG is exported."""
    dataset = pydicom.dcmread(IMAGE)
    del dataset.SeriesInstanceUID
    dataset.save_as(tmp_path / "image.dcm")
    image = {"kind": "file", "path": str(tmp_path / "image.dcm")}
    warnings = worker.ask("segment", **{**segment_request, "image": image})["warnings"]
    assert not [warning for warning in warnings if "DICOM-SEG" in warning]


def test_repeated_requests_give_equal_results(worker, segment_request, tmp_path):
    first, second = (
        worker.ask("segment", **{**segment_request, "output": str(tmp_path / name)}) for name in ("first", "second")
    )
    np.testing.assert_array_equal(np.load(first["probability"]), np.load(second["probability"]))
    assert first["probability"] != second["probability"]


def test_requests_run_in_the_order_of_arrival(worker, segment_request, tmp_path, control_folder):
    (control_folder / "wait").touch()
    first = worker.send("segment", **segment_request)
    second = worker.send("segment", **{**segment_request, "note": "Left opacity.", "output": str(tmp_path / "second")})
    worker.wait_until_network_runs(first)
    (control_folder / "wait").unlink()
    assert worker.end_of(first)["understood"]["sides"] == ["right"]
    assert worker.end_of(second)["understood"]["sides"] == ["left"]


def test_answers_notes_during_a_run(worker, segment_request, control_folder):
    (control_folder / "wait").touch()
    running = worker.send("segment", **segment_request)
    worker.wait_until_network_runs(running)
    assert worker.ask("note", text="RLL pneumonia.")["event"] == "result"
    assert worker.ask("hello")["libraries"] == "loaded"
    (control_folder / "wait").unlink()
    assert worker.end_of(running)["event"] == "result"


def test_canceled_run_leaves_no_files(worker, segment_request, tmp_path, control_folder):
    (control_folder / "wait").touch()
    running = worker.send("segment", **segment_request)
    worker.wait_until_network_runs(running)
    assert worker.ask("cancel", target=running)["found"] is True
    (control_folder / "wait").unlink()
    assert worker.end_of(running)["event"] == "cancelled"
    assert files(tmp_path / "out") == []
    assert worker.ask("segment", **segment_request)["event"] == "result"


def test_queued_request_is_canceled_at_once(worker, segment_request, tmp_path, control_folder):
    (control_folder / "wait").touch()
    running = worker.send("segment", **segment_request)
    worker.wait_until_network_runs(running)
    queued = worker.send("segment", **{**segment_request, "output": str(tmp_path / "queued")})
    worker.send("cancel", target=queued)
    assert worker.end_of(queued)["event"] == "cancelled"  # while the first request is still waiting
    (control_folder / "wait").unlink()
    assert worker.end_of(running)["event"] == "result"
    assert files(tmp_path / "queued") == []


@pytest.mark.parametrize("target", ["unknown", "segment-1"])
def test_cancel_reports_that_the_request_is_unknown_or_has_ended(worker, target):
    answer = worker.ask("cancel", target=target)
    assert (answer["event"], answer["found"]) == ("result", False)


def test_rejects_an_id_in_use(worker, segment_request, control_folder):
    (control_folder / "wait").touch()
    running = worker.send("segment", **segment_request)
    worker.wait_until_network_runs(running)
    worker.write(json.dumps({**segment_request, "request": "segment", "id": running}).encode() + b"\n")
    error = worker.wait_for(event="error")
    assert (error["id"], error["kind"]) == (None, "request")
    (control_folder / "wait").unlink()
    assert worker.end_of(running)["event"] == "result"


def test_full_gpu_memory_gives_a_warning_each_time(worker, segment_request, control_folder):
    for _ in range(2):  # by default, Python shows a repeated warning only once
        (control_folder / "memory").touch()
        identifier = worker.send("segment", **segment_request)
        assert worker.end_of(identifier)["event"] == "result"
        (warning,) = [event for event in worker.events_about(identifier) if event["event"] == "warning"]
        assert "CPU instead" in warning["message"]


def test_prints_of_libraries_go_to_standard_error(worker, segment_request, control_folder):
    (control_folder / "print").touch()
    assert worker.ask("segment", **segment_request)["event"] == "result"  # `Process` checks every line
    assert "printed by print" in worker.log.read_text()
    assert "printed by file descriptor" in worker.log.read_text()


def test_unexpected_error_is_one_sentence_without_patient_data(worker, segment_request, control_folder):
    (control_folder / "bug").touch()
    error = worker.ask("segment", **segment_request)
    assert (error["event"], error["kind"]) == ("error", "unexpected")
    assert "RuntimeError" in error["message"]
    assert "patient's name" not in error["message"] + worker.log.read_text()
    (control_folder / "bug").unlink()
    assert worker.ask("segment", **segment_request)["event"] == "result"


def test_verbose_logs_code_locations_without_patient_data(start_worker, tmp_path, segment_request):
    (tmp_path / "control").mkdir()
    (tmp_path / "control" / "bug").touch()
    worker = start_worker("--verbose", script="controlled_worker.py", CONTROL_FOLDER=str(tmp_path / "control"))
    error = worker.ask("segment", **segment_request)
    assert error["kind"] == "unexpected"
    worker.close_input()
    log = worker.log.read_text()
    assert "RuntimeError" in log
    assert "controlled_worker.py" in log  # the file of the line that raised
    assert "a patient's name" not in log


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"image": {"kind": "file", "path": "/nowhere/image.dcm"}}, "no such file"),
        ({"note": "No focal consolidation."}, "no finding"),
        ({"checkpoint": "none"}, "no checkpoint"),
        ({"side": "left"}, "left lung"),
        ({"language": "xx"}, "lexicon"),
        ({"output": "/dev/null/out"}, "cannot be written"),
    ],
)
def test_error_of_the_user_is_one_sentence(worker, segment_request, change, expected, tmp_path):
    error = worker.ask("segment", **{**segment_request, **change})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert expected in error["message"]
    assert "\n" not in error["message"]
    assert files(tmp_path / "out") == []


def test_missing_gpu_is_an_error_of_the_user(worker, segment_request):
    assert worker.ask("segment", **segment_request)["event"] == "result"  # loads the libraries
    if "cuda" in worker.ask("hello")["devices"]:
        pytest.skip("this machine has a GPU")
    error = worker.ask("segment", **{**segment_request, "device": "cuda"})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert "No CUDA GPU" in error["message"]


def test_mirrored_header_gives_a_question(worker, segment_request, tmp_path):
    dataset = pydicom.dcmread(IMAGE)
    dataset.PatientOrientation = ["R", "F"]
    dataset.save_as(tmp_path / "mirrored.dcm")
    request = {**segment_request, "image": {**segment_request["image"], "header": str(tmp_path / "mirrored.dcm")}}
    error = worker.ask("segment", **request)
    assert (error["event"], error["kind"]) == ("error", "mirrored")
    result = worker.ask("segment", **request, mirrored=True)
    assert result["mirrored"] is True
    assert result["understood"]["sides_viewer"] == ["right"]
    assert result["sop_instance_uid"] is None  # the pixels are not those of the instance
    assert worker.ask("segment", **request, mirrored=False)["mirrored"] is False
