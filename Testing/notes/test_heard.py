"""The words of a prompt in the note that they come from."""

import re
import unicodedata
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.laterality import SIDES, opposite
from CausalCLIPSegLib.notes import parse_note, to_prompt
from CausalCLIPSegLib.notes.heard import heard_in, spans_of_words

NFD = partial(unicodedata.normalize, "NFD")
"""Write accents after their letters, as some systems do."""
LATERALITIES = ("patient", "viewer")
PLACES = ["RLL", "right upper zone", "left base", "lingula", "whole left lung", "both lower zones", "left mid zone"]
AROUND = ["", "No effusion. ", "Heart normal.\n\n", "History of left pneumonia. ", "Old fracture on the right. "]
CASES = {  # the words of the note for the words of the prompt
    "RLL pneumonia. No effusion.": {"left": ["RLL"], "lower": ["RLL"], "infection": ["pneumonia"], "lung": []},
    "Right base and left upper lobe opacities, two areas.": {
        "two": ["two"],
        "lower": ["base"],
        "left": ["Right"],
        "upper": ["upper"],
        "right": ["left"],
    },
    "Whole left lung opacified": {"all": ["Whole"], "right": ["left"], "infection": ["opacified"]},
    "R.L.L. consolidation": {"lower": ["R.L.L"], "infection": ["consolidation"]},
    "r i g h t   b a s a l pneumonia": {"left": ["r i g h t"], "lower": ["b a s a l"], "infection": ["pneumonia"]},
    "Left lower pneu-\nmonia": {"right": ["Left"], "infection": ["pneu-\nmonia"]},
    "🫁 ½: ＲＬＬ pneumonia，größer": {"left": ["ＲＬＬ"], "infection": ["pneumonia"]},
    "Left basal in\ufb01ltrate": {"lower": ["basal"], "infection": ["in\ufb01ltrate"]},
    "Left\xa0ba\xadsal opa\u200bcity": {"right": ["Left"], "lower": ["ba\xadsal"], "infection": ["opa\u200bcity"]},
    "Tr&uuml;bung <b>li</b>nks&nbsp;oben, <li>gr&#246;ßer</li>": {
        "infection": ["Tr&uuml;bung"],
        "right": ["li</b>nks"],
        "upper": ["oben"],
    },
    NFD("Flaue Trübung rechts, Größe unklar"): {"infection": [NFD("Trübung")], "left": ["rechts"]},
    NFD("Neumonía en el lóbulo inferior izquierdo"): {
        "infection": [NFD("Neumonía")],
        "lower": [NFD("lóbulo inferior")],
        "right": ["izquierdo"],
    },
    "Opacities right > left lower zones.": {"left": ["right"], "right": ["left"], "lower": ["lower"]},
    "Zwei Infiltrate im re. Unterfeld": {"two": ["Zwei"], "left": ["re"], "lower": ["Unterfeld"]},
    "Linksseitige Unterlappenpneumonie. Kein Erguss.": {
        "right": ["Linksseitige"],
        "lower": ["Unterlappen"],
        "infection": ["pneumonie"],
    },
    "Neumonía en el lóbulo inferior izquierdo": {"right": ["izquierdo"], "infection": ["Neumonía"]},
    "<b>Findings</b><br>Left <i>basal</i> shadowing": {"right": ["Left"], "lower": ["basal"]},
    "Right lower zone.": {"infection": [], "left": ["Right"]},
    "No pneumonia on the right. Left basal opacity.": {
        "right": ["Left"],
        "infection": ["opacity"],
        "lower": ["basal"],
    },
}


def words_of(note, laterality="viewer"):
    """Return the words of the prompt of a note, each with a weight and its spans."""
    expression = parse_note(note)
    words = re.findall("[a-z]+", to_prompt(expression, laterality).lower())
    spans = spans_of_words(words, expression, laterality)
    return [(word, (at + 1) / 100, each) for at, (word, each) in enumerate(zip(words, spans, strict=True))]


@pytest.mark.parametrize("note", CASES)
def test_a_word_of_the_prompt_is_found_where_the_note_says_it(note):
    found = [(word, [note[slice(*span)] for span in spans]) for word, _, spans in words_of(note)]
    expected = CASES[note]
    assert set(expected) <= {word for word, _ in found}
    assert [each for each in found if each[0] in expected] == [
        (word, expected[word]) for word, _ in found if word in expected
    ]


notes = st.builds(
    lambda before, first, second, after: f"{before}Consolidation in the {first}{second}. {after}",
    st.sampled_from(AROUND),
    st.sampled_from(PLACES),
    st.sampled_from(["", *(f" and {place}" for place in PLACES)]),
    st.sampled_from(AROUND),
)


@settings(deadline=None, max_examples=60)
@given(notes, st.sampled_from(LATERALITIES))
def test_a_side_comes_from_words_for_this_side_whosever_left_the_prompt_means(note, laterality):
    expression = parse_note(note)
    for word, _, spans in words_of(note, laterality):
        if word in SIDES:
            side = word if laterality == "patient" else opposite(word)
            texts = [note[slice(*span)].lower() for span in spans]
            assert texts
            other = opposite(side)
            assert not any(text.startswith(other) for text in texts)
            assert side in expression.sides


@settings(deadline=None, max_examples=60)
@given(notes)
def test_the_pieces_are_the_note_and_hold_the_weight_of_every_word(note):
    words = words_of(note)
    pieces = heard_in(note, words)
    quoted = [piece for piece in pieces if piece.in_note]
    for piece in quoted:
        assert all(part in re.sub(r"\s+", " ", note) for part in piece.text.split("…"))
    if not any("…" in piece.text for piece in quoted):
        assert "".join(piece.text for piece in quoted) == re.sub(r"\s+", " ", note)
    weighted = {piece.text: piece for piece in pieces if piece.weight is not None}
    for word, weight, spans in words:
        for text in [note[slice(*span)] for span in spans] or [word]:
            assert word in weighted[text].words or sum(piece.text == text for piece in pieces) > 1
            assert weighted[text].weight >= weight or sum(piece.text == text for piece in pieces) > 1
    assert sum(piece.weight or 0 for piece in pieces) >= sum(weight for _, weight, _ in words) - 1e-9


def test_a_word_that_a_line_end_divides_is_shown_in_one_line():
    note = "Left lower pneu-\nmonia"
    assert [piece.text for piece in heard_in(note, words_of(note)) if piece.in_note][-1] == "pneu- monia"


def test_a_long_note_is_cut_around_its_words():
    report = "The heart is normal. " * 40 + "Right upper zone haze. " + "No fracture. " * 40 + "Left basal opacity."
    pieces = heard_in(report, words_of(report))
    text = "".join(piece.text for piece in pieces if piece.in_note)
    assert len(text) < 250
    assert text.count("…") == 2
    assert "Right upper zone haze" in text
    assert text.endswith("Left basal opacity.")


@pytest.mark.parametrize("note", ["Pneumonia.", ""])
def test_without_weights_there_is_nothing_to_show_and_without_spans_only_the_prompt(note):
    assert heard_in(note, []) == []
    pieces = heard_in(note, [("pulmonary", 0.1, ()), ("infection", 0.2, ())])
    assert [(piece.text, piece.in_note) for piece in pieces] == [("pulmonary", False), ("infection", False)]
