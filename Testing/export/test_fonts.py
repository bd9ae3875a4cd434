"""Text in pictures: the font with most of its letters is chosen, and its lines fit the width."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from CausalCLIPSegLib.export import fonts
from CausalCLIPSegLib.export.fonts import TextFont, wrap

FONT = ImageFont.load_default(30)
TEXTS = st.lists(st.text("abcdefgh", min_size=1, max_size=30), max_size=20).map(" ".join)


@pytest.fixture
def only_pillow_font(monkeypatch):
    monkeypatch.setattr(fonts, "_families", lambda: ("",))


@settings(deadline=None)
@given(text=TEXTS, width=st.integers(40, 400), max_lines=st.integers(1, 6))
def test_lines_fit_and_lose_no_words_before_the_last_line(text, width, max_lines):
    lines = wrap(text, FONT, width, max_lines)
    assert 1 <= len(lines) <= max_lines
    assert all(FONT.getlength(line) <= width for line in lines)
    if lines[-1].endswith("…"):
        assert text.replace(" ", "").startswith("".join(lines)[:-1].replace(" ", ""))
    else:
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_lines_break_at_spaces():
    assert wrap("upper lower middle", FONT, round(FONT.getlength("upper lower ")), 3) == ["upper lower", "middle"]


def test_a_long_text_ends_in_an_ellipsis():
    lines = wrap("opacity " * 10_000, FONT, 500, 4)
    assert len(lines) == 4
    assert lines[-1].endswith("opacity…")


def test_empty_text_is_one_empty_line():
    assert wrap("", FONT, 100, 3) == [""]


@pytest.mark.usefixtures("only_pillow_font")
def test_missing_letters_become_simpler_letters():
    assert TextFont("größere Fläche").transliterate("größere Fläche: 3 cm²") == "grossere Flache: 3 cm2"


@pytest.mark.usefixtures("only_pillow_font")
def test_transliterate_returns_none_for_a_script_without_a_font():
    note = "右肺下野可见斑片状高密度影"
    assert TextFont(note).transliterate(note) is None


def test_uses_the_font_with_most_of_the_letters(monkeypatch):
    letters = {"latin": set("abc"), "": set("ab"), "greek": set("αβγ")}
    monkeypatch.setattr(fonts, "_families", lambda: tuple(letters))
    monkeypatch.setattr(fonts, "_has", lambda family, character: character in letters[family])
    assert TextFont("αβ c").transliterate("βα") == "βα"
    assert TextFont("ab c").transliterate("βα") is None


@settings(deadline=None, max_examples=50)
@given(text=st.text(max_size=40))
def test_any_text_can_be_drawn(text):
    font = TextFont(text)
    transliterated = font.transliterate(text)
    if transliterated is not None:
        assert "\n" not in transliterated
        assert "\0" not in transliterated
        font.at_size(20).getmask(transliterated)
