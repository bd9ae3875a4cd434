"""Answer the request "note": describe what was understood of a note."""

from __future__ import annotations

from CausalCLIPSegLib.laterality import Laterality, note_laterality, side_in_image
from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.notes import ReferringExpression, choose_side, describe_expression, parse_note
from CausalCLIPSegLib.worker import protocol


def answer_note(request: protocol.NoteRequest) -> protocol.NoteResult:
    """Describe what was understood of a note. A note without a finding is not an error.

    Raises:
        NoteError: the note is empty or too long, or does not name the side that was chosen.
        CheckpointError: there is no such checkpoint.
    """
    card = read_card(find_checkpoint(request.checkpoint))
    if request.findings is not None:
        card = card.model_copy(update={"findings": request.findings})
    laterality = note_laterality(request.laterality, request.mirrored)
    expression = parse_note(request.text, laterality, request.language, card.findings)
    if request.side is not None:
        expression = choose_side(expression, request.side)
    prompt = card.prompt(expression) if expression.sides else None
    return protocol.NoteResult(
        id=request.id, understood=describe_note(expression, prompt, card.laterality, request.mirrored)
    )


def describe_note(
    expression: ReferringExpression, prompt: str | None, prompt_laterality: Laterality, mirrored: bool | None
) -> protocol.Understood:
    """Return what was understood of a note, for people and for programs."""
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
        prompt=prompt,
        prompt_laterality=prompt_laterality,
        summary=describe_expression(expression, mirrored=mirrored),
        details=details,
    )
