"""Folders and tables as practice has them: what belongs together, and what is refused with its reason."""

import os
import socket
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.batch.inputs import BatchItem, read_items
from CausalCLIPSegLib.errors import CausalCLIPSegError

NOTE = "Opacity in the left lower zone\nhas resolved; new, “right” infiltrate."


def items_of(source: Path) -> dict[str, BatchItem]:
    return {item.name: item for item in read_items(source, source.parent / "out")}


@pytest.fixture
def files(tmp_path):
    """Write files with their own name as content into a folder, and return the folder."""

    def write(*names: str) -> Path:
        for name in names:
            path = tmp_path / "images" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name, encoding="utf-8")
        return tmp_path / "images"

    return write


@pytest.mark.parametrize(
    ("image", "report"),
    [
        *product(["IM000001.DCM", "IM000001.dcm"], ["IM000001.TXT", "IM000001.txt", "IM000001.Txt", "im000001.TXT"]),
        ("IM000001", "IM000001.TXT"),
        ("IM000001", "im000001.txt"),
        ("scan.nii.gz", "scan.TXT"),
        ("SCAN.NII.GZ", "SCAN.NII.GZ.TXT"),
        ("a.png", "A.PNG.TXT"),
        ("1.2.840.1", "1.2.840.1.TXT"),
        ("M\u00fcller.png", "Mu\u0308ller.txt"),
        ("STRASSE.png", "stra\u00dfe.txt"),
    ],
)
def test_report_belongs_to_the_image_in_any_letter_case(files, image, report):
    (item,) = items_of(files(image, report)).values()
    assert (item.name, item.note, item.fault) == (image, report, "")


def test_letter_case_decides_if_it_is_the_only_difference(files):
    items = items_of(files("a.png", "A.png", "a.txt", "A.TXT", "b.png", "B.png", "B.txt"))
    notes = {name: item.note for name, item in items.items()}
    assert notes == {"A.png": "A.TXT", "a.png": "a.txt", "B.png": "B.txt", "b.png": ""}
    assert items["b.png"].fault == "There is no report b.txt beside it."


def test_two_reports_of_one_image_are_refused(files):
    items = items_of(files("a.png", "a.txt", "a.TXT", "b.png"))
    assert items["a.png"].fault == "There are two reports beside it, a.TXT and a.txt."


def test_tables_and_reports_do_not_count_as_images_in_any_letter_case(files):
    assert list(items_of(files("a.png", "a.txt", "b.TXT", "c.CSV", "d.csv", ".e.png", ".f/g.png"))) == ["a.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_pipes_sockets_devices_and_broken_links_are_refused_at_once(files, tmp_path, monkeypatch):
    folder = files("a.txt", "b.txt", "c.txt", "d.png", "e.txt", "f/g.png")
    os.mkfifo(folder / "a.png")
    monkeypatch.chdir(folder)  # the address of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("b.png")
        (folder / "c.png").symlink_to("/dev/zero")
        os.mkfifo(folder / "d.txt")
        (folder / "e.png").symlink_to("missing.png")
        faults = {name: item.fault for name, item in items_of(folder).items()}
    irregular = "The image cannot be read: it is a pipe, a socket or a device, not a regular file."
    assert {name: faults[name] for name in ("a.png", "b.png", "c.png")} == dict.fromkeys(
        ("a.png", "b.png", "c.png"), irregular
    )
    assert faults["d.png"].endswith("d.txt cannot be read: it is a pipe, a socket or a device, not a regular file.")
    assert faults["e.png"] == "The image cannot be read: there is no such file."


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="the superuser reads every folder")
def test_folder_that_cannot_be_read_is_not_skipped_silently(files):
    folder = files("a.png", "a.txt", "b/c.png")
    (folder / "b").chmod(0)
    try:
        assert items_of(folder)["b/"].fault == "This folder cannot be read."
    finally:
        (folder / "b").chmod(0o700)


def test_image_is_refused_if_its_results_would_replace_the_table(files):
    assert "Rename the image" in items_of(files("films.csv.png", "films.csv.txt"))["films.csv.png"].fault


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("source", ["pipe", "/dev/zero", "/dev/null"])
def test_pipe_or_device_instead_of_a_table_is_refused_at_once(tmp_path, source):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CausalCLIPSegError, match=r"^The table .* cannot be read: it is a pipe"):
        read_items(tmp_path / source, tmp_path / "out")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("first", ["", "sep={}", '"sep={}"', "SEP={}", "\n# exported, by hand; today\n"])
