"""German and Spanish notes, parsed by the same code with another lexicon."""

import pytest
from short_expressions import short

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


@pytest.mark.parametrize(
    ("language", "note", "expected"),
    [(language, note, expected) for language, notes in NOTES.items() for note, expected in notes.items()],
)
def test_reads_locations_in_german_and_spanish(language, note, expected):
    expression = parse_note(note)
    assert (expression.language, short(expression)) == (language, expected)
    assert parse_note(note, language=language) == expression


@pytest.mark.parametrize(
    ("note", "kind", "category"),
    [
        ("Verdacht auf Pneumonie rechts", "pneumonia", "uncertain"),
        ("El infiltrado del lóbulo superior derecho se ha resuelto.", "infiltrate", "negated"),
        ("Zustand nach Pneumonie. Lungen frei.", "pneumonia", "historical"),
    ],
)
def test_finds_the_category_of_a_finding(note, kind, category):
    (finding,) = parse_note(note).findings
    categories = {name for name in ("negated", "historical", "uncertain") if getattr(finding, name)}
    assert (finding.kind, categories) == (kind, {category})


def test_contradicting_sides_raise_a_question():
    assert parse_note("HALLAZGOS: Infiltrado basal derecho. CONCLUSIÓN: Neumonía basal izquierda.").questions


def test_umlauts_are_optional():
    with_umlaut, without = parse_note("Trübung rechts perihilär"), parse_note("Truebung rechts perihilaer")
    assert short(with_umlaut) == short(without) == "R:middle"


def test_rejects_an_unknown_language():
    with pytest.raises(NoteError, match="no lexicon of the language 'xx', only of en, de, es"):
        parse_note("RLL", language="xx")


@pytest.mark.parametrize("language", languages())
def test_every_lexicon_has_the_same_roles_and_kinds(language):
    lexicon, english = load_lexicon(language), load_lexicon("en")
    roles = {term.role for term in english.terms.values()} - {"same"}  # only in the English notes of QaTa-COV19
    assert {term.role for term in lexicon.terms.values()} >= roles
    kinds = {term.value for term in english.terms.values() if term.role == "finding"}
    assert {term.value for term in lexicon.terms.values() if term.role == "finding"} <= kinds


def test_compounds_are_split_into_words_of_the_lexicon():
    words = tokenize("Unterlappeninfiltrat Mittelfeldverschattung Unterlassung")
    assert [token.text for token in load_lexicon("de").read(words)] == [
        "Unterlappen",
        "infiltrat",
        "Mittelfeld",
        "verschattung",
        "Unterlassung",
    ]


@pytest.mark.parametrize("word", ["Infiltrat", "Infiltrats", "Infiltrate", "Infiltraten"])
def test_inflected_forms_name_the_same_finding(word):
    assert [finding.kind for finding in parse_note(f"{word} rechts", language="de").findings] == ["infiltrate"]
