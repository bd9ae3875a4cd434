"""`causalclipseg note`: shows the prompt, the words that led to it, the words that were not used, and questions."""

import json

import pytest
from typer.testing import CliRunner

from CausalCLIPSegLib.cli import app
from CausalCLIPSegLib.errors import NoteError

CONTRADICTION = "FINDINGS: Left lower lobe pneumonia. No effusion. IMPRESSION: Possible right basal pneumonia."
KEYS = {
    "sides", "zones", "whole", "weak", "count", "findings", "ignored", "prompt", "laterality", "questions", "language",
    "not_understood", "understood_share", "poorly_understood", "finding",
}  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(app, ["note", *arguments], terminal_width=200)


def test_shows_the_prompt_its_words_the_ignored_words_and_the_question():
    shown = " ".join(run(CONTRADICTION).output.split())
    assert "Bilateral pulmonary infection, lower left lung and lower right lung." in shown
    assert "From Left lower lobe pneumonia: pneumonia" in shown
    assert "From right basal pneumonia: pneumonia, uncertain" in shown
    assert "Not used effusion: described as absent" in shown
    assert "which side is meant?" in shown


def test_says_whose_left_and_right_a_prompt_means_only_if_it_names_a_side():
    assert "(left and right here are the viewer's)" in " ".join(run("RLL pneumonia.").output.split())
    assert "left and right" not in run("Pneumonia.").output


def test_json_has_all_keys():
    document = json.loads(run(CONTRADICTION, "--json").output)
    assert set(document) == KEYS
    assert (document["language"], len(document["questions"])) == ("en", 1)
    assert [finding["uncertain"] for finding in document["findings"]] == [False, True]


def test_a_note_without_a_finding_has_no_prompt():
    assert "none: nothing to outline" in run("No focal consolidation.").output
    assert json.loads(run("No focal consolidation.", "--json").output)["prompt"] is None


def test_a_checkpoint_of_several_findings_is_asked_about_that_of_the_note(tiny_of_several_findings):
    arguments = ("Two nodules in the left upper zone.", "--json")
    assert json.loads(run(*arguments).output)["prompt"] is None
    document = json.loads(run(*arguments, "--checkpoint", str(tiny_of_several_findings)).output)
    assert (document["finding"], document["sides"]) == ("nodule", ["left"])
    assert document["prompt"] == "Unilateral nodule, two areas, upper right lung."


@pytest.mark.parametrize("arguments", [[], ["--language", "de"]])
def test_reads_a_german_note_with_and_without_the_language_option(arguments):
    document = json.loads(run("Infiltrat rechts basal", "--json", *arguments).output)
    assert (document["sides"], document["language"]) == (["right"], "de")


def test_reads_a_file_with_one_note_per_line(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_bytes("RLL opacity\r\n\r\nVerschattung links, möglich\r\n".encode("cp1252"))
    documents = [json.loads(line) for line in run("--json", "--file", str(file)).output.splitlines()]
    assert [(document["sides"], document["language"]) for document in documents] == [
        (["right"], "en"),
        (["left"], "de"),
    ]


def test_rejects_an_empty_file(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("\n \n")
    error = run("--file", str(file)).exception
    assert isinstance(error, NoteError)
    assert str(error) == f"The note file {file} is empty."
