"""The objective of RecLMIS equals its equations, masks what it should, and trains what it should."""

import math
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.checkpoint import open_checkpoint
from CausalCLIPSegLib.model.engines.torch_engine import load_network
from CausalCLIPSegLib.model.tokens import encode
from CausalCLIPSegLib.network.reclmis.configuration import RecLMISConfiguration
from CausalCLIPSegLib.network.reclmis.reclmis import RecLMIS
from CausalCLIPSegLib.network.text_encoder import count_tokens, tokenize
from training.data.sample import DatasetError
from training.fitting.lightning_module import NetworkTraining
from training.fitting.loss import soft_dice_loss
from training.fitting.reclmis.contrastive import contrastive_loss, same_sentences, similarities
from training.fitting.reclmis.masking import draw_masked
from training.fitting.reclmis.objective import RecLMISObjective, RecLMISSettings
from training.fitting.reclmis.reconstruction import Reconstructor, reconstruction_loss

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
PROMPTS = ["Unilateral pulmonary infection, one infected area, lower left lung.", "Pulmonary infection."]
ENCODERS = ("vision_encoder", "text_encoder")
SCORES = ("interaction.patch_scores", "interaction.word_scores")
SMALL = RecLMISSettings(layers=1, heads=2, hidden=8)
AUXILIARY = {
    "vision": "vision_weight",
    "language": "language_weight",
    "contrastive": "contrastive_weight",
}


@pytest.fixture
def network(tiny_reclmis_network):
    torch.manual_seed(0)
    return RecLMIS(tiny_reclmis_network).train()


def batch(number: int = 1):
    """Return two images, tokens of `number` equal notes for each, and masks."""
    generator = torch.Generator().manual_seed(1)
    image = torch.rand(2, 1, 64, 64, generator=generator)
    tokens = tokenize([prompt for prompt in PROMPTS for _ in range(number)], 24)
    return image, tokens, (torch.rand(2 * number, 1, 64, 64, generator=generator) > 0.7).float()


# Masking


@settings(max_examples=60, deadline=None)
@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=4),
    rate=st.floats(0.01, 0.95),
    zeros=st.floats(0, 1),
    seed=st.integers(0, 2**31),
)
def test_draws_as_many_places_as_it_should_and_no_padding(lengths, rate, zeros, seed):
    torch.manual_seed(seed)
    present = (torch.arange(20) < torch.tensor(lengths)[:, None]).float()
    weights = torch.rand(len(lengths), 20) * present * (torch.rand(len(lengths), 20) >= zeros)
    masked = draw_masked(weights, rate, present)
    assert masked.sum(1).tolist() == [max(1, int(torch.tensor(rate) * length)) for length in lengths]
    assert not masked[present == 0].any()


def test_places_with_weight_are_masked_before_those_without():
    weights = torch.zeros(200, 10)
    weights[:, [2, 5]] = torch.tensor([0.001, 0.999])
    masked = draw_masked(weights, 0.3)
    assert masked[:, [2, 5]].all()
    assert masked.sum(1).eq(3).all()
    others = masked.float().mean(0)[[0, 1, 3, 4, 6, 7, 8, 9]]
    assert others.min() > 0.04, "the rest must be drawn evenly"


def test_a_place_is_masked_in_proportion_to_its_weight():
    torch.manual_seed(0)
    weights = torch.tensor([0.5, 0.3, 0.15, 0.05])
    drawn = draw_masked(weights.expand(20_000, 4), 0.25).float().mean(0)
    torch.testing.assert_close(drawn, weights, atol=0.015, rtol=0)
    second = sum(w * 0.3 / (1 - w) for w in (0.5, 0.15, 0.05))  # of two draws without replacement
    drawn = draw_masked(weights.expand(20_000, 4), 0.5).float().mean(0)
    assert drawn[1].item() == pytest.approx(0.3 + second, abs=0.015)


# Reconstruction


def slow_attention(module, query, keys, condition):
    """Normalize softmax(Q K^T / sqrt(D)) * W, with one head and no batch."""
    weights, biases = module.in_proj_weight.chunk(3), module.in_proj_bias.chunk(3)
    q, k, v = (x @ w.T + b for x, w, b in zip((query, keys, keys), weights, biases, strict=True))
    shares = (q @ k.T / math.sqrt(len(q[0]))).softmax(1) * condition
    return (shares / shares.sum(1, keepdim=True)) @ v @ module.out_proj.weight.T + module.out_proj.bias


