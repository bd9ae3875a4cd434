"""The worker as another program meets it: a process, lines in, lines out."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.worker.protocol import MAX_LINE_BYTES, PROTOCOL, SegmentResult

FILM = str(get_testdata_file("RG1_UNCR.dcm", download=False))


def files(folder) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir()) if Path(folder).exists() else []


def wait_until_held(worker, identifier):
    worker.wait_for(id=identifier, event="progress", phase="Searching the radiograph")


# -- at once ----------------------------------------------------------------------------------------------------------


def test_notes_are_read_before_the_libraries_are_loaded(start_worker):
    worker = start_worker()
    ready = worker.next()
    assert (ready["event"], ready["protocol"], ready["id"]) == ("ready", PROTOCOL, None)
    identifier = worker.send("note", text="Konsolidierung rechts, größer als zuvor 🫁 RLL pneumonia.")
    answer = worker.wait_for(id=identifier)
    loading = [event for event in worker.events if event["event"] == "progress"]
    assert [event["fraction"] for event in loading] == [0]
    assert answer["understood"]["sides"] == ["right"]
    # closing standard input in the middle of loading ends it
    assert worker.leave() == 0
    assert worker.log.read_text() == ""


def test_hello_tells_what_is_there(worker):
    before = worker.ask("hello")
    assert before["version"]
    assert before["checkpoints"][0]["name"] == "causalclipseg-lite0"
    assert {"seg-nrrd", "picture", "dicom-seg"} == set(before["formats"])
    assert before["libraries"] in {"loading", "loaded"}


@pytest.mark.parametrize("mirrored", [None, False, True])
def test_a_note_is_told_for_both_sides(worker, mirrored):
    answer = worker.ask("note", text="RLL pneumonia. No effusion.", mirrored=mirrored)["understood"]
    assert answer["sides"] == ["right"]
    assert answer["sides_viewer"] == ["right" if mirrored else "left"]
    assert answer["zones"] == {"right": ["lower"]}
    assert answer["prompt"] == "Unilateral pulmonary infection, one infected area, lower left lung."
    assert answer["prompt_laterality"] == "viewer"
    assert "patient's right lung" in answer["summary"]
    assert answer["ignored"]
    assert answer["findings"][0]["kind"] == "pneumonia"


def test_a_note_of_the_viewer_is_turned(worker):
    assert worker.ask("note", text="Left opacity.", laterality="viewer")["understood"]["sides"] == ["right"]


def test_a_note_without_a_finding_is_understood_as_nothing(worker):
    answer = worker.ask("note", text="Lungs are clear.")["understood"]
    assert answer["sides"] == []
    assert answer["prompt"] is None


def test_a_note_that_contradicts_itself_gives_a_question_and_a_choice_answers_it(worker, request_of):
    note = "FINDINGS: Right lower lobe consolidation. IMPRESSION: Left lower lobe consolidation."
    (question,) = worker.ask("note", text=note)["understood"]["questions"]
    error = worker.ask("segment", **{**request_of, "note": note})
    assert (error["kind"], error["message"]) == ("side", question)
    chosen = worker.ask("note", text=note, side="left")["understood"]
    assert (chosen["sides"], chosen["questions"]) == (["left"], [])
    assert worker.ask("segment", **{**request_of, "note": note, "side": "left"})["understood"]["sides"] == ["left"]


@pytest.mark.parametrize(("text", "words"), [("", "empty"), ("x" * 50_000, "too long"), ("y" * 50_000, "too long")])
def test_a_note_that_is_none_is_a_users_mistake(worker, text, words):
    error = worker.ask("note", text=text)
    assert error["event"] == "error"
    assert error["kind"] == "user"
    assert words in error["message"] or "long" in error["message"]


# -- lines ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "identifier", "words"),
    [
        (b"hello", None, "JSON"),
        (b"\xff\xfe{", None, "JSON"),
        (b"[]", None, "not understood"),
        (b'{"id": "a"}', "a", "not understood"),
        (b'{"id": "a", "request": "dance"}', "a", "not understood"),
        (b'{"id": 7, "request": "hello"}', None, "string"),
        (b'{"id": "", "request": "hello"}', None, "at least 1"),
        (b'{"id": "a", "request": "note"}', "a", "note.text"),
        (b'{"id": "a", "request": "note", "text": "b", "txet": "c"}', "a", "txet"),
        (b'{"id": "a", "request": "note", "text": "\\ud800"}', "a", "JSON"),
        (
            b'{"id": "a", "request": "segment", "image": {"kind": "file", "path": "b.dcm"}, "note": "c"}',
            "a",
            "absolute",
        ),
        (
            b'{"id": "a", "request": "threshold", "probability": "/b", "threshold": 1.5, "output": "/c"}',
            "a",
            "less than",
        ),
        (b'{"id": "a", "request": "threshold", "probability": "/b", "threshold": NaN, "output": "/c"}', "a", "finite"),
        (b"[" * 100_000, None, "JSON"),
    ],
)
def test_a_bad_line_is_an_error_and_the_next_one_is_answered(worker, line, identifier, words):
    worker.write(line + b"\n")
    error = worker.wait_for(event="error")
    assert (error["kind"], error["id"]) == ("request", identifier)
    assert words in error["message"]
    assert "\n" not in error["message"]
    assert worker.ask("hello")["event"] == "result"


def test_what_is_said_in_a_bad_line_is_not_repeated(worker):
    worker.write(b'{"id": "a", "request": "note", "text": ["Jane Doe has pneumonia"]}\n')
    assert "Jane" not in worker.wait_for(event="error")["message"]
    assert "Jane" not in worker.log.read_text()


def test_a_huge_line_is_refused_and_the_next_one_is_answered(worker):
    worker.write(b'{"id": "a", "request": "note", "text": "' + b"x" * (3 * MAX_LINE_BYTES) + b'"}\n')
    error = worker.wait_for(event="error")
    assert (error["kind"], error["id"]) == ("request", None)
    assert str(MAX_LINE_BYTES) in error["message"]
    assert worker.ask("hello")["event"] == "result"


def test_blank_lines_and_those_of_windows_are_fine(worker):
    worker.write(b"\n\r\n   \n" + json.dumps({"id": "w", "request": "hello"}).encode() + b"\r\n")
    assert worker.next()["id"] == "w"


# -- segment ----------------------------------------------------------------------------------------------------------


def test_a_film_that_is_no_file_is_outlined(worker, request_of, tmp_path):
    identifier = worker.send("segment", **request_of)
    result = worker.end_of(identifier)
    SegmentResult.model_validate(result)
    fractions = [event["fraction"] for event in worker.about(identifier) if event["event"] == "progress"]
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
    parts = split_by_side(probability >= 0.3)
    assert {segment["side"] for segment in result["segments"]} == {side for side in parts if parts[side].any()}
    for segment in result["segments"]:
        mask = np.load(segment["mask"])
        np.testing.assert_array_equal(mask, parts[segment["side"]])
        assert segment["area_mm2"] == pytest.approx(mask.sum() * 0.25 * 0.5)
        assert segment["area_fraction"] == pytest.approx(mask.mean())
        assert segment["terminology"]["region_modifier"]["meaning"].lower() == segment["side"]
        assert segment["side_viewer"] != segment["side"]
    kinds = {possible["side"]: possible["kind"] for possible in result["possible"]}
    assert kinds == {"right": "consolidation", "left": "infection"}
    assert files(tmp_path / "out") == sorted(
        ["probability.npy", "causal_attention.npy", "confounder_attention.npy"]
        + [Path(segment["mask"]).name for segment in result["segments"]]
    )


def test_two_runs_in_a_row_are_the_same_and_the_checkpoint_is_kept(worker, request_of, tmp_path):
    first, second = (
        worker.ask("segment", **{**request_of, "output": str(tmp_path / name)}) for name in ("first", "second")
    )
    np.testing.assert_array_equal(np.load(first["probability"]), np.load(second["probability"]))
    assert first["probability"] != second["probability"]


def test_requests_wait_their_turn(worker, request_of, tmp_path, hold):
    (hold / "hold").touch()
    first = worker.send("segment", **request_of)
    second = worker.send("segment", **{**request_of, "note": "Left opacity.", "output": str(tmp_path / "second")})
    wait_until_held(worker, first)
    (hold / "hold").unlink()
    assert worker.end_of(first)["understood"]["sides"] == ["right"]
    assert worker.end_of(second)["understood"]["sides"] == ["left"]


def test_a_note_is_answered_in_the_middle_of_a_run(worker, request_of, hold):
    (hold / "hold").touch()
    running = worker.send("segment", **request_of)
    wait_until_held(worker, running)
    assert worker.ask("note", text="RLL pneumonia.")["event"] == "result"
    assert worker.ask("hello")["libraries"] == "loaded"
    (hold / "hold").unlink()
    assert worker.end_of(running)["event"] == "result"


def test_a_cancelled_run_gives_no_result_and_no_file(worker, request_of, tmp_path, hold):
    (hold / "hold").touch()
    running = worker.send("segment", **request_of)
    wait_until_held(worker, running)
    assert worker.ask("cancel", target=running)["found"] is True
    (hold / "hold").unlink()
    assert worker.end_of(running)["event"] == "cancelled"
    assert files(tmp_path / "out") == []
    assert worker.ask("segment", **request_of)["event"] == "result"


def test_a_request_that_waits_is_cancelled_at_once(worker, request_of, tmp_path, hold):
    (hold / "hold").touch()
    running = worker.send("segment", **request_of)
    wait_until_held(worker, running)
    waiting = worker.send("segment", **{**request_of, "output": str(tmp_path / "waiting")})
    worker.send("cancel", target=waiting)
    assert worker.end_of(waiting)["event"] == "cancelled"  # while the first one is still held
    (hold / "hold").unlink()
    assert worker.end_of(running)["event"] == "result"
    assert files(tmp_path / "waiting") == []


@pytest.mark.parametrize("target", ["never", "segment-1"])
def test_nothing_to_cancel_is_told(worker, target):
    answer = worker.ask("cancel", target=target)
    assert (answer["event"], answer["found"]) == ("result", False)


def test_an_id_in_use_is_refused_and_the_first_one_goes_on(worker, request_of, hold):
    (hold / "hold").touch()
    running = worker.send("segment", **request_of)
    wait_until_held(worker, running)
    worker.write(json.dumps({**request_of, "request": "segment", "id": running}).encode() + b"\n")
    error = worker.wait_for(event="error")
    assert (error["id"], error["kind"]) == (None, "request")
    (hold / "hold").unlink()
    assert worker.end_of(running)["event"] == "result"


def test_too_little_memory_on_the_gpu_is_a_warning_and_a_result(worker, request_of, hold):
    (hold / "memory").touch()
    identifier = worker.send("segment", **request_of)
    assert worker.end_of(identifier)["event"] == "result"
    (warning,) = [event for event in worker.about(identifier) if event["event"] == "warning"]
    assert "CPU instead" in warning["message"]
    (hold / "memory").touch()  # and again, since Python tells a warning once
    identifier = worker.send("segment", **request_of)
    worker.end_of(identifier)
    assert [event["event"] for event in worker.about(identifier)].count("warning") == 1


def test_what_libraries_print_stays_out_of_the_protocol(worker, request_of, hold):
    (hold / "noise").touch()
    assert worker.ask("segment", **request_of)["event"] == "result"  # every line is checked to be an event
    assert "noise by print" in worker.log.read_text()
    assert "noise by file descriptor" in worker.log.read_text()


def test_what_nobody_expected_is_one_sentence_and_names_nobody(worker, request_of, hold):
    (hold / "boom").touch()
    error = worker.ask("segment", **request_of)
    assert (error["event"], error["kind"]) == ("error", "unexpected")
    assert "RuntimeError" in error["message"]
    assert "patient's name" not in error["message"] + worker.log.read_text()
    (hold / "boom").unlink()
    assert worker.ask("segment", **request_of)["event"] == "result"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"image": {"kind": "file", "path": "/nowhere/film.dcm"}}, "no such file"),
        ({"note": "No focal consolidation."}, "no finding"),
        ({"checkpoint": "none"}, "no checkpoint"),
        ({"side": "left"}, "left lung"),
        ({"language": "xx"}, "lexicon"),
        ({"output": "/dev/null/out"}, "cannot be written"),
    ],
)
def test_a_users_mistake_is_one_sentence(worker, request_of, change, words, tmp_path):
    error = worker.ask("segment", **{**request_of, **change})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert words in error["message"]
    assert "\n" not in error["message"]
    assert files(tmp_path / "out") == []


def test_a_gpu_that_is_not_there_is_a_users_mistake(worker, request_of):
    assert worker.ask("segment", **request_of)["event"] == "result"  # so the libraries are loaded
    if "cuda" in worker.ask("hello")["devices"]:
        pytest.skip("there is a GPU here")
    error = worker.ask("segment", **{**request_of, "device": "cuda"})
    assert (error["event"], error["kind"]) == ("error", "user")
    assert "No CUDA GPU" in error["message"]


def test_a_film_that_says_it_is_mirrored_is_asked_about(worker, request_of, tmp_path, mirrored_dicom):
    image = {**request_of["image"], "header": str(mirrored_dicom)}
    error = worker.ask("segment", **{**request_of, "image": image})
    assert (error["event"], error["kind"]) == ("error", "mirrored")
    result = worker.ask("segment", **{**request_of, "image": image, "mirrored": True})
    assert result["mirrored"] is True
    assert result["understood"]["sides_viewer"] == ["right"]
    assert result["sop_instance_uid"] is None  # other pixels than those of the instance
    assert worker.ask("segment", **{**request_of, "image": image, "mirrored": False})["mirrored"] is False


# -- threshold --------------------------------------------------------------------------------------------------------


def test_another_threshold_parts_the_stored_map(worker, request_of, tmp_path):
    result = worker.ask("segment", **request_of)
    answer = worker.ask(
        "threshold",
        probability=result["probability"],
        threshold=0.45,
        spacing=[0.25, 0.5],
        mirrored=True,
        output=str(tmp_path / "again"),
    )
    parts = split_by_side(np.load(result["probability"]) >= 0.45, mirrored=True)
    assert [mask["side"] for mask in answer["masks"]] == ["right", "left"]
    for mask in answer["masks"]:
        np.testing.assert_array_equal(np.load(mask["mask"]), parts[mask["side"]])
        assert mask["area_mm2"] == pytest.approx(parts[mask["side"]].sum() * 0.125)


def test_a_map_that_is_none_is_refused(worker, values, tmp_path):
    for path in (values, tmp_path / "missing.npy", Path(FILM)):
        error = worker.ask("threshold", probability=str(path), threshold=0.5, output=str(tmp_path / "out"))
        assert (error["event"], error["kind"]) == ("error", "user")
    assert files(tmp_path / "out") == []


# -- the end ----------------------------------------------------------------------------------------------------------


def test_shutdown_is_answered_and_ends_the_process(start_worker):
    worker = start_worker()
    answer = worker.ask("shutdown")
    assert (answer["event"], answer["request"]) == ("result", "shutdown")
    assert worker.next() is None
    assert worker.process.wait(180) == 0


def test_shutdown_in_the_middle_of_a_run_ends_it_without_a_file(start_worker, request_of, tmp_path):
    worker = start_worker()
    running = worker.send("segment", **request_of)
    worker.wait_for(id=running, event="progress")
    assert worker.ask("shutdown")["event"] == "result"
    assert worker.process.wait(180) == 0
    assert files(tmp_path / "out") == []


def test_the_embedded_checkpoint_on_a_real_film_then_closed_in_the_middle_of_a_run(start_worker, tmp_path):
    """As Slicer does it, with the command as it is; then Slicer goes away in the middle of the next run."""
    from CausalCLIPSegLib.radiograph import read_radiograph
    from CausalCLIPSegLib.segmenter import Segmenter

    note = "Rounded opacities in the right middle and lower zones and in the left lower zone."
    worker = start_worker()
    request = {"image": {"kind": "file", "path": FILM}, "note": note, "device": "cpu"}
    result = worker.ask("segment", **request, output=str(tmp_path / "out"))
    assert result["event"] == "result", result
    expected = Segmenter.from_checkpoint("default", "cpu").segment(read_radiograph(FILM), note)
    probability = np.load(result["probability"])
    np.testing.assert_allclose(probability, expected.probability, atol=1e-4)
    assert result["understood"]["prompt"] == expected.prompt
    assert result["threshold"] == expected.threshold
    assert [segment["id"] for segment in result["segments"]] == [each.identifier for each in expected.segments]
    assert result["sop_instance_uid"] == expected.radiograph.header.SOPInstanceUID
    assert result["area_mm2"] is None

    second = worker.send("segment", **request, output=str(tmp_path / "second"))
    worker.wait_for(id=second, phase="Searching the radiograph")
    assert worker.leave() == 0
    assert files(tmp_path / "second") in ([], files(tmp_path / "out"))  # nothing, or all of it
    assert worker.log.read_text() == ""


def test_verbose_tells_where_it_went_wrong_and_nothing_of_the_patient(
    start_worker, tmp_path, request_of, hold_of_its_own
):
    worker = start_worker("--verbose", script="held_worker.py", HOLD=str(hold_of_its_own))
    (hold_of_its_own / "boom").touch()
    error = worker.ask("segment", **request_of)
    assert error["kind"] == "unexpected"
    worker.leave()
    log = worker.log.read_text()
    assert "RuntimeError" in log
    assert "held_worker.py" in log  # the file of the line that raised
    assert "a patient's name" not in log


@pytest.fixture
def hold_of_its_own(tmp_path):
    folder = tmp_path / "hold"
    folder.mkdir()
    return folder


@pytest.fixture
def mirrored_dicom(tmp_path):
    import pydicom

    dataset = pydicom.dcmread(FILM)
    dataset.PatientOrientation = ["R", "F"]
    dataset.save_as(tmp_path / "mirrored.dcm")
    return tmp_path / "mirrored.dcm"


def test_options_that_are_none_are_told(start_worker):
    worker = start_worker("--colour")
    assert worker.next() is None
    assert worker.process.wait(180) == 2
    assert "--colour" in worker.log.read_text()
    assert os.linesep in worker.log.read_text()


def test_an_asker_that_reads_nothing_more_does_not_keep_it_alive(tmp_path):
    """Its answers fill the pipe many times over; then standard input closes."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        for number in range(300):
            request = {"id": str(number), "request": "note", "text": "RLL pneumonia."}
            worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.close()
        assert worker.wait(180) == 0
    finally:
        worker.kill()
        worker.stdout.close()
