"""Data sets in the layout of LViT's authors are read, and missing files are named."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image

from training.data.splits import DatasetError, read_split, subsample_evenly


def test_matches_images_masks_and_notes_by_stem(lvit_folder):
    samples = read_split(lvit_folder, "train")
    assert [sample.name for sample in samples] == [f"image_{index}" for index in range(8)]
    for sample in samples:
        assert sample.load_image().shape == sample.load_mask().shape == (64, 64)
        assert sample.load_mask().dtype == bool
        left = "left" in sample.note
        columns = sample.load_mask().any(0)
        assert columns[:32].any() == left


def test_accepts_other_endings_and_blanks_in_the_table(lvit_folder):
    image = next((lvit_folder / "Val_Folder" / "img").glob("image_0.*"))
    with Image.open(image) as picture:
        picture.save(image.with_suffix(".jpg"))
    image.unlink()
    assert len(read_split(lvit_folder, "val")) == 8


def test_names_what_is_missing(lvit_folder):
    next((lvit_folder / "Val_Folder" / "labelcol").glob("*image_3.png")).unlink()
    with pytest.raises(DatasetError, match=r"1 without a mask \(first image_3\)"):
        read_split(lvit_folder, "val")
    with pytest.raises(DatasetError, match="no folder Test_Folder"):
        read_split(lvit_folder, "test")
    next((lvit_folder / "Train_Folder").glob("*.xlsx")).unlink()
    with pytest.raises(DatasetError, match="one table"):
        read_split(lvit_folder, "train")


def test_rejects_a_table_without_its_columns(lvit_folder):
    table = next((lvit_folder / "Val_Folder").glob("*.xlsx"))
    book = openpyxl.Workbook()
    book.active.append(["File", "Text"])
    book.save(table)
    with pytest.raises(DatasetError, match="columns Image and Description"):
        read_split(lvit_folder, "val")


def test_spreads_a_limit_over_the_split(lvit_folder):
    assert [sample.name for sample in subsample_evenly(read_split(lvit_folder, "val"), 3)] == [
        "image_0",
        "image_3",
        "image_7",
    ]


def test_reads_the_published_splits(qata: Path):
    assert len(read_split(qata, "train")) == 5716
    validation = read_split(qata, "val")
    assert len(validation) == 1429
    assert validation[0].load_image().shape == (224, 224)
    assert np.mean([sample.load_mask().any() for sample in validation[:50]]) == 1
