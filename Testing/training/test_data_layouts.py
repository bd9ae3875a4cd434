"""Data sets in several layouts: faults, typing errors, notes in free text, generated notes and the cache."""

import csv
import logging
import re
import sys
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image

import training.data.cache
from CausalCLIPSegLib.notes import parse_note
from training.data.cache import cached, decode_all
from training.data.datamodule import ReferringDataModule
from training.data.splits import DatasetError, read_split
from training.data.typos import correct_typos


@pytest.mark.parametrize(
    ("note", "corrected"),
    [
        (
            "Bilateral pulmonary infection, two infected areas, midlle lowerl left lung and upper right lung.",
            "Bilateral pulmonary infection, two infected areas, middle lower left lung and upper right lung.",
        ),
        (
            "Unilateral pulmonary infection,one infected area,lower left lung.",
            "Unilateral pulmonary infection, one infected area, lower left lung.",
        ),
        (
            "Bilateral pulmonary infection, nine infected areas, mmiddle left lung andall right lung",
            "Bilateral pulmonary infection, nine infected areas, middle left lung and all right lung",
        ),
        (
            "Bilateral pulmonary infection, two infected areas, higher left lung and right lung.",
            "Bilateral pulmonary infection, two infected areas, upper left lung and right lung.",
        ),
        ("Consolidation in the left base, midlle lobe.", "Consolidation in the left base, midlle lobe."),
    ],
)
def test_corrects_typing_errors(note, corrected):
    assert correct_typos(note) == corrected
    assert correct_typos(corrected) == corrected


def test_correctly_spelled_published_notes_stay_unchanged(qata: Path):
    for split in ("Train", "Val"):
        table = openpyxl.load_workbook(qata / f"{split}_Folder" / f"{split}_text.xlsx", read_only=True).worksheets[0]
        notes = {str(row[1]).strip() for row in table.iter_rows(min_row=2, values_only=True)}
        assert {note for note in notes if correct_typos(note) != note} == set()


@pytest.fixture
def mosmed_folder(lvit_folder: Path) -> Path:
    """MosMedData+'s layout: masks have the names of their images, and one table holds the notes of two splits."""
    for split in ("Train", "Val"):
        folder = lvit_folder / f"{split}_Folder"
        for kind, prefix in (("img", "image"), ("labelcol", "mask_image")):
            for index, path in enumerate(sorted((folder / kind).iterdir())):
                path.rename(path.with_name(f"Morozov_study_{split}_{index}.png"))
                assert path.name.startswith(prefix)
    book = openpyxl.Workbook()
    book.active.append(["Image", "Description"])
    for split in ("Train", "Val"):
        for index in range(8):
            side = ("left", "right")[index % 2]
            book.active.append([f"Morozov_study_{split}_{index}.png", f"Unilateral pulmonary infection, {side} lung."])
    for split in ("Train", "Val"):
        book.save(lvit_folder / f"{split}_Folder" / f"{split}_text.xlsx")
    return lvit_folder


def test_reads_mosmeddata_layout(mosmed_folder):
    for split in ("train", "val"):
        samples = read_split(mosmed_folder, split)
        assert len(samples) == 8
        for sample in samples:
            assert split.capitalize() in sample.name
            assert sample.load_mask()[:, :32].any() == ("left" in sample.note)


def test_counts_faults_and_names_the_first_of_each_kind(lvit_folder, caplog):
    folder = lvit_folder / "Val_Folder"
    (folder / "img" / "image_0.png").unlink()
    (folder / "labelcol" / "mask_image_1.png").unlink()
    (folder / "labelcol" / "mask_image_2.png").write_bytes(b"no picture")
    Image.new("L", (10, 10)).save(folder / "img" / "image_3.png")
    table = folder / "Val_text.xlsx"
    book = openpyxl.load_workbook(table)
    book.active.cell(6, 2).value = " "  # image_4
    book.active.cell(7, 1).value = None  # image_5: its image has no row
    book.save(table)
    with pytest.raises(DatasetError) as raised:
        read_split(lvit_folder, "val")
    assert str(raised.value) == (
        "The val split has rows with faults: 1 without an image (first image_0), 1 without a mask (first image_1), "
        "2 without a note (first image_4), 1 unreadable (first image_2), "
        "1 of another size than its mask (first image_3)."
    )
    with caplog.at_level(logging.WARNING):
        samples = read_split(lvit_folder, "val", strict=False)
    assert [sample.name for sample in samples] == ["image_6", "image_7"]
    assert "val split: 2 radiographs; left out: 1 without an image (first image_0)" in caplog.text


