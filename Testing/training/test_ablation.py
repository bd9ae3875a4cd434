"""Ablations: finished runs are not repeated, stopped ones continue, and arms are compared per seed."""

import json

import pytest
import torch
import yaml

from CausalCLIPSegLib.errors import CausalCLIPSegError
from training.__main__ import app
from training.ablation import command as ablation
from training.ablation import measures
from training.ablation.studies import STUDIES
from training.ablation.summary import Result, summarize
from training.data.datamodule import ReferringDataModule
from training.fitting.cli import TrainingCLI
from training.fitting.lightning_module import NetworkTraining, configure


@pytest.fixture
def fake_fit(monkeypatch):
    """Record the options of each run instead of training; the Dice depends on arm and seed."""
    runs = []

    def run(command, check):
        options = dict(zip(command[4::2], command[5::2], strict=True))
        runs.append(options)
        seed = int(options["--seed_everything"])
        folder = f"{options['--trainer.logger.init_args.save_dir']}/{options['--trainer.logger.init_args.name']}/run"
        if options.get("--model.reclmis.vision_weight") == "1" and seed == 2 and "--ckpt_path" not in options:
            path = ablation.Path(folder) / "checkpoints" / "last.ckpt"
            path.parent.mkdir(parents=True)
            path.touch()
            return type("Process", (), {"returncode": 1})
        dice = 70 + seed + float(options.get("--model.reclmis.vision_weight", 0)) / 2
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


@pytest.fixture
def measured(monkeypatch):
    """Record which runs are measured, instead of measuring them; the first attempt is stopped."""
    runs = []

    def measure(run, data, limit):
        runs.append((run.parent.parent.name, limit))
        if len(runs) == 1:
            raise OSError("stopped")
        return {"absence zones": 10.0 * len(runs), **({"Dice, no note": 60.0} if len(runs) % 2 else {})}

    monkeypatch.setattr(measures, "measure_run", measure)
    return runs


def test_a_study_of_referring_measures_each_run_once(fake_fit, measured, tmp_path):
    path = tmp_path / "ablation.json"
    arguments = ["ablate", "--study", "referring", "--data", "nowhere", "--output", str(tmp_path / "runs")]
    arguments += ["--arms", "reference; without conditioning", "--seeds", "1", "--json", str(path), "--limit"]
    with pytest.raises(OSError, match="stopped"):
        app([*arguments, "40"], standalone_mode=False)
    app([*arguments, "40"], standalone_mode=False)
    app([*arguments, "40"], standalone_mode=False)
    assert len(fake_fit) == 2, "a run whose measurement was stopped must not be trained again"
    assert measured == [("reference", 40), ("reference", 40), ("without_conditioning", 40)]
    row = json.loads(path.read_text())["without conditioning"]
    assert row["measures"] == {
        "absence zones": {"mean": 30.0, "seeds": {"1": 30.0}, "differences": [10.0]},
        "Dice, no note": {"mean": 60.0, "seeds": {"1": 60.0}, "differences": []},
    }
    app([*arguments, "50"], standalone_mode=False)
    assert measured[3:] == [("reference", 50), ("without_conditioning", 50)], "other radiographs, other measures"
    assert len(fake_fit) == 2


@pytest.mark.filterwarnings("ignore:LightningCLI's args parameter")
@pytest.mark.parametrize("study", STUDIES.values(), ids=STUDIES)
def test_arms_have_different_settings_that_training_accepts(study, monkeypatch):
    monkeypatch.setattr(TrainingCLI, "instantiate_classes", lambda self: None)
    configs = [word for name in study.configs for word in ("--config", str(ablation.CONFIGS / name))]
    settings = set()
    for options in study.arms.values():
        words = [f"--{name}={value}" for name, value in options.items()]
        config = TrainingCLI([*configs, "--data.data=nowhere", *words], run=False).config
        assert configure(config.model.network, config.model.causal_intervention).image_size == 96
        settings.add(str(config))
    assert len(settings) == len(study.arms)
    assert study.reference in study.arms


def test_the_averaged_weights_of_a_run_are_measured(tiny_network, lvit_folder, tmp_path):
    torch.manual_seed(3)
    network = tiny_network.model_dump(mode="json")
    averaged, last = NetworkTraining(network), NetworkTraining(network)
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    states = {"state_dict": averaged.state_dict(), "current_model_state": last.state_dict()}
    torch.save(states, tmp_path / "run" / "checkpoints" / "last.ckpt")
    config = {"model": {"network": network}, "data": {"implied_count": False}}
    (tmp_path / "run" / "config.yaml").write_text(yaml.safe_dump(config))
    found = measures.measure_run(tmp_path / "run", lvit_folder, 6)

    for name, dropout in (("Dice, own note", 0.0), ("Dice, no note", 1.0)):
        data = ReferringDataModule(str(lvit_folder), limit=6, note_dropout=dropout)
        data.image_size, data.context_length = 64, tiny_network.text.context_length
        dice = []
        for image, mask, tokens in (data.dataset("val")[index] for index in range(6)):
            predicted = averaged.eval().predict_probability(image[None], tokens[None])[0] >= 0.5
            dice.append(2 * (predicted * mask).sum() / (predicted.sum() + mask.sum()))
        assert found[name] == pytest.approx(100 * float(torch.tensor(dice).mean()), abs=0.01)
    assert {"absence lung", "absence wrong side", "own note empty", "containment zones"} <= set(found)


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (
            {"all": {1: Result(70.0), 2: Result(71.0)}, "CI": {}},
            {"all": {"dice": 70.5, "seeds": {"1": 70.0, "2": 71.0}, "differences": []}},
        ),
        (
            {"CI": {2: Result(70.0)}, "all": {1: Result(70.0), 2: Result(71.0)}},
            {
                "CI": {"dice": 70.0, "seeds": {"2": 70.0}, "differences": [0.0]},
                "all": {"dice": 70.5, "seeds": {"1": 70.0, "2": 71.0}, "differences": [1.0]},
            },
        ),
    ],
    ids=["without the reference", "with one seed of the reference"],
)
def test_arms_are_compared_only_for_seeds_that_both_have(results, expected):
    assert summarize(results, "CI") == expected


def test_a_network_that_never_sees_a_note_is_validated_without_notes(lvit_folder):
    module = ReferringDataModule(str(lvit_folder), note_dropout=1.0)
    module.image_size = 64
    tokens = {tuple(module.dataset("val")[index][2].tolist()) for index in range(8)}
    assert len(tokens) == 1
    assert len(ReferringDataModule(str(lvit_folder), note_dropout=0.9).dataset("val").samples) == 8
