"""`python -m training`: fit, export, evaluate, one after the other, as a lab would."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]


def training(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""}
    return subprocess.run(
        [sys.executable, "-m", "training", *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )


@pytest.fixture
def configuration(tmp_path, tiny_network, tiny_card) -> Path:
    settings = yaml.safe_load((ROOT / "training" / "configs" / "default.yaml").read_text())
    settings["model"] |= {
        "network": tiny_network.model_dump(mode="json"),
        "initialisation": "random",
        "frozen": [],
        "warmup_steps": 2,
    }
    settings["data"] |= {"batch_size": 4, "workers": 0, "note_variation": 0.0}
    settings["trainer"] |= {"max_epochs": 12, "log_every_n_steps": 1, "enable_progress_bar": False}
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(settings))
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(tiny_card))
    return path


def test_fit_export_evaluate(tmp_path, lvit_folder, configuration):
    done = training("fit", "--config", str(configuration), "--data.data", str(lvit_folder), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    run = tmp_path / "runs" / "default" / "version_0"
    with (run / "metrics.csv").open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])

    checkpoint = tmp_path / "mine"
    done = training(
        *("export", "--run", str(run / "checkpoints" / "best.ckpt"), "--config", str(configuration)),
        *("--card", str(tmp_path / "card.yaml"), "--output", str(checkpoint), "--data", str(lvit_folder)),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    card = json.loads((checkpoint / "card.json").read_text())
    assert card["figures"]["validation"]["n"] == 8

    done = training(
        *("evaluate", "--data", str(lvit_folder), "--split", "val", "--checkpoint", str(checkpoint)),
        *("--json", "figures.json", "--device", "cpu"),
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert {"n", "dice", "miou", "dice_global", "seconds_per_image", "by_side"} <= set(figures)
    assert set(figures["by_side"]) == {"left only", "right only", "both"}
    assert [figures["by_side"][name]["n"] for name in ("left only", "right only", "both")] == [4, 4, 0]
    measured = card["figures"]["validation"]
    assert (figures["dice"], figures["miou"]) == (measured["dice"], measured["miou"])
    assert "Dice" in done.stdout


def test_a_missing_data_set_is_one_sentence(tmp_path, tiny_checkpoint):
    done = training("evaluate", "--data", "nowhere", "--checkpoint", str(tiny_checkpoint), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "The data set has no folder Val_Folder in nowhere.\n"
