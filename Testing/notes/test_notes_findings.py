"""The findings of a note, and the questions that a person must answer."""

import json

import pytest

from CausalCLIPSegLib.errors import NoteError, SideQuestionError
from CausalCLIPSegLib.notes import ReferringExpression, choose_side, parse_note
from CausalCLIPSegLib.notes.lexicon import load_lexicon
from CausalCLIPSegLib.terminology import FINDINGS


def test_each_finding_has_its_own_location_count_and_certainty():
    expression = parse_note(
        "Two patches of consolidation in the right lower lobe. Possible ground-glass opacity throughout the left "
        "lung. No infiltrate in the right upper zone."
    )
    consolidation, ground_glass, infiltrate = expression.findings
    assert (consolidation.sides, consolidation.zones, consolidation.count) == (("right",), {"right": ("lower",)}, 2)
    assert (ground_glass.whole, ground_glass.uncertain, ground_glass.count) == (("left",), True, None)
    assert (infiltrate.negated, infiltrate.present, infiltrate.zones) == (True, False, {"right": ("upper",)})
    assert (expression.sides, expression.whole, expression.count) == (("right", "left"), ("left",), 2)
    assert expression.zones["right"] == ("lower",)


def test_findings_share_a_location_only_within_a_sentence():
    expression = parse_note("Left basal opacity, likely pneumonia. Impression: Infection.")
    assert [finding.sides for finding in expression.findings] == [("left",), ("left",), ()]


def test_json_of_a_finding_includes_its_code():
    expression = parse_note("RLL consolidation")
    (finding,) = json.loads(json.dumps(expression.to_dict()))["findings"]
    code = FINDINGS["consolidation"]
    assert finding["code"] == {"value": code.value, "scheme": code.scheme, "meaning": code.meaning}
    assert set(finding) == {
        "kind", "code", "words", "negated", "historical", "uncertain", "sides", "zones", "whole", "count",
    }  # fmt: skip


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_every_kind_that_the_model_segments_has_a_code(language):
    kinds = {term.value for term in load_lexicon(language).terms.values() if term.role in ("finding", "vague")}
    assert kinds <= set(FINDINGS)


CONTRADICTION = "FINDINGS: Left lower lobe pneumonia. IMPRESSION: Right lower lobe pneumonia."


def test_contradicting_sides_raise_a_question():
    expression = parse_note(CONTRADICTION)
    assert expression.sides == ("right", "left")
    (question,) = expression.questions
    assert "left lung (Left lower lobe pneumonia)" in question
    assert "right lung (Right lower lobe pneumonia)" in question


@pytest.mark.parametrize(
    "note",
    [
        "FINDINGS: Bilateral opacities. IMPRESSION: Left lower lobe pneumonia.",
        "FINDINGS: RLL opacity. IMPRESSION: Right basal pneumonia.",
        "FINDINGS: RLL opacity. Left lung clear. IMPRESSION: Pneumonia.",
        "FINDINGS: RLL opacity. IMPRESSION: No consolidation on the left.",
        "Right lower lobe pneumonia. Left lower lobe pneumonia.",
    ],
)
def test_consistent_sides_raise_no_question(note):
    assert not parse_note(note).questions


@pytest.mark.parametrize(("side", "sides"), [("left", ("left",)), ("right", ("right",)), ("both", ("right", "left"))])
def test_choose_side_keeps_only_the_chosen_side(side, sides):
    chosen = choose_side(parse_note(CONTRADICTION), side)
    assert (chosen.sides, chosen.questions) == (sides, ())
    assert set(chosen.zones) == set(sides)


def test_choose_side_without_a_choice_raises_the_question():
    with pytest.raises(SideQuestionError, match=r"which side is meant\?$"):
        choose_side(parse_note(CONTRADICTION), None)


def test_choose_side_rejects_a_side_that_the_note_does_not_name():
    with pytest.raises(NoteError, match="does not name the patient's left lung"):
        choose_side(parse_note("RLL pneumonia"), "left")


def test_choose_side_returns_a_consistent_expression_unchanged():
    expression = parse_note("RLL pneumonia")
    assert choose_side(expression, None) is expression
    assert choose_side(ReferringExpression(), None) == ReferringExpression()
