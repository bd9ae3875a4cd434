"""Free text -> what it refers to on the radiograph -> the sentence a checkpoint was trained on.

`parse_note` reads, `say` writes. Plain Python: imports no torch, and quickly. `describe` and `disagreements` go the
other way, from a mask; they bring SciPy when they are first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from CausalCLIPSegLib.notes.expression import ZONES, Finding, Ignored, ReferringExpression, Zone
from CausalCLIPSegLib.notes.lexicon import languages
from CausalCLIPSegLib.notes.parser import LONGEST_NOTE, parse_note
from CausalCLIPSegLib.notes.prompt import say, summary, swap_sides
from CausalCLIPSegLib.notes.questions import decide

if TYPE_CHECKING:
    from CausalCLIPSegLib.notes.description import describe, disagreements

__all__ = [
    "LONGEST_NOTE",
    "ZONES",
    "Finding",
    "Ignored",
    "ReferringExpression",
    "Zone",
    "decide",
    "describe",
    "disagreements",
    "languages",
    "parse_note",
    "say",
    "summary",
    "swap_sides",
]


def __getattr__(name: str) -> Any:
    """Import what needs SciPy when it is first asked for."""
    if name in ("describe", "disagreements"):
        from CausalCLIPSegLib.notes import description

        return getattr(description, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