def test_table_is_read_as_any_spreadsheet_writes_it(files, encoding, delimiter, line_end, first):
    folder = files("a.png", "b.png")
    rows = [["image", "note", "laterality"], ["a.png", f'"{NOTE}"', ""], ["b.png", '"Größe ""normal"""', "viewer"]]
    lines = [first.format(delimiter)] * bool(first) + [delimiter.join(row) for row in rows]
    text = "".join(line + "\n" for line in lines).replace("\n", line_end)
    (folder / "notes.csv").write_bytes(text.encode(encoding))
    items = items_of(folder / "notes.csv")
    assert {name: (item.note, item.laterality, item.fault) for name, item in items.items()} == {
        "a.png": (NOTE, None, ""),
        "b.png": ('Größe "normal"', "viewer", ""),
    }


@pytest.mark.parametrize("line_end", ["\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_no_line_end_inside_a_cell_cuts_the_note(files, line_end, quote):
    if line_end.strip("\r\n") == "" and not quote:
        pytest.skip("ends the row")
    folder = files("a.png")
    note = f"{quote}Opacity in the left lower zone{line_end}has resolved.{quote}"
    (folder / "notes.csv").write_bytes(f"image,note\na.png,{note}\n".encode())
    (item,) = items_of(folder / "notes.csv").values()
    assert item.note == "Opacity in the left lower zone\nhas resolved."


@pytest.mark.parametrize(
    ("table", "notes"),
    [
        ("Image , NOTE\na.png,left\n", {"a.png": "left"}),
        ("\u00a0image\u00a0,\u200bnote\n a.png\u00a0,\u00a0left \n", {"a.png": "left"}),
        ("image,note,\na.png,left,\n", {"a.png": "left"}),
        (",image,note\n0,a.png,left\n1,b.png,right\n", {"a.png": "left", "b.png": "right"}),
        ("image,note\n\n  \n,,\n# a comment\na.png,left\n\n", {"a.png": "left"}),
        ("note,mask,image\nleft,m.png,a.png\n", {"a.png": "left"}),
        ('image,note\na.png, "left, lower"\n', {"a.png": "left, lower"}),
        ("image;note\na.png;left, lower\n", {"a.png": "left, lower"}),
        ("image,note\na.png\n", {"a.png": ""}),
        ('"image";"note"\n"a.png";"left"\n', {"a.png": "left"}),
        ("sep=,\nimage;note\na.png;left, lower\n", {"a.png": "left, lower"}),
    ],
)
def test_variants_of_tables(files, table, notes):
    folder = files("a.png", "b.png")
    (folder / "notes.csv").write_text(table, encoding="utf-8")
    assert {name: item.note for name, item in items_of(folder / "notes.csv").items()} == notes


@pytest.mark.parametrize(
    ("row", "name", "fault"),
    [
        ("a.png,Opacity left, resolved", "a.png", "Line 3 of the table has more cells than its header"),
        (f"{'x' * 300}.png,left", f"{'x' * 300}.png", "its name is too long"),
        (f"{'x/' * 3000}a.png,left", f"{'x/' * 3000}a.png", "its name is too long"),
        ("/dev/zero,left", "/dev/zero", "a pipe, a socket or a device"),
        ("pipe,left", "pipe", "a pipe, a socket or a device"),
        ("sub,left", "sub", "it is a folder"),
        (".,left", "line 3: .", "names no image"),
        ("..,left", "line 3: ..", "names no image"),
        ("sub/..,left", "line 3: sub/..", "names no image"),
        ("/,left", "line 3: /", "names no image"),
        (",left", "line 3", "names no image"),
        ("\x1b[31ma.png,left", "\\x1b[31ma.png", "no such file"),
        ("missing.png,left", "missing.png", "no such file"),
    ],
)
def test_odd_row_is_refused_and_the_others_are_not(files, row, name, fault):
    folder = files("a.png", "b.png", "sub/c.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "pipe")
    (folder / "notes.csv").write_text(f"image,note\nb.png,right\n{row}\n", encoding="utf-8")
    items = items_of(folder / "notes.csv")
    assert fault in items.pop(name).fault
    assert [(item.name, item.note, item.fault) for item in items.values()] == [("b.png", "right", "")]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4))
def test_any_row_gives_an_item_inside_the_folder_of_results_or_one_sentence(files, cells):
    folder = files("b.png")
    line = ",".join('"' + cell.replace('"', '""').replace("\0", "") + '"' for cell in cells)
    (folder / "notes.csv").write_text(f"image,note,side\nb.png,right,\n{line}\n", encoding="utf-8", newline="")
    try:
        items = items_of(folder / "notes.csv")
    except CausalCLIPSegError as error:
        assume("in one folder" not in str(error))  # the only reason
        raise
    assert not items["b.png"].fault
    assert len(items) == (2 if any(cell.strip() for cell in cells) and not is_comment(cells) else 1)
    for item in items.values():
        assert ".." not in item.folder.parts
        assert not item.folder.is_absolute()
        assert item.name.isprintable() or not any(ord(each) < 32 for each in item.name)


def is_comment(cells: list[str]) -> bool:
    return len(cells) == 1 and cells[0].strip().lstrip('"').strip().startswith("#")
