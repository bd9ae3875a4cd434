"""The whole network has the sizes of the paper, and its parts are connected as the paper says."""

import copy

import open_clip
import pytest
import torch

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.configuration import (
    ClipResNetConfiguration,
    DecoderConfiguration,
    NetworkConfiguration,
    TextConfiguration,
    TimmConfiguration,
)
from CausalCLIPSegLib.network.text_encoder import tokenize

PROMPTS = ["Unilateral pulmonary infection, one infected area, lower left lung.", "Pulmonary infection."]
TEXT = TextConfiguration(width=32, heads=2, layers=2, feature_size=16)
SMALL_RESNET = NetworkConfiguration(
    image_size=64,
    vision=ClipResNetConfiguration(layers=(1, 1, 1, 1), width=8),
    text=TEXT,
    channels=16,
    decoder=DecoderConfiguration(channels=(16, 8), factors=(4, 4)),
)
LITE = NetworkConfiguration(
    image_size=64,
    vision=TimmConfiguration(),
    text=TEXT,
    channels=16,
    fusion_stage=2,
    decoder=DecoderConfiguration(channels=(16,), factors=(2,)),
)


def run(network: CausalCLIPSeg, image: torch.Tensor, **options):
    return network(image, network.encode_text(tokenize(PROMPTS, 20)), **options)


@pytest.fixture(params=[SMALL_RESNET, LITE], ids=["clip resnet", "lite0"])
def configuration(request):
    torch.manual_seed(0)
    return request.param


def test_logits_have_full_resolution_and_each_stage_has_attention(configuration):
    output = run(CausalCLIPSeg(configuration), torch.rand(2, 1, 64, 64))
    assert output.logits.shape == output.confounder_logits.shape == (2, 1, 64, 64)
    assert [tuple(stage.shape[1:]) for stage in output.attention] == [(16, 8, 8), (16, 4, 4), (16, 2, 2)]


def test_gradients_reach_every_parameter(configuration):
    network = CausalCLIPSeg(configuration).train()
    output = run(network, torch.rand(2, 1, 64, 64))
    (output.logits.mean() - 0.05 * output.confounder_logits.mean()).backward()
    without_gradient = [
        name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()
    ]
    assert without_gradient == []


def test_the_causal_logits_do_not_depend_on_the_confounder_branch(configuration):
    network = CausalCLIPSeg(configuration).eval()
    image = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        expected = run(network, image).logits
        broken = copy.deepcopy(network)
        for parameter in broken.confounder.parameters():
            parameter.fill_(float("nan"))
        output = run(broken, image, confounder=False)
    assert output.confounder_logits is None
    torch.testing.assert_close(output.logits, expected, rtol=0, atol=0)


def test_the_branches_have_equal_shapes_and_share_no_weights():
    network = CausalCLIPSeg(SMALL_RESNET)
    shapes = [[tuple(p.shape) for p in branch.parameters()] for branch in (network.causal, network.confounder)]
    assert shapes[0] == shapes[1]
    pointers = [{p.data_ptr() for p in branch.parameters()} for branch in (network.causal, network.confounder)]
    assert pointers[0].isdisjoint(pointers[1])


def test_without_causal_intervention_the_network_has_no_maskers_and_no_confounder(configuration):
    network = CausalCLIPSeg(configuration.model_copy(update={"causal_intervention": False}))
    assert network.maskers is None
    assert not any("masker" in name or "confounder" in name for name, _ in network.named_parameters())
    output = run(network, torch.rand(2, 1, 64, 64))
    assert output.confounder_logits is None
    assert output.attention == []


def test_low_resolution_convolutions_give_the_same_logits(configuration):
    fast = CausalCLIPSeg(configuration).eval()
    plain = CausalCLIPSeg(configuration.model_copy(update={"low_resolution_convolutions": False})).eval()
    plain.load_state_dict(fast.state_dict())
    image = torch.rand(2, 1, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(run(fast, image).logits, run(plain, image).logits, rtol=0, atol=1e-4)


def test_logits_depend_on_the_text(configuration):
    network = CausalCLIPSeg(configuration).eval()
    image = torch.rand(1, 1, 64, 64).expand(2, -1, -1, -1)
    with torch.no_grad():
        logits = run(network, image).logits
    assert not torch.allclose(logits[0], logits[1], atol=1e-5)


@pytest.fixture(scope="module")
def published():
    return CausalCLIPSeg().eval()


def test_the_defaults_are_those_of_the_paper(published):
    configuration = published.configuration
    assert (configuration.image_size, configuration.text.context_length, configuration.decoder.kernel_size) == (
        224,
        20,
        3,
    )
    assert published.vision_encoder.channels == (512, 1024, 2048)
    with torch.inference_mode():
        text = published.encode_text(tokenize(PROMPTS[:1], 20))
        output = published(torch.rand(1, 1, 224, 224), text, confounder=False)
    assert text.shape == (1, 512)
    assert output.logits.shape == (1, 1, 224, 224)
    assert [tuple(stage.shape[-2:]) for stage in output.attention] == [(28, 28), (14, 14), (7, 7)]


def test_the_encoders_have_the_parameters_of_clip_rn101(published):
    clip = open_clip.create_model("RN101-quickgelu", pretrained=None)
    theirs = {name: tuple(value.shape) for name, value in clip.state_dict().items()}
    ours = {name: tuple(value.shape) for name, value in published.text_encoder.state_dict().items()}
    short = {name: shape for name, shape in ours.items() if name != "positional_embedding"}
    assert {name: theirs[name] for name in short} == short
    assert ours["positional_embedding"] == (20, *theirs["positional_embedding"][1:])
    vision = {f"visual.{n}": tuple(v.shape) for n, v in published.vision_encoder.resnet.state_dict().items()}
    expected = {n: s for n, s in theirs.items() if n.startswith("visual.") and ".attnpool." not in n}
    assert vision == expected
