"""Every configuration builds, two switches give the four rows of Table 2, and other switches work as documented."""

from pathlib import Path

import pytest
import torch
import yaml

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.network.reclmis.configuration import RecLMISConfiguration
from training.fitting.cli import TrainingCLI
from training.fitting.lightning_module import NetworkTraining
from training.fitting.optimizer import stage_of

CONFIGS = Path(__file__).parents[2] / "training" / "configs"
SMALL = {"vision": {"kind": "clip_resnet", "layers": [1, 1, 1, 1], "width": 8}, "image_size": 64, "channels": 16}
SMALL |= {"text": {"width": 32, "heads": 2, "layers": 1, "feature_size": 16}}


def build(*configs: str, monkeypatch, arguments: tuple[str, ...] = ()) -> TrainingCLI:
    loaded = []
    monkeypatch.setattr("training.fitting.lightning_module.load_clip", lambda *values: loaded.append(values[1:]))
    files = [word for name in configs for word in ("--config", str(CONFIGS / f"{name}.yaml"))]
    cli = TrainingCLI([*files, "--data.data", "nowhere", *arguments], run=False)
    cli.loaded = loaded
    return cli


@pytest.fixture
def small(tmp_path) -> tuple[str, str]:
    """Options that make the paper's network small enough for a test."""
    path = tmp_path / "small.yaml"
    decoder = {"channels": [8, 8], "factors": [4, 4]}
    path.write_text(yaml.safe_dump({"model": {"network": {**SMALL, "decoder": decoder}}}))
    return ("--config", str(path))


@pytest.mark.parametrize(
    ("switches", "clip", "intervention"),
    [
        (("without_clip", "without_intervention"), False, False),
        (("without_clip",), False, True),
        (("without_intervention",), True, False),
        ((), True, True),
    ],
)
def test_switches_give_the_rows_of_table_2(switches, clip, intervention, small, monkeypatch):
    cli = build("paper", *switches, monkeypatch=monkeypatch, arguments=small)
    module = cli.model
    assert bool(cli.loaded) is clip
    assert not clip or cli.loaded[0][0] == "openai"
    assert (module.network.maskers is not None) is intervention
    assert (module.network.confounder is not None) is intervention
    assert (module.learning_rate, module.objective.adversarial_weight, module.objective.dice_weight) == (3e-5, 0.05, 0)
    assert module.objective.confounder_ceiling is None
    assert cli.trainer.max_epochs == 2000


@pytest.mark.parametrize(
    "names",
    [["default"], *(["default", name] for name in ("best", "ablation", "weak_notes", "image_only", "referring"))],
    ids=lambda names: names[-1],
)
def test_configurations_after_default_build_the_small_network(names, monkeypatch):
    cli = build(*names, monkeypatch=monkeypatch)
    assert cli.model.network.configuration.vision.name == "tf_efficientnet_lite0"
    assert cli.datamodule.seed == 1, "seed_everything must seed the data as well"


