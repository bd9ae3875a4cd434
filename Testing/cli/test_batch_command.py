"""Many films with their notes: what is done stays done, and one bad film does not stop the rest."""

import csv
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from CausalCLIPSegLib.batch.inputs import read_items
from CausalCLIPSegLib.batch.runner import Batch, Settings
from CausalCLIPSegLib.batch.table import Rows
from CausalCLIPSegLib.errors import CausalCLIPSegError, OutputError
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.segmenter import Segmenter

CONTRADICTION = "FINDINGS: Left lower lobe pneumonia. IMPRESSION: Right lower lobe pneumonia."
SURE = Settings(threshold=0.01)  # random weights reach it


def add_film(path: Path, note: str | None = None, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.kron(np.random.default_rng(seed).integers(0, 255, (9, 12)), np.ones((12, 12)))
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    if note is not None:
        path.with_suffix(".txt").write_text(note, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three films that can be outlined."""
    for seed, name in enumerate(("a.png", "b.png", "later/c.png")):
        add_film(tmp_path / "films" / name, "Left lower lobe pneumonia.", seed)
    return tmp_path / "films"


@pytest.fixture
def outline(tmp_path, tiny_checkpoint_to_read):
    """Outline a folder or a table into tmp_path/out; gives the status and message of each film."""

    def run(source: Path, settings: Settings = SURE, *, out: str = "out", force: bool = False) -> dict[str, tuple]:
        films = read_items(source, tmp_path / out)
        work = Batch(tmp_path / out, settings, tiny_checkpoint_to_read, "cpu", force=force)
        with Rows(tmp_path / out / "films.csv") as rows:
            return {row.image: (row.status, row.message, before) for row, before in work.run(films, rows)}

    return run


def table_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "films.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_film_has_the_result_that_it_has_alone(folder, outline, tmp_path, tiny_checkpoint_to_read):
    assert outline(folder) == dict.fromkeys(("a.png", "b.png", "later/c.png"), ("outlined", "", False))
    segmenter = Segmenter.from_checkpoint(tiny_checkpoint_to_read, "cpu")
    for row in table_of(tmp_path / "out"):
        alone = segmenter.segment(read_radiograph(folder / row["image"]), "Left lower lobe pneumonia.", threshold=0.01)
        assert float(row["area_fraction"]) == alone.mask.mean() > 0
        areas = {each.side: repr(float(each.mask.mean())) for each in alone.segments}
        assert {side: row[f"{side}_fraction"] for side in ("left", "right")} == {"left": "", "right": ""} | areas
        assert (row["sentence"], row["sides"], row["area_mm2"]) == (alone.prompt, "left", "")
        result = json.loads((tmp_path / "out" / row["image"].removesuffix(".png") / "result.json").read_text())
        assert result["area_fraction"] == float(row["area_fraction"])


def test_one_bad_film_does_not_stop_the_rest(folder, outline, monkeypatch, tmp_path):
    (folder / "0_bad.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (folder / "0_bad.txt").write_text("RLL pneumonia.")
    add_film(folder / "1_alone.png")
    add_film(folder / "2_normal.png", "Normal chest.")
    add_film(folder / "3_contradiction.png", CONTRADICTION)
    add_film(folder / "4_empty.png", " \n")
    add_film(folder / "5_latin.png").with_suffix(".txt").write_bytes("Infiltrat links, möglich".encode("latin-1"))
    add_film(folder / "6_odd.png", "Right opacity, an odd one.")
    segment = Segmenter.segment

    def odd(self, radiograph, note, **options):
        if "odd" in note.text:
            raise RuntimeError("a patient's name")
        return segment(self, radiograph, note, **options)

    monkeypatch.setattr(Segmenter, "segment", odd)
    done = outline(folder)
    expected = {
        "0_bad.png": ("refused", "damaged"),
        "1_alone.png": ("refused", "no report 1_alone.txt"),
        "2_normal.png": ("no finding", "no finding"),
        "3_contradiction.png": ("refused", "in the column side"),
        "4_empty.png": ("refused", "empty"),
        "5_latin.png": ("outlined", ""),
        "6_odd.png": ("failed", "RuntimeError"),
        **dict.fromkeys(("a.png", "b.png", "later/c.png"), ("outlined", "")),
    }
    assert list(done) == list(expected)
    for (status, words), (found_status, message, _) in zip(expected.values(), done.values(), strict=True):
        assert found_status == status
        assert words in message
    assert "patient's name" not in (tmp_path / "out" / "films.csv").read_text(encoding="utf-8")
    folders = {path.name for path in (tmp_path / "out").iterdir()}
    assert folders == {"films.csv", "5_latin", "a", "b", "later"}  # nothing of those that were not outlined


def test_what_was_stopped_goes_on_and_gives_the_same(folder, outline, monkeypatch, tmp_path):
    outline(folder, out="whole")
    segment = Segmenter.segment
    asked = []

    def stopped(self, radiograph, note, **options):
        asked.append(radiograph.name)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return segment(self, radiograph, note, **options)

    monkeypatch.setattr(Segmenter, "segment", stopped)
    with pytest.raises(KeyboardInterrupt):
        outline(folder)
    assert [row["image"] for row in table_of(tmp_path / "out")] == ["a.png"]
    first = (tmp_path / "out" / "a" / "result.json").read_bytes()
    assert [before for _, _, before in outline(folder).values()] == [True, False, False]
    assert asked == ["a.png", "b.png", "b.png", "c.png"]
    assert (tmp_path / "out" / "a" / "result.json").read_bytes() == first
    whole, gone_on = (tmp_path / out / "films.csv" for out in ("whole", "out"))
    assert gone_on.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("change", ["note", "film", "setting"])
def test_what_was_made_otherwise_is_replaced_only_when_told(folder, outline, tmp_path, change):
    outline(folder)
    before = (tmp_path / "out" / "a" / "result.json").read_bytes()
    settings = Settings(threshold=0.02) if change == "setting" else SURE
    if change == "note":
        (folder / "a.txt").write_text("Right lower lobe pneumonia.")
    if change == "film":
        add_film(folder / "a.png", seed=9)
    status, message, _ = outline(folder, settings)["a.png"]
    assert status == "refused"
    assert "earlier run" in message
    assert (tmp_path / "out" / "a" / "result.json").read_bytes() == before
    assert outline(folder, settings, force=True)["a.png"] == ("outlined", "", False)
    assert (tmp_path / "out" / "a" / "result.json").read_bytes() != before
    assert outline(folder, settings)["a.png"] == ("outlined", "", True)


def test_a_result_that_is_gone_is_made_again(folder, outline, tmp_path):
    outline(folder)
    for path in (tmp_path / "out" / "a").iterdir():
        path.unlink()
    assert [before for _, _, before in outline(folder).values()] == [False, True, True]


def test_an_earlier_outline_does_not_pass_for_one_of_a_note_without_a_finding(folder, outline):
    outline(folder)
    (folder / "a.txt").write_text("Normal chest.")
    status, message, _ = outline(folder, force=True)["a.png"]
    assert status == "refused"
    assert "earlier run" in message


def test_a_table_says_the_side_and_how_a_film_lies(folder, outline, tmp_path):
    lines = [
        "Image;note;laterality;side;mirrored;mask",
        f"a.png;{CONTRADICTION};;right;;",
        "b.png;Left lower lobe pneumonia.;viewer;;no;m.png",
        "later\\c.png;Left lower lobe pneumonia.;;;yes;",
        ";;;;;",
    ]
    (folder / "notes.csv").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    assert [status for status, _, _ in outline(folder / "notes.csv").values()] == ["outlined"] * 3
    assert [row["sides"] for row in table_of(tmp_path / "out")] == ["right", "right", "left"]
    mirrored = json.loads((tmp_path / "out" / "later" / "c" / "result.json").read_text())
    assert mirrored["sides_viewer"] == ["left"]
    assert outline(folder, force=True)["a.png"][0] == "outlined"  # the table itself is taken for no film


def test_a_cell_that_is_none_is_told_for_its_film_alone(folder, outline):
    (folder / "notes.csv").write_text("image,note,side\na.png,Left opacity.,links\nb.png,Left opacity.,\n")
    done = outline(folder / "notes.csv")
    assert done["a.png"][0] == "refused"
    assert "links" in done["a.png"][1]
    assert done["b.png"][0] == "outlined"


def test_a_mirrored_film_is_asked_about(folder, outline, tmp_path):
    import pydicom
    from pydicom.data import get_testdata_file

    dataset = pydicom.dcmread(get_testdata_file("RG1_UNCR.dcm", download=False))
    dataset.PatientOrientation = ["R", "F"]
    dataset.save_as(folder / "d.dcm")
    (folder / "d.txt").write_text("Left lower lobe pneumonia.")
    status, message, _ = outline(folder)["d.dcm"]
    assert status == "refused"
    assert "in the column mirrored" in message
    (folder / "notes.csv").write_text("image,note,mirrored\nd.dcm,Left lower lobe pneumonia.,yes\n")
    assert outline(folder / "notes.csv")["d.dcm"][0] == "outlined"


def test_results_lie_below_their_folder_wherever_the_films_are(folder, outline, tmp_path):
    (folder / "later" / "notes.csv").write_text(f"image,note\n../a.png,Left opacity.\n{folder}/b.png,Left opacity.\n")
    outline(folder / "later" / "notes.csv")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "b", "films.csv"]


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("image,text\na.png,Left opacity.\n", "column note"),
        ("image,note\n", "holds no films"),
        ("image,note\na.png,Left opacity.\na.png,Right opacity.\n", "one folder"),
        ("image,note\na.png,Left opacity.\na.dcm,Right opacity.\n", "one folder"),
        ('image,note\na.png,"Left opacity.\n', "comma-separated"),
        (None, "no folder or table"),
    ],
)
def test_a_table_that_cannot_be_used_is_told_before_anything_is_done(folder, tmp_path, table, words):
    if table is not None:
        (folder / "notes.csv").write_text(table)
    with pytest.raises(CausalCLIPSegError, match=words):
        read_items(folder / "notes.csv", tmp_path / "out")


def test_results_among_the_films_are_taken_for_no_films(folder):
    add_film(folder / "results" / "a" / "overlay.png")
    (folder / ".hidden").write_text("")
    assert [film.name for film in read_items(folder, folder / "results")] == ["a.png", "b.png", "later/c.png"]


def test_a_report_may_be_named_after_the_whole_file_and_a_uid_keeps_its_end(tmp_path):
    add_film(tmp_path / "1.2.840.1.png").rename(tmp_path / "1.2.840.1")
    (tmp_path / "1.2.840.1.txt").write_text("one")
    add_film(tmp_path / "1.2.840.2.png").rename(tmp_path / "1.2.840.2.DCM")
    (tmp_path / "1.2.840.2.DCM.txt").write_text("two")
    films = read_items(tmp_path, tmp_path / "out")
    assert [(film.note, str(film.folder)) for film in films] == [("one", "1.2.840.1"), ("two", "1.2.840.2")]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no file is named so")
def test_a_film_that_is_named_in_another_encoding(tmp_path, outline):
    for text in ("für", "größe"):
        add_film(tmp_path / "films" / "film.png", "Left opacity.").rename(
            tmp_path / "films" / os.fsdecode(f"{text}.png".encode("latin-1"))
        )
    (tmp_path / "films" / "film.txt").rename(tmp_path / "films" / os.fsdecode("für.txt".encode("latin-1")))
    for before in (False, True):
        first, second = outline(tmp_path / "films").items()
        assert first == ("f\\udcfcr.png", ("outlined", "", before))
        assert second[0] == "gr\\udcf6\\udcdfe.png"
        assert second[1][1] == "There is no report gr\\udcf6\\udcdfe.txt beside it."


def test_a_row_that_was_cut_off_is_passed_over(folder, outline, tmp_path):
    outline(folder)
    table = tmp_path / "out" / "films.csv"
    whole = table.read_bytes()
    table.write_bytes(whole[:-100])
    with Rows(table) as rows:
        assert rows.get("b.png") is not None
        assert rows.get("later/c.png") is None
    table.write_bytes(whole)
    assert all(before for _, _, before in outline(folder).values())
    assert table.read_bytes() == whole


def test_another_table_of_that_name_is_left_alone(folder, outline, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "films.csv").write_text("title,year\nNosferatu,1922\n")
    with pytest.raises(OutputError, match="no table of this command"):
        outline(folder)
    assert (tmp_path / "out" / "films.csv").read_text() == "title,year\nNosferatu,1922\n"


def test_a_folder_that_cannot_be_written_stops_it(folder, outline, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError):
        outline(folder)
