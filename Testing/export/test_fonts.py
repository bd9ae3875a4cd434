"""Words in a picture: letters the font has, lines that fit."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from CausalCLIPSegLib.export import fonts
from CausalCLIPSegLib.export.fonts import Lettering, wrap

FONT = ImageFont.load_default(30)
WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=30), max_size=20).map(" ".join)


@pytest.fixture
def only_pillows_font(monkeypatch):
    monkeypatch.setattr(fonts, "_families", lambda: ("",))


@settings(deadline=None)
@given(text=WORDS, width=st.integers(40, 400), most_lines=st.integers(1, 6))
def test_lines_fit_and_no_word_is_lost_before_the_last_line(text, width, most_lines):
    lines = wrap(text, FONT, width, most_lines)
    assert 1 <= len(lines) <= most_lines
    assert all(FONT.getlength(line) <= width for line in lines)
    if lines[-1].endswith("…"):
        assert text.replace(" ", "").startswith("".join(lines)[:-1].replace(" ", ""))
    else:
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_break_at_blanks():
    assert wrap("upper lower middle", FONT, round(FONT.getlength("upper lower ")), 3) == ["upper lower", "middle"]


def test_a_long_text_ends_in_an_ellipsis():
    lines = wrap("opacity " * 10_000, FONT, 500, 4)
    assert len(lines) == 4
    assert lines[-1].endswith("opacity…")


def test_no_text_is_one_empty_line():
    assert wrap("", FONT, 100, 3) == [""]


@pytest.mark.usefixtures("only_pillows_font")
def test_missing_letters_give_way_to_those_they_are_made_of():
    assert Lettering("größere Fläche").spell("größere Fläche: 3 cm²") == "grossere Flache: 3 cm2"


@pytest.mark.usefixtures("only_pillows_font")
def test_a_script_without_a_font_is_told():
    note = "右肺下野可见斑片状高密度影"
    assert Lettering(note).spell(note) is None


def test_the_font_with_most_of_the_letters_is_taken(monkeypatch):
    letters = {"latin": set("abc"), "": set("ab"), "greek": set("αβγ")}
    monkeypatch.setattr(fonts, "_families", lambda: tuple(letters))
    monkeypatch.setattr(fonts, "_has", lambda family, character: character in letters[family])
    assert Lettering("αβ c").spell("βα") == "βα"
    assert Lettering("ab c").spell("βα") is None


@settings(deadline=None, max_examples=50)
@given(text=st.text(max_size=40))
def test_any_text_can_be_spelt_and_drawn(text):
    letters = Lettering(text)
    spelt = letters.spell(text)
    if spelt is not None:
        assert "\n" not in spelt
        assert "\0" not in spelt
        letters.font(20).getmask(spelt)
