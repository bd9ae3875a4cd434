"""Batches: finished images are not segmented again, and an unusable image does not stop the others."""

import csv
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from batch_work import InThisProcess
from pydicom.data import get_testdata_file
from small_images import add_image

from CausalCLIPSegLib.batch.inputs import read_items
from CausalCLIPSegLib.batch.processes import Processes
from CausalCLIPSegLib.batch.runner import Batch
from CausalCLIPSegLib.batch.table import Row, Rows
from CausalCLIPSegLib.batch.task import Settings, request_of
from CausalCLIPSegLib.demo import DEMO_IMAGE
from CausalCLIPSegLib.errors import CausalCLIPSegError, OutputError
from CausalCLIPSegLib.export import MAPS
from CausalCLIPSegLib.model.card import read_card, write_card
from CausalCLIPSegLib.model.place_calibration import PlaceCalibration
from CausalCLIPSegLib.radiograph import read_radiograph
from CausalCLIPSegLib.segmenter import Segmenter

CONTRADICTION = "FINDINGS: Left lower lobe pneumonia. IMPRESSION: Right lower lobe pneumonia."
SETTINGS = Settings(threshold=0.01)  # random weights reach it


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three images with notes, one of them in a subfolder."""
    for seed, name in enumerate(("a.png", "b.png", "later/c.png")):
        add_image(tmp_path / "images" / name, "Left lower lobe pneumonia.", seed)
    return tmp_path / "images"


@pytest.fixture
def run_batch(tmp_path, tiny_checkpoint_to_read):
    """Segment a folder or a table into tmp_path/out; return by image: status, message, made by an earlier run."""

    def run(
        source: Path,
        settings: Settings = SETTINGS,
        *,
        out="out",
        force=False,
        executor=InThisProcess(),  # noqa: B008
        checkpoint: Path = tiny_checkpoint_to_read,
    ) -> dict:
        items = read_items(source, tmp_path / out)
        batch = Batch(tmp_path / out, settings, checkpoint, "cpu", force=force, executor=executor)
        with Rows(tmp_path / out / "films.csv") as rows:
            outcomes = {row.image: (row.status, row.message, before) for row, before in batch.run(items, rows)}
        return dict(sorted(outcomes.items()))

    return run


def table_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "films.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_image_has_the_result_that_segment_gives(folder, run_batch, tmp_path, checkpoint_of_each_architecture):
    checkpoint = checkpoint_of_each_architecture
    assert run_batch(folder, checkpoint=checkpoint) == dict.fromkeys(
        ("a.png", "b.png", "later/c.png"), ("outlined", "", False)
    )
    segmenter = Segmenter.from_checkpoint(checkpoint, "cpu")
    for row in table_of(tmp_path / "out"):
        single = segmenter.segment(
            read_radiograph(folder / row["image"]), "Left lower lobe pneumonia.", threshold=0.01
        )
        assert float(row["area_fraction"]) == single.mask.mean() > 0
        areas = {each.side: repr(float(each.mask.mean())) for each in single.segments}
        assert {side: row[f"{side}_fraction"] for side in ("left", "right")} == {"left": "", "right": ""} | areas
        assert row["prompt"] == row["sentence"] == single.prompt
        assert (row["sides"], row["area_mm2"]) == ("left", "")
        result = json.loads((tmp_path / "out" / row["image"].removesuffix(".png") / "result.json").read_text())
        assert result["area_fraction"] == float(row["area_fraction"])
        assert row["not_seen"] == "", "every pixel reaches the threshold"
        assert row["not_in_note"] == " ".join(each.sentence for each in single.candidates)


def test_the_table_says_what_is_not_seen_and_what_is_not_in_the_note(folder, run_batch, tmp_path, tiny_checkpoint):
    """The search of this card finds everything, and nothing reaches the threshold of the batch."""
    card = read_card(tiny_checkpoint)
    write_card(card.model_copy(update={"places": PlaceCalibration(search_threshold=1e-6)}), tiny_checkpoint)
    items = read_items(folder, tmp_path / "out")
    settings = replace(SETTINGS, threshold=0.999999)
    batch = Batch(tmp_path / "out", settings, tiny_checkpoint, "cpu", executor=InThisProcess())
    with Rows(tmp_path / "out" / "films.csv") as rows:
        assert {row.status for row, _ in batch.run(items, rows)} == {"outlined"}
    for row in table_of(tmp_path / "out"):
        assert row["not_seen"].startswith("Note: left lower zone. Nothing there reaches the threshold")
        assert "Not in the note: right lung (" in row["not_in_note"]
        result = json.loads((tmp_path / "out" / row["image"].removesuffix(".png") / "result.json").read_text())
        assert " ".join(area["sentence"] for area in result["not_in_note"]) == row["not_in_note"]
        assert result["segments"] == []


def test_an_image_is_segmented_again_after_the_checkpoint_was_calibrated(folder, tmp_path, tiny_checkpoint_to_read):
    card = read_card(tiny_checkpoint_to_read)
    (item, *_) = read_items(folder, tmp_path / "out")
    calibrated = card.model_copy(update={"places": PlaceCalibration(search_threshold=0.7)})
    assert request_of(item, SETTINGS, card) != request_of(item, SETTINGS, calibrated)


def test_processes_give_the_same_table(folder, run_batch, tmp_path):
    add_image(folder / "d.png", "Normal chest.")
    (folder / "e.png").write_bytes(b"nothing")
    (folder / "e.txt").write_text("Left opacity.")
    outcomes = run_batch(folder, out="here")
    assert run_batch(folder, out="apart", executor=Processes(2)) == outcomes
    here, apart = (tmp_path / out / "films.csv" for out in ("here", "apart"))
    assert apart.read_bytes() == here.read_bytes()


def test_pictures_can_be_left_out(folder, run_batch, tmp_path):
    settings = replace(SETTINGS, pictures=False)
    run_batch(folder, settings)
    files = {path.name for path in (tmp_path / "out" / "a").iterdir()}
    assert files == {"segmentation.seg.nrrd", "result.json"}
    assert json.loads((tmp_path / "out" / "a" / "result.json").read_text())["files"] == sorted(files, reverse=True)
    assert run_batch(folder, settings)["a.png"] == ("outlined", "", True)
    assert run_batch(folder)["a.png"][0] == "refused"  # its result would have another file
    assert run_batch(folder, force=True)["a.png"] == ("outlined", "", False)
    assert (tmp_path / "out" / "a" / "overlay.png").exists()


def test_maps_are_written_on_request(folder, run_batch, tmp_path):
    settings = replace(SETTINGS, maps=True)
    run_batch(folder, settings)
    result = tmp_path / "out" / "a"
    assert set(MAPS) < set(json.loads((result / "result.json").read_text())["files"])
    assert all((result / name).is_file() for name in MAPS)
    assert run_batch(folder, settings)["a.png"] == ("outlined", "", True)
    assert run_batch(folder)["a.png"][0] == "refused"  # its result would have other files
    run_batch(folder, force=True)
    assert not any((result / name).exists() for name in MAPS)


def test_unusable_images_do_not_stop_the_others(folder, run_batch, monkeypatch, tmp_path):
    (folder / "0_damaged.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    (folder / "0_damaged.txt").write_text("RLL pneumonia.")
    add_image(folder / "1_no_report.png")
    add_image(folder / "2_normal.png", "Normal chest.")
    add_image(folder / "3_contradiction.png", CONTRADICTION)
    add_image(folder / "4_empty.png", " \n")
    add_image(folder / "5_latin.png").with_suffix(".txt").write_bytes("Infiltrat links, möglich".encode("latin-1"))
    add_image(folder / "6_binary.png", "\0\1")
    add_image(folder / "7_bug.png", "Right opacity, which triggers a bug.")
    segment = Segmenter.segment

    def segment_with_a_bug(self, radiograph, note, **options):
        if "bug" in note.text:
            raise RuntimeError("a patient's name")
        return segment(self, radiograph, note, **options)

    monkeypatch.setattr(Segmenter, "segment", segment_with_a_bug)
    outcomes = run_batch(folder)
    expected = {
        "0_damaged.png": ("refused", "damaged"),
        "1_no_report.png": ("refused", "no report 1_no_report.txt"),
        "2_normal.png": ("no finding", "no finding"),
        "3_contradiction.png": ("refused", "in the column side"),
        "4_empty.png": ("refused", "empty"),
        "5_latin.png": ("outlined", ""),
        "6_binary.png": ("refused", "plain text"),
        "7_bug.png": ("failed", "RuntimeError"),
        **dict.fromkeys(("a.png", "b.png", "later/c.png"), ("outlined", "")),
    }
    assert list(outcomes) == list(expected)
    for name, (status, message) in expected.items():
        assert outcomes[name][0] == status, name
        assert message in outcomes[name][1]
    assert "patient's name" not in (tmp_path / "out" / "films.csv").read_text(encoding="utf-8")
    folders = {path.name for path in (tmp_path / "out").iterdir()}
    assert folders == {"films.csv", "5_latin", "a", "b", "later"}  # no folders for images without a result


def test_stopped_batch_continues_and_gives_the_same_table(folder, run_batch, monkeypatch, tmp_path):
    run_batch(folder, out="whole")
    segment = Segmenter.segment
    names = []

    def segment_and_stop(self, radiograph, note, **options):
        names.append(radiograph.name)
        if len(names) == 2:
            raise KeyboardInterrupt
        return segment(self, radiograph, note, **options)

    monkeypatch.setattr(Segmenter, "segment", segment_and_stop)
    with pytest.raises(KeyboardInterrupt):
        run_batch(folder)
    assert [row["image"] for row in table_of(tmp_path / "out")] == ["a.png"]
    first = (tmp_path / "out" / "a" / "result.json").read_bytes()
    assert [before for _, _, before in run_batch(folder).values()] == [True, False, False]
    assert names == ["a.png", "b.png", "b.png", "c.png"]
    assert (tmp_path / "out" / "a" / "result.json").read_bytes() == first
    whole, continued = (tmp_path / out / "films.csv" for out in ("whole", "out"))
    assert continued.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("change", ["note", "image", "setting"])
def test_result_of_another_request_is_replaced_only_with_force(folder, run_batch, tmp_path, change):
    run_batch(folder)
    before = (tmp_path / "out" / "a" / "result.json").read_bytes()
    settings = Settings(threshold=0.02) if change == "setting" else SETTINGS
    if change == "note":
        (folder / "a.txt").write_text("Right lower lobe pneumonia.")
    if change == "image":
        add_image(folder / "a.png", seed=9)
    status, message, _ = run_batch(folder, settings)["a.png"]
    assert status == "refused"
    assert "earlier run" in message
    assert message.endswith("That run had another image, note, checkpoint or setting; --force replaces its result.")
    assert (tmp_path / "out" / "a" / "result.json").read_bytes() == before
    assert run_batch(folder, settings, force=True)["a.png"] == ("outlined", "", False)
    assert (tmp_path / "out" / "a" / "result.json").read_bytes() != before
    assert run_batch(folder, settings)["a.png"] == ("outlined", "", True)


def test_image_is_segmented_again_if_its_result_was_deleted(folder, run_batch, tmp_path):
    run_batch(folder)
    for path in (tmp_path / "out" / "a").iterdir():
        path.unlink()
    assert [before for _, _, before in run_batch(folder).values()] == [False, True, True]


def test_note_without_a_finding_is_refused_beside_an_earlier_result(folder, run_batch):
    run_batch(folder)
    (folder / "a.txt").write_text("Normal chest.")
    status, message, _ = run_batch(folder, force=True)["a.png"]
    assert status == "refused"
    assert "earlier run" in message


def test_table_chooses_laterality_side_and_mirroring(folder, run_batch, tmp_path):
    lines = [
        "Image;note;laterality;side;mirrored;mask",
        f"a.png;{CONTRADICTION};;right;;",
        "b.png;Left lower lobe pneumonia.;viewer;;no;m.png",
        "later\\c.png;Left lower lobe pneumonia.;;;yes;",
        ";;;;;",
    ]
    (folder / "notes.csv").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    assert [status for status, _, _ in run_batch(folder / "notes.csv").values()] == ["outlined"] * 3
    assert [row["sides"] for row in table_of(tmp_path / "out")] == ["right", "right", "left"]
    mirrored = json.loads((tmp_path / "out" / "later" / "c" / "result.json").read_text())
    assert mirrored["sides_viewer"] == ["left"]
    assert run_batch(folder, force=True)["a.png"][0] == "outlined"  # the table itself is not an image


def test_viewers_left_is_the_patients_left_on_a_mirrored_image(folder, run_batch, tmp_path):
    lines = ["image,note,laterality,mirrored", *(f"{name},Left opacity.,viewer,{mirrored}" for name, mirrored in
             (("a.png", "no"), ("b.png", "yes")))]  # fmt: skip
    (folder / "notes.csv").write_text("\n".join(lines) + "\n")
    run_batch(folder / "notes.csv")
    assert [row["sides"] for row in table_of(tmp_path / "out")] == ["right", "left"]
    report = json.loads((tmp_path / "out" / "b" / "result.json").read_text())
    assert report["sides_viewer"] == ["left"]


def test_invalid_cell_rejects_only_its_image(folder, run_batch):
    (folder / "notes.csv").write_text("image,note,side\na.png,Left opacity.,links\nb.png,Left opacity.,\n")
    outcomes = run_batch(folder / "notes.csv")
    assert outcomes["a.png"][0] == "refused"
    assert "links" in outcomes["a.png"][1]
    assert outcomes["b.png"][0] == "outlined"


def test_mirrored_image_needs_the_column_mirrored(folder, run_batch, tmp_path):
    dataset = pydicom.dcmread(get_testdata_file(DEMO_IMAGE, download=False))
    dataset.PatientOrientation = ["R", "F"]
    dataset.save_as(folder / "d.dcm")
    (folder / "d.txt").write_text("Left lower lobe pneumonia.")
    status, message, _ = run_batch(folder)["d.dcm"]
    assert status == "refused"
    assert "in the column mirrored" in message
    (folder / "notes.csv").write_text("image,note,mirrored\nd.dcm,Left lower lobe pneumonia.,yes\n")
    assert run_batch(folder / "notes.csv")["d.dcm"][0] == "outlined"


def test_results_stay_in_their_folder_wherever_the_images_are(folder, run_batch, tmp_path):
    (folder / "later" / "notes.csv").write_text(f"image,note\n../a.png,Left opacity.\n{folder}/b.png,Left opacity.\n")
    run_batch(folder / "later" / "notes.csv")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "b", "films.csv"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("image,text\na.png,Left opacity.\n", "column note"),
        ("image,note\n", "holds no images"),
        ("image,note\na.png,Left opacity.\na.png,Right opacity.\n", "one folder"),
        ("image,note\na.png,Left opacity.\na.dcm,Right opacity.\n", "one folder"),
        ('image,note\na.png,"Left opacity.\n', "at line 2: a quotation mark"),
        ('image,note\na.png,"Left" opacity.\n', "at line 2: a quotation mark"),
        (f"image,note\na.png,{'x' * 200_000}\n", "a cell is too long"),
        ("# image and note\n\n", "has no header"),
        ("image,note,Note\n", "two columns with the name note"),
        ("", "is empty"),
        ("\0\1\2", "is not plain text"),
        (None, "no folder or table"),
    ],
)
def test_rejects_unusable_tables_before_anything_runs(folder, tmp_path, table, message):
    if table is not None:
        (folder / "notes.csv").write_text(table)
    with pytest.raises(CausalCLIPSegError, match=message):
        read_items(folder / "notes.csv", tmp_path / "out")


def test_ignores_earlier_results_and_hidden_files_among_the_images(folder):
    add_image(folder / "results" / "a" / "overlay.png")
    (folder / ".hidden").write_text("")
    assert [item.name for item in read_items(folder, folder / "results")] == ["a.png", "b.png", "later/c.png"]


def test_last_component_of_a_uid_is_not_an_ending(tmp_path):
    add_image(tmp_path / "1.2.840.1.png").rename(tmp_path / "1.2.840.1")
    (tmp_path / "1.2.840.1.txt").write_text("one")
    add_image(tmp_path / "1.2.840.2.png").rename(tmp_path / "1.2.840.2.DCM")
    (tmp_path / "1.2.840.2.DCM.txt").write_text("two")
    items = read_items(tmp_path, tmp_path / "out")
    assert [(item.note, str(item.folder)) for item in items] == [("one", "1.2.840.1"), ("two", "1.2.840.2")]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such file names")
def test_reads_file_names_in_another_encoding(tmp_path, run_batch):
    for text in ("für", "größe"):
        add_image(tmp_path / "images" / "image.png", "Left opacity.").rename(
            tmp_path / "images" / os.fsdecode(f"{text}.png".encode("latin-1"))
        )
    (tmp_path / "images" / "image.txt").rename(tmp_path / "images" / os.fsdecode("für.txt".encode("latin-1")))
    for before in (False, True):
        first, second = run_batch(tmp_path / "images").items()
        assert first == ("f\\udcfcr.png", ("outlined", "", before))
        assert second[0] == "gr\\udcf6\\udcdfe.png"
        assert second[1][1] == "There is no report gr\\udcf6\\udcdfe.txt beside it."


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such file names")
def test_names_do_not_act_and_are_found_again(tmp_path, run_batch):
    names = {"=1+1.png": "=1+1.png", "@SUM(1).png": "@SUM(1).png", "\x1b[31ma\n.png": "\\x1b[31ma\\n.png"}
    for name in names:
        add_image(tmp_path / "images" / name, "Left opacity.")
    for before in (False, True):
        expected = dict.fromkeys(names.values(), ("outlined", "", before))
        assert run_batch(tmp_path / "images") == dict(sorted(expected.items()))
    text = (tmp_path / "out" / "films.csv").read_text(encoding="utf-8")
    assert {line[:2] for line in text.splitlines()[1:]} == {"'=", "'@", "\\x"}
    assert "\x1b" not in text


@pytest.mark.parametrize(("columns", "last"), [(2, "prompt"), (3, "request")])
def test_continues_the_table_of_a_version_without_the_newest_columns(folder, run_batch, tmp_path, columns, last):
    run_batch(folder)
    table = tmp_path / "out" / "films.csv"
    whole = table.read_text(encoding="utf-8")
    rows = list(csv.reader(whole.splitlines()))
    assert rows[0][-columns - 1] == last
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(row[:-columns] for row in rows)
    assert all(before for _, _, before in run_batch(folder).values())
    whole_rows = [{**dict(zip(rows[0], row, strict=True)), "not_seen": "", "not_in_note": ""} for row in rows[1:]]
    assert table_of(tmp_path / "out") == whole_rows


@pytest.mark.parametrize("cut", range(1, 120, 7))
def test_incomplete_last_row_is_ignored_wherever_it_ends(folder, run_batch, tmp_path, cut):
    rows = Rows(tmp_path / "films.csv")
    for name in ("a.png", "b.png"):
        rows.put(Row(name, "outlined", request="1" * 64, sentence="Left lung.", prompt="Left lung."))
    table = tmp_path / "films.csv"
    table.write_bytes(table.read_bytes()[:-cut])
    assert Rows(table).get("b.png") is None


def test_incomplete_last_row_is_ignored(folder, run_batch, tmp_path):
    run_batch(folder)
    table = tmp_path / "out" / "films.csv"
    whole = table.read_bytes()
    table.write_bytes(whole[:-100])
    with Rows(table) as rows:
        assert rows.get("b.png") is not None
        assert rows.get("later/c.png") is None
    table.write_bytes(whole)
    assert all(before for _, _, before in run_batch(folder).values())
    assert table.read_bytes() == whole


def test_rejects_a_films_csv_with_other_columns(folder, run_batch, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "films.csv").write_text("title,year\nNosferatu,1922\n")
    with pytest.raises(OutputError, match="not a table of this command"):
        run_batch(folder)
    assert (tmp_path / "out" / "films.csv").read_text() == "title,year\nNosferatu,1922\n"


def test_unwritable_folder_stops_the_batch(folder, run_batch, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(OutputError):
        run_batch(folder)
