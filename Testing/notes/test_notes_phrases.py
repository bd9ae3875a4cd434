"""Phrases that radiologists write, and the location that each must give."""

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from short_expressions import short

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import (
    MAX_NOTE_LENGTH,
    describe_expression,
    parse_note,
    swap_sides,
    to_prompt,
)
from CausalCLIPSegLib.notes.coverage import ABSENT, NORMAL, OTHER_SECTION, OUTSIDE, PAST, SPARED

LOCATIONS = {
    # abbreviations, lobes, zones and what lies in them
    "RLL pneumonia": "R:lower",
    "R.L.L. pneumonia": "R:lower",
    "LUL infiltrate": "L:upper",
    "RML": "R:middle",
    "right middle lobe consolidation": "R:middle",
    "Consolidation of the middle lobe": "R:middle",
    "lingula": "L:middle",
    "right lower lobe consolidation": "R:lower",
    "consolidation in the right base": "R:lower",
    "Airspace opacity, right lung base.": "R:lower",
    "left mid zone infiltrate": "L:middle",
    "right mid- and lower-zone opacities": "R:middle,lower",
    "bibasal opacities": "R:lower L:lower",
    "Bibasilar pneumonia": "R:lower L:lower",
    "consolidation in the bases": "weak R:lower L:lower",
    "The bases are hazy": "weak R:lower L:lower",
    "opacities at both apices": "R:upper L:upper",
    "apical opacity on the left": "L:upper",
    "right perihilar infiltrate": "R:middle",
    "retrocardiac opacity": "L:lower",
    "opacity behind the heart": "L:lower",
    "opacity at the left costophrenic angle": "L:lower",
    "opacity obscuring the right heart border": "R:middle",
    "consolidation obscuring the left hemidiaphragm": "L:lower",
    "Consolidation in the superior segment of the right lower lobe": "R:lower",
    "b/l LZ infiltrates": "R:lower L:lower",
    "Rt LZ consolidation": "R:lower",
    "R. lower lobe pneumonia": "R:lower",
    "infection in the upper part of the left lung": "L:upper",
    "lower two-thirds of the left lung": "L:middle,lower",
    "mid-to-lower zone opacities bilaterally": "R:middle,lower L:middle,lower",
    "consolidation from apex to base on the left": "L:upper,middle,lower",
    # a side for several zones, a zone for several sides
    "opacity in the right upper and middle zones": "R:upper,middle",
    "right upper, middle and lower zones": "R:upper,middle,lower",
    "Mid-zone consolidation on the right side": "R:middle",
    "pneumonia of the lower lobe of the left lung": "L:lower",
    "bilateral lower zone ground-glass opacities": "R:lower L:lower",
    "left and right lower lobe consolidation": "R:lower L:lower",
    "left greater than right lower lobe consolidation": "R:lower L:lower",
    "Basal opacities right greater than left": "R:lower L:lower",
    "Lower zone opacities, R>L": "R:lower L:lower",
    "lower zone opacities more marked on the left": "R:lower L:lower",
    "bilateral opacities, right greater than left, in the lower zones": "R:lower L:lower",
    "Bilateral patchy peripheral infiltrates, lower lobe predominant": "R:lower L:lower",
    "consolidation in the right upper and left lower lobes": "R:upper L:lower",
    "pneumonia lower left, upper right": "R:upper L:lower",
    "consolidation in both lower lobes and the right upper lobe": "R:upper,lower L:lower",
    "Consolidation in the right upper lobe, left lower lobe and lingula.": "R:upper L:middle,lower",
    "right lung: upper zone; left lung: lower zone": "R:upper L:lower",
    "RUL, RML and RLL consolidation": "R:upper,middle,lower",
    "RUL/RLL opacities": "R:upper,lower",
    "bilateral pneumonia, worse at the right base": "R:lower L:",
    "right lung and left lower lobe opacities": "R: L:lower",
    # only a side
    "left-sided pneumonia": "L:",
    "Infection of the left lung": "L:",
    "left hemithorax opacity": "L:",
    "both lungs": "R: L:",
    "R > L": "R: L:",
    "multifocal bilateral pneumonia": "R: L:",
    "Bilateral opacities, right greater than left": "R: L:",
    "Pneumonia. Bilateral, worse on the right.": "R: L:",
    "opacities in the lungs": "weak R: L:",
    # the whole of a lung
    "whole left lung": "L:all",
    "consolidation of the entire right upper lobe": "R:upper",
    "opacification of the entire left hemithorax": "L:all",
    "complete opacification of the right hemithorax": "R:all",
    "white-out of the left lung": "L:all",
    "Consolidation throughout the left lung": "L:all",
    "throughout both lungs": "R:all L:all",
    "Diffuse bilateral opacities": "R:all L:all",
    "Diffuse bilateral opacities, worse at the bases": "R:all L:all",
    "diffuse lower zone opacities on the right": "R:lower",
    "Diffuse left lung opacities and right basal consolidation": "R:lower L:all",
    "Opacities involving the entire right lung and the left lower lobe": "R:all L:lower",
    "Diffuse bilateral opacities sparing the apices": "R:middle,lower L:middle,lower",
    "Opacification of both lower zones with relative sparing of the upper zones": "R:lower L:lower",
    # no side
    "pneumonia": "weak R: L:",
    "?pneumonia": "weak R: L:",
    "lower lobe pneumonia": "weak R:lower L:lower",
    "generalised opacities": "weak R:all L:all",
    "diffuse": "weak R:all L:all",
    "lower lobes pneumonia": "weak R:lower L:lower",
    # several findings, of which the model segments only some
    "Right pleural effusion. Left basal opacity.": "L:lower",
    "Left effusion, right pneumonia": "R:",
    "Consolidation on right with effusion on left": "R:",
    "right basal consolidation and effusion": "R:lower",
    "left basal collapse/consolidation": "L:lower",
    "consolidation and effusion at the left base": "L:lower",
    "Small left effusion with adjacent consolidation": "L:",
    "Opacity in the left base likely reflects atelectasis": "L:lower",
    "left effusion and right and left basal opacities": "R:lower L:lower",
    "Right PICC line, left lower lobe consolidation": "L:lower",
    "Right IJ line with tip in the lower SVC. Patchy left mid zone opacity.": "L:middle",
    "Fracture of the left 5th rib. Right lower lobe opacity": "R:lower",
    "Right upper lobe mass. Left lower lobe pneumonia.": "L:lower",
    "fever, right-sided chest pain, consolidation LLL": "L:lower",
    "RLL pneumonia, 4 L O2": "R:lower",
    "Left base consolidation 2": "L:lower",
    "2 left-sided opacities": "L:",
    "65 year old man. Opacity at the right base.": "R:lower",
    # absent, normal, resolved
    "Right lower lobe consolidation. No effusion. Left lung clear.": "R:lower",
    "RLL consolidation, no effusion, left lung clear": "R:lower",
    "No effusion, RLL consolidation": "R:lower",
    "No effusion\nRLL consolidation": "R:lower",
    "RLL consolidation\nLeft lung clear": "R:lower",
    "Left lung: clear. Right lung: consolidation in the lower zone.": "R:lower",
    "Lungs are clear apart from right basal consolidation": "R:lower",
    "Lungs clear except right base": "R:lower",
    "While the left lung is clear, the right lung shows consolidation": "R:",
    "consolidation of the right lung, not involving the left": "R:",
    "No evidence of pneumonia on the right; the left lower zone is hazy": "L:lower",
    "Previously seen left basal opacity has resolved. New right upper lobe consolidation.": "R:upper",
    "Right upper lobe opacity: resolved. Left lower lobe opacity: persistent.": "L:lower",
    "Resolving RLL pneumonia": "R:lower",
    "right basal pneumonia not completely resolved": "R:lower",
    "No significant change in right lower lobe consolidation": "R:lower",
    "Pneumonia cannot be excluded in the left lower zone": "L:lower",
    "Compared with the prior study, right basal consolidation has increased.": "R:lower",
    "Prior left-sided pneumonia. Now right basal opacities.": "R:lower",
    # typing errors and layout
    "rigth lower lobe consolidaton": "R:lower",
    "left lowr zone opacty": "L:lower",
    "midlle lowerl right lung": "R:middle,lower",
    "infection middle lower left lung,upper right lung": "R:upper L:middle,lower",
    "RIGHT LOWER LOBE CONSOLIDATION. NO PLEURAL EFFUSION.": "R:lower",
    "Consolidation in the right\nlower lobe": "R:lower",
    "- RLL consolidation\n- small left effusion": "R:lower",
    "1) LUL infiltrate 2) no effusion": "L:upper",
    "ｒｉｇｈｔ\u00a0lower zone – ground‑glass\u200b opacity": "R:lower",
}

