"""Names and notes of others never act on the terminal: control characters are shown, not sent."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from CausalCLIPSegLib.cli.console import plain_table, print_json_line, visible

NOTE = ["--note", "left opacity"]
HOSTILE = "a\x1b[31m\x1b]8;;http://evil\x07b\x1b]8;;\x07\u202egnp.\u2066[red]x[/red]\x9b2J\r\x08:skull:"
ACTING = set(HOSTILE) - set("abgnp.[red]x/0123456789;htp:evilJmsku")


def assert_shown(text: str) -> None:
    assert not ACTING & set(text.replace("\n", ""))
    assert "\\x1b]8;;http://evil" in text
    assert "\\u202egnp." in text
    assert "[red]x[/red]" in text
    assert ":skull:" in text


@given(st.text(st.characters()))
def test_visible_text_holds_no_character_that_acts(text):
    shown = visible(text)
    assert not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in shown)
    assert not set(shown) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
    shown.encode()


@pytest.mark.parametrize("text", ["Müller, größenprogredient", "山田", "علی\u200cرضا", "🫁", "क\u094d\u200dष", "a  b"])
def test_ordinary_text_is_shown_as_it_is(text):
    assert visible(text) == text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
def test_names_of_files_are_shown(causalclipseg, png, tmp_path):
    name = HOSTILE.replace("/", "")
    png.rename(tmp_path / f"{name}.png")
    completed = causalclipseg("segment", f"{name}.png", *NOTE)
    assert completed.returncode == 0, completed.stderr
    assert not ACTING & set((completed.stdout + completed.stderr).replace("\n", ""))
    assert "\\x1b]8;;http:evil" in completed.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["note", HOSTILE + " RLL pneumonia."],
        ["segment", HOSTILE, *NOTE],
        ["segment", "image.png", *NOTE, "--checkpoint", HOSTILE],
        ["segment", "image.png", *NOTE, "--note-file", HOSTILE],
        ["segment", "image.png", "--note-file", HOSTILE],
        ["segment", "image.png", *NOTE, "--" + HOSTILE, "x"],
        ["segment", "image.png", *NOTE, "--device", HOSTILE],
        ["seg", "show", HOSTILE],
        ["pacs", "find", "--archive", HOSTILE, "--patient-id", "x"],
        ["batch", HOSTILE],
        [HOSTILE],
    ],
    ids=range(11),
)
def test_no_command_sends_what_it_was_given(causalclipseg, png, arguments):
    completed = causalclipseg(*arguments)
    printed = completed.stdout + completed.stderr
    assert not ACTING & set(printed.replace("\n", ""))
    assert "Traceback" not in printed


def test_a_note_is_shown_with_its_lines_but_without_control_characters(causalclipseg):
    completed = causalclipseg("note", "RLL pneumonia.\n" + HOSTILE)
    assert completed.returncode == 0, completed.stderr
    assert_shown(completed.stdout)
    assert any(
        line.strip() == "RLL pneumonia." or line.endswith("RLL pneumonia.")
        for line in (each.rstrip() for each in completed.stdout.splitlines())
    )


@given(text=st.text(st.characters()))
@example(text=HOSTILE + "Größe \u2028 🫁 \U000e0041")
def test_json_is_escaped_and_reads_back_unchanged(text):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        print_json_line({"text": text})
    line = printed.getvalue()
    assert visible(line, keep="\n") == line
    assert line.count("\n") == 1
    assert json.loads(line) == {"text": text}


def test_a_checkpoint_with_a_hostile_name_is_shown(causalclipseg, png, tiny_checkpoint):
    card = json.loads((tiny_checkpoint / "card.json").read_text())
    (tiny_checkpoint / "card.json").write_text(json.dumps({**card, "name": HOSTILE}))
    completed = causalclipseg("segment", png.name, *NOTE, "--checkpoint", str(tiny_checkpoint))
    assert completed.returncode == 0, completed.stderr
    assert_shown(completed.stdout)


def test_tables_escape_their_cells():
    table = plain_table()
    table.add_row("Note", HOSTILE)
    assert not ACTING & set("".join(table.columns[1].cells))


def test_an_environment_without_utf_8_prints_escapes(causalclipseg, monkeypatch):
    monkeypatch.setitem(os.environ, "PYTHONIOENCODING", "ascii")
    completed = causalclipseg("note", "RLL pneumonia größer \u202e")
    assert completed.returncode == 0, completed.stderr
