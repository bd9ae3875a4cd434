"""Notes in HL7, RTF, HTML, XML and Markdown are read like their text, or refused in a sentence."""

import contextlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from short_expressions import short

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import parse_note
from CausalCLIPSegLib.notes.markup import read_markup

HL7 = "\r".join(
    [
        "MSH|^~\\&|RIS|HOSPITAL|||20240102||ORU^R01|1|P|2.3",
        "PID|1||123||LEFT^PERSON",
        "OBR|1|||71045^CXR|||||||||||||||||||||||||||RLL pneumonia?",
        "OBX|1|TX|71045&HIS^CXR||History: pneumonia of the right lung||||||F",
        "OBX|2|FT|71045&GDT^CXR||Consolidation, left lower lobe\\.br\\Heart \\T\\ mediastinum normal||||||F",
        "OBX|3|TX|71045&IMP^CXR||Left pneumonia.~No effusion.||||||F",
        "OBX|4|NM|8310-5^TEMP||38.5|||||F",
    ]
)
RTF = (
    r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\*\generator Left Right;}\f0\fs20 {\b INDICATION:} RLL pneumonia?"
    r"\par\par {\b FINDINGS:} Left basal opacity\'2e\par}"
)
XML = (
    '<?xml version="1.0"?><eCitation><uId id="CXR1"/><Abstract>'
    '<AbstractText Label="INDICATION">Pneumonia of the right lung?</AbstractText>'
    '<AbstractText Label="FINDINGS">Left basal opacity.</AbstractText></Abstract>'
    "<MeSH><major>Opacity/lung/upper lobe/right</major></MeSH></eCitation>"
)
NOTES = {
    HL7: "L:lower",
    RTF: "L:lower",
    XML: "L:lower",
    "<report><clinicalInformation>RLL pneumonia?</clinicalInformation>"
    "<findings>Left basal opacity</findings></report>": "L:lower",
    "<html><head><title>Right</title></head><body><h2>Indication</h2><p>RLL pneumonia?</p><h2>Findings</h2>"
    "<p><b>Basal</b> opacities, L &gt; R &amp; no effusion.</p></body></html>": "R:lower L:lower",
    "<table><tr><td>Effusion</td><td>No</td></tr><tr><td>Consolidation</td><td>left base</td></tr></table>": "L:lower",
    "&lt;b&gt;Indication:&lt;/b&gt; RLL pneumonia?&lt;br/&gt;"
    "&lt;b&gt;Findings:&lt;/b&gt; left basal opacity": "L:lower",
    "## Indication\nRLL pneumonia?\n## Findings\n*Left* **basal** opacity": "L:lower",
    "| Effusion | No |\n|---|---|\n| Consolidation | left base |": "L:lower",
    "R > L basal opacities": "R:lower L:lower",
}


@pytest.mark.parametrize(("note", "expected"), NOTES.items())
def test_reads_the_report_and_not_the_question(note, expected):
    assert short(parse_note(note)) == expected


@pytest.mark.parametrize(
    ("note", "name"),
    [
        ('{"resourceType": "DiagnosticReport", "conclusion": "RLL pneumonia"}', "JSON"),
        ("MSH|^~\\&|RIS|HOSPITAL|||20240102||ADT^A01|1|P|2.3\rPID|1||123||LEFT^PERSON", "HL7"),
        ("{\\rtf1{\\info right lower lobe pneumonia}}", "RTF"),
        ("<p></p>", "HTML"),
    ],
)
def test_refuses_a_document_without_a_report(note, name):
    with pytest.raises(NoteError, match=name):
        parse_note(note)


@settings(deadline=None)
@given(st.sampled_from([HL7, RTF, XML]), st.integers(0, 400), st.text(max_size=5))
@example("MSH|", 0, "")
@example("MSH|^", 3, "")
def test_a_damaged_document_is_read_or_refused(document, at, text):
    with contextlib.suppress(NoteError):
        read_markup(document[:at] + text + document[at + 2 :])


@given(st.text(alphabet="RL >, lower\n", max_size=80))
def test_plain_text_is_only_trimmed(text):
    assert read_markup(text).split() == text.split()