def _change_table(folder: Path, change) -> None:
    path = folder / "Val_Folder" / "Val_text.xlsx"
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)


def _change_sheet(folder: Path, pattern: bytes, replacement: bytes) -> None:
    path = folder / "Val_Folder" / "Val_text.xlsx"
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    files[name] = re.sub(pattern, replacement, files[name])
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in files.items():
            archive.writestr(each, content)


def _rename(folder: Path, kind: str, change) -> None:
    for path in list((folder / "Val_Folder" / kind).iterdir()):
        path.rename(path.with_name(change(path.name)))


def _hidden_files(folder: Path) -> None:
    for kind in ("img", "labelcol"):
        for name in (".DS_Store", "._image_0.png", "Thumbs.db", "desktop.ini"):
            (folder / "Val_Folder" / kind / name).write_bytes(b"\0")


def _notes_as_spreadsheets_store_them(book) -> None:
    for row in book.active.iter_rows(min_row=2):
        row[0].value = f"\xa0{row[0].value}"
        row[1].value = f"{row[1].value}_x000D_\n"


SAME = {
    "names in capitals": lambda folder: _rename(folder, "img", str.upper),
    "another extension": lambda folder: _rename(folder, "labelcol", lambda name: name.replace(".png", ".bmp")),
    "names in the table in capitals": lambda folder: _change_table(
        folder, lambda book: [setattr(row[0], "value", row[0].value.upper()) for row in book.active.iter_rows(2)]
    ),
    "hidden files": _hidden_files,
    "wrong size of the sheet": lambda folder: _change_sheet(folder, rb'dimension ref="[^"]*"', b'dimension ref="A1"'),
    "a short row": lambda folder: _change_sheet(
        folder, b"</sheetData>", b'<row r="10"><c r="A10"/></row></sheetData>'
    ),
    "line ends of spreadsheets": lambda folder: _change_table(folder, _notes_as_spreadsheets_store_them),
    "a row twice": lambda folder: _change_table(
        folder, lambda book: book.active.append([cell.value for cell in book.active[2]])
    ),
    "blank rows": lambda folder: _change_table(folder, lambda book: book.active.insert_rows(4, 3)),
    "more columns": lambda folder: _change_table(folder, lambda book: book.active.insert_cols(1)),
    "a second sheet": lambda folder: _change_table(folder, lambda book: book.create_sheet("Notes")),
}


@pytest.mark.parametrize("kind", SAME)
def test_reads_lvits_layout_as_computers_change_it(lvit_folder, kind):
    before = {sample.name.lower(): sample.note for sample in read_split(lvit_folder, "val")}
    SAME[kind](lvit_folder)
    assert {sample.name.lower(): sample.note for sample in read_split(lvit_folder, "val")} == before


FAULTY = {
    "two notes": (
        lambda folder: _change_table(folder, lambda book: book.active.append(["mask_image_2.png", "Right lung."])),
        r"1 twice \(first image_2\)",
    ),
    "two images": (
        lambda folder: Image.new("L", (64, 64)).save(folder / "Val_Folder" / "img" / "image_3.bmp"),
        "image_3.bmp and image_3.png",
    ),
    "an empty table": (
        lambda folder: _change_table(folder, lambda book: book.active.delete_rows(1, 99)),
        "lacks the columns Image and Description",
    ),
    "a damaged sheet": (
        lambda folder: _change_sheet(folder, b"</sheetData>.*", b""),
        "cannot be read as an Excel table",
    ),
    "a table of text": (
        lambda folder: (folder / "Val_Folder" / "Val_text.xlsx").write_text("Image,Description"),
        "cannot be read as an Excel table",
    ),
}