NOTHING = [
    "No focal consolidation. Heart size normal.",
    "No pleural effusion, pneumothorax, or focal consolidation.",
    "No right or left lower lobe consolidation",
    "No acute cardiopulmonary process.",
    "No radiographic evidence of pneumonia",
    "Neither lung shows consolidation",
    "The lungs do not show consolidation.",
    "The lungs are clear without consolidation",
    "Lungs: Clear. Heart: Normal. Pleura: No effusion or pneumothorax.",
    "Both lungs are clear.",
    "Clear lungs.",
    "Normal chest radiograph",
    "Left lower lobe pneumonia has cleared",
    "Resolved left upper lobe pneumonia",
    "Interval resolution of the left lower lobe consolidation",
    "Left lower lobe opacity is no longer seen",
    "Pneumonia unlikely",
    "History of RLL pneumonia. Lungs are clear.",
    "right PICC line",
    "Large left pleural effusion with compressive atelectasis. Right lung clear.",
    "Blunting of the right costophrenic angle",
    "Elevated right hemidiaphragm",
    "left upper lobe mass",
    "Cardiomegaly.",
    "Left clavicle fracture",
    "the patient left the hospital",
    "hello world",
    "...",
]


@pytest.mark.parametrize(("note", "expected"), LOCATIONS.items())
def test_reads_the_location(note, expected):
    assert short(parse_note(note)) == expected


