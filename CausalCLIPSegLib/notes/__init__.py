"""Free text -> what it refers to on the radiograph -> the sentence a checkpoint was trained on.

`parse_note` reads, `say` writes. Plain Python: imports no torch, and quickly. The other way, from a mask to words, is
`CausalCLIPSegLib.mask.description`.
"""

from __future__ import annotations

from CausalCLIPSegLib.notes.expression import ZONES, Finding, Ignored, ReferringExpression, Zone
from CausalCLIPSegLib.notes.lexicon import languages
from CausalCLIPSegLib.notes.parser import LONGEST_NOTE, parse_note
from CausalCLIPSegLib.notes.prompt import say, summary, swap_sides
from CausalCLIPSegLib.notes.questions import decide

__all__ = [
    "LONGEST_NOTE",
    "ZONES",
    "Finding",
    "Ignored",
    "ReferringExpression",
    "Zone",
    "decide",
    "languages",
    "parse_note",
    "say",
    "summary",
    "swap_sides",
]
