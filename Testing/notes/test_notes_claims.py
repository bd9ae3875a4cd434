"""Claims and places: the worked example of notes/claims.py and docs/notes.md, step by step."""

from CausalCLIPSegLib.notes import parse_note, to_prompt
from CausalCLIPSegLib.notes.lexicon import load_lexicon
from CausalCLIPSegLib.notes.ownership import parse_statement
from CausalCLIPSegLib.notes.places import Location, resolve
from CausalCLIPSegLib.notes.statements import split_statements
from CausalCLIPSegLib.notes.tokens import clean, tokenize

NOTE = "no effusion, right basal consolidation"


def test_the_worked_example_gives_the_documented_claims_and_prompt():
    lexicon = load_lexicon()
    tokens = lexicon.read(tokenize(clean(NOTE)))
    assert [token.key for token in tokens] == ["no", "effusion", ",", "right", "basal", "consolidation"]

    mentions = lexicon.find(tokens)
    assert [(mention.role, mention.term.value) for mention in mentions] == [
        ("negated", "forward"),
        ("outside", "effusion"),
        ("comma", "comma"),
        ("side", "right"),
        ("zone", "lower"),
        ("finding", "consolidation"),
    ]

    (statement,) = split_statements(tokens, mentions, lexicon)
    assert (statement.start, statement.stop, statement.section) == (0, 6, "findings")

    parsed = parse_statement(statement, 0)
    assert parsed.chunks == 2
    effusion, consolidation = parsed.claims
    assert (effusion.chunk, effusion.negated, effusion.asserted, effusion.places) == (0, True, False, [])
    assert (consolidation.chunk, consolidation.negated, consolidation.asserted) == (1, False, True)
    assert consolidation.places == parsed.places
    assert [(place.term.term.value, place.chunk, place.used) for place in parsed.places] == [
        ("right", 1, True),
        ("lower", 1, True),
    ]

    location = resolve([place.term for place in parsed.places], "patient")
    assert location == Location(frozenset({"right"}), {"right": ("lower",)})

    expression = parse_note(NOTE)
    assert (expression.sides, expression.zones) == (("right",), {"right": ("lower",)})
    prompt = "Unilateral pulmonary infection, one infected area, lower {} lung."
    assert to_prompt(expression, "patient") == prompt.format("right")
    assert to_prompt(expression, "viewer") == prompt.format("left")