def feed_forward(layer, states):
    return layer.linear2(layer.linear1(states).relu())


@torch.no_grad()
def test_the_condition_multiplies_the_attention_after_the_softmax():
    torch.manual_seed(0)
    module = Reconstructor(4, layers=2, heads=1, hidden=8).double().eval()
    masked, source = torch.randn(1, 3, 4).double(), torch.randn(1, 5, 4).double()
    condition = torch.tensor([[0.6, 0.2, 0.1, 0.1, 0.0]]).double()
    padding = torch.tensor([[False, False, False, False, True]])
    result = module(masked, source, condition, torch.zeros(1, 3, dtype=torch.bool), padding)
    encoded, states = source[0], masked[0]
    for layer in module.source.layers:
        encoded = layer.norm1(encoded + slow_attention(layer.self_attn, encoded, encoded, condition[0]))
        encoded = layer.norm2(encoded + feed_forward(layer, encoded))
    for layer in module.target.layers:
        states = layer.norm1(states + slow_attention(layer.self_attn, states, states, torch.ones(3)))
        states = layer.norm2(states + slow_attention(layer.multihead_attn, states, encoded, condition[0]))
        states = layer.norm3(states + feed_forward(layer, states))
    torch.testing.assert_close(result[0], states, rtol=1e-5, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31))
def test_reconstruction_loss_equals_its_equation(seed):
    generator = torch.Generator().manual_seed(seed)
    rebuilt, original = (torch.randn(3, 5, 4, generator=generator) for _ in range(2))
    weights = torch.rand(3, 5, generator=generator)
    masked = torch.rand(3, 5, generator=generator) > 0.5
    expected = 0.0
    for i in range(3):
        total = sum(float(weights[i, j]) for j in range(5) if masked[i, j])
        for j in range(5):
            if masked[i, j]:
                error = sum(float(a - b) ** 2 for a, b in zip(rebuilt[i, j], original[i, j], strict=True)) / 4
                expected += float(weights[i, j]) / total * error / 3
    assert float(reconstruction_loss(rebuilt, original, masked, weights)) == pytest.approx(expected, rel=1e-4)