@pytest.mark.parametrize("kind", FAULTY)
def test_names_faults_of_lvits_layout(lvit_folder, kind):
    make, message = FAULTY[kind]
    make(lvit_folder)
    with pytest.raises(DatasetError, match=message):
        read_split(lvit_folder, "val")


def test_truncated_image_is_named(lvit_folder):
    path = lvit_folder / "Val_Folder" / "img" / "image_0.png"
    path.write_bytes(path.read_bytes()[:-1500])
    sample = read_split(lvit_folder, "val")[0]
    with pytest.raises(DatasetError, match=r"image_0\.png cannot be used"):
        sample.load_image()


def test_missing_openpyxl_is_named_with_the_extra(lvit_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(DatasetError, match=r"needs openpyxl: install the extra \[training\]"):
        read_split(lvit_folder, "val")


def test_a_split_smaller_than_a_batch_is_rejected(lvit_folder):
    data = ReferringDataModule(str(lvit_folder), batch_size=1000)
    with pytest.raises(DatasetError, match=r"fewer than one step needs \(1000\); lower --data\.batch_size"):
        data.train_dataloader()


@pytest.fixture
def csv_folder(tmp_path, lvit_folder) -> Path:
    folder = tmp_path / "tables"
    folder.mkdir()
    for split in ("train", "val"):
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["Image", "Mask", "Note"])
            for sample in read_split(lvit_folder, split):
                side = "right" if "left" in sample.note else "left"  # the patient's
                writer.writerow([sample.image, sample.mask, f"There is consolidation in the {side} mid zone."])
    return folder


def test_reads_csv_tables(csv_folder):
    samples = read_split(csv_folder, "train")
    assert len(samples) == 8
    assert {sample.laterality for sample in samples} == {"patient"}
    data = ReferringDataModule(str(csv_folder), say_notes=True).dataset("train")
    for sample, mask in zip(data.samples, data.arrays.masks, strict=True):
        assert sample.note in {
            f"Unilateral pulmonary infection, one infected area, middle {s} lung." for s in ("left", "right")
        }
        columns = mask.any(0)
        assert columns[: len(columns) // 2].any() == ("right" in sample.note), (
            "the patient's right is the viewer's left"
        )


@pytest.mark.parametrize(
    ("encoding", "delimiter", "line_end", "first"),
    [
        ("utf-8-sig", ",", "\r\n", ""),
        ("cp1252", ";", "\r\n", ""),
        ("utf-16", "\t", "\r\n", ""),
        ("utf-8", ";", "\n", "sep=;\n"),
    ],
)
def test_reads_csv_tables_as_spreadsheets_write_them(csv_folder, encoding, delimiter, line_end, first):
    table = csv_folder / "val.csv"
    before = read_split(csv_folder, "val")
    with table.open(encoding="utf-8", newline="") as file:
        rows = [[cell.replace("mid zone.", "mid zone; größer.") for cell in row] for row in csv.reader(file)]
    with table.open("w", encoding=encoding, newline="") as file:
        file.write(first)
        csv.writer(file, delimiter=delimiter, lineterminator=line_end).writerows(rows)
    samples = read_split(csv_folder, "val")
    assert [sample.name for sample in samples] == [sample.name for sample in before]
    assert all(sample.note.endswith("mid zone; größer.") for sample in samples)


