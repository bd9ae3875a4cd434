"""Images of one study in several splits are counted, and a split by study has none."""

import csv

import numpy as np
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from training.__main__ import app
from training.data.sample import SPLITS, Sample
from training.data.splits import read_split
from training.data.studies import Leak, leaks, split_by_study, study_of

NAMES = {
    "Train": ("Jun_coronacases_case1_10", "Jun_radiopaedia_4_85506_1_27", "Morozov_study_0255_3", "bjorke_7"),
    "Val": ("Jun_coronacases_case1_11", "Morozov_study_0256_3"),
    "Test": ("Morozov_study_0255_9", "bjorke_12", "Jun_radiopaedia_4_85506_1_3", "Jun_coronacases_case10_4"),
}


@pytest.mark.parametrize(
    ("name", "study"),
    [
        ("Jun_coronacases_case1_10", "Jun_coronacases_case1"),
        ("Jun_coronacases_case10_4", "Jun_coronacases_case10"),
        ("Jun_radiopaedia_4_85506_1_27", "Jun_radiopaedia_4_85506_1"),
        ("Morozov_study_0304_12", "Morozov_study_0304"),
        ("bjorke_98", "bjorke"),
        ("sub-S11228_ses-E19964_run-1_bp-chest_vp-ap_dx", "sub-S11228"),
        ("covid_17", "covid_17"),
    ],
)
def test_the_name_of_an_image_names_its_study(name, study):
    assert study_of(name) == study


def sample(name):
    return Sample(name, None, None, "")


def test_counts_images_of_one_study_in_two_splits():
    found = leaks({split: list(map(sample, NAMES[split.capitalize()])) for split in SPLITS})
    assert found == [
        Leak("train", "val", 1, 1, 2),
        Leak("train", "test", 3, 3, 4),
        Leak("val", "test", 0, 0, 4),
    ]


def test_capitals_do_not_hide_a_study():
    splits = {"train": [sample("Morozov_study_0255_3")], "test": [sample("morozov_study_0255_9")]}
    assert leaks(splits) == [Leak("train", "test", 1, 1, 1)]
    assert all(leak.studies == 0 for leak in leaks(split_by_study(splits)))


@settings(max_examples=50, deadline=None)
@given(sizes=st.lists(st.integers(1, 12), min_size=3, max_size=40), seed=st.integers(0, 2**31))
def test_a_split_by_study_shares_no_study_loses_no_image_and_has_about_the_sizes(sizes, seed):
    names = [f"Morozov_study_{number:04}_{index}" for number, size in enumerate(sizes) for index in range(size)]
    order = np.random.default_rng(seed).choice(3, len(names), p=[0.8, 0.1, 0.1])
    splits = {
        split: [sample(n) for n, k in zip(names, order, strict=True) if k == i] for i, split in enumerate(SPLITS)
    }
    result = split_by_study(splits)
    assert all(leak.studies == 0 for leak in leaks(result))
    assert sorted(each.name for samples in result.values() for each in samples) == sorted(names)
    for split, samples in result.items():
        assert len(samples) <= len(splits[split]) + max(sizes)
    assert result == split_by_study(splits)


@pytest.fixture
def mosmed_folder(tmp_path):
    """MosMedData+ in the layout of LViT's authors; the masks have the names of their images."""
    for split, names in NAMES.items():
        folder = tmp_path / "data" / f"{split}_Folder"
        (folder / "img").mkdir(parents=True)
        (folder / "labelcol").mkdir()
        book = openpyxl.Workbook()
        book.active.append(["Image", "Description"])
        for name in names:
            Image.new("L", (16, 16), 90).save(folder / "img" / f"{name}.png")
            Image.new("L", (16, 16), 255).save(folder / "labelcol" / f"{name}.png")
            book.active.append([f"{name}.png", "Bilateral pulmonary infection, two infected areas."])
        book.save(folder / f"{split}_text.xlsx")
    return tmp_path / "data"


def test_the_command_counts_and_writes_a_split_by_study(mosmed_folder, tmp_path, capsys):
    output = tmp_path / "by_study"
    app(["check-splits", "--data", str(mosmed_folder), "--output", str(output)], standalone_mode=False)
    text = " ".join(capsys.readouterr().out.split())
    assert "train and test share 3 studies; 3 of 4 images of test (75 %) belong to one of them." in text
    assert text.count("share 0 studies") == 1 + 3
    splits = {split: read_split(output, split) for split in SPLITS}
    assert sum(map(len, splits.values())) == 10
    assert all(leak.studies == 0 for leak in leaks(splits))
    for split in SPLITS:
        with (output / f"{split}.csv").open() as file:
            assert {row["laterality"] for row in csv.DictReader(file)} == {"viewer"}
