"""Nothing is lost in silence: every part of a note is used, listed with a reason, or listed as not understood."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import describe_expression, explain_weakness, parse_note, to_prompt
from CausalCLIPSegLib.notes.coverage import NOTHING_NAMED, OTHER_PERSON, OTHER_SECTION

SENTENCES = [
    "Consolidation at the right base.",
    "No effusion.",
    "The heart is normal.",
    "Her husband has pneumonia.",
    "The patient is 65 years old.",
    "Frobnicated gizmos wibbled zorply.",
    "History of left pneumonia.",
    "If pneumonia is suspected, repeat.",
    "Bilateral opacities except at the left apex.",
    "The left apical opacity has cleared, that at the right base has not.",
]


def listed(expression):
    words = [ignored.words for ignored in expression.ignored] + list(expression.not_understood)
    return " ".join([*words, *(finding.words for finding in expression.findings)])


@settings(deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5, unique=True))
def test_every_sentence_is_in_one_of_the_lists(sentences):
    expression = parse_note(" ".join(sentences), language="en")
    for sentence in sentences:
        content = [word.strip(".,") for word in sentence.split() if len(word) > 5]
        assert any(word in listed(expression) for word in content), (sentence, expression)


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("The patient is 65 years old.", NOTHING_NAMED),
        ("Indication: cough.", OTHER_SECTION),
        ("Her husband has pneumonia.", OTHER_PERSON),
    ],
)
def test_names_why_a_part_is_not_used(sentence, reason):
    expression = parse_note(f"{sentence}\n\nFindings: Opacity at the right base.")
    assert [ignored.reason for ignored in expression.ignored] == [reason]
    assert expression.sides == ("right",)


def test_lists_what_is_not_understood():
    expression = parse_note("RLL opacity. Frobnicated gizmos wibbled.")
    assert expression.not_understood == ("Frobnicated gizmos wibbled.",)
    assert expression.to_dict()["not_understood"] == ["Frobnicated gizmos wibbled."]
    assert not expression.weak


def test_a_note_with_many_unknown_words_is_weak_and_says_so():
    note = "RLL opacity frobnicated against grimbled zorps wibbling of snarfs and gloops, blorping the fnord."
    expression = parse_note(note, language="en")
    assert expression.poorly_understood
    assert (expression.weak, expression.sides) == (True, ("right",))
    assert expression.understood_share < 0.6
    assert "many words of the note are not understood" in describe_expression(expression)
    assert "not understood" in explain_weakness(expression)
    assert to_prompt(expression, "patient") == "Pulmonary infection, lower right lung."


def test_a_sure_note_has_no_weakness():
    assert explain_weakness(parse_note("RLL opacity.")) is None
    assert "no side" in explain_weakness(parse_note("Opacity."))


FOREIGN = {
    "French": ["Pas de foyer de condensation. Pas d'épanchement pleural.", "Opacité de la base droite."],
    "Dutch": ["Geen infiltraat. Geen pleuravocht.", "Consolidatie links basaal", "Infiltraat rechter onderkwab."],
    "Italian": ["Non addensamenti parenchimali. Versamento a sinistra.", "Polmonite basale destra"],
    "Portuguese": ["Sem consolidações. Derrame à esquerda.", "Pneumonia no lobo inferior direito."],
    "Polish": ["Brak zmian w prawym płucu."],
    "Finnish": ["Keuhkokuume oikealla"],
    "Cyrillic": ["Без очаговых изменений."],
    "Chinese": ["右肺炎"],
    "not recognized": ["foo bar baz qux quux corge grault garply"],
}


@pytest.mark.parametrize(("name", "note"), [(name, note) for name, notes in FOREIGN.items() for note in notes])
def test_refuses_a_language_without_a_lexicon_by_its_name(name, note):
    with pytest.raises(NoteError, match=name):
        parse_note(note)


@pytest.mark.parametrize(
    "note", ["RLL", "Kein Infiltrat", "No infiltrates", "Sin infiltrados", "b/l GGO", "long", "is"]
)
def test_a_short_note_is_not_refused(note):
    assert parse_note(note).language in ("en", "de", "es")
