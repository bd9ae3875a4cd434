"""The loss equals Eq. 3 and 4, and moves each part of the network in the right direction."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg, Output
from CausalCLIPSegLib.network.text_encoder import tokenize
from training.fitting.lightning_module import NetworkTraining
from training.fitting.loss import BORDER, CausalObjective, border_weights, soft_dice_loss


def cross_entropy(logits: list[float], target: list[int]) -> float:
    terms = [
        -math.log(1 / (1 + math.exp(-x))) if y else -math.log(1 - 1 / (1 + math.exp(-x)))
        for x, y in zip(logits, target, strict=True)
    ]
    return sum(terms) / len(terms)


numbers = st.floats(-6, 6)


@settings(max_examples=50)
@given(causal=st.lists(numbers, min_size=4, max_size=4), confounder=st.lists(numbers, min_size=4, max_size=4))
def test_loss_equals_the_papers_equations(causal, confounder):
    target = [0, 1, 1, 0]
    maps = [torch.tensor(values).view(1, 1, 2, 2) for values in (causal, confounder)]
    loss = CausalObjective(adversarial_weight=0.05)(
        Output(maps[0], maps[1], []), torch.tensor(target).float().view(1, 1, 2, 2)
    )
    expected = cross_entropy(causal, target) - 0.05 * cross_entropy(confounder, target)
    assert loss.total.item() == pytest.approx(expected, abs=1e-5)


def test_ceiling_stops_the_gradient_of_a_confounder_worse_than_chance():
    target = torch.tensor([[0.0, 1.0]]).view(1, 1, 1, 2)
    wrong = torch.tensor([[3.0, -3.0]]).view(1, 1, 1, 2).requires_grad_()
    right = torch.tensor([[-3.0, 3.0]]).view(1, 1, 1, 2).requires_grad_()
    causal = torch.zeros(1, 1, 1, 2)
    objective = CausalObjective(0.05, confounder_ceiling=math.log(2))
    for logits, moves in ((wrong, False), (right, True)):
        objective(Output(causal, logits, []), target).total.backward()
        assert bool(logits.grad.abs().sum() > 0) is moves


def test_soft_dice_loss_is_zero_for_equal_masks_and_rises_with_errors():
    target = torch.zeros(2, 1, 8, 8)
    target[:, :, 2:5, 2:5] = 1
    perfect = soft_dice_loss(40 * target - 20, target)
    half = soft_dice_loss(40 * target.roll(1, -1) - 20, target)
    assert perfect.item() == pytest.approx(0, abs=1e-4)
    assert half.item() == pytest.approx(1 - (2 * 6 + 1) / (9 + 9 + 1), abs=1e-4)


@given(
    st.integers(8, 40).flatmap(lambda side: st.tuples(st.just(side), st.binary(min_size=side, max_size=side))),
    st.floats(0, 5),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_pixels_near_a_border_count_more(mask, extra, weighted):
    side, columns = mask[0], torch.tensor([byte % 3 == 0 for byte in mask[1]])
    target = torch.zeros(2, 1, side, side)  # the second target is empty, so it has no border
    target[0, 0] = (columns[:, None] & columns[None]).float()
    weight = torch.rand(target.shape) if weighted else None
    found = border_weights(target, extra, weight)
    width = max(round(BORDER * side), 1)
    for image, row, column in ((0, side // 2, side // 3), (0, 0, 0), (0, side - 1, 2), (1, 3, 3)):
        rows = slice(max(row - width, 0), row + width + 1)
        window = target[image, 0, rows, max(column - width, 0) : column + width + 1]
        expected = 1 + extra * bool(window.min() < window.max())
        expected *= 1 if weight is None else weight[image, 0, row, column].item()
        assert found[image, 0, row, column].item() == pytest.approx(expected, rel=1e-5)
    assert (found[1] == (torch.ones(1) if weight is None else weight[1])).all()


@pytest.mark.parametrize("architecture", ["tiny_network", "tiny_reclmis_network"])
def test_a_weight_of_the_border_changes_the_loss_of_each_architecture(architecture, request):
    network = request.getfixturevalue(architecture).model_dump(mode="json")
    tokens = tokenize(["Pulmonary infection, left lung.", "Pulmonary infection."], network["text"]["context_length"])
    target = torch.zeros(2, 1, 64, 64)
    target[..., 16:40, 8:24] = 1
    batch = (torch.rand(2, 1, 64, 64), target, tokens[:, None])
    losses = []
    for border_weight in (None, 0.0, 2.0):
        torch.manual_seed(0)
        options = {} if border_weight is None else {"border_weight": border_weight}
        module = NetworkTraining(network, dice_weight=1.0, **options)
        torch.manual_seed(1)
        losses.append(module.loss(batch).total.item())
    assert losses[0] == losses[1] != losses[2]
    with pytest.raises(ValueError, match="border_weight"):
        NetworkTraining(network, border_weight=-1.0)


def test_smoothing_decides_how_much_a_false_area_costs_on_an_empty_target():
    logits = torch.full((1, 1, 10, 10), -20.0)
    logits[..., :2, :5] = 20
    for smooth in (1.0, 10.0, 90.0):
        loss = CausalObjective(0, dice_weight=1.0, dice_smooth=smooth)(
            Output(logits, None, []), torch.zeros_like(logits)
        )
        assert loss.terms["dice"].item() == pytest.approx(10 / (10 + smooth), abs=1e-4)


def test_training_lowers_the_causal_loss_and_raises_the_confounders(tiny_network):
    torch.manual_seed(0)
    network = CausalCLIPSeg(tiny_network).train()
    image, tokens = torch.rand(4, 1, 64, 64), tokenize(["Pulmonary infection."] * 4, 20)
    target = torch.zeros(4, 1, 64, 64)
    target[..., 16:40, 8:24] = 1
    objective = CausalObjective(adversarial_weight=0.5)
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    losses = []
    for _ in range(12):
        loss = objective(network(image, network.encode_text(tokens)), target)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append((loss.terms["causal"].item(), loss.terms["confounder"].item()))
    assert losses[-1][0] < losses[0][0]
    assert losses[-1][1] > losses[0][1]


def test_gradient_moves_each_part_as_in_the_paper(tiny_network):
    """Take one small gradient step on the parameters of one part at a time."""
    torch.manual_seed(0)
    network = CausalCLIPSeg(tiny_network).double().eval()  # fixed statistics, so that a step changes only weights
    image, tokens = torch.rand(4, 1, 64, 64).double(), tokenize(["Pulmonary infection."] * 4, 20)
    target = torch.zeros(4, 1, 64, 64).double()
    target[..., 16:40, 8:24] = 1
    objective = CausalObjective(adversarial_weight=0.05)

    def losses():
        return objective(network(image, network.encode_text(tokens)), target)

    before = losses()
    before.total.backward()
    gradients = {name: parameter.grad.clone() for name, parameter in network.named_parameters()}
    confounders = {name for name in gradients if name.startswith("confounder.")}
    causals = {name for name in gradients if name.startswith("causal.")}
    maskers = {name for name in gradients if name.startswith("maskers.")}
    encoders = {name for name in gradients if name.startswith(("vision_encoder.", "text_encoder."))}

    def step(names, rate):
        start = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                if name in names:
                    parameter -= rate * gradients[name]
            after = losses()
            for name, parameter in network.named_parameters():
                parameter.copy_(start[name])
        return after

    after = step(confounders, 1.0)
    assert after.terms["confounder"] > before.terms["confounder"], "the confounder's branch must get worse"
    assert after.terms["causal"] == before.terms["causal"]
    after = step(causals, 0.01)
    assert after.terms["causal"] < before.terms["causal"], "the causal branch must get better"
    assert after.terms["confounder"] == before.terms["confounder"]
    for names in (maskers, encoders):
        assert names
        assert sum(float(gradients[name].abs().sum()) for name in names) > 0
        assert step(names, 1e-3).total < before.total, "the shared parts must minimize L"


@settings(max_examples=40)
@given(seed=st.integers(0, 2**31))
def test_weighted_loss_equals_the_loss_of_the_pixels_with_weight(seed):
    generator = torch.Generator().manual_seed(seed)
    causal, confounder = (4 * torch.randn(2, 1, 3, 3, generator=generator) for _ in range(2))
    target, weight = (torch.randint(2, (2, 1, 3, 3), generator=generator).float() for _ in range(2))
    loss = CausalObjective(0.05, dice_weight=1.0)(Output(causal, confounder, []), target, weight)
    kept = [(i, j) for i in range(2) for j in range(9) if weight[i].flatten()[j]]
    for value, logits in ((loss.terms["causal"], causal), (loss.terms["confounder"], confounder)):
        pixels = [(logits[i].flatten()[j].item(), int(target[i].flatten()[j])) for i, j in kept]
        expected = cross_entropy(*map(list, zip(*pixels, strict=True))) if pixels else 0.0
        assert value.item() == pytest.approx(expected, abs=1e-4)
    dice = []
    for i in range(2):
        p = [1 / (1 + math.exp(-causal[i].flatten()[j].item())) for k, j in kept if k == i]
        t = [target[i].flatten()[j].item() for k, j in kept if k == i]
        dice.append(1 - (2 * sum(a * b for a, b in zip(p, t, strict=True)) + 1) / (sum(p) + sum(t) + 1))
    assert loss.terms["dice"].item() == pytest.approx(sum(dice) / 2, abs=1e-4)


def test_weights_of_one_change_nothing_and_no_weights_are_the_plain_loss():
    torch.manual_seed(2)
    maps = Output(torch.randn(2, 1, 4, 4), torch.randn(2, 1, 4, 4), [])
    target = torch.randint(2, (2, 1, 4, 4)).float()
    objective = CausalObjective(0.05, math.log(2), dice_weight=1.0)
    plain, weighted = objective(maps, target), objective(maps, target, torch.ones_like(target))
    assert weighted.total.item() == pytest.approx(plain.total.item(), abs=1e-6)
    assert torch.equal(
        plain.terms["causal"], torch.nn.functional.binary_cross_entropy_with_logits(maps.logits, target)
    )


def test_ignored_pixels_have_no_gradient():
    logits = torch.randn(1, 1, 4, 4, requires_grad=True)
    weight = torch.ones(1, 1, 4, 4)
    weight[..., :2] = 0
    objective = CausalObjective(0.05, dice_weight=1.0)
    objective(Output(logits, None, []), torch.ones(1, 1, 4, 4), weight).total.backward()
    assert (logits.grad[..., :2] == 0).all()
    assert (logits.grad[..., 2:] != 0).all()
