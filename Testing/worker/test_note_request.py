"""The requests "note" and "hello", which are answered at once, even while the libraries load."""

import os
from pathlib import Path

import pytest

from CausalCLIPSegLib.notes import MAX_NOTE_LENGTH
from CausalCLIPSegLib.worker.jobs.export import FILES
from CausalCLIPSegLib.worker.protocol import PROTOCOL

ROOT = Path(__file__).parents[2]
CONTRADICTION = "FINDINGS: Right lower lobe consolidation. IMPRESSION: Left lower lobe consolidation."


def test_answers_notes_before_the_libraries_are_loaded(start_worker, tmp_path):
    """Loading ONNX Runtime never ends here, so that the test does not depend on the speed of the machine."""
    (tmp_path / "onnxruntime.py").write_text("import threading\nthreading.Event().wait()\n")
    worker = start_worker(PYTHONPATH=os.pathsep.join([str(tmp_path), str(ROOT)]))
    ready = worker.next()
    assert (ready["event"], ready["protocol"], ready["id"]) == ("ready", PROTOCOL, None)
    identifier = worker.send("note", text="Konsolidierung rechts, größenprogredient 🫁 RLL pneumonia.")
    answer = worker.wait_for(id=identifier)
    loading = [event for event in worker.events if event["event"] == "progress"]
    assert [event["fraction"] for event in loading] == [0]
    assert answer["understood"]["sides"] == ["right"]
    assert worker.close_input() == 0  # even while the libraries load
    assert worker.log.read_text() == ""


def test_hello_describes_the_worker(worker):
    answer = worker.ask("hello")
    assert answer["version"]
    assert answer["checkpoints"][0]["name"] == "causalclipseg-lite0"
    assert set(answer["formats"]) == set(FILES)
    assert answer["libraries"] in {"loading", "loaded"}


@pytest.mark.parametrize("mirrored", [None, False, True])
def test_note_names_the_sides_of_patient_and_viewer(worker, mirrored):
    answer = worker.ask("note", text="RLL pneumonia. No effusion.", mirrored=mirrored)["understood"]
    assert answer["sides"] == ["right"]
    assert answer["sides_viewer"] == ["right" if mirrored else "left"]
    assert answer["zones"] == {"right": ["lower"]}
    assert answer["prompt"] == "Unilateral pulmonary infection, lower left lung."
    assert answer["prompt_laterality"] == "viewer"
    assert "patient's right lung" in answer["summary"]
    assert answer["ignored"]
    assert answer["findings"][0]["kind"] == "pneumonia"


def test_laterality_of_the_viewer_swaps_the_sides(worker):
    assert worker.ask("note", text="Left opacity.", laterality="viewer")["understood"]["sides"] == ["right"]


def test_a_note_is_read_for_the_given_findings(worker):
    text = "Left basal effusion."
    assert worker.ask("note", text=text)["understood"]["prompt"] is None
    answer = worker.ask("note", text=text, findings=["infection", "effusion"])["understood"]
    assert answer["prompt"] == "Unilateral pleural effusion, lower right lung."
    for findings in ([], ["headache"]):
        assert worker.ask("note", text=text, findings=findings)["kind"] == "request"


def test_note_without_a_finding_is_not_an_error(worker):
    answer = worker.ask("note", text="Lungs are clear.")["understood"]
    assert answer["sides"] == []
    assert answer["prompt"] is None


def test_contradiction_gives_a_question_and_a_side_answers_it(worker, segment_request):
    (question,) = worker.ask("note", text=CONTRADICTION)["understood"]["questions"]
    request = {**segment_request, "note": CONTRADICTION}
    error = worker.ask("segment", **request)
    assert (error["kind"], error["message"]) == ("side", question)
    answer = worker.ask("note", text=CONTRADICTION, side="left")["understood"]
    assert (answer["sides"], answer["questions"]) == (["left"], [])
    assert worker.ask("segment", **request, side="left")["understood"]["sides"] == ["left"]


@pytest.mark.parametrize(("text", "expected"), [("", "empty"), ("x" * (MAX_NOTE_LENGTH + 1), "longer than")])
def test_rejects_empty_and_long_notes(worker, text, expected):
    error = worker.ask("note", text=text)
    assert (error["event"], error["kind"]) == ("error", "user")
    assert expected in error["message"]
