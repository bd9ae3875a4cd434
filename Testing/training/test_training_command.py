"""The commands of `python -m training`: fit, export and evaluate, used one after the other."""

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.checkpoint import open_checkpoint
from CausalCLIPSegLib.model.engines.torch_engine import load_network
from CausalCLIPSegLib.model.tokens import PROMPT_TOKENS
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.text_encoder import TOKEN_TABLE
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.regular_files import sha256
from CausalCLIPSegLib.segmenter import Segmenter
from training.__main__ import app
from training.export.checkpoint import average, export_checkpoint, read_weights, verify
from training.fitting.cli import TrainingCLI
from training.fitting.lightning_module import NetworkTraining

ROOT = Path(__file__).parents[2]


def training(*arguments: str | Path) -> None:
    app([str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory, tiny_network, tiny_card) -> tuple[Path, Path]:
    """A Lightning checkpoint with random weights, and the checkpoint exported from it."""
    tmp_path = tmp_path_factory.mktemp("run")
    torch.manual_seed(5)
    state = {f"network.{name}": value for name, value in CausalCLIPSeg(tiny_network).state_dict().items()}
    torch.save({"state_dict": state}, tmp_path / "run.ckpt")
    card_text = {**tiny_card, "name": "exported"}
    export_checkpoint([tmp_path / "run.ckpt"], tiny_network.model_dump(mode="json"), card_text, tmp_path / "exported")
    return tmp_path / "run.ckpt", tmp_path / "exported"


@pytest.fixture
def run(tmp_path, lvit_folder, configuration, monkeypatch) -> Path:
    """The folder of a finished run."""
    monkeypatch.chdir(tmp_path)
    TrainingCLI(["fit", "--config", str(configuration), "--data.data", str(lvit_folder)])
    return tmp_path / "runs" / "default" / "version_0"


def test_a_run_can_be_fitted_exported_and_evaluated(tmp_path, lvit_folder, configuration, run, capsys):
    with (run / "metrics.csv").open() as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file) if row["loss"]]
    assert sum(losses[-4:]) < 0.8 * sum(losses[:4])
    assert len(list((run / "pictures").glob("epoch_*.png"))) == 8
    for picture in (run / "curves.png", run / "pictures" / "epoch_007.png"):
        with Image.open(picture) as image:
            assert min(image.size) > 300

    last = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["epoch"] == 7, "a resumed run must not lose the epochs after the best one"

    checkpoint = tmp_path / "mine"
    best = run / "checkpoints" / "best.ckpt"
    training(
        *("export", "--run", best, "--config", configuration, "--card", tmp_path / "card.yaml"),
        *("--output", checkpoint, "--data", lvit_folder, "--device", "cpu"),
    )
    card = json.loads((checkpoint / "card.json").read_text())
    assert card["figures"]["validation"]["n"] == 8
    assert card["figures"]["validation"]["referring"]["own_note_empty"]["n"] == 8
    assert card["figures"]["command"].endswith("--checkpoint tiny --referring")

    capsys.readouterr()
    training(
        *("evaluate", "--data", lvit_folder, "--split", "val", "--checkpoint", checkpoint, "--device", "cpu"),
        *("--json", tmp_path / "metrics.json", "--notes", "all", "--shifts", "--cases", tmp_path / "cases.csv"),
        *("--worst", tmp_path / "worst.png", "--worst-number", "3"),
    )
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert {"n", "dice", "miou", "dice_global", "seconds_per_image", "by_side"} <= set(metrics)
    assert set(metrics["by_side"]) == {"left only", "right only", "both"}
    assert [metrics["by_side"][name]["n"] for name in ("left only", "right only", "both")] == [4, 4, 0]
    measured = card["figures"]["validation"]
    assert (metrics["dice"], metrics["miou"]) == (measured["dice"], measured["miou"])
    assert sum(row["n"] for row in metrics["by_size"].values()) == 8
    assert metrics["interval"]["dice"][0] <= metrics["dice"] <= metrics["interval"]["dice"][1]
    assert metrics["notes"]["own"]["dice"] == metrics["dice"]
    assert metrics["notes"]["own"]["minus_own"] == {"dice": 0.0, "interval": [0.0, 0.0]}
    assert [metrics["notes"][kind]["n"] for kind in metrics["notes"]] == [8, 8, 8, 8, 8, 0, 8]
    side_only, none = metrics["notes"]["side-only"], metrics["notes"]["none"]
    assert side_only["minus_none"]["dice"] == pytest.approx(side_only["dice"] - none["dice"], abs=0.011)
    for strengths in metrics["shifts"].values():
        for row in strengths.values():
            gap = round(row["dice"] - metrics["dice"], 2)
            assert row["minus_own"]["dice"] == pytest.approx(gap, abs=0.011)
    assert len((tmp_path / "cases.csv").read_text().splitlines()) == 9
    assert (tmp_path / "worst.png").is_file()
    printed = capsys.readouterr().out
    assert "Dice" in printed
    assert re.search(r"side-only +│ +8", printed)
    assert "image_0" not in printed, "names of radiographs must appear only in the requested files"


