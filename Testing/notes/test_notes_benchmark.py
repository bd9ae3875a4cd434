"""The benchmark of the parser computes correct scores, and the scores of the gold files do not drop."""

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
from training.evaluation.studies.paraphrases import STYLES, agreement, paraphrase, prompts_of

EXPECTED = {"sides": ["right"], "zones": {"right": ["lower"]}, "whole": [], "weak": False, "count": None}
FINDING = {"kind": "pneumonia", "sides": ["right"], "zones": {"right": ["lower"]}}


def case(note, adversarial=False, **changes):
    expected = {**EXPECTED, "findings": [FINDING], **changes}
    return Case(id="a", style="s", adversarial=adversarial, note=note, expected=Expected.model_validate(expected))


def test_scores_a_correct_and_a_wrong_case():
    cases = [case("RLL pneumonia"), case("RLL pneumonia", adversarial=True, zones={"right": ["upper"]})]
    metrics, missed = measure(cases)
    assert (metrics["n"], metrics["exact"]) == (2, 50)
    assert (metrics["adversarial"]["n"], metrics["adversarial"]["exact"]) == (1, 0)
    assert missed == cases[1:]
    assert (metrics["f1"]["side"], metrics["f1"]["zone"], metrics["f1"]["kind"]) == (100, 50, 100)
    assert metrics["f1"]["count"] is None


def test_f1_counts_false_negatives_and_false_positives():
    score = Score()
    expected = Expected.model_validate({**EXPECTED, "findings": [FINDING]})
    score.add(ReferringExpression(), expected)
    score.add(parse_note("Bilateral lower lobe pneumonia"), expected)
    slots = score.slots["side"]
    assert (slots.correct, slots.predicted, slots.expected) == (1, 2, 2)
    assert score.metrics()["f1"]["side"] == 50


def test_the_zones_of_a_whole_lung_are_optional():
    for zones in ({"left": ["upper", "middle", "lower"]}, {}):
        changes = {"sides": ["left"], "zones": zones, "whole": ["left"]}
        assert measure([case("Consolidation of the whole left lung", **changes)])[0]["exact"] == 100


def test_english_scores_do_not_drop():
    metrics, _ = measure(read_gold(GOLD))
    assert metrics["n"] >= 500
    assert metrics["adversarial"]["n"] >= 200
    assert metrics["exact"] >= 99
    assert metrics["f1"]["finding"] >= 97


@pytest.mark.parametrize("language", ["german", "spanish"])
def test_german_and_spanish_scores_do_not_drop(language):
    metrics, _ = measure(read_gold(GOLD.with_name(f"{language}.jsonl")))
    assert metrics["exact"] >= 99


def test_command_writes_its_scores(tmp_path, capsys):
    gold = tmp_path / "gold.jsonl"
    gold.write_text(case("LLL pneumonia").model_dump_json() + "\n", encoding="utf-8")
    notes(gold=gold, json_file=tmp_path / "metrics.json", missed=True)
    assert json.loads((tmp_path / "metrics.json").read_text())["exact"] == 0
    assert "sides: ['left'], not ['right']" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["{", '{"id": "x"}'])
def test_names_the_file_and_line_that_cannot_be_read(tmp_path, text):
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
def test_ten_paraphrases_give_the_published_prompt(note, tmp_path):
    paraphrases = list(paraphrase(note, "viewer"))
    assert [paraphrased.style for paraphrased in paraphrases] == list(STYLES)
    assert len({paraphrased.text for paraphrased in paraphrases}) == len(STYLES) == 10
    published, by_style = prompts_of(Sample("a", tmp_path, tmp_path, note), "viewer")
    assert published == note
    assert set(by_style.values()) == {note}


def test_a_number_that_the_paraphrase_omits_is_not_guessed(tmp_path):
    note = "Unilateral pulmonary infection, three infected areas, lower left lung."
    agreements = agreement([Sample("a", tmp_path, tmp_path, note)], "viewer")
    assert [agreements[style] for style in STYLES] == [100] * 6 + [0] * 4


def test_the_benchmark_does_not_import_torch():
    code = (
        "import sys, training.evaluation.studies.notes_benchmark, training.evaluation.studies.paraphrases;"
        "print('torch' in sys.modules)"
    )
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout.strip() == "False"
