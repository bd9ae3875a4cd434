"""RecLMIS has the sizes of its paper, each equation equals a slow form, and padding changes nothing."""

import math
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import nn

from CausalCLIPSegLib.network.architectures import build_network, parts_of, read_configuration
from CausalCLIPSegLib.network.configuration import NetworkConfiguration, TextConfiguration, TimmConfiguration
from CausalCLIPSegLib.network.reclmis.configuration import (
    InteractionConfiguration,
    RecLMISConfiguration,
    UNetConfiguration,
)
from CausalCLIPSegLib.network.reclmis.interaction import ConditionedInteraction
from CausalCLIPSegLib.network.reclmis.masked_batch_norm import MaskedBatchNorm
from CausalCLIPSegLib.network.reclmis.pixel_attention import PixelAttention
from CausalCLIPSegLib.network.reclmis.reclmis import RecLMIS
from CausalCLIPSegLib.network.reclmis.words import Words, present_tokens
from CausalCLIPSegLib.network.text_encoder import count_tokens, tokenize

PROMPTS = ["Unilateral pulmonary infection, one infected area, lower left lung.", "Pulmonary infection."]
TEXT = TextConfiguration(context_length=24, width=32, heads=2, layers=1, feature_size=16)
UNET = RecLMISConfiguration(
    image_size=64, vision=UNetConfiguration(width=4), text=TEXT, channels=32, decoder=(16, 8, 8, 4)
)
LITE = RecLMISConfiguration(
    image_size=64,
    vision=TimmConfiguration(),
    text=TEXT,
    channels=16,
    interaction=InteractionConfiguration(residual=True),
    decoder=(16, 8),
)


def tokens(number: int = 2) -> torch.Tensor:
    return tokenize((PROMPTS * number)[:number], 24)


@pytest.fixture(params=[UNET, LITE], ids=["unet", "lite0"])
def configuration(request):
    torch.manual_seed(0)
    return request.param


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def multiply_adds(network: nn.Module, *inputs) -> int:
    """Count the multiply-adds of convolutions and linear layers; those of attention are in its linear layers."""
    total = 0

    def add(module, arguments, output):
        nonlocal total
        if isinstance(module, nn.Conv2d | nn.Conv1d):
            total += output.numel() * module.weight[0].numel()
        elif isinstance(module, nn.Linear):
            total += output.numel() * module.in_features
        elif isinstance(module, nn.MultiheadAttention):
            query, keys = arguments[0], arguments[1]
            size = module.embed_dim
            total += 2 * size * size * (query[..., 0].numel() + keys[..., 0].numel())
            total += 2 * size * query[..., 0].numel() * keys.shape[1]

    hooks = [module.register_forward_hook(add) for module in network.modules()]
    with torch.inference_mode():
        network(*inputs)
    for hook in hooks:
        hook.remove()
    return total


@pytest.fixture(scope="module")
def published():
    return RecLMIS().eval()


def test_the_published_network_has_the_parameters_of_the_paper(published):
    """Tables I and II count 23.7 M without the text encoder; the released code lacks one block of that sum."""
    channels = (512, 256, 128, 64)
    unused_convolutions = sum(c * c + c for c in channels)  # the released PLAM has one that it never uses
    block_of_the_paper = count(published.vision_encoder.levels[-1])
    without_text = count(published) - count(published.text_encoder)
    assert without_text + unused_convolutions + block_of_the_paper == 23_691_007
    assert count(published.vision_encoder) == 1_920 + 221_952 + 886_272 + 3_542_016 + 4_721_664
    assert count(published.word_convolution) == 786_944
    assert count(published.interaction) == 3_252_224 + 2 * 263_169
    assert count(published.text_encoder) + (77 - 24) * 512 + 1 == 63_428_097  # 77 positions, and the logit scale


def test_the_published_network_has_the_multiply_adds_of_the_paper(published):
    """Tables I and II give 24.1 G for one image, with the block that the released code lacks, at 7 x 7."""
    words = Words(torch.randn(1, 24, 512), torch.ones(1, 24))
    total = multiply_adds(published, torch.rand(1, 1, 224, 224), words)
    assert (total + 7 * 7 * count(published.vision_encoder.levels[-1])) / 1e9 == pytest.approx(24.1, abs=0.05)


