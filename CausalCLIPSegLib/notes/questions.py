"""Find contradictions about the side in a note, and apply a person's answer to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from CausalCLIPSegLib.errors import NoteError, SideQuestionError
from CausalCLIPSegLib.laterality import SIDES, Side, SideChoice
from CausalCLIPSegLib.notes.expression import Finding, ReferringExpression
from CausalCLIPSegLib.notes.lexicon import Section
from CausalCLIPSegLib.notes.statements import Statement


def contradictions(findings: Sequence[tuple[Statement, Finding]]) -> Iterator[str]:
    """Yield a question if the findings and the conclusion of a report share no side of the patient."""
    sides: dict[Section, set[Side]] = {"findings": set(), "conclusion": set()}
    words: dict[Section, list[str]] = {"findings": [], "conclusion": []}
    for statement, finding in findings:
        if finding.present and finding.sides and statement.section != "other":
            sides[statement.section].update(finding.sides)
            words[statement.section].append(finding.words)
    described, concluded = sides["findings"], sides["conclusion"]
    if described and concluded and not described & concluded:
        yield (
            f"The findings name the patient's {_name(described)} lung ({words['findings'][0]}), but the conclusion "
            f"names the {_name(concluded)} lung ({words['conclusion'][0]}): which side is meant?"
        )


def choose_side(expression: ReferringExpression, side: SideChoice | None) -> ReferringExpression:
    """Return the expression for the side that a person has chosen.

    Args:
        expression: the meaning of a note.
        side: the patient's side; None if no person has chosen one.

    Raises:
        SideQuestionError: the note contradicts itself, and `side` is None.
        NoteError: the note does not name the chosen side.
    """
    if side is None:
        if expression.questions:
            raise SideQuestionError(expression.questions[0])
        return expression
    chosen = SIDES if side == "both" else (side,)
    missing = [each for each in chosen if each not in expression.sides]
    if missing:
        raise NoteError(f"The note does not name the patient's {missing[0]} lung, which was chosen.")
    count = expression.count if len(chosen) == len(expression.sides) else None
    return replace(expression, sides=chosen, weak=expression.weak and side == "both", count=count, questions=())


def _name(sides: set[Side]) -> str:
    return " and ".join(side for side in SIDES if side in sides)
