"""Two processes with half a batch each train like one process with the whole batch (gloo, CPU, torchrun)."""

import os
import subprocess
import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def torchrun(folder: Path, *command: str | Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    environment |= {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    start = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    # The time limit ends processes that wait for each other forever.
    done = subprocess.run([*start, *command], env=environment, cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_two_processes_train_like_one(tmp_path, tiny_network, lvit_folder, monkeypatch):
    torchrun(
        *(tmp_path, HERE / "distributed_step.py", lvit_folder, tiny_network.model_dump_json(), tmp_path / "two.pt")
    )
    monkeypatch.syspath_prepend(str(HERE))
    from distributed_step import fit

    single = fit(tiny_network, str(lvit_folder), 4, 1).network.state_dict()
    distributed = torch.load(tmp_path / "two.pt", weights_only=True)
    start = initial_weights(tiny_network)
    moved = 0.0
    for name, tensor in single.items():
        if tensor.is_floating_point():
            assert torch.allclose(distributed[name], tensor, atol=1e-9), name
            moved = max(moved, float((tensor - start[name]).abs().max()))
    assert moved > 1e-3, "the training must change the weights"


def initial_weights(network):
    from lightning import seed_everything

    from training.fitting.lightning_module import NetworkTraining

    seed_everything(2, verbose=False)
    return NetworkTraining(network.model_dump(mode="json")).network.state_dict()


def test_fit_command_runs_in_two_processes(tmp_path, lvit_folder, configuration):
    torchrun(
        *(tmp_path, "-m", "training", "fit", "--config", configuration, "--data.data", lvit_folder),
        *("--data.batch_size", "2", "--data.cache", tmp_path / "cache", "--trainer.max_epochs", "2"),
        *("--trainer.devices", "2", "--trainer.strategy", "ddp", "--trainer.precision", "bf16-mixed"),
    )
    run = tmp_path / "runs" / "default" / "version_0"
    assert {path.name for path in run.iterdir()} == {
        *("config.yaml", "metrics.csv", "curves.png", "pictures", "checkpoints")
    }
    assert [path.name for path in sorted((run / "pictures").iterdir())] == ["epoch_000.png", "epoch_001.png"]
    weights = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    assert weights["epoch"] == 1
