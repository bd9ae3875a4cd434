"""Answer "note": what is understood of a note."""

from __future__ import annotations

from CausalCLIPSegLib.errors import (
    CausalCLIPSegError,
    NoteError,
)
from CausalCLIPSegLib.laterality import Laterality, SideChoice, side_in_image
from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.notes import ReferringExpression, choose_side, describe_expression, parse_note, to_prompt
from CausalCLIPSegLib.worker import protocol


class AskSideError(CausalCLIPSegError):
    """The note contradicts itself about the side, and a person has to say which is meant."""


def read_note(text: str, laterality: Laterality, language: str | None, side: SideChoice | None) -> ReferringExpression:
    """Return what a note says, for a run.

    Raises:
        AskSideError: it contradicts itself and `side` is None.
        NoteError: it names nothing that can be outlined, or not the `side` that was chosen.
    """
    expression = parse_note(text, laterality, language)
    if expression.questions and side is None:
        raise AskSideError(expression.questions[0])
    expression = choose_side(expression, side)
    if not expression.sides:
        raise NoteError("The note names no finding that can be outlined.")
    return expression


def understand(
    expression: ReferringExpression, prompt_laterality: Laterality, mirrored: bool | None
) -> protocol.Understood:
    """Say what was understood, for people and programs."""
    details = expression.to_dict()
    return protocol.Understood(
        sides=list(expression.sides),
        sides_viewer=[side_in_image(side, mirrored) for side in expression.sides],
        zones={side: list(zones) for side, zones in expression.zones.items()},
        whole=list(expression.whole),
        weak=expression.weak,
        count=expression.count,
        findings=details["findings"],
        ignored=details["ignored"],
        questions=list(expression.questions),
        prompt=to_prompt(expression, prompt_laterality) if expression.sides else None,
        prompt_laterality=prompt_laterality,
        summary=describe_expression(expression, mirrored=mirrored),
        details=details,
    )


def answer_note(request: protocol.NoteRequest) -> protocol.NoteResult:
    """Say what is understood of a note; one with nothing to outline is understood as well.

    Raises:
        NoteError: it is empty or too long, or does not name the side that was chosen.
        CheckpointError: there is no such checkpoint.
    """
    expression = parse_note(request.text, request.laterality, request.language)
    if request.side is not None:
        expression = choose_side(expression, request.side)
    language = read_card(find_checkpoint(request.checkpoint)).laterality
    return protocol.NoteResult(id=request.id, understood=understand(expression, language, request.mirrored))
