"""Blocks of the vision encoder are skipped only in training, and deeper blocks more often."""

import pytest
import torch
from timm.layers import DropPath
from torch import nn

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from training.fitting.lightning_module import NetworkTraining
from training.fitting.stochastic_depth import skip_blocks


@pytest.fixture
def lite(tiny_network) -> dict:
    return {**tiny_network.model_dump(mode="json"), "vision": {"kind": "timm", "name": "tf_efficientnet_lite0"}}


def rates(network: CausalCLIPSeg) -> list[float]:
    return [module.drop_prob for module in network.modules() if isinstance(module, DropPath)]


def test_deeper_blocks_are_skipped_more_often(lite):
    network = CausalCLIPSeg(NetworkConfiguration.model_validate(lite))
    names = list(network.state_dict())
    skip_blocks(network, 0.2)
    skipping = rates(network)
    assert skipping == sorted(skipping)
    assert 0 < skipping[0] < skipping[-1] <= 0.2
    assert list(network.state_dict()) == names


def test_blocks_are_skipped_only_in_training(lite):
    network = CausalCLIPSeg(NetworkConfiguration.model_validate(lite)).eval()
    image = torch.rand(1, 1, 64, 64)
    before = network.vision_encoder(image)
    skip_blocks(network, 0.9)
    network.eval()
    assert all(torch.equal(a, b) for a, b in zip(network.vision_encoder(image), before, strict=True))
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    assert not torch.equal(network.vision_encoder(image)[-1], before[-1])


def test_random_numbers_of_an_epoch_depend_only_on_the_seed(lite, monkeypatch):
    module = NetworkTraining(lite, drop_path=0.5)
    drawn = []
    for seed, before in (("7", 1), ("7", 2), ("8", 1)):
        monkeypatch.setenv("PL_GLOBAL_SEED", seed)
        torch.manual_seed(before)
        module.on_train_epoch_start()
        drawn.append(torch.rand(4))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


@pytest.mark.parametrize("rate", [-0.1, 1.0])
def test_rejects_rates_outside_0_to_1(lite, rate):
    with pytest.raises(CausalCLIPSegError, match="at least 0 and below 1"):
        skip_blocks(CausalCLIPSeg(NetworkConfiguration.model_validate(lite)), rate)


def test_rejects_encoders_without_skippable_blocks(tiny_network):
    with pytest.raises(CausalCLIPSegError, match="timm"):
        NetworkTraining(tiny_network.model_dump(mode="json"), drop_path=0.1)
