"""The reader of note files knows the common encodings, and rejects any other file with one sentence."""

import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import MAX_NOTE_LENGTH
from CausalCLIPSegLib.notes.files import MAX_LIST_LENGTH, read_note_file, read_note_list

NOTE = "Infiltrat links, möglich.\nKein Erguß – Größe normal."
FOUR_BYTE_CHARACTER = "\U0001fac1"  # the emoji of the lungs

READABLE = {
    "utf-8": (NOTE.encode("utf-8"), NOTE),
    "utf-8 with BOM": (NOTE.encode("utf-8-sig"), NOTE),
    "utf-16 little endian": (b"\xff\xfe" + NOTE.encode("utf-16-le"), NOTE),
    "utf-16 big endian": (b"\xfe\xff" + NOTE.encode("utf-16-be"), NOTE),
    "utf-16 little endian without mark": (NOTE.encode("utf-16-le"), NOTE),
    "utf-16 big endian without mark": (NOTE.encode("utf-16-be"), NOTE),
    "windows-1252": (NOTE.encode("cp1252"), NOTE),
    "latin-1": ("Verschattung möglich".encode("latin-1"), "Verschattung möglich"),
    "Windows line ends": (b"RLL\r\nopacity", "RLL\nopacity"),
    "old Mac line ends": (b"RLL\ropacity", "RLL\nopacity"),
    "mixed line ends": (b"RLL\ropacity\r\nno\neffusion", "RLL\nopacity\nno\neffusion"),
    "line ends inside a text": ("a\vb\fc\x85d\u2028e\u2029f\x1cg\x1dh\x1ei".encode(), "a\nb\nc\nd\ne\nf\ng\nh\ni"),
    "two letters of Windows-1252 that are one of UTF-8": (
        "Kein Erguß“, Größe möglich".encode("cp1252"),
        "Kein Erguß“, Größe möglich",
    ),
    "longest with 1 byte per character": (b"a" * MAX_NOTE_LENGTH, "a" * MAX_NOTE_LENGTH),
    "longest with 4 bytes per character": (
        (FOUR_BYTE_CHARACTER * MAX_NOTE_LENGTH).encode("utf-8-sig"),
        FOUR_BYTE_CHARACTER * MAX_NOTE_LENGTH,
    ),
}

REJECTED = {
    "empty": (b"", "is empty"),
    "blank": (b" \r\n\t", "is empty"),
    "only a BOM": (b"\xff\xfe", "is empty"),
    "NUL": (b"RLL\0opacity", "is not plain text"),
    "UTF-16 cut off": ("RLL opacity".encode("utf-16-le")[:-1], "is not plain text"),
    "numbers of 16 bits": (bytes([1, 0, 2, 0, 65, 0, 66, 0]), "is not plain text"),
    "UTF-8 with one damaged letter": ("möglich, Größe, ".encode() + b"H\xc3he", "is not plain text"),
    "UTF-32": ("RLL opacity".encode("utf-32"), "is not plain text"),
    "half a UTF-16 character": (b"\xff\xfeR", "is not plain text"),
    "no character of Windows-1252": (b"RLL\x81\x9d", "is not plain text"),
    "PNG": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is not plain text"),
    "too long": (b"a" * (4 * MAX_NOTE_LENGTH + 4), "is longer than 20,000 characters"),
}


@pytest.mark.parametrize(("data", "text"), READABLE.values(), ids=READABLE)
def test_reads_every_encoding(tmp_path, data, text):
    path = tmp_path / "note.txt"
    path.write_bytes(data)
    assert read_note_file(path) == read_note_file(str(path)) == text


@pytest.mark.parametrize(("data", "reason"), REJECTED.values(), ids=REJECTED)
def test_rejects_other_files_with_a_sentence_that_names_the_file(tmp_path, data, reason):
    path = tmp_path / "note.txt"
    path.write_bytes(data)
    with pytest.raises(NoteError) as caught:
        read_note_file(path)
    assert str(caught.value).startswith(f"The note file {path} {reason}")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing.txt", "there is no such file"),
        (".", "it is a folder"),
        ("/dev/zero", "not a regular file"),
        ("pipe", "not a regular file"),
        ("x" * 300, "its name is too long"),
        ("nul\0.txt", "no file name can contain"),
    ],
)
def test_rejects_what_is_no_regular_file_at_once(tmp_path, name, reason):
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NoteError, match=rf"^The note file .* cannot be read: .*{reason}.*\.$"):
        read_note_file(tmp_path / name)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(max_codepoint=0xFF, exclude_categories=["Cc"]) | st.sampled_from("\n\r\v\f")),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"]),
)
def test_text_is_the_same_in_every_encoding(tmp_path, text, encoding):
    text = f"Opacity {text} right lower zone"
    (tmp_path / "note.txt").write_bytes(text.encode(encoding))
    assert read_note_file(tmp_path / "note.txt") == "\n".join(text.splitlines())


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_any_file_gives_text_or_one_sentence(tmp_path, data):
    path = tmp_path / "note.txt"
    path.write_bytes(data)
    try:
        outcome = read_note_file(path)
    except NoteError as error:
        outcome = str(error)
    assert outcome.strip()


def test_a_list_has_one_note_per_line_and_may_be_longer_than_a_note(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("RLL opacity\n\n  \n" * 10_000 + "LLL opacity")
    assert path.stat().st_size > 4 * MAX_NOTE_LENGTH
    assert read_note_list(path) == ["RLL opacity"] * 10_000 + ["LLL opacity"]
    path.write_text("Left opacity\x85has resolved\n\nRLL\u2028opacity\r", newline="", encoding="utf-8")
    assert read_note_list(path) == ["Left opacity\nhas resolved", "RLL\nopacity"]
    path.write_bytes(b"a" * (4 * MAX_LIST_LENGTH + 4))
    with pytest.raises(NoteError, match="is longer than 5,000,000 characters"):
        read_note_list(path)


def test_the_package_imports_only_the_standard_library():
    code = (
        "import sys; before = set(sys.modules); import CausalCLIPSegLib.notes, CausalCLIPSegLib.notes.files;"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))"
    )
    completed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert completed.stdout.split() == ["CausalCLIPSegLib"]
