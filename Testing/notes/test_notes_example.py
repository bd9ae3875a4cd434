"""The worked example of docs/notes.md, from text to prompt: the page holds its report, its table and its prompts."""

import re
from pathlib import Path

import pytest

from CausalCLIPSegLib.notes import parse_note, to_prompt
from CausalCLIPSegLib.notes.ellipsis import complete
from CausalCLIPSegLib.notes.language import choose_lexicon
from CausalCLIPSegLib.notes.ownership import parse_statement
from CausalCLIPSegLib.notes.statements import split_statements
from CausalCLIPSegLib.notes.tokens import clean, tokenize
from CausalCLIPSegLib.notes.words import NoteText

PAGE = (Path(__file__).parents[2] / "docs" / "notes.md").read_text("utf-8")
EXAMPLE = PAGE[PAGE.index("**An example.**") : PAGE.index("**Nothing is lost in silence.**")]
REPORT = re.search(r"```text\n(.*?)```", EXAMPLE, re.DOTALL)[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")] for line in EXAMPLE.splitlines() if line.startswith("| ")
][1:]


def describe(claim):
    name = claim.mention.term.value + " (negated)" * claim.negated
    places = " ".join(place.term.term.value for place in claim.places)
    return f"{name}: {places}" if places else name


@pytest.fixture(scope="module")
def rows():
    text = clean(REPORT)
    words = tokenize(text)
    lexicon = choose_lexicon(words, None)
    tokens = lexicon.read(words)
    note = NoteText(text, tokens, lexicon)
    statements = split_statements(tokens, lexicon.find(tokens), lexicon)
    parsed = [parse_statement(each, 10 * number) for number, each in enumerate(statements) if not each.is_ignored]
    complete(parsed)
    claims = {id(each.statement): "; ".join(map(describe, each.claims)) for each in parsed}
    return [
        [note.text_of(each.start, each.stop), each.section, each.lead, claims.get(id(each), "")] for each in statements
    ]


def test_the_table_names_every_statement(rows):
    assert rows == ROWS


def test_the_page_gives_the_prompts_and_the_parts_that_are_not_used():
    expression = parse_note(REPORT)
    sentences = " ".join(EXAMPLE.split())
    for laterality in ("patient", "viewer"):
        assert f'"{to_prompt(expression, laterality)}"' in sentences
    assert (len(expression.ignored), expression.not_understood) == (6, ())


def test_every_file_of_the_package_is_in_the_table_of_steps():
    folder = Path(__file__).parents[2] / "CausalCLIPSegLib" / "notes"
    files = {path.name for path in folder.iterdir() if path.suffix in (".py", ".toml")}
    listed = set(re.findall(r"`(\w+\.(?:py|toml))`", PAGE)) | {"__init__.py", "lexicon_de.toml", "lexicon_es.toml"}
    assert files <= listed
