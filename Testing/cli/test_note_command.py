"""`causalclipseg note`: the sentence, the words that led to it, what was not used and why, and the questions."""

import json

import pytest
from typer.testing import CliRunner

from CausalCLIPSegLib.cli import app

CONTRADICTION = "FINDINGS: Left lower lobe pneumonia. No effusion. IMPRESSION: Possible right basal pneumonia."
KEYS = {"sides", "zones", "whole", "weak", "count", "findings", "ignored", "prompt", "laterality"}


def run(*arguments):
    return CliRunner().invoke(app, ["note", *arguments], terminal_width=200)


def test_it_shows_the_sentence_its_words_what_was_left_out_and_the_question():
    shown = " ".join(run(CONTRADICTION).output.split())
    assert "Bilateral pulmonary infection, two infected areas, lower left lung and lower right lung." in shown
    assert "From Left lower lobe pneumonia: pneumonia" in shown
    assert "From right basal pneumonia: pneumonia, uncertain" in shown
    assert "Not used effusion: described as absent" in shown
    assert "which side is meant?" in shown


def test_json_adds_keys_and_keeps_the_old_ones():
    told = json.loads(run(CONTRADICTION, "--json").output)
    assert set(told) == KEYS | {"questions", "language"}
    assert (told["language"], len(told["questions"])) == ("en", 1)
    assert [finding["uncertain"] for finding in told["findings"]] == [False, True]


def test_a_note_without_a_finding_has_no_sentence():
    assert "none: nothing to outline" in run("No focal consolidation.").output
    assert json.loads(run("No focal consolidation.", "--json").output)["prompt"] is None


@pytest.mark.parametrize("arguments", [[], ["--language", "de"]])
def test_a_german_note(arguments):
    told = json.loads(run("Infiltrat rechts basal", "--json", *arguments).output)
    assert (told["sides"], told["language"]) == (["right"], "de")
