"""Free text -> what it refers to on the radiograph -> the sentence a checkpoint was trained on.

`parse_note` reads, `to_prompt` writes. Plain Python that imports quickly and never loads torch. The other way, from a
mask to words, is `CausalCLIPSegLib.mask.description`.
"""

from __future__ import annotations

from CausalCLIPSegLib.notes.expression import ZONES, Finding, Ignored, ReferringExpression, Zone
from CausalCLIPSegLib.notes.lexicon import check_language, languages
from CausalCLIPSegLib.notes.parser import MAX_NOTE_LENGTH, parse_note
from CausalCLIPSegLib.notes.prompt import describe_expression, swap_sides, to_prompt
from CausalCLIPSegLib.notes.questions import choose_side
from CausalCLIPSegLib.notes.reader import read_note

__all__ = [
    "MAX_NOTE_LENGTH",
    "ZONES",
    "Finding",
    "Ignored",
    "ReferringExpression",
    "Zone",
    "check_language",
    "choose_side",
    "describe_expression",
    "languages",
    "parse_note",
    "read_note",
    "swap_sides",
    "to_prompt",
]
