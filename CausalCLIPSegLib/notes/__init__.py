"""Notes: `parse_note` reads free text into a `ReferringExpression`, `to_prompt` writes the prompt of a checkpoint.

This package imports only the standard library; it loads rapidfuzz when a note holds an unknown word.
`CausalCLIPSegLib.mask` goes the opposite way, from a mask to a note.
"""

from __future__ import annotations

from CausalCLIPSegLib.notes.expression import ZONES, Finding, Ignored, ReferringExpression, Zone
from CausalCLIPSegLib.notes.findings import FINDING_WORDS, INFECTION
from CausalCLIPSegLib.notes.lexicon import check_language, languages
from CausalCLIPSegLib.notes.parser import MAX_NOTE_LENGTH, parse_note
from CausalCLIPSegLib.notes.prompt import describe_expression, explain_weakness, swap_sides, to_prompt
from CausalCLIPSegLib.notes.questions import choose_side
from CausalCLIPSegLib.notes.reader import read_note

__all__ = [
    "FINDING_WORDS",
    "INFECTION",
    "MAX_NOTE_LENGTH",
    "ZONES",
    "Finding",
    "Ignored",
    "ReferringExpression",
    "Zone",
    "check_language",
    "choose_side",
    "describe_expression",
    "explain_weakness",
    "languages",
    "parse_note",
    "read_note",
    "swap_sides",
    "to_prompt",
]