def test_help_does_not_import_torch():
    code = "import sys, training.__main__; print(sorted({'torch', 'lightning'} & set(sys.modules)))"
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert process.stdout.strip() == "[]"


def test_fit_continues_from_a_run_or_a_checkpoint(tiny_network, tiny_run):
    run, exported = tiny_run
    for start in (exported, run):
        torch.manual_seed(99)
        module = NetworkTraining(tiny_network.model_dump(mode="json"), continue_from=str(start))
        weights = read_weights(run)
        for name, tensor in module.network.state_dict().items():
            rows = list(PROMPT_TOKENS) if name == TOKEN_TABLE and start == exported else slice(None)
            assert tensor.shape == weights[name].shape
            assert torch.allclose(tensor[rows], weights[name][rows], atol=1e-3) if tensor.ndim else True, name
    with pytest.raises(CheckpointError, match="no checkpoint"):
        NetworkTraining(tiny_network.model_dump(mode="json"), continue_from="nowhere")
    wider = tiny_network.model_copy(update={"channels": 24})
    with pytest.raises(CheckpointError, match="other sizes"):
        NetworkTraining(wider.model_dump(mode="json"), continue_from=str(exported))


def test_export_averages_the_weights_of_several_runs(tmp_path, tiny_network, tiny_card, tiny_run):
    run, _ = tiny_run
    weights = read_weights(run)
    shifted = {name: value + 0.5 if value.is_floating_point() else value for name, value in weights.items()}
    torch.save({"state_dict": {f"network.{name}": value for name, value in shifted.items()}}, tmp_path / "b.ckpt")
    network = tiny_network.model_dump(mode="json")
    export_checkpoint([run, tmp_path / "b.ckpt"], network, {**tiny_card, "name": "mean"}, tmp_path / "mean")
    averaged = load_network(open_checkpoint(tmp_path / "mean")).state_dict()
    for name, value in weights.items():
        value = value[list(PROMPT_TOKENS)] if name == TOKEN_TABLE else value
        expected = value + 0.25 if value.is_floating_point() else value
        assert torch.allclose(averaged[name], expected, atol=2e-3), name
    del shifted["causal.decoder.text_projection.bias"]
    with pytest.raises(CheckpointError, match="different networks"):
        average([weights, shifted])


def test_export_is_rejected_if_its_predictions_differ(tiny_run):
    run, exported = tiny_run
    weights = read_weights(run)
    assert verify(weights, exported) < 0.02
    weights["causal.decoder.text_projection.bias"][-1] += 1
    with pytest.raises(CheckpointError, match="do not give the predictions of the run"):
        verify(weights, exported)


@pytest.mark.filterwarnings("ignore")
def test_onnx_graphs_predict_the_same_as_torch(tmp_path, tiny_checkpoint, capsys):
    training("export-onnx", "--checkpoint", tiny_checkpoint, "--output", tmp_path / "onnx")
    assert "at most" in capsys.readouterr().out
    copy, original = open_checkpoint(tmp_path / "onnx"), open_checkpoint(tiny_checkpoint)
    assert copy.card == original.card
    assert sha256(copy.weights) == sha256(original.weights)


def test_the_graphs_of_an_older_checkpoint_are_added_in_its_folder(tiny_checkpoint):
    card = json.loads((tiny_checkpoint / "card.json").read_text())
    graphs = card.pop("graphs")
    (tiny_checkpoint / "card.json").write_text(json.dumps(card))
    for name in graphs:
        (tiny_checkpoint / name).unlink()
    training("export-onnx", "--checkpoint", tiny_checkpoint, "--output", tiny_checkpoint)
    assert open_checkpoint(tiny_checkpoint).card.graphs == graphs


def test_the_exported_token_table_holds_only_the_tokens_of_prompts(tmp_path, tiny_network, tiny_card, tiny_run):
    run, exported = tiny_run
    assert open_checkpoint(exported).card.network.text.tokens == PROMPT_TOKENS
    network = tiny_network.model_dump(mode="json")
    whole = export_checkpoint([run], network, {**tiny_card, "name": "whole"}, tmp_path / "whole", all_tokens=True)
    assert whole.network.text.tokens == ()
    assert (tmp_path / "whole/weights.safetensors").stat().st_size > 2 * (
        exported / "weights.safetensors"
    ).stat().st_size
    image = np.random.default_rng(8).random((64, 64), dtype=np.float32)
    radiograph = Radiograph(pixels=image, spacing=None, affine=np.eye(4), name="image.png")
    for engine in ("onnx", "torch"):
        pruned, full = (
            Segmenter.from_checkpoint(folder, "cpu", engine).segment(radiograph, "Left basal opacity.").probability
            for folder in (exported, tmp_path / "whole")
        )
        np.testing.assert_allclose(pruned, full, atol=1e-5)


def test_a_missing_data_set_gives_one_line_on_stderr(tmp_path, tiny_checkpoint):
    process = subprocess.run(
        [sys.executable, "-m", "training", "evaluate", "--data", "nowhere", "--checkpoint", str(tiny_checkpoint)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 2
    assert process.stderr == "The data set has no folder Val_Folder in nowhere.\n"
