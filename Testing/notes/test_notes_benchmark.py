"""The benchmark counts what it says it counts, and the notes of the development file stay understood."""

import json
import subprocess
import sys

import pytest

from CausalCLIPSegLib.notes import ReferringExpression, parse_note
from training.data.sample import Sample
from training.evaluation.studies.notes_benchmark import (
    GOLD,
    BenchmarkError,
    Case,
    Expected,
    Score,
    measure,
    notes,
    read_gold,
)
from training.evaluation.studies.paraphrases import STYLES, agreement, paraphrase, paraphrases_of

RIGHT = {"sides": ["right"], "zones": {"right": ["lower"]}, "whole": [], "weak": False, "count": None}
FINDING = {"kind": "pneumonia", "sides": ["right"], "zones": {"right": ["lower"]}}


def case(note, adversarial=False, **changes):
    expected = {**RIGHT, "findings": [FINDING], **changes}
    return Case(id="a", style="s", adversarial=adversarial, note=note, expected=Expected.model_validate(expected))


def test_a_right_answer_and_a_wrong_one():
    cases = [case("RLL pneumonia"), case("RLL pneumonia", adversarial=True, zones={"right": ["upper"]})]
    figures, missed = measure(cases)
    assert (figures["n"], figures["exact"], figures["adversarial"]["n"], figures["adversarial"]["exact"]) == (
        2,
        50,
        1,
        0,
    )
    assert missed == cases[1:]
    assert (figures["f1"]["side"], figures["f1"]["zone"], figures["f1"]["kind"]) == (100, 50, 100)
    assert figures["f1"]["count"] is None


def test_f1_counts_what_is_missing_and_what_is_too_much():
    score = Score()
    score.add(ReferringExpression(), Expected.model_validate({**RIGHT, "findings": [FINDING]}))
    score.add(parse_note("Bilateral lower lobe pneumonia"), Expected.model_validate({**RIGHT, "findings": [FINDING]}))
    slots = score.slots["side"]
    assert (slots.hits, slots.said, slots.meant) == (1, 2, 2)
    assert score.figures()["f1"]["side"] == 50


def test_a_whole_lung_is_the_same_with_its_zones_written_out_or_not():
    zones = {"left": ["upper", "middle", "lower"]}
    for written in (zones, {}):
        changes = {"sides": ["left"], "zones": written, "whole": ["left"]}
        assert measure([case("Consolidation of the whole left lung", **changes)])[0]["exact"] == 100


def test_the_development_notes_stay_understood():
    figures, _ = measure(read_gold(GOLD))
    assert figures["n"] >= 300
    assert figures["adversarial"]["n"] >= 60
    assert figures["exact"] >= 97
    assert figures["f1"]["finding"] >= 95


@pytest.mark.parametrize("language", ["german", "spanish"])
def test_other_languages_are_understood(language):
    figures, _ = measure(read_gold(GOLD.with_name(f"{language}.jsonl")))
    assert figures["exact"] >= 95


def test_the_command_writes_its_figures(tmp_path, capsys):
    gold = tmp_path / "gold.jsonl"
    gold.write_text(case("LLL pneumonia").model_dump_json() + "\n", encoding="utf-8")
    notes(gold=gold, json_file=tmp_path / "figures.json", missed=True)
    assert json.loads((tmp_path / "figures.json").read_text())["exact"] == 0
    assert "sides: ['left'], not ['right']" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["{", '{"id": "x"}'])
def test_a_bad_file_is_one_sentence(tmp_path, text):
    gold = tmp_path / "bad.jsonl"
    gold.write_text(text, encoding="utf-8")
    with pytest.raises(BenchmarkError, match=r"Line 1 of bad\.jsonl"):
        read_gold(gold)
    with pytest.raises(BenchmarkError, match="cannot be read"):
        read_gold(tmp_path / "missing.jsonl")


PUBLISHED = (
    "Bilateral pulmonary infection, two infected areas, upper left lung and all right lung.",
    "Unilateral pulmonary infection, one infected area, middle lower left lung.",
)


@pytest.mark.parametrize("note", PUBLISHED)
def test_ten_paraphrases_lead_to_the_published_sentence(note, tmp_path):
    assert [other.style for other in paraphrase(note, "viewer")] == list(STYLES)
    assert len({other.text for other in paraphrase(note, "viewer")}) == len(STYLES) == 10
    own, said = paraphrases_of(Sample("a", tmp_path, tmp_path, note), "viewer")
    assert own == note
    assert set(said.values()) == {note}


def test_a_number_that_is_not_said_is_not_guessed(tmp_path):
    note = "Unilateral pulmonary infection, three infected areas, lower left lung."
    shares = agreement([Sample("a", tmp_path, tmp_path, note)], "viewer")
    assert [shares[style] for style in STYLES] == [100] * 6 + [0] * 4


def test_the_benchmark_needs_no_torch():
    code = (
        "import sys, training.evaluation.studies.notes_benchmark, training.evaluation.studies.paraphrases;"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
