"""The table of codes agrees with DICOM's context groups, the lexicons of the notes and Slicer."""

from __future__ import annotations

import json

import pytest
from pydicom.sr._concepts_dict import concepts
from slicer_core_calls import Slicer, code_of_entry

from CausalCLIPSegLib.model.card import resources
from CausalCLIPSegLib.notes import Finding, ReferringExpression, parse_note
from CausalCLIPSegLib.notes.lexicon import languages, load_lexicon
from CausalCLIPSegLib.result import kind_on
from CausalCLIPSegLib.terminology import (
    CATEGORY,
    CONTEXT_NAME,
    FINDINGS,
    LATERALITY,
    LUNG,
    OPACITY,
    code_of,
    slicer_terminology,
)

IN_NO_CONTEXT_GROUP = {"95436008", "46621007", "87433001", "8186001", "72704001"}
SLICERS_FILE = resources() / "ChestRadiographFindings.term.json"


CODES = sorted({*FINDINGS.values(), CATEGORY, LUNG, *LATERALITY.values()}, key=lambda code: code.meaning)


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.meaning)
def test_codes_are_in_dicoms_context_groups(code):
    meanings = {
        meaning
        for entry in concepts[code.scheme].values()
        for value, (meaning, _) in entry.items()
        if value == code.value
    }
    if code.value in IN_NO_CONTEXT_GROUP:
        assert not meanings
    else:
        assert code.meaning in meanings


@pytest.mark.parametrize("language", languages())
def test_every_kind_of_finding_in_a_lexicon_has_a_code(language):
    kinds = {term.value for term in load_lexicon(language).terms.values() if term.role == "finding"}
    assert len(kinds) >= 9
    assert kinds <= set(FINDINGS)


def test_code_of_returns_opacity_for_an_unknown_kind():
    assert code_of("shadow of a doubt") is OPACITY


@pytest.mark.parametrize(
    ("note", "right", "left"),
    [
        (
            "Consolidation in the right lower zone, ground glass opacity in the left upper zone.",
            "consolidation",
            "ground glass",
        ),
        ("No consolidation. Infiltrate in the left lower zone.", "infiltrate", "infiltrate"),
    ],
)
def test_kind_on_returns_the_finding_that_the_note_names_on_that_side(note, right, left):
    expression = parse_note(note)
    kinds = {side: kind_on(expression, side) for side in expression.sides}
    assert kinds == {side: kind for side, kind in (("right", right), ("left", left)) if side in expression.sides}


def test_kind_on_prefers_certain_findings_and_skips_negated_ones():
    findings = (
        Finding("pneumonia", "possible pneumonia", uncertain=True, sides=("right",)),
        Finding("consolidation", "consolidation", sides=("right",)),
        Finding("infiltrate", "no infiltrate", negated=True, sides=("right", "left")),
        Finding("opacity", "opacity"),
    )
    expression = ReferringExpression(sides=("right", "left"), findings=findings)
    assert kind_on(expression, "right") == "consolidation"
    assert kind_on(expression, "left") == "opacity"


def test_kind_on_returns_infection_if_the_note_names_no_finding():
    assert kind_on(ReferringExpression(sides=("right",)), "right") == "infection"


def test_slicers_terminology_file_is_up_to_date():
    assert json.loads(SLICERS_FILE.read_text(encoding="utf-8")) == slicer_terminology()


def test_slicer_offers_every_finding():
    """Regions and sides are in Slicer's own list, which slicer-core lacks."""
    slicer = Slicer().slicer
    logic = slicer.vtkSlicerTerminologiesModuleLogic()
    assert logic.LoadTerminologyFromFile(str(SLICERS_FILE)) == CONTEXT_NAME
    assert logic.GetNumberOfCategoriesInTerminology(CONTEXT_NAME) == 1
    category = slicer.vtkSlicerTerminologyCategory()
    assert logic.GetNthCategoryInTerminology(CONTEXT_NAME, 0, category)
    assert code_of_entry(category) == CATEGORY
    assert category.GetShowAnatomy()
    offered = {}
    for number in range(logic.GetNumberOfTypesInTerminologyCategory(CONTEXT_NAME, category)):
        entry = slicer.vtkSlicerTerminologyType()
        assert logic.GetNthTypeInTerminologyCategory(CONTEXT_NAME, category, number, entry)
        offered[code_of_entry(entry)] = tuple(entry.GetRecommendedDisplayRGBValue())
    assert set(offered) == set(FINDINGS.values())
    assert len(set(offered.values())) == len(offered)
    assert (127, 127, 127) not in offered.values()  # Slicer's default for a type without a color
