"""Read a note for segmentation: parse it once, resolve its side, and make sure that it names a finding."""

from __future__ import annotations

from collections.abc import Sequence

from CausalCLIPSegLib.errors import NoFindingError
from CausalCLIPSegLib.laterality import Laterality, SideChoice, note_laterality
from CausalCLIPSegLib.notes.expression import ReferringExpression
from CausalCLIPSegLib.notes.findings import INFECTION
from CausalCLIPSegLib.notes.parser import parse_note
from CausalCLIPSegLib.notes.questions import choose_side


def read_note(
    text: str,
    laterality: Laterality = "patient",
    language: str | None = None,
    side: SideChoice | None = None,
    mirrored: bool | None = None,
    findings: Sequence[str] = (INFECTION,),
) -> ReferringExpression:
    """Return the meaning of a note, ready for `Segmenter.ask`.

    Args:
        text, laterality, language, findings: as in `parse_note`.
        side: as in `choose_side`.
        mirrored: whether the image shows the patient's right on the viewer's right; None if unknown.

    Raises:
        SideQuestionError: the note contradicts itself, and `side` is None.
        NoFindingError: the note names no finding that can be segmented.
        NoteError: the note is empty or too long, does not name the chosen side, or the language has no lexicon.
    """
    parsed = parse_note(text, note_laterality(laterality, mirrored), language, findings)
    expression = choose_side(parsed, side)
    if not expression.sides:
        raise NoFindingError
    return expression