@pytest.mark.parametrize("note", NOTHING)
def test_a_note_without_a_finding_to_segment_has_no_location_and_no_prompt(note):
    expression = parse_note(note)
    assert short(expression) == ""
    assert expression.count is None
    assert describe_expression(expression) == "nothing to outline"
    with pytest.raises(NoteError):
        to_prompt(expression, "patient")


@pytest.mark.parametrize(
    ("note", "count"),
    [
        ("two infected areas in the right lung", 2),
        ("a single opacity in the left apex", 1),
        ("three large patchy opacities, both lungs", 3),
        ("2 areas of infection, right upper and left lower", 2),
        ("two opacities in the left lung and one in the right lung", 3),
        ("Three areas of consolidation: two in the right lung, one in the left", 3),
        ("multiple opacities in both lungs", None),
        ("3 day old opacity in the right lung", None),
        ("12 mm opacity at the right base", None),
        ("two chest tubes, right basal opacity", None),
        ("two nodules on the left. right basal opacity", None),
    ],
)
def test_counts_the_areas_that_a_note_states(note, count):
    assert parse_note(note).count == count


def test_reads_a_whole_report():
    report = """
    INDICATION: 54 M, cough, left-sided chest pain. Pneumonia?
    COMPARISON: None
    TECHNIQUE: PA and left lateral views

    FINDINGS:
    Cardiomediastinal silhouette within normal limits.
    Patchy opacities in both lower lobes, left worse than right, sparing the
    apices. Right subclavian line with its tip in the SVC.
    No pleural effusion or pneumothorax.

    IMPRESSION:
    1. Bibasilar pneumonia.
    2. Healed fracture of the left 7th rib.
    """
    expression = parse_note(report)
    assert short(expression) == "R:lower L:lower"
    assert [finding.kind for finding in expression.findings] == ["opacity", "pneumonia"]
    assert all(finding.present for finding in expression.findings)
    reasons = {ignored.words: ignored.reason for ignored in expression.ignored}
    assert reasons["PA and left lateral views"] == OTHER_SECTION
    assert reasons["Cardiomediastinal silhouette within normal limits"] == NORMAL
    assert reasons["sparing the apices"] == SPARED
    assert reasons["Right subclavian line"] == OUTSIDE
    assert reasons["pneumothorax"] == ABSENT


