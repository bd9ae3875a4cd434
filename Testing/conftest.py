"""Shared by all rooms: a tiny checkpoint with random weights, films, and the data set where it is at hand."""

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


@pytest.fixture
def tiny_network():
    """The configuration of a network that runs in milliseconds."""
    from CausalCLIPSegLib.network.configuration import NetworkConfiguration

    return NetworkConfiguration.model_validate(TINY_NETWORK)


@pytest.fixture
def tiny_card() -> dict:
    """What a person writes on a card."""
    return dict(CARD)


@pytest.fixture(scope="session")
def tiny_checkpoint_to_read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights and a card, as `python -m training export` writes it; for tests that leave it as it is."""
    import torch

    from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
    from CausalCLIPSegLib.network.configuration import NetworkConfiguration
    from training.export.checkpoint import export_checkpoint

    place = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(3)
    network = CausalCLIPSeg(NetworkConfiguration.model_validate(TINY_NETWORK))
    state = {f"network.{name}": value for name, value in network.state_dict().items()}
    torch.save({"state_dict": state}, place / "run.ckpt")
    export_checkpoint([place / "run.ckpt"], TINY_NETWORK, CARD, place / "tiny")
    return place / "tiny"


@pytest.fixture
def tiny_checkpoint(tmp_path: Path, tiny_checkpoint_to_read: Path) -> Path:
    """The same, for tests that change it."""
    return Path(shutil.copytree(tiny_checkpoint_to_read, tmp_path / "tiny"))


@pytest.fixture
def film() -> Radiograph:
    """A film without symmetry, 90 rows x 120 columns, uncalibrated."""
    rng = np.random.default_rng(5)
    coarse = rng.random((9, 12), dtype=np.float32)
    pixels = np.kron(coarse, np.ones((10, 10), np.float32))
    return Radiograph(pixels=pixels, spacing=None, affine=np.eye(4), name="film.png")


@pytest.fixture(scope="session")
def qata(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The validation split of QaTa-COV19, unpacked."""
    place = os.environ.get("CAUSALCLIPSEG_DATA")
    if not place:
        pytest.skip("CAUSALCLIPSEG_DATA is not set: no QaTa-COV19 at hand")
    folder = tmp_path_factory.mktemp("qata")
    for name in ("Train_Folder", "Val_Folder"):
        with tarfile.open(Path(place) / "qata-cov19" / f"{name}.tar") as tar:
            tar.extractall(folder, filter="data")
    return folder
