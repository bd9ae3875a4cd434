"""Notes about other findings than an infection, for checkpoints that can outline several."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import NoFindingError
from CausalCLIPSegLib.notes import FINDING_WORDS, INFECTION, languages, parse_note, read_note, to_prompt
from CausalCLIPSegLib.notes.coverage import ABSENT, ANOTHER_FINDING, OUTSIDE
from CausalCLIPSegLib.notes.findings import finding_in
from CausalCLIPSegLib.notes.lexicon import load_lexicon
from CausalCLIPSegLib.terminology import FINDINGS

ALL = tuple(FINDING_WORDS)
SOME = (INFECTION, "effusion", "nodule")
PROMPTS = {
    "Pleural effusion, left lower lung.": "Unilateral pleural effusion, lower left lung.",
    "Effusion, right lower zone, left lower and middle zones.": (
        "Bilateral pleural effusion, middle lower left lung and lower right lung."
    ),
    "Erguss links basal. Keine Infiltrate.": "Unilateral pleural effusion, lower left lung.",
    "Derrame pleural derecho.": "Unilateral pleural effusion, right lung.",
    "Two nodules in the right upper zone. Left basal pneumonia.": "Unilateral nodule, two areas, upper right lung.",
    "Drei Rundherde rechts.": "Unilateral nodule, three areas, right lung.",
    "Dos nódulos en el lóbulo superior derecho.": "Unilateral nodule, two areas, upper right lung.",
    "Left basal pneumonia. Two nodules in the right upper zone.": "Unilateral pulmonary infection, lower left lung.",
    "Possible nodule in the right upper zone. Left effusion.": "Unilateral pleural effusion, left lung.",
    "No effusion. Left basal consolidation.": "Unilateral pulmonary infection, lower left lung.",
    "Right lower zone.": "Unilateral pulmonary infection, lower right lung.",
    "Effusion.": "Pleural effusion.",
    "Two areas of effusion in the right lower zone.": "Unilateral pleural effusion, two areas, lower right lung.",
}


@pytest.mark.parametrize("note", PROMPTS)
def test_the_prompt_names_the_finding_of_the_note(note):
    expression = parse_note(note, findings=SOME)
    assert to_prompt(expression, "patient", implied_count=False) == PROMPTS[note]
    assert FINDING_WORDS[expression.finding] in PROMPTS[note].lower()


@pytest.mark.parametrize("noun", ["nodules", "masses", "effusions", "fractures", "metastases"])
def test_the_number_of_another_finding_is_none_of_the_asked_one(noun):
    expression = parse_note(f"Three {noun} in the right lung. Left basal pneumonia.")
    assert (expression.sides, expression.count) == (("left",), None)


def test_a_finding_that_the_checkpoint_does_not_have_is_not_used_and_the_note_says_so():
    note = "Pleural effusion, left lower lung."
    expression = parse_note(note)
    assert not expression.sides
    assert [each.reason for each in expression.ignored] == [OUTSIDE]
    with pytest.raises(NoFindingError):
        read_note(note)
    assert read_note(note, findings=SOME).finding == "effusion"
    only_effusion = parse_note("Left basal pneumonia.", findings=("effusion",))
    assert not only_effusion.sides
    assert [each.reason for each in only_effusion.ignored] == [OUTSIDE]


def test_the_other_findings_of_a_note_are_not_used_with_a_reason_of_their_own():
    expression = parse_note("Right effusion. Left basal pneumonia. Fracture. No nodule.", findings=SOME)
    assert (expression.finding, expression.sides) == ("effusion", ("right",))
    reasons = {each.words: each.reason for each in expression.ignored}
    assert reasons == {"Left basal pneumonia": ANOTHER_FINDING, "Fracture": OUTSIDE, "nodule": ABSENT}


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(sorted(set(ALL) - {INFECTION})),
    st.sampled_from(["right", "left"]),
    st.sampled_from(["upper", "middle", "lower"]),
    st.sampled_from(
        ["{finding}, {side} {zone} zone.", "There is {finding} in the {side} {zone} zone.", "{side} {zone} {finding}"]
    ),
)
def test_every_finding_is_placed_as_an_infection_is(finding, side, zone, template):
    note = template.format(finding=finding, side=side, zone=zone)
    same = template.format(finding="pneumonia", side=side, zone=zone)
    expression = parse_note(note, findings=ALL)
    infection = parse_note(same)
    assert expression.finding == finding
    assert (expression.sides, expression.zones) == (infection.sides, infection.zones) == ((side,), {side: (zone,)})
    prompt = to_prompt(infection, "viewer", implied_count=False)
    assert to_prompt(expression, "viewer", implied_count=False) == prompt.replace(
        "pulmonary infection", FINDING_WORDS[finding]
    )


@pytest.mark.parametrize("language", languages())
def test_every_finding_is_in_every_lexicon_and_has_a_code(language):
    values: dict[str, set[str]] = {}
    for term in load_lexicon(language).terms.values():
        values.setdefault(term.role, set()).add(term.value)
    infections = set().union(*(values.get(role, ()) for role in ("finding", "everywhere", "same", "vague")))
    assert infections & set(ALL) == {INFECTION}
    assert values["outside"] & set(ALL) == set(ALL) - {INFECTION}
    assert set(ALL) | infections <= set(FINDINGS)


@pytest.mark.parametrize("finding", ALL)
def test_the_finding_of_a_prompt_is_that_of_its_note(finding):
    for note in (f"{finding}.", f"{finding}, two areas, right upper zone and whole left lung."):
        expression = parse_note(note, findings=(finding,))
        assert finding_in(to_prompt(expression, "viewer")) == expression.finding == finding