@pytest.mark.parametrize(
    ("names", "vision_mask_rate", "epochs"), [(["reclmis"], 0.5, 2000), (["reclmis", "reclmis_mosmed"], 0.3, 500)]
)
def test_published_reclmis_builds_with_a_frozen_text_encoder(names, vision_mask_rate, epochs, monkeypatch):
    loaded = []
    monkeypatch.setattr("training.fitting.lightning_module.load_clip_text", lambda *values: loaded.append(values[1:]))
    cli = build(*names, monkeypatch=monkeypatch)
    network, settings = cli.model.network, cli.model.objective.settings
    assert network.configuration == RecLMISConfiguration()
    assert loaded == [("openai", None)]
    trained = {name.split(".")[0] for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert trained == {"word_convolution", "vision_encoder", "interaction", "decoder"}
    assert (settings.language_mask_rate, settings.vision_mask_rate, settings.layers) == (0.3, vision_mask_rate, 3)
    assert cli.trainer.max_epochs == epochs
    weights = (settings.segmentation_weight, settings.language_weight, settings.vision_weight)
    assert (*weights, settings.contrastive_weight) == (2.5, 1, 1, 0.2)


@pytest.mark.parametrize("names", [["default", "reclmis_small"], ["default", "ablation", "reclmis_ablation"]], ids=str)
def test_small_reclmis_has_at_most_11_million_parameters(names, monkeypatch):
    network = build(*names, monkeypatch=monkeypatch).model.network
    assert network.configuration.architecture == "reclmis"
    assert 10e6 < sum(parameter.numel() for parameter in network.parameters()) < 11e6
    assert network.configuration.text.context_length == 24


def test_learning_rates_fall_toward_the_input(tiny_network):
    module = NetworkTraining(
        tiny_network.model_dump(mode="json"),
        learning_rate=1.0,
        encoder_learning_rate=0.5,
        text_learning_rate=0.25,
        layer_decay=0.1,
    )
    module.trainer = type("Trainer", (), {"estimated_stepping_batches": 10, "precision": "32-true"})()
    optimizer = module.configure_optimizers()["optimizer"]
    rate = {id(p): group["initial_lr"] for group in optimizer.param_groups for p in group["params"]}
    assert len(rate) == len(list(module.network.parameters()))
    for name, parameter in module.network.vision_encoder.named_parameters():
        assert rate[id(parameter)] == pytest.approx(0.5 * 0.1 ** (4 - stage_of(name))), name
    assert {rate[id(p)] for p in module.network.text_encoder.parameters()} == {0.25}
    assert {rate[id(p)] for p in module.network.causal.parameters()} == {1.0}
    assert stage_of("resnet.conv1.weight") == 0
    assert stage_of("resnet.layer3.0.conv1.weight") == 3
    assert stage_of("body.blocks.5.0.conv_pw.weight") == 6


def gradients(module: NetworkTraining, **context) -> dict[str, torch.Tensor]:
    torch.manual_seed(1)
    image, mask = torch.rand(2, 1, 64, 64), (torch.rand(2, 1, 64, 64) > 0.7).float()
    tokens = torch.randint(1, 400, (2, 20))
    with torch.autocast("cpu", **context):
        output = module.network(image, module.network.encode_text(tokens))
    module.objective(output, mask).total.backward()
    return {name: parameter.grad for name, parameter in module.network.named_parameters()}


@pytest.mark.parametrize(
    "switch", [{"gradient_checkpointing": True}, {"compile_backend": "eager"}], ids=["checkpointing", "compile"]
)
def test_switch_for_speed_or_memory_keeps_gradients_and_statistics(switch, tiny_network):
    modules = []
    for options in ({}, switch):
        torch.manual_seed(0)
        modules.append(NetworkTraining(tiny_network.model_dump(mode="json"), **options).train())
    plain, switched = (gradients(module, enabled=False) for module in modules)
    assert plain.keys() == switched.keys()
    for name, gradient in plain.items():
        assert torch.allclose(switched[name], gradient, atol=1e-5, rtol=1e-3), name
    states = [module.network.state_dict() for module in modules]
    for name, tensor in states[0].items():
        assert torch.allclose(states[1][name], tensor, atol=1e-6), f"{name} was updated twice"


def test_bfloat16_gradient_has_nearly_the_same_direction(tiny_network):
    torch.manual_seed(0)
    module = NetworkTraining(tiny_network.model_dump(mode="json"))
    full = gradients(module, enabled=False)["causal.decoder.text_projection.weight"].clone()
    module.zero_grad()
    half = gradients(module, dtype=torch.bfloat16)["causal.decoder.text_projection.weight"]
    assert half.dtype == torch.float32
    assert torch.nn.functional.cosine_similarity(full.flatten(), half.flatten(), dim=0) > 0.95


def test_frozen_batch_norms_keep_their_statistics_and_others_do_not(tiny_network):
    module = NetworkTraining(
        tiny_network.model_dump(mode="json"), frozen=("vision_encoder", "projections"), fixed_batch_norm="frozen"
    )
    before = {name: value.clone() for name, value in module.network.named_buffers() if "running_mean" in name}
    gradients(module, enabled=False)
    buffers = dict(module.network.named_buffers())
    kept = {name for name, value in before.items() if torch.equal(value, buffers[name])}
    assert kept == {name for name in before if name.startswith(("vision_encoder", "projections"))}


def test_weights_without_conditioning_are_a_start_for_a_network_with_it(tiny_network, tmp_path):
    torch.manual_seed(0)
    plain = NetworkTraining(tiny_network.model_dump(mode="json"))
    torch.save({"state_dict": plain.state_dict()}, tmp_path / "run.ckpt")
    fields = tiny_network.model_dump(mode="json")
    fields["decoder"]["conditioning"] = 1
    torch.manual_seed(1)
    extended = NetworkTraining(fields, continue_from=str(tmp_path / "run.ckpt"))
    state = extended.network.state_dict()
    assert all(torch.equal(state[name], value) for name, value in plain.network.state_dict().items())
    torch.save({"state_dict": {}}, tmp_path / "empty.ckpt")
    with pytest.raises(CheckpointError, match="no weights for this network"):
        NetworkTraining(fields, continue_from=str(tmp_path / "empty.ckpt"))


@pytest.mark.parametrize("weight", [0.0, 0.05])
def test_training_step_asks_about_several_notes_per_image(weight, tiny_network):
    torch.manual_seed(0)
    module = NetworkTraining(tiny_network.model_dump(mode="json"), adversarial_weight=weight, dice_weight=1.0)
    module.log = lambda *args, **options: None
    image, masks = torch.rand(2, 1, 64, 64), (torch.rand(2, 3, 64, 64) > 0.7).float()
    tokens = torch.randint(1, 400, (2, 3 * 20))
    module.training_step((image, masks, tokens, torch.ones_like(masks)), 0).backward()
    confounder = module.network.confounder.decoder.text_projection.weight.grad
    assert (confounder is not None) is (weight > 0), "without the game the confounder is not computed"
    assert module.network.causal.decoder.text_projection.weight.grad.abs().sum() > 0


def test_fixed_batch_norms_keep_their_statistics(tiny_network):
    module = NetworkTraining(tiny_network.model_dump(mode="json"), fixed_batch_norm=True)
    before = {name: value.clone() for name, value in module.network.named_buffers()}
    gradients(module, enabled=False)
    for name, value in module.network.named_buffers():
        assert torch.equal(value, before[name]), name
