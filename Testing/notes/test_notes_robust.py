"""Any text gives an answer or a refusal, quickly; and the lexicon is sound."""

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import MAX_NOTE_LENGTH, describe_expression, languages, parse_note, to_prompt
from CausalCLIPSegLib.notes.lexicon import load_lexicon

WORDS = sorted({word for words in load_lexicon().terms for word in words} | set(load_lexicon().numbers))
MARKS = [",", ".", "\n", "\n\n", ";", ":", "- ", "?", "12", "xyz"]


def read(note):
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
def test_any_text_is_read(note):
    read(note)


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS + MARKS * 20)).map(" ".join))
def test_any_words_of_the_lexicon_are_read(note):
    read(note)


PIECES = "x|no |gone |resolved |opacity, |opacity and |right, |r and |right lower |.|a.|- |history:|?|one |RLL\n"
PIECES += "|clear heart |opacity right. |but |\ufdfa|opasity |consolidadion, |RLL and effusion "


@pytest.mark.parametrize("piece", ["x", " ", "\n", "RLL opacity. ", "?", "no ", "\u0301"])
def test_a_megabyte_is_refused_in_a_sentence(piece):
    with pytest.raises(NoteError, match="longer than 20,000 characters"):
        parse_note(piece * (1_000_000 // len(piece)))


@pytest.mark.parametrize("piece", PIECES.split("|"))
def test_the_longest_notes_are_read(piece):
    read((piece * MAX_NOTE_LENGTH)[:MAX_NOTE_LENGTH])


def work(note):
    """Count the calls that reading a note takes."""
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        read(note)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", [*PIECES.split("|"), "opacity or ", "possible ", "versus ", "zyxwv ", "in ", "? "])
def test_work_grows_with_the_length(piece):
    read(piece)  # loads the lexicons
    short, long = (work((piece * MAX_NOTE_LENGTH)[:size]) for size in (2000, 8000))
    assert long < 5 * short + 5000


@pytest.mark.parametrize(
    "word", ["might", "eight", "light", "basis", "based", "while", "whose", "injection", "long", "none", "felt"]
)
def test_ordinary_words_are_no_typing_errors(word):
    assert not parse_note(f"{word}").sides


def test_entries_are_written_as_the_tokens_of_a_note_are():
    for words in (words for language in languages() for words in load_lexicon(language).terms):
        assert all(word == word.casefold() and (word.isalnum() or len(word) == 1 or "'" in word) for word in words), (
            words
        )
