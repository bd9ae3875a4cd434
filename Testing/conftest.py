"""Fixtures for all tests: a tiny checkpoint with random weights, a radiograph, and QaTa-COV19 if it is available."""

from __future__ import annotations

import os
import shutil
import signal
import tarfile
from pathlib import Path

import numpy as np
import pytest

from CausalCLIPSegLib.notes import FINDING_WORDS, INFECTION
from CausalCLIPSegLib.radiograph import Radiograph

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets a job in the background ignore it

TINY_NETWORK = {
    "image_size": 64,
    "vision": {"kind": "clip_resnet", "layers": [1, 1, 1, 1], "width": 8},
    "text": {"width": 32, "heads": 2, "layers": 1, "feature_size": 16},
    "channels": 16,
    "fusion_stage": 2,
    "decoder": {"channels": [8], "factors": [2]},
}
TINY_RECLMIS = {
    "architecture": "reclmis",
    "image_size": 64,
    "vision": {"kind": "unet", "width": 4},
    "text": {"context_length": 24, "width": 32, "heads": 2, "layers": 1, "feature_size": 16},
    "channels": 16,
    "interaction": {"residual": True},
    "decoder": [8, 8],
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
def tiny_reclmis_network():
    """The configuration of a RecLMIS network that runs in a few milliseconds."""
    from CausalCLIPSegLib.network.architectures import read_configuration

    return read_configuration(TINY_RECLMIS)


def export_tiny(network: dict, folder: Path) -> Path:
    """Write a folder with weights, graphs and a card, as `python -m training export` does.

    The network knows the words of all findings, but its card lists only infections.
    """
    import torch

    from CausalCLIPSegLib.network.architectures import build_network, read_configuration
    from training.export.checkpoint import export_checkpoint

    torch.manual_seed(3)
    state = build_network(read_configuration(network)).state_dict()
    torch.save({"state_dict": {f"network.{name}": value for name, value in state.items()}}, folder / "run.ckpt")
    export_checkpoint([folder / "run.ckpt"], network, {**CARD, "findings": list(FINDING_WORDS)}, folder / "tiny")
    return list_findings(folder / "tiny", INFECTION)


def list_findings(checkpoint: Path, *findings: str) -> Path:
    """Let the card of a checkpoint list these findings, and return its folder."""
    from CausalCLIPSegLib.model.card import read_card, write_card

    write_card(read_card(checkpoint).model_copy(update={"findings": findings}), checkpoint)
    return checkpoint


@pytest.fixture(scope="session")
def tiny_checkpoint_to_read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a checkpoint of CausalCLIPSeg with random weights; tests must not change it."""
    return export_tiny(TINY_NETWORK, tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="session")
def tiny_reclmis_to_read(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a checkpoint of RecLMIS with random weights; tests must not change it."""
    return export_tiny(TINY_RECLMIS, tmp_path_factory.mktemp("reclmis"))


@pytest.fixture(scope="session")
def tiny_of_several_findings(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint_to_read: Path) -> Path:
    """The folder of a checkpoint with random weights that outlines several findings; tests must not change it."""
    folder = tmp_path_factory.mktemp("findings") / "tiny"
    return list_findings(Path(shutil.copytree(tiny_checkpoint_to_read, folder)), INFECTION, "effusion", "nodule")


@pytest.fixture(scope="session", params=["causalclipseg", "reclmis"])
def checkpoint_of_each_architecture(request: pytest.FixtureRequest) -> Path:
    """The folder of a tiny checkpoint of each architecture in turn; tests must not change it."""
    name = {"causalclipseg": "tiny_checkpoint_to_read", "reclmis": "tiny_reclmis_to_read"}[request.param]
    return Path(request.getfixturevalue(name))


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
