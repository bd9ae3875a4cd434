"""The ablation of RecLMIS: finished runs are not repeated, stopped ones continue, and arms are compared per seed."""

import json

import pytest

from CausalCLIPSegLib.errors import CausalCLIPSegError
from training.__main__ import app
from training.data.datamodule import ReferringDataModule
from training.fitting import ablation
from training.fitting.ablation import ARMS, summarize


@pytest.fixture
def fake_fit(monkeypatch):
    """Record the options of each run instead of training; the Dice depends on arm and seed."""
    runs = []

    def run(command, check):
        options = dict(zip(command[4::2], command[5::2], strict=True))
        runs.append(options)
        seed = int(options["--seed_everything"])
        folder = f"{options['--trainer.logger.init_args.save_dir']}/{options['--trainer.logger.init_args.name']}/run"
        if options["--model.reclmis.vision_weight"] == "1" and seed == 2 and "--ckpt_path" not in options:
            path = ablation.Path(folder) / "checkpoints" / "last.ckpt"
            path.parent.mkdir(parents=True)
            path.touch()
            return type("Process", (), {"returncode": 1})
        dice = 70 + seed + float(options["--model.reclmis.vision_weight"]) / 2
        path = ablation.Path(folder) / "metrics.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"epoch,loss,val/dice\n0,1.0,\n0,,50.0\n1,,{dice}\n")
        return type("Process", (), {"returncode": 0})

    monkeypatch.setattr(ablation.subprocess, "run", run)
    return runs


def test_a_stopped_ablation_continues_and_compares_per_seed(fake_fit, tmp_path):
    path = tmp_path / "ablation.json"
    arguments = ["ablate", "--data", "nowhere", "--output", str(tmp_path / "runs"), "--seeds", "2"]
    arguments += ["--arms", "CI; CI + CVR", "--json", str(path)]
    with pytest.raises(CausalCLIPSegError, match="“CI \\+ CVR” with seed 2 failed"):
        app(arguments, standalone_mode=False)
    assert len(fake_fit) == 4
    app(arguments, standalone_mode=False)
    assert len(fake_fit) == 5, "finished runs must not be repeated"
    assert fake_fit[-1]["--ckpt_path"].endswith("seed_2/run/checkpoints/last.ckpt")
    summary = json.loads(path.read_text())
    assert summary["CI"] == {"dice": 71.5, "seeds": {"1": 71.0, "2": 72.0}, "differences": [0.0, 0.0]}
    assert summary["CI + CVR"]["differences"] == [0.5, 0.5]


def test_an_unknown_arm_is_an_error(tmp_path):
    with pytest.raises(CausalCLIPSegError, match="no arm “CCL”"):
        app(["ablate", "--data", "nowhere", "--output", str(tmp_path), "--arms", "CCL"], standalone_mode=False)


def test_arms_have_different_settings():
    settings = [tuple(sorted(arm.items())) for arm in ARMS.values()]
    assert len(set(settings)) == len(ARMS) == 7


def test_without_the_reference_there_is_no_difference():
    assert summarize({"all": {1: 70.0, 2: 71.0}, "CI": {}}) == {
        "all": {"dice": 70.5, "seeds": {"1": 70.0, "2": 71.0}, "differences": []}
    }


def test_a_network_that_never_sees_a_note_is_validated_without_notes(lvit_folder):
    module = ReferringDataModule(str(lvit_folder), note_dropout=1.0)
    module.image_size = 64
    tokens = {tuple(module.dataset("val")[index][2].tolist()) for index in range(8)}
    assert len(tokens) == 1
    assert len(ReferringDataModule(str(lvit_folder), note_dropout=0.9).dataset("val").samples) == 8