def test_rejects_faulty_csv_tables(csv_folder):
    table = csv_folder / "val.csv"
    rows = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([rows[0].replace("Note", "Text"), *rows[1:]]), encoding="utf-8")
    with pytest.raises(DatasetError, match="lacks the column note"):
        read_split(csv_folder, "val")
    table.write_text("\n".join([f"{rows[0]},laterality", f"{rows[1]},left"]), encoding="utf-8")
    with pytest.raises(DatasetError, match="laterality “left”"):
        read_split(csv_folder, "val")
    table.write_text("\n".join([*rows, rows[1]]), encoding="utf-8")
    with pytest.raises(DatasetError, match=r"1 twice \(first image_0\)"):
        read_split(csv_folder, "val")


def test_counts_notes_that_name_no_finding(csv_folder):
    table = csv_folder / "train.csv"
    table.write_text(table.read_text().replace("There is consolidation in the left mid zone.", "Normal chest."))
    with pytest.raises(DatasetError, match="4 notes name nothing"):
        ReferringDataModule(str(csv_folder), say_notes=True).dataset("train")


def test_cache_equals_decoding_and_notices_changed_files(tmp_path, lvit_folder):
    samples = read_split(lvit_folder, "train")
    plain, cache = decode_all(samples, 32), tmp_path / "cache"
    stored = cached(samples, 32, cache)
    assert isinstance(stored.images, np.memmap)
    assert (stored.images == plain.images).all()
    assert (stored.masks == plain.masks).all()
    assert stored.masks.dtype == bool
    (entry,) = cache.iterdir()
    stamp = (entry / "images.npy").stat().st_mtime_ns
    cached(samples, 32, cache)
    assert (entry / "images.npy").stat().st_mtime_ns == stamp, "the second call must not decode again"
    Image.open(samples[1].image).save(samples[0].image)
    assert (cached(samples, 32, cache).images[0] == plain.images[1]).all()
    assert len(list(cache.iterdir())) == 2


def test_failed_decoding_leaves_no_files(tmp_path, lvit_folder):
    samples = read_split(lvit_folder, "train")
    path = samples[5].image
    path.write_bytes(path.read_bytes()[:-1500])
    before = set(tmp_path.rglob("*"))
    with pytest.raises(DatasetError, match="image_5"):
        cached(samples, 32, tmp_path / "cache")
    assert set(tmp_path.rglob("*")) == before


def test_two_processes_can_fill_the_same_cache_entry(tmp_path, lvit_folder, monkeypatch):
    samples = read_split(lvit_folder, "train")
    fill = training.data.cache._fill

    def fill_while_another_does(arrays, *arguments):
        monkeypatch.setattr(training.data.cache, "_fill", fill)
        cached(samples, 32, tmp_path / "cache")
        fill(arrays, *arguments)

    monkeypatch.setattr(training.data.cache, "_fill", fill_while_another_does)
    stored, plain = cached(samples, 32, tmp_path / "cache"), decode_all(samples, 32)
    assert (stored.images == plain.images).all()
    assert (stored.masks == plain.masks).all()
    (entry,) = (tmp_path / "cache").iterdir()
    assert sorted(path.name for path in entry.iterdir()) == ["images.npy", "masks.npy"]


def test_generates_missing_notes_from_the_ground_truth(csv_folder):
    table = csv_folder / "train.csv"
    lines = table.read_text(encoding="utf-8").splitlines()
    lines[1] = lines[1].rsplit(",", 1)[0] + ","
    table.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(DatasetError, match="1 without a note"):
        ReferringDataModule(str(csv_folder)).dataset("train")
    given = read_split(csv_folder, "train", notes=False)
    missing = ReferringDataModule(str(csv_folder), notes="missing").dataset("train")
    assert [sample.note for sample in missing.samples[1:]] == [sample.note for sample in given[1:]]
    described = ReferringDataModule(str(csv_folder), notes="described").dataset("train")
    assert described.samples[0].note == missing.samples[0].note
    for sample, mask in zip(described.samples, described.arrays.masks, strict=True):
        half = mask.shape[1] // 2
        (side,) = parse_note(sample.note, sample.laterality).sides
        assert mask[:, :half].any() == (side == "right")
