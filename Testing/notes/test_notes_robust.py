"""The parser turns any text into an expression or a NoteError, in linear time; the lexicon is consistent."""

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import MAX_NOTE_LENGTH, describe_expression, languages, parse_note, to_prompt
from CausalCLIPSegLib.notes.lexicon import load_lexicon

WORDS = sorted({word for words in load_lexicon().terms for word in words} | set(load_lexicon().numbers))
MARKS = [",", ".", "\n", "\n\n", ";", ":", "- ", "?", "12", "xyz"]


def parse_and_describe(note):
    try:
        expression = parse_note(note)
    except NoteError:
        return
    expression.to_dict()
    describe_expression(expression)
    if expression.sides:
        to_prompt(expression, "viewer")


@settings(deadline=None)
@given(st.text())
@example("l" * 5)
@example("1.")
@example(".")
@example("- \n-\n:")
@example("history:")
@example("resolved gone no")
def test_any_text_is_parsed_or_rejected(note):
    parse_and_describe(note)


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS + MARKS * 20)).map(" ".join))
def test_any_words_of_the_lexicon_are_parsed(note):
    parse_and_describe(note)


PIECES = "x|no |gone |resolved |opacity, |opacity and |right, |r and |right lower |.|a.|- |history:|?|one |RLL\n"
PIECES += "|clear heart |opacity right. |but |\ufdfa|opasity |consolidadion, |RLL and effusion |sparing the apex. "
PIECES += "|right however |right base gone, |resolved on the right, |the left opacity has cleared on the right, "
PIECES += "|opacity except left. |a: no\n|Opacity: |resolved that in |<b>|R:|(r) |right lung:\n|\\par "


@pytest.mark.parametrize("piece", ["x", " ", "\n", "RLL opacity. ", "?", "no ", "\u0301"])
def test_rejects_a_megabyte(piece):
    with pytest.raises(NoteError, match="longer than 20,000 characters"):
        parse_note(piece * (1_000_000 // len(piece)))


@pytest.mark.parametrize("piece", PIECES.split("|"))
def test_notes_of_maximum_length_are_parsed(piece):
    parse_and_describe((piece * MAX_NOTE_LENGTH)[:MAX_NOTE_LENGTH])


def count_calls(note):
    """Return the number of function calls that a note takes."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        parse_and_describe(note)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", [*PIECES.split("|"), "opacity or ", "possible ", "versus ", "zyxwv ", "in ", "? "])
def test_work_is_linear_in_the_length(piece):
    parse_and_describe(piece)  # loads the lexicons
    short, long = (count_calls((piece * MAX_NOTE_LENGTH)[:size]) for size in (2000, 8000))
    assert long < 5 * short + 5000


@pytest.mark.parametrize(
    "word", ["might", "eight", "light", "basis", "based", "while", "whose", "injection", "long", "none", "felt"]
)
def test_ordinary_words_are_not_corrected(word):
    assert not parse_note(word).sides


def test_entries_are_spelled_like_tokens():
    for words in (words for language in languages() for words in load_lexicon(language).terms):
        assert all(word == word.casefold() and (word.isalnum() or len(word) == 1 or "'" in word) for word in words), (
            words
        )
