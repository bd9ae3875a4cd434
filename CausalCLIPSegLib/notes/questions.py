"""Where a note contradicts itself about the side, so that a person has to say which is meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from CausalCLIPSegLib.errors import NoteError, SideQuestionError
from CausalCLIPSegLib.laterality import SIDES, Side, SideChoice
from CausalCLIPSegLib.notes.expression import Finding, ReferringExpression
from CausalCLIPSegLib.notes.statements import Statement


def contradictions(findings: Sequence[tuple[Statement, Finding]]) -> Iterator[str]:
    """Give a question for the patient's sides that the reading and its conclusion do not agree on."""
    sides: dict[str, set[Side]] = {"reading": set(), "concluding": set()}
    words: dict[str, list[str]] = {"reading": [], "concluding": []}
    for statement, finding in findings:
        if finding.present and finding.sides and statement.section != "apart":
            sides[statement.section].update(finding.sides)
            words[statement.section].append(finding.words)
    reading, concluding = sides["reading"], sides["concluding"]
    if reading and concluding and not reading & concluding:
        yield (
            f"The findings speak of the patient's {_name(reading)} lung ({words['reading'][0]}), the conclusion of "
            f"the {_name(concluding)} lung ({words['concluding'][0]}): which side is meant?"
        )


def choose_side(expression: ReferringExpression, side: SideChoice | None) -> ReferringExpression:
    """Return the expression for the side that a person has chosen.

    Args:
        expression: what a note says.
        side: of the patient; None if no one was asked.

    Raises:
        SideQuestionError: the note contradicts itself, and `side` is None.
        NoteError: the note does not name the side that was chosen.
    """
    if side is None:
        if expression.questions:
            raise SideQuestionError(expression.questions[0])
        return expression
    if side == "both":
        missing = [each for each in SIDES if each not in expression.sides]
    else:
        missing = [side] if side not in expression.sides else []
    if missing:
        raise NoteError(f"The note does not speak of the patient's {missing[0]} lung, which was chosen.")
    chosen = SIDES if side == "both" else (side,)
    count = expression.count if len(chosen) == len(expression.sides) else None
    return replace(expression, sides=chosen, weak=expression.weak and side == "both", count=count, questions=())


def _name(sides: set[Side]) -> str:
    return " and ".join(side for side in SIDES if side in sides)