def test_every_ignored_phrase_has_a_reason():
    expression = parse_note(
        "History of left pneumonia. RLL ground-glass opacity with small right effusion, no cardiomegaly."
    )
    assert [(finding.kind, finding.words, finding.negated, finding.historical) for finding in expression.findings] == [
        ("pneumonia", "left pneumonia", False, True),
        ("ground glass", "RLL ground-glass opacity", False, False),
    ]
    assert [(ignored.words, ignored.reason) for ignored in expression.ignored] == [
        ("left pneumonia", PAST),
        ("right effusion", OUTSIDE),
        ("cardiomegaly", ABSENT),
    ]


def test_history_without_a_findings_heading_ends_at_its_full_stop():
    assert short(parse_note("History: fever, left-sided pain. Right lower lobe consolidation.")) == "R:lower"


@pytest.mark.parametrize("note", ["", " ", "\n\t", "\u200b"])
def test_rejects_empty_notes(note):
    with pytest.raises(NoteError, match="empty"):
        parse_note(note)


@pytest.mark.parametrize("note", ["a" * (MAX_NOTE_LENGTH + 1), "\ufdfa" * MAX_NOTE_LENGTH, "RLL " * 250_000])
def test_rejects_long_notes(note):
    with pytest.raises(NoteError, match="longer than"):
        parse_note(note)


def test_viewers_left_is_patients_right():
    assert short(parse_note("left lower lobe consolidation", "viewer")) == "R:lower"
    # The lingula is always on the patient's left.
    assert short(parse_note("RUL and lingula", "viewer")) == "L:upper,middle"


_FIXED_SIDE = re.compile(
    r"lingula|retrocardiac|behind the heart|middle lobe|R\.?[UML]\.?L|[LR]UL|LLL|\b[RL]t?\b", re.IGNORECASE
)


@pytest.mark.parametrize("note", [note for note in LOCATIONS if not _FIXED_SIDE.search(note) and note.isascii()])
def test_swapped_sides_of_the_viewer_give_the_same_location(note):
    if "rigth" not in note:
        assert short(parse_note(swap_sides(note), "viewer")) == short(parse_note(note))


@settings(deadline=None)
@given(
    note=st.sampled_from(sorted(LOCATIONS)),
    blank=st.sampled_from([" ", "  ", "\t", "\n", "\r\n", " \n ", "\u00a0"]),
    case=st.sampled_from([str.lower, str.upper, str]),
)
def test_case_and_blanks_are_ignored(note, blank, case):
    # Line ends make a list, and only case distinguishes "R. lower" from the end of a sentence.
    assume("\n" not in note and not note.startswith("R. "))
    assert short(parse_note(case(note).replace(" ", blank))) == LOCATIONS[note]


@settings(deadline=None)
@given(
    note=st.sampled_from(sorted(note for note in LOCATIONS if re.fullmatch(r"[\w -]+", note))),
    end=st.sampled_from(["", "."]),
)
def test_sentences_about_other_things_change_nothing(note, end):
    other_sentences = "Heart size normal. No pneumothorax. Right chest tube in place. Small left pleural effusion."
    assert short(parse_note(f"Portable AP film. {note}. {other_sentences[: -1 or None] + end}")) == LOCATIONS[note]
