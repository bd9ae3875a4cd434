"""Descriptions of the ground truth are compared with the notes, and their parameters are fitted."""

import json

import numpy as np
import openpyxl
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from CausalCLIPSegLib.cli.run import run_command
from CausalCLIPSegLib.mask.lung_extent import PROFILE_LENGTH, LungExtent, default_extent
from training.data.splits import read_split
from training.evaluation.studies.description_agreement import agreement, describe_command, fit_extent_command
from training.evaluation.studies.fit_lung_extent import fit, zone_balance


def app():
    commands = typer.Typer()
    commands.command("describe")(describe_command)
    commands.command("fit-extent")(fit_extent_command)
    return commands


@pytest.fixture
def middle_folder(lvit_folder):
    """The same data set with masks inside the middle zone of the default lung extent."""
    rows = slice(*(row + step for row, step in zip(default_extent().zone_borders(64), (1, -1), strict=True)))
    for path in (lvit_folder / "Val_Folder" / "labelcol").iterdir():
        mask = np.asarray(Image.open(path))
        narrow = np.zeros_like(mask)
        narrow[rows] = mask.max(axis=0)
        Image.fromarray(narrow).save(path)
    return lvit_folder


def replace_notes(folder, notes):
    """Replace the first notes of the validation split."""
    table = next((folder / "Val_Folder").glob("*.xlsx"))
    book = openpyxl.load_workbook(table)
    for row, note in enumerate(notes, start=2):
        book.active.cell(row, 2).value = note
    book.save(table)


@pytest.mark.parametrize("finding", ["pulmonary infection, one infected area", "pleural effusion, one area"])
def test_notes_that_describe_the_masks_agree(middle_folder, finding):
    replace_notes(middle_folder, [f"Unilateral {finding}, middle {side} lung." for side in 4 * ("left", "right")])
    metrics = agreement(read_split(middle_folder, "val"))
    assert metrics["n"] == 8
    for row in ("side_right", "side_left", "sides_exact", "count"):
        assert metrics["default"][row] == {"n": 8, "agree": 100.0}
    assert metrics["default"]["zones_exact"] == {"n": 8, "agree": 100.0}
    assert metrics["default"]["note_exact"] == {"n": 8, "agree": 100.0}


def test_disagreements_are_counted_by_kind(middle_folder):
    replace_notes(
        middle_folder,
        [
            "Unilateral pulmonary infection, one infected area, middle right lung.",  # the other side
            "Unilateral pulmonary infection, one infected area, lower right lung.",  # another zone
            "Unilateral pulmonary infection, two infected areas, middle left lung.",  # another number
        ],
    )
    metrics = agreement(read_split(middle_folder, "val"))["default"]
    # The first note names a lung without a mask, so its zones are not compared.
    assert metrics["sides_exact"] == {"n": 8, "agree": 87.5}
    assert metrics["zones_exact"] == {"n": 7, "agree": round(100 * 6 / 7, 1)}
    assert metrics["zone_upper"] == {"n": 7, "agree": 100.0}
    assert metrics["zone_lower"] == {"n": 7, "agree": round(100 * 6 / 7, 1)}
    assert metrics["count"] == {"n": 8, "agree": 87.5}
    assert metrics["note_exact"] == {"n": 8, "agree": 62.5}


def test_describe_command_prints_and_writes_the_same_numbers(lvit_folder, tmp_path):
    written = tmp_path / "metrics.json"
    result = CliRunner().invoke(app(), ["describe", "--data", str(lvit_folder), "--json", str(written)])
    assert result.exit_code == 0, result.output
    assert "number of areas" in result.output
    metrics = json.loads(written.read_text())
    assert metrics["split"] == "val"
    assert metrics["default"] == agreement(read_split(lvit_folder, "val"))["default"]


def test_a_folder_without_data_gives_one_line_and_status_2(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["training", "describe", "--data", str(tmp_path)])
    assert run_command(app()) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def varied_lung_extents(folder, number):
    """Write a training split in which dark rows show the extent of the lungs, and the masks follow it."""
    rng = np.random.default_rng(1)
    split = folder / "Train_Folder"
    (split / "img").mkdir(parents=True)
    (split / "labelcol").mkdir()
    book = openpyxl.Workbook()
    book.active.append(["Image", "Description"])
    for index in range(number):
        top = int(rng.integers(10, 60))
        zone, start = (("upper", top), ("middle", top + 40), ("lower", top + 80))[index % 3]
        image = np.full((224, 224), 120, np.uint8) + rng.integers(0, 8, (224, 224), dtype=np.uint8)
        image[top : top + 120] -= 80
        mask = np.zeros((224, 224), np.uint8)
        mask[start + 4 : start + 36, 30:90] = 255
        Image.fromarray(image).save(split / "img" / f"image_{index}.png")
        Image.fromarray(mask).save(split / "labelcol" / f"mask_image_{index}.png")
        note = f"Unilateral pulmonary infection, one infected area, {zone} left lung."
        book.active.append([f"mask_image_{index}.png", note])
    book.save(split / "Train_text.xlsx")
    return folder


def test_fit_finds_the_lung_extent_that_the_image_shows(tmp_path):
    written = tmp_path / "lung_extent.json"
    data = varied_lung_extents(tmp_path / "data", 150)
    result = CliRunner().invoke(app(), ["fit-extent", "--data", str(data), "--output", str(written)])
    assert result.exit_code == 0, result.output
    fitted = json.loads(written.read_text())
    assert len(fitted["top"]["weights"]) == len(fitted["bottom"]["weights"]) == 3 * PROFILE_LENGTH
    extent = LungExtent(**fitted["default"], **fitted["zones"])
    # The lesions fill the thirds of lungs of 120 rows, except 4 rows at each end.
    first, second = extent.zone_borders(224)
    assert second - first == pytest.approx(40, abs=8)
    metrics = fitted["agreement_on_training"]
    assert metrics["lungs"] == 150
    assert metrics["count"] == 100.0
    assert min(metrics["mostly_in_the_only_named_zone"].values()) > 90
    assert metrics["zones_exact"]["of_all"] > 90
    # A fixed extent cannot fit lungs that move by a third of their height.
    assert metrics["zones_exact_default_extent"]["of_all"] < metrics["zones_exact"]["of_all"]


def test_fit_is_deterministic(tmp_path):
    samples = read_split(varied_lung_extents(tmp_path / "data", 60), "train")
    assert fit(samples) == fit(samples)


def test_zone_balance_counts_masks_that_lie_mostly_in_the_only_named_zone(middle_folder, monkeypatch):
    replace_notes(
        middle_folder,
        [
            "Unilateral pulmonary infection, one infected area, lower left lung.",  # another zone
            "Bilateral pulmonary infection, two infected areas, all left lung and middle right lung.",  # both sides
        ],
    )
    module = "training.evaluation.studies.fit_lung_extent"
    monkeypatch.setattr(f"{module}.lung_extent_of_profiles", lambda profiles: default_extent())
    balance = zone_balance(read_split(middle_folder, "val"))
    assert balance == {"middle": (6, 1.0), "lower": (1, 0.0)}
