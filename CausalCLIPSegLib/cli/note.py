"""`causalclipseg note`: show how a note is understood."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from CausalCLIPSegLib.cli.console import out, plain_table, print_json_line, prompt_text
from CausalCLIPSegLib.cli.options import CheckpointOption, JsonOption, LanguageOption, LateralityOption
from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes.files import read_note_list

if TYPE_CHECKING:
    from CausalCLIPSegLib.notes import ReferringExpression


def note(
    text: Annotated[str | None, typer.Argument(help="The note.")] = None,
    file: Annotated[Path | None, typer.Option(help="A text file with one note per line.")] = None,
    as_json: JsonOption = False,
    laterality: LateralityOption = "patient",
    checkpoint: CheckpointOption = "default",
    language: LanguageOption = None,
) -> None:
    """Show how a note is understood, and the prompt for the network."""
    from CausalCLIPSegLib.model.card import find_checkpoint, read_card
    from CausalCLIPSegLib.notes import parse_note

    if (text is None) == (file is None):
        raise NoteError("Give the note either as TEXT or as --file FILE.")
    notes = read_note_list(file) if file is not None else [text or ""]
    card = read_card(find_checkpoint(checkpoint))
    for each in notes:
        expression = parse_note(each, laterality, language, card.findings)
        prompt = card.prompt(expression) if expression.sides else None
        if as_json:
            print_json_line({**expression.to_dict(), "prompt": prompt, "laterality": card.laterality})
        else:
            _print_expression(
                expression,
                prompt_text(prompt, card.laterality) if prompt else "none: nothing to outline",
            )


def _print_expression(expression: ReferringExpression, prompt: str) -> None:
    from CausalCLIPSegLib.notes import describe_expression

    table = plain_table()
    table.add_row("Note", expression.text)
    table.add_row("Understood", describe_expression(expression))
    table.add_row("Prompt", prompt)
    for finding in expression.findings:
        if finding.present:
            table.add_row("From", f"{finding.words}: {finding.kind}{', uncertain' if finding.uncertain else ''}")
    for ignored in expression.ignored:
        table.add_row("Not used", f"{ignored.words}: {ignored.reason}")
    for words in expression.not_understood:
        table.add_row("Not understood", words)
    for question in expression.questions:
        table.add_row("Question", question)
    out.print(table)
