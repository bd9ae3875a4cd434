"""Fixtures for all tests: a tiny checkpoint with random weights, a radiograph, and QaTa-COV19 if it is available."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import numpy as np
import pytest

from CausalCLIPSegLib.radiograph import Radiograph

TINY_NETWORK = {
    "image_size": 64,
    "vision": {"kind": "clip_resnet", "layers": [1, 1, 1, 1], "width": 8},
    "text": {"width": 32, "heads": 2, "layers": 1, "feature_size": 16},
    "channels": 16,
    "fusion_stage": 2,
    "decoder": {"channels": [8], "factors": [2]},
}
CARD = {
    "name": "tiny",
    "version": "0",
    "summary": "Random weights, for tests.",
    "laterality": "viewer",
    "finding": "Pulmonary infection",
    "threshold": 0.5,
    "training": {},
    "preprocessing": "none",
    "intended_use": "tests",
    "limits": [],
    "licence": "none",
}


@pytest.fixture(scope="session")
def tiny_network():
    """The configuration of a network that runs in a few milliseconds."""
    from CausalCLIPSegLib.network.configuration import NetworkConfiguration

    return NetworkConfiguration.model_validate(TINY_NETWORK)


@pytest.fixture(scope="session")
def tiny_card() -> dict:
    """The fields of a card that a person writes."""
    return dict(CARD)


@pytest.fixture(scope="session")
def tiny_checkpoint_to_read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights, graphs and a card, as `python -m training export` writes it; tests must not change it."""
    import torch

    from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
    from CausalCLIPSegLib.network.configuration import NetworkConfiguration
    from training.export.checkpoint import export_checkpoint

    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(3)
    network = CausalCLIPSeg(NetworkConfiguration.model_validate(TINY_NETWORK))
    state = {f"network.{name}": value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state}, folder / "run.ckpt")
    export_checkpoint([folder / "run.ckpt"], TINY_NETWORK, CARD, folder / "tiny")
    return folder / "tiny"


@pytest.fixture
def tiny_checkpoint(tmp_path: Path, tiny_checkpoint_to_read: Path) -> Path:
    """A copy of the tiny checkpoint that a test may change."""
    return Path(shutil.copytree(tiny_checkpoint_to_read, tmp_path / "tiny"))


@pytest.fixture
def radiograph() -> Radiograph:
    """A radiograph without symmetry, 90 rows x 120 columns, not calibrated."""
    rng = np.random.default_rng(5)
    coarse = rng.random((9, 12), dtype=np.float32)
    pixels = np.kron(coarse, np.ones((10, 10), np.float32))
    return Radiograph(pixels=pixels, spacing=None, affine=np.eye(4), name="image.png")


@pytest.fixture(scope="session")
def qata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The training and validation folders of QaTa-COV19, unpacked."""
    data = os.environ.get("CAUSALCLIPSEG_DATA")
    if not data:
        pytest.skip("CAUSALCLIPSEG_DATA is not set, so QaTa-COV19 is not available")
    folder = tmp_path_factory.mktemp("qata")
    for name in ("Train_Folder", "Val_Folder"):
        with tarfile.open(Path(data) / "qata-cov19" / f"{name}.tar") as tar:
            tar.extractall(folder, filter="data")
    return folder