# Contrast


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**31), weighted=st.booleans())
def test_similarity_equals_equation_5(seed, weighted):
    generator = torch.Generator().manual_seed(seed)
    v, e = torch.randn(2, 4, 3, generator=generator), torch.randn(2, 5, 3, generator=generator)
    present = torch.tensor([[1.0, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    w_v, w_e = torch.rand(2, 4, generator=generator), torch.rand(2, 5, generator=generator) * present
    result = similarities(v, e, w_v if weighted else None, w_e if weighted else None, present)
    for i in range(2):
        for j in range(2):
            words = [k for k in range(5) if present[j, k]]
            a = [[float(torch.cosine_similarity(v[i, n], e[j, k], dim=0)) for k in words] for n in range(4)]
            of_v = [float(x) if weighted else 1 / 4 for x in w_v[i]]
            of_e = [float(w_e[j, k]) if weighted else 1 / len(words) for k in words]
            by_patch = sum(w * max(row) for w, row in zip(of_v, a, strict=True))
            by_word = sum(w * max(row[k] for row in a) for k, w in enumerate(of_e))
            assert float(result[i, j]) == pytest.approx((by_patch + by_word) / 2, abs=1e-5)


def test_contrastive_loss_equals_equation_6_and_takes_equal_notes_as_positive():
    s = torch.tensor([[0.9, 0.1, 0.3], [0.2, 0.8, 0.1], [0.5, 0.4, 0.6]])
    tau = 0.5

    def slow(positives):
        total = 0.0
        for rows in (s, s.T):
            for i, row in enumerate(rows):
                powers = [math.exp(float(value) / tau) for value in row]
                total -= math.log(sum(powers[j] for j in positives[i]) / sum(powers)) / 3 / 2
        return total

    same = torch.eye(3, dtype=torch.bool)
    assert float(contrastive_loss(s, tau, same)) == pytest.approx(slow([[0], [1], [2]]), rel=1e-5)
    same = same_sentences(torch.tensor([[1, 2], [3, 4], [1, 2]]))
    assert same.tolist() == [[True, False, True], [False, True, False], [True, False, True]]
    assert float(contrastive_loss(s, tau, same)) == pytest.approx(slow([[0, 2], [1], [0, 2]]), rel=1e-5)


# The whole objective


def test_the_total_is_the_weighted_sum_of_the_terms(network):
    settings = replace(SMALL, segmentation_weight=3, language_weight=5, vision_weight=7, contrastive_weight=11)
    loss = RecLMISObjective(16, settings).step(network, *batch())
    terms = loss.terms
    assert set(terms) == {"segmentation", "language", "vision", "contrastive"}
    expected = 3 * terms["segmentation"] + 5 * terms["language"] + 7 * terms["vision"] + 11 * terms["contrastive"]
    torch.testing.assert_close(loss.total, expected)


@pytest.mark.parametrize("left_out", [*AUXILIARY, None])
def test_only_a_weight_of_zero_leaves_a_term_out(network, left_out):
    chosen = SMALL if left_out is None else replace(SMALL, **{AUXILIARY[left_out]: 0.0})
    terms = RecLMISObjective(16, chosen).step(network, *batch()).terms
    assert set(terms) == {"segmentation", *AUXILIARY} - {left_out}


@pytest.mark.parametrize(
    "wrong",
    [{f"{name}_weight": value} for name in ("vision", "language", "contrastive", "segmentation")
     for value in (-1.0, math.nan, math.inf)]
    + [{f"{name}_mask_rate": value} for name in ("vision", "language") for value in (0.0, 1.0, -0.3, math.nan)]
    + [{"temperature": value} for value in (0.0, -1.0, math.nan)],
    ids=str,
)  # fmt: skip
def test_settings_that_would_turn_a_term_off_or_upside_down_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RecLMISSettings(**wrong)


def test_a_batch_of_one_has_nothing_to_contrast(network):
    image, tokens, target = (each[:1] for each in batch())
    with pytest.raises(DatasetError, match="batch_size"):
        RecLMISObjective(16, SMALL).step(network, image, tokens, target)
    terms = RecLMISObjective(16, replace(SMALL, contrastive_weight=0)).step(network, image, tokens, target).terms
    assert all(term > 0 for term in terms.values())


@pytest.mark.parametrize("equal_notes_are_positive", [True, False])
def test_equal_notes_are_contrasted_or_a_warning_says_that_they_are_not(network, equal_notes_are_positive):
    image, tokens, target = batch()
    objective = RecLMISObjective(16, replace(SMALL, equal_notes_are_positive=equal_notes_are_positive))
    expected = pytest.warns(UserWarning, match="equal") if equal_notes_are_positive else nullcontext()
    with expected:
        terms = objective.step(network, image, tokens[:1].expand(2, -1), target).terms
    assert bool(terms["contrastive"] > 0) is not equal_notes_are_positive


@pytest.mark.parametrize("note", [[0] * 24, [49406, 49407] + [0] * 22], ids=["only padding", "no word"])
def test_a_note_without_words_switches_no_term_off(network, note):
    image, tokens, target = batch()
    tokens[0] = torch.tensor(note)
    loss = RecLMISObjective(16, SMALL).step(network, image, tokens, target)
    assert all(term > 0 for term in loss.terms.values())


def test_masked_places_without_weight_count_alike():
    rebuilt, original = torch.zeros(2, 3, 4), torch.ones(2, 3, 4)
    masked = torch.tensor([[True, False, True], [False, True, False]])
    assert reconstruction_loss(rebuilt, original, masked, torch.zeros(2, 3)).item() == pytest.approx(1)
    assert reconstruction_loss(rebuilt, original, masked & False, torch.ones(2, 3)).isnan(), "no place: not silent"


@pytest.mark.parametrize("where", ["image", "patch_scores", "word_scores", "word_convolution"])
def test_a_number_that_is_none_stops_training(network, where):
    image, tokens, target = batch()
    if where == "image":
        image[0, 0, 5, 5] = math.nan
    else:
        with torch.no_grad():
            next(p for name, p in network.named_parameters() if where in name).fill_(math.nan)
    with pytest.raises(FloatingPointError):
        RecLMISObjective(16, SMALL).step(network, image, tokens, target)


@pytest.mark.parametrize("failing", ["draw_masked", "reconstruction_loss", "similarities", "contrastive_loss"])
def test_a_term_that_cannot_be_computed_stops_training(network, failing, monkeypatch):
    def fail(*arguments, **keywords):
        raise ModuleNotFoundError("a library is missing")

    monkeypatch.setattr(f"training.fitting.reclmis.objective.{failing}", fail)
    with pytest.raises(ModuleNotFoundError):
        RecLMISObjective(16, SMALL).step(network, *batch())


@pytest.mark.parametrize("term", ["vision", "language"])
def test_a_term_that_is_not_finite_stops_training(network, term):
    objective = RecLMISObjective(16, SMALL)
    with torch.no_grad():
        next(getattr(objective, term).parameters()).fill_(float("nan"))
    with pytest.raises(FloatingPointError, match=term):
        objective.step(network, *batch())


@pytest.mark.parametrize(
    ("term", "reached", "untouched"),
    [
        ("contrastive", (*ENCODERS, "word_convolution", *SCORES), ("decoder",)),
        ("vision", (*ENCODERS, "interaction.word_scores"), ("decoder", "interaction.patch_scores")),
        ("language", (*ENCODERS, "interaction.patch_scores"), ("decoder", "interaction.word_scores")),
        ("segmentation", (*ENCODERS, "decoder", "interaction.text_to_vision"), SCORES),
    ],
)
def test_gradients_of_each_term_reach_what_they_should(network, term, reached, untouched):
    objective = RecLMISObjective(16, SMALL)
    objective.step(network, *batch()).terms[term].backward()
    gradients = {name: 0.0 if p.grad is None else float(p.grad.abs().sum()) for name, p in network.named_parameters()}
    for prefix in reached:
        assert sum(value for name, value in gradients.items() if name.startswith(prefix)) > 0, prefix
    for prefix in untouched:
        assert sum(value for name, value in gradients.items() if name.startswith(prefix)) == 0, prefix


def test_the_original_features_are_no_moving_target():
    original = torch.randn(1, 3, 2, requires_grad=True)
    weights = torch.rand(1, 3, requires_grad=True)
    rebuilt = torch.randn(1, 3, 2, requires_grad=True)
    reconstruction_loss(rebuilt, original, torch.ones(1, 3, dtype=torch.bool), weights).backward()
    assert rebuilt.grad is not None
    assert original.grad is None
    assert weights.grad is None


def test_auxiliary_terms_use_only_the_own_note_of_each_radiograph(network):
    """The second note of a radiograph changes the segmentation loss, and nothing else."""
    image, tokens, target = batch(2)
    other = tokens.clone()
    other[1::2] = tokenize(["Bilateral pulmonary infection, all left lung and all right lung."], 24)
    losses = []
    for each in (tokens, other):
        torch.manual_seed(5)
        network.eval()
        losses.append(RecLMISObjective(16, SMALL).eval().step(network, image, each, target).terms)
    for name in AUXILIARY:
        assert losses[0][name].item() == pytest.approx(losses[1][name].item(), abs=1e-5), name
    assert losses[0]["segmentation"].item() != losses[1]["segmentation"].item()


def test_without_conditions_the_weights_of_interest_have_no_part(network):
    chosen = replace(SMALL, conditions=False)
    terms = RecLMISObjective(16, chosen).step(network, *batch()).terms
    sum(terms[name] for name in AUXILIARY).backward()
    for name, parameter in network.named_parameters():
        if "_scores" in name:
            assert parameter.grad is None or not parameter.grad.any(), name


def test_padding_changes_no_term(network):
    image, tokens, target = batch()
    garbage = tokens.clone()
    for row, prompt in zip(garbage, PROMPTS, strict=True):
        row[count_tokens(prompt) :] = 7
    torch.manual_seed(2)
    objective = RecLMISObjective(16, replace(SMALL, equal_notes_are_positive=False)).eval()
    losses = []
    for each in (tokens, garbage):
        torch.manual_seed(3)
        losses.append(objective.step(network.eval(), image, each, target).terms)
    for name, value in losses[0].items():
        assert value.item() == pytest.approx(losses[1][name].item(), abs=1e-5), name


def test_squared_dice_is_that_of_the_released_code():
    logits, target = torch.randn(2, 1, 4, 4), torch.randint(2, (2, 1, 4, 4)).float()
    p, t = logits.sigmoid().flatten(1) / 2, target.flatten(1) / 2  # it halves both before
    expected = 1 - (2 * (p * t).sum(1) + 1e-5) / ((p * p).sum(1) + (t * t).sum(1) + 1e-5)
    result = soft_dice_loss(logits, target, 4e-5, squared=True)
    assert result.item() == pytest.approx(expected.mean().item(), abs=1e-6)


def test_training_lowers_every_term(network):
    torch.manual_seed(4)
    objective = RecLMISObjective(16, SMALL).train()
    image, tokens, target = batch()
    parameters = [*network.parameters(), *objective.parameters()]
    optimizer = torch.optim.Adam(parameters, 3e-3)
    history = []
    for _ in range(15):
        loss = objective.step(network, image, tokens, target)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        history.append({name: term.item() for name, term in loss.terms.items()})
    for name in history[0]:
        first, last = (sum(row[name] for row in rows) / 3 for rows in (history[:3], history[-3:]))
        assert last < first, name


def test_the_module_trains_the_objective_and_exports_nothing_of_it(tiny_reclmis_network):
    module = NetworkTraining(tiny_reclmis_network.model_dump(mode="json"), reclmis=SMALL, learning_rate=1.0)
    module.trainer = type("Trainer", (), {"estimated_stepping_batches": 10, "precision": "32-true"})()
    optimizer = module.configure_optimizers()["optimizer"]
    trained = {id(p) for group in optimizer.param_groups for p in group["params"]}
    assert trained == {id(p) for p in module.parameters()}
    network, objective = (dict(part.named_parameters()) for part in (module.network, module.objective))
    assert objective
    assert not {id(p) for p in network.values()} & {id(p) for p in objective.values()}


def test_exported_weights_hold_nothing_of_the_objective(tiny_reclmis_to_read):
    checkpoint = open_checkpoint(tiny_reclmis_to_read)
    assert isinstance(checkpoint.card.network, RecLMISConfiguration)
    with safe_open(checkpoint.weights, "pt") as file:
        names = set(file.keys())
    assert names == set(RecLMIS(checkpoint.card.network).state_dict())
    prefixes = {name.split(".")[0] for name in names}
    expected = {"text_encoder", "word_convolution", "vision_encoder", "interaction", "decoder"}
    assert prefixes - {"patch_projection"} == expected


def test_encoders_of_another_architecture_are_a_start():
    """The embedded CausalCLIPSeg, with 20 positions, starts the small RecLMIS, with 24."""
    fields = yaml.safe_load((CONFIGS / "reclmis_small.yaml").read_text())["model"]["network"]
    torch.manual_seed(0)
    network = NetworkTraining(fields, encoders_from="causalclipseg-lite0").network
    source = load_network(open_checkpoint("causalclipseg-lite0"))
    for name, tensor in source.vision_encoder.state_dict().items():
        assert torch.equal(network.vision_encoder.state_dict()[name], tensor), name
    positions = network.text_encoder.positional_embedding
    assert torch.equal(positions[:20], source.text_encoder.positional_embedding)
    assert positions[20:].abs().max() > 0
    rows = torch.cat([torch.from_numpy(encode(prompt, source.configuration.text)) for prompt in PROMPTS])
    with torch.no_grad():
        first, second = network.text_encoder.eval()(tokenize(PROMPTS, 24)), source.text_encoder(rows)
    torch.testing.assert_close(first, second)


def test_encoders_of_other_sizes_are_rejected(tiny_checkpoint_to_read, tiny_reclmis_network):
    with pytest.raises(CheckpointError, match="other sizes"):
        NetworkTraining(tiny_reclmis_network.model_dump(mode="json"), encoders_from=str(tiny_checkpoint_to_read))