def test_the_outputs_have_their_shapes_and_the_weights_sum_to_one(configuration):
    network = RecLMIS(configuration).eval()
    for side in (64, 96):
        output = network(torch.rand(2, 1, side, side), network.encode_text(tokens(4)))
        assert output.logits.shape == (4, 1, side, side)
        assert output.interaction.patch_weights.shape == (4, 1, side // 16, side // 16)
        torch.testing.assert_close(output.interaction.patch_weights.flatten(1).sum(1), torch.ones(4))
        torch.testing.assert_close(output.interaction.word_weights.sum(1), torch.ones(4))
        for row, prompt in zip(output.interaction.word_weights, PROMPTS * 2, strict=True):
            assert (row[count_tokens(prompt) :] == 0).all()
            assert (row[: count_tokens(prompt)] > 0).all()


def test_gradients_of_the_mask_and_of_the_weights_reach_every_parameter(configuration):
    network = RecLMIS(configuration).train()
    output = network(torch.rand(2, 1, 64, 64), network.encode_text(tokens()))
    interaction = output.interaction
    (output.logits.mean() + interaction.patch_weights[..., 0].sum() + interaction.word_weights[:, 0].sum()).backward()
    without = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert without == []


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("first", [False, True])
def test_padding_changes_nothing(training, first):
    """More padding, and any values in it, give the same mask, weights and statistics."""
    torch.manual_seed(0)
    interaction = InteractionConfiguration(dropout=0, words_attend_first=first)
    network = RecLMIS(UNET.model_copy(update={"interaction": interaction})).train(training)
    image, text = torch.rand(2, 1, 64, 64), tokens()
    longest = max(map(count_tokens, PROMPTS))
    garbage = text.clone()
    for row, prompt in zip(garbage, PROMPTS, strict=True):
        row[count_tokens(prompt) :] = torch.randint(1, 49000, (24 - count_tokens(prompt),))
    words = network.encode_text(text)
    short = Words(*(each[:, :longest] for each in words))
    start = {name: value.clone() for name, value in network.state_dict().items()}
    outputs, states = [], []
    for each in (words, network.encode_text(garbage), short):
        network.load_state_dict(start)
        outputs.append(network(image, each))
        states.append({name: value.clone() for name, value in network.state_dict().items()})
    for output, state in zip(outputs[1:], states[1:], strict=True):
        torch.testing.assert_close(output.logits, outputs[0].logits, rtol=1e-4, atol=1e-5)
        weights = [each.interaction.word_weights[:, :longest] for each in (output, outputs[0])]
        torch.testing.assert_close(*weights)
        for name, value in state.items():
            torch.testing.assert_close(value, states[0][name], msg=name)


def test_the_mask_and_the_weights_depend_on_the_words():
    network = RecLMIS(UNET).eval()
    output = network(torch.rand(1, 1, 64, 64), network.encode_text(tokens()))
    assert not torch.equal(*output.logits)
    assert not torch.equal(*output.interaction.patch_weights)


def test_pixel_attention_equals_its_equation():
    torch.manual_seed(0)
    module, x = PixelAttention(3).double(), torch.randn(2, 3, 4, 5).double()
    result = module(x)
    first, _, second = module.mixer
    for b, i, j in product(range(2), range(4), range(5)):
        pixel = [x[b, c, i, j].item() for c in range(3)]
        relu = [
            [max(sum(w.item() * p for w, p in zip(row[:, 0, 0], pixel, strict=True)), 0.0) for row in matrix.weight]
            for matrix in (module.mean_convolution, module.max_convolution)
        ]
        a, m = sum(relu[0]) / 3, max(relu[1])
        hidden = [
            max(sum(w.item() * v for w, v in zip(row, (a, m, a + m), strict=True)) + bias.item(), 0.0)
            for row, bias in zip(first.weight, first.bias, strict=True)
        ]
        weight = sum(w.item() * h for w, h in zip(second.weight[0], hidden, strict=True)) + second.bias.item()
        for c in range(3):
            assert result[b, c, i, j].item() == pytest.approx(pixel[c] * weight, abs=1e-9)


def softmax(values: list[float]) -> list[float]:
    powers = [math.exp(value - max(values)) for value in values]
    return [power / sum(powers) for power in powers]


def slow_attention(module: nn.MultiheadAttention, query: torch.Tensor, keys: torch.Tensor) -> torch.Tensor:
    """Eq. 1 with several heads, place by place: query n x C, keys m x C."""
    size = module.embed_dim // module.num_heads
    weights, biases = module.in_proj_weight.chunk(3), module.in_proj_bias.chunk(3)
    q, k, v = (x @ w.T + b for x, w, b in zip((query, keys, keys), weights, biases, strict=True))
    result = torch.zeros_like(query)
    for head, row in product(range(module.num_heads), range(len(query))):
        part = slice(head * size, (head + 1) * size)
        shares = softmax([float(q[row, part] @ key[part]) / math.sqrt(size) for key in k])
        result[row, part] = sum(share * value[part] for share, value in zip(shares, v, strict=True))
    return result @ module.out_proj.weight.T + module.out_proj.bias


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("residual", [False, True])
@torch.no_grad()
def test_interaction_equals_its_equations(first, residual):
    torch.manual_seed(1)
    configuration = InteractionConfiguration(heads=2, residual=residual, words_attend_first=first)
    module = ConditionedInteraction(4, 2, configuration).double().eval()
    module.positions.normal_()
    patches, states = torch.randn(1, 4, 2, 2).double(), torch.randn(1, 5, 4).double()
    present = torch.tensor([[1.0, 1, 1, 0, 0]]).double()
    states = states * present[..., None]
    result = module(patches, Words(states, present))
    embedded = (module.embedding(patches) + module.positions)[0].flatten(1).T
    words = states[0, :3]

    def attend(attention, index, query, keys):
        attended = slow_attention(attention, query, keys)
        return module.norms[index](query + attended) if residual else attended

    seen = attend(module.vision_to_text, 0, words, embedded)
    expected = attend(module.text_to_vision, 1, embedded, seen if first else words)
    torch.testing.assert_close(result.patches[0].flatten(1).T, expected)
    scores = [float(module.patch_scores(patch)) for patch in expected]
    assert result.patch_weights.flatten().tolist() == pytest.approx(softmax(scores))
    padded = torch.cat([torch.zeros(1, 4).double(), seen, torch.zeros(1, 4).double()])
    weight, bias = module.word_convolution.weight, module.word_convolution.bias
    convolved = torch.stack([bias + sum(weight[..., k] @ padded[i + k] for k in range(3)) for i in range(3)])
    norm = module.word_norm
    summary = (convolved - norm.running_mean) / (norm.running_var + norm.eps).sqrt() * norm.weight + norm.bias
    scores = [float(module.word_scores(word)) for word in summary.relu()]
    assert result.word_weights[0].tolist() == pytest.approx([*softmax(scores), 0, 0])


@settings(max_examples=20, deadline=None)
@given(lengths=st.lists(st.integers(1, 6), min_size=2, max_size=4), seed=st.integers(0, 2**31))
def test_masked_batch_norm_equals_batch_norm_of_the_words(lengths, seed):
    generator = torch.Generator().manual_seed(seed)
    words = torch.randn(len(lengths), 6, 3, generator=generator)
    present = (torch.arange(6) < torch.tensor(lengths)[:, None]).float()
    masked, plain = MaskedBatchNorm(3), nn.BatchNorm1d(3)
    result = masked(words, present)
    torch.testing.assert_close(result[present > 0], plain(words[present > 0]))
    torch.testing.assert_close(masked.running_var, plain.running_var)
    torch.testing.assert_close(masked.eval()(words, present)[present > 0], plain.eval()(words[present > 0]))


def test_present_tokens_end_with_the_end_token():
    assert present_tokens(tokens()).sum(1).tolist() == [count_tokens(prompt) for prompt in PROMPTS]


def test_the_parts_give_what_the_network_gives(configuration):
    network = RecLMIS(configuration).eval()
    image, text = torch.rand(2, 1, 64, 64), tokens()
    output, parts = network(image, network.encode_text(text)), parts_of(network).predict(image, text)
    torch.testing.assert_close(parts["probability"], output.logits.sigmoid())
    torch.testing.assert_close(parts["patches_of_interest"], output.interaction.patch_weights)
    torch.testing.assert_close(parts["words_of_interest"], output.interaction.word_weights)


def test_the_architecture_chooses_the_network_and_old_configurations_mean_causalclipseg(tiny_network):
    old = {name: value for name, value in tiny_network.model_dump().items() if name != "architecture"}
    assert read_configuration(old) == tiny_network
    assert isinstance(read_configuration(old), NetworkConfiguration)
    assert read_configuration(UNET.model_dump(mode="json")) == UNET
    assert isinstance(build_network(UNET), RecLMIS)


@pytest.mark.parametrize(
    "fields",
    [
        {"architecture": "unknown"},
        {"architecture": ["reclmis"]},
        {"architecture": "causalclipseg", "interaction": {}},
        {"architecture": "reclmis", "fusion_stage": 2},
        {"architecture": "reclmis", "channels": 6, "interaction": {"heads": 4}},
        {"architecture": "reclmis", "vision": {"kind": "timm"}, "decoder": [8, 8, 8]},
        {"architecture": "reclmis", "vision": {"kind": "clip_resnet"}},
    ],
    ids=str,
)
def test_configurations_that_fit_no_network_are_rejected(fields):
    with pytest.raises(ValidationError):
        read_configuration(fields)
