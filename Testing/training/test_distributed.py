"""Two processes with half a batch each train as one process with the whole batch does (gloo, CPU, torchrun)."""

import os
import subprocess
import sys
from pathlib import Path

import torch

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_two_processes_train_as_one(tmp_path, tiny_network, lvit_folder, monkeypatch):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    environment |= {"CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
            *(str(HERE / "distributed_step.py"), str(lvit_folder), tiny_network.model_dump_json()),
            str(tmp_path / "two.pt"),
        ],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    monkeypatch.syspath_prepend(str(HERE))
    from distributed_step import fit

    one = fit(tiny_network, str(lvit_folder), 4, 1).network.state_dict()
    two = torch.load(tmp_path / "two.pt", weights_only=True)
    start = fit_start(tiny_network)
    moved = 0.0
    for name, tensor in one.items():
        if tensor.is_floating_point():
            assert torch.allclose(two[name], tensor, atol=1e-9), name
            moved = max(moved, float((tensor - start[name]).abs().max()))
    assert moved > 1e-3, "the steps changed nothing, so nothing was compared"


def fit_start(network):
    from lightning import seed_everything

    from training.module import CausalTraining

    seed_everything(2, verbose=False)
    return CausalTraining(network.model_dump(mode="json")).network.state_dict()
