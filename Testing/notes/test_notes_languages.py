"""Other languages are data: German and Spanish notes by the same code."""

import pytest

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import languages, parse_note
from CausalCLIPSegLib.notes.lexicon import load_lexicon
from CausalCLIPSegLib.notes.tokens import tokenize

NOTES = {
    "de": {
        "Unterlappeninfiltrat rechts.": "R:lower",
        "Infiltrat rechts basal.": "R:lower",
        "Beidseits basale Verschattungen.": "R:lower L:lower",
        "Kein Hinweis auf pneumonisches Infiltrat. Herz normal groß.": "",
        "Flächige Verschattung im linken Oberfeld, vereinbar mit Pneumonie. Kein Pleuraerguss.": "L:upper",
        "Verschattung links basal vollständig zurückgebildet. Neues Infiltrat im rechten Mittelfeld.": "R:middle",
        "Zustand nach Pneumonie. Lungen frei.": "",
        "Diffuse Trübungen in beiden Lungen unter Aussparung der Oberfelder.": "R:middle,lower L:middle,lower",
        "Verdacht auf Mittellappenpneumonie.": "R:middle",
        "Retrokardiale Verdichtung.": "L:lower",
        "Rechtsseitige Unterlappenpneumonie mit Begleiterguss links.": "R:lower",
        "Infiltrate in beiden Unterlappen, rechts mehr als links.": "R:lower L:lower",
        "Linke Lunge frei. Ausgedehnte Konsolidierung des rechten Oberlappens.": "R:upper",
        "Infiltrate im rechten Ober- und Mittelfeld.": "R:upper,middle",
        "Pneumonisches Infiltrat re. UL. ZVK li. in situ.": "R:lower",
        "Ein Infiltrat ist nicht auszuschließen.": "weak R: L:",
        "Infiltrat im rechten Unterlapen": "R:lower",
    },
    "es": {
        "Infiltrado en lóbulo inferior derecho.": "R:lower",
        "Consolidación en LII.": "L:lower",
        "Opacidades bilaterales de predominio basal.": "R:lower L:lower",
        "No se observan infiltrados ni derrame pleural. Silueta cardiaca normal.": "",
        "Infiltrados alveolares bilaterales en campos medios e inferiores.": "R:middle,lower L:middle,lower",
        "Posible neumonía en LSD.": "R:upper",
        "Opacidad difusa en ambos pulmones respetando vértices.": "R:middle,lower L:middle,lower",
        "Condensación retrocardiaca.": "L:lower",
        "Antecedente de neumonía. Pulmones claros.": "",
        "Pinzamiento del seno costofrénico izquierdo. Infiltrado en base derecha.": "R:lower",
        "El infiltrado del lóbulo superior derecho se ha resuelto.": "",
        "No se puede descartar infiltrado en base derecha.": "R:lower",
        "Infiltrados perifericos en ambos campos inferiores": "R:lower L:lower",
        "Consolidasion basal izquierda.": "L:lower",
    },
}


def short(expression):
    sides = [
        f"{side[0].upper()}:{'all' if side in expression.whole else ','.join(expression.zones[side])}"
        for side in expression.sides
    ]
    return " ".join(["weak"] * expression.weak + sides)


@pytest.mark.parametrize(
    ("language", "note", "expected"),
    [(language, note, expected) for language, notes in NOTES.items() for note, expected in notes.items()],
)
def test_notes_in_other_languages(language, note, expected):
    expression = parse_note(note)
    assert (expression.language, short(expression)) == (language, expected.replace("all", "middle,lower"))
    assert parse_note(note, language=language) == expression


def test_marks_of_context_in_other_languages():
    finding = parse_note("Verdacht auf Pneumonie rechts").findings[0]
    assert (finding.kind, finding.uncertain, finding.sides) == ("pneumonia", True, ("right",))
    finding = parse_note("El infiltrado del lóbulo superior derecho se ha resuelto.").findings[0]
    assert (finding.kind, finding.negated, finding.zones) == ("infiltrate", True, {"right": ("upper",)})
    finding = parse_note("Zustand nach Pneumonie. Lungen frei.").findings[0]
    assert (finding.historical, finding.present) == (True, False)


def test_a_contradiction_in_other_languages():
    assert parse_note("HALLAZGOS: Infiltrado basal derecho. CONCLUSIÓN: Neumonía basal izquierda.").questions


def test_umlauts_may_be_missing():
    with_umlaut, without = parse_note("Trübung rechts perihilär"), parse_note("Truebung rechts perihilaer")
    assert short(with_umlaut) == short(without) == "R:middle"


def test_an_unknown_language_is_refused():
    with pytest.raises(NoteError, match="no lexicon of the language 'xx', only of en, de, es"):
        parse_note("RLL", language="xx")


@pytest.mark.parametrize("language", languages())
def test_every_lexicon_has_the_same_tables(language):
    own, english = load_lexicon(language), load_lexicon("en")
    roles = {term.role for term in english.terms.values()} - {"same"}  # of the English sentences of QaTa-COV19
    assert {term.role for term in own.terms.values()} >= roles
    kinds = {term.value for term in english.terms.values() if term.role == "finding"}
    assert {term.value for term in own.terms.values() if term.role == "finding"} <= kinds


def test_compounds_are_parted_at_words_of_the_lexicon():
    words = tokenize("Unterlappeninfiltrat Mittelfeldverschattung Unterlassung")
    assert [token.text for token in load_lexicon("de").read(words)] == [
        "Unterlappen",
        "infiltrat",
        "Mittelfeld",
        "verschattung",
        "Unterlassung",
    ]


@pytest.mark.parametrize("word", ["Infiltrat", "Infiltrats", "Infiltrate", "Infiltraten"])
def test_endings_do_not_matter(word):
    assert [finding.kind for finding in parse_note(f"{word} rechts", language="de").findings] == ["infiltrate"]
