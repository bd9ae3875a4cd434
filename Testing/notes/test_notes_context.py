"""ConText finds negated, historical and uncertain findings, and ends a scope inside a radiologist's list."""

import pytest

from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.notes.context import CATEGORIES, CLAIM_ROLES
from CausalCLIPSegLib.notes.lexicon import load_lexicon

N, H, U = "negated", "historical", "uncertain"

CATEGORIES_OF_FINDINGS = {
    # forward, to the end of the sentence
    "No effusion, oedema or consolidation.": {"consolidation": {N}},
    "History of pneumonia. RLL opacity.": {"pneumonia": {H}, "opacity": set()},
    "Possible pneumonia at the right base.": {"pneumonia": {U}},
    "?pneumonia": {"pneumonia": {U}},
    "Opacity in the left base may represent pneumonia.": {"opacity": set(), "pneumonia": {U}},
    "Right basilar opacity, cannot exclude pneumonia.": {"opacity": set(), "pneumonia": {U}},
    "No convincing radiographic evidence of pneumonia.": {"pneumonia": {N}},
    # backward, to the beginning
    "Consolidation is not seen.": {"consolidation": {N}},
    "Pneumonia cannot be completely excluded.": {"pneumonia": {U}},
    "Pneumonia is not excluded.": {"pneumonia": {U}},
    "Right basal consolidation has resolved.": {"consolidation": {N}},
    # either direction: the nearer finding
    "Opacity at the left base, likely pneumonia.": {"opacity": set(), "pneumonia": {U}},
    "Resolved left pneumonia.": {"pneumonia": {N}},
    "Pneumonia unlikely.": {"pneumonia": {N}},
    # termination words
    "No consolidation, but there is an opacity in the right base.": {"consolidation": {N}, "opacity": set()},
    "No consolidation. Opacity in the right base.": {"consolidation": {N}, "opacity": set()},
    # pseudo-triggers
    "No change in right basal consolidation.": {"consolidation": set()},
    "Not only opacity but also consolidation.": {"opacity": set(), "consolidation": set()},
    "Consolidation has not completely resolved.": {"consolidation": set()},
    "Opacity not seen on the prior study.": {"opacity": set()},
    # seen earlier: historical only if it is gone
    "Previously seen left opacity has resolved.": {"opacity": {N, H}},
    "Previously seen left opacity persists.": {"opacity": set()},
    "Prior pneumonia has cleared.": {"pneumonia": {N, H}},
    "Old pneumonia is unchanged.": {"pneumonia": set()},
    # ends of a negation inside a list
    "No effusion, right basal consolidation.": {"consolidation": set()},
    "No effusion, possible pneumonia.": {"pneumonia": {U}},
    "No cavity within the left upper lobe consolidation.": {"consolidation": set()},
    "Right opacity (not seen on the left).": {"opacity": set()},
    # alternatives
    "Opacity in the left base, atelectasis versus pneumonia.": {"opacity": set(), "pneumonia": {U}},
}


@pytest.mark.parametrize(("note", "expected"), CATEGORIES_OF_FINDINGS.items())
def test_finds_the_categories_of_each_finding(note, expected):
    findings = {
        finding.kind: {name for name in (N, H, U) if getattr(finding, name)} for finding in parse_note(note).findings
    }
    assert findings == expected


@pytest.mark.parametrize(
    "note",
    [
        "No pneumonia. If clinical concern for pneumonia persists, consider CT.",
        "Lungs clear. Evaluate for pneumonia.",
        "Clear. Repeat film to ensure resolution of pneumonia.",
    ],
)
def test_hypothetical_findings_are_not_segmented(note):
    assert not parse_note(note).sides


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_every_category_has_triggers_with_a_known_direction(language):
    triggers = [term for term in load_lexicon(language).terms.values() if term.role in CATEGORIES]
    assert {term.role for term in triggers} == set(CATEGORIES)
    assert {term.value for term in triggers} <= {"forward", "backward", "either"}
    assert not CLAIM_ROLES & set(CATEGORIES)


def test_a_gap_matches_only_fillers():
    lexicon = load_lexicon()
    assert ("no", "*", "evidence", "of") in lexicon.terms
    assert parse_note("No good evidence of pneumonia").findings[0].negated
    for entry in lexicon.terms:
        assert entry[0] != "*", entry
        assert entry[-1] != "*", entry
