"""`causalclipseg note`: what is understood of a note."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from CausalCLIPSegLib.cli.console import laterality_text, out, plain_table
from CausalCLIPSegLib.cli.options import CheckpointOption, LanguageOption, LateralityOption
from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes.files import read_note_list


def note(
    text: Annotated[str | None, typer.Argument(help="The note.")] = None,
    file: Annotated[Path | None, typer.Option(help="A text file with one note a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    laterality: LateralityOption = "patient",
    checkpoint: CheckpointOption = "default",
    language: LanguageOption = None,
) -> None:
    """Show what is understood of a note, and the sentence that the network would be given."""
    from CausalCLIPSegLib.model.card import find_checkpoint, read_card
    from CausalCLIPSegLib.notes import describe_expression, parse_note, to_prompt

    if (text is None) == (file is None):
        raise NoteError("Give the note either as TEXT or as --file FILE.")
    notes = read_note_list(file) if file is not None else [text or ""]
    whose = read_card(find_checkpoint(checkpoint)).laterality
    for one in notes:
        expression = parse_note(one, laterality, language)
        prompt = to_prompt(expression, whose) if expression.sides else None
        if as_json:
            typer.echo(json.dumps({**expression.to_dict(), "prompt": prompt, "laterality": whose}, ensure_ascii=False))
            continue
        table = plain_table()
        table.add_row("Note", one)
        table.add_row("Understood", describe_expression(expression))
        table.add_row("Sentence", f"{prompt} ({laterality_text(whose)})" if prompt else "none: nothing to outline")
        for finding in expression.findings:
            if finding.present:
                unsure = ", uncertain" if finding.uncertain else ""
                table.add_row("From", f"{finding.words}: {finding.kind}{unsure}")
        for ignored in expression.ignored:
            table.add_row("Not used", f"{ignored.words}: {ignored.reason}")
        for question in expression.questions:
            table.add_row("Question", question)
        out.print(table)
