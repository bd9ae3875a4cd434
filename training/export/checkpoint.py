"""Export the best weights of a run as a checkpoint that the program loads: float16 safetensors, graphs and a card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import Card, write_card
from CausalCLIPSegLib.model.checkpoint import WEIGHTS, open_checkpoint
from CausalCLIPSegLib.model.engines.torch_engine import load_network
from CausalCLIPSegLib.model.tokens import encode, prompt_tokens
from CausalCLIPSegLib.network.architectures import build_network, parts_of, read_configuration
from CausalCLIPSegLib.network.configuration import NetworkConfiguration
from CausalCLIPSegLib.network.reclmis.configuration import RecLMISConfiguration
from CausalCLIPSegLib.network.text_encoder import TOKEN_TABLE
from CausalCLIPSegLib.notes import INFECTION
from CausalCLIPSegLib.regular_files import sha256
from training.export.example import example_image, example_prompt
from training.export.graphs import verify_graphs, write_graphs
from training.yaml_file import read_yaml

_PREFIX = "network."
_TOLERANCE = 0.02
"""Largest difference in a probability that rounding the weights to float16 may cause."""


def export_checkpoint(
    runs: Sequence[Path],
    network: dict[str, Any],
    card_text: dict[str, Any],
    folder: Path,
    *,
    all_tokens: bool = False,
) -> Card:
    """Write the folder of a checkpoint, load it again, and check that it makes the same predictions as the run.

    Args:
        runs: Lightning checkpoints whose weights are averaged; a run with weight averaging already holds averages.
        network: the fields of the configuration that the runs were trained with.
        card_text: the fields of the card that a person writes.
        folder: destination of card, weights and graphs.
        all_tokens: keep the whole token table, not only the rows of the tokens that prompts can have.

    Returns:
        The card, without metrics.

    Raises:
        CheckpointError: a file holds no network, the networks differ, or the exported checkpoint makes different
            predictions.
    """
    weights = average([read_weights(run) for run in runs])
    written, configuration = weights, read_configuration(network)
    if not all_tokens:
        written, configuration = prune_tokens(weights, configuration, card_text.get("findings", [INFECTION]))
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: _half(tensor) for name, tensor in written.items()}, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for its owner only
    card = Card.model_validate(
        {
            **card_text,
            "network": configuration.model_dump(),
            "sha256": sha256(folder / WEIGHTS),
            "graphs": {},
            "figures": {},
        }
    )
    write_card(card, folder)
    verify(weights, folder)
    written_graphs = write_graphs(open_checkpoint(folder))
    verify_graphs(written_graphs)
    return written_graphs.card


def prune_tokens(
    weights: dict[str, Tensor],
    configuration: NetworkConfiguration | RecLMISConfiguration,
    findings: Sequence[str] = (INFECTION,),
) -> tuple[dict[str, Tensor], NetworkConfiguration | RecLMISConfiguration]:
    """Return the weights with only those rows of the token table that prompts can need, and their configuration.

    Args:
        weights: of a network.
        configuration: of this network.
        findings: what prompts can name.
    """
    if configuration.text.tokens:
        return weights, configuration
    tokens = prompt_tokens(findings)
    text = configuration.text.model_copy(update={"tokens": tokens})
    return (
        {**weights, TOKEN_TABLE: weights[TOKEN_TABLE][list(tokens)]},
        configuration.model_copy(update={"text": text}),
    )


def read_weights(run: Path) -> dict[str, Tensor]:
    """Return the weights of the network in a Lightning checkpoint.

    Raises:
        CheckpointError: the file holds no network.
    """
    state = torch.load(run, map_location="cpu", weights_only=True)["state_dict"]
    weights = {name.removeprefix(_PREFIX): tensor for name, tensor in state.items() if name.startswith(_PREFIX)}
    if not weights:
        raise CheckpointError(f"The file {run.name} holds no network.")
    return weights


def average(runs: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Return the mean weights of runs that started from the same weights (model soup, Wortsman et al., ICML 2022).

    Raises:
        CheckpointError: the runs have different networks.
    """
    first = runs[0]
    shapes = [{name: tensor.shape for name, tensor in weights.items()} for weights in runs]
    if any(run_shapes != shapes[0] for run_shapes in shapes):
        raise CheckpointError("The runs have different networks, so their weights cannot be averaged.")
    return {
        name: torch.stack([weights[name].double() for weights in runs]).mean(0).to(tensor.dtype)
        for name, tensor in first.items()
    }


@torch.inference_mode()
def verify(weights: dict[str, Tensor], folder: Path) -> float:
    """Load an exported checkpoint, and compare its predictions with those of the original weights on a noise image.

    Returns:
        The largest difference in a probability.

    Raises:
        CheckpointError: the checkpoint does not load, or differs by more than rounding explains.
    """
    written = open_checkpoint(folder)
    configuration = written.card.network
    if len(weights[TOKEN_TABLE]) != len(configuration.text.tokens):
        configuration = configuration.model_copy(update={"text": configuration.text.model_copy(update={"tokens": ()})})
    reference = build_network(configuration)
    try:
        reference.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError("The weights of the run do not fit the network of its configuration.") from error
    image = torch.from_numpy(example_image(configuration.image_size))
    probabilities = [
        parts_of(network).predict(image, torch.from_numpy(encode(example_prompt(), network.configuration.text)))[
            "probability"
        ]
        for network in (reference.eval(), load_network(written))
    ]
    difference = float((probabilities[0] - probabilities[1]).abs().max())
    if not difference <= _TOLERANCE:
        raise CheckpointError(
            f"The exported weights do not give the predictions of the run: probabilities differ by {difference:.3f}."
        )
    return difference


def network_of(config: Path) -> dict[str, Any]:
    """Return the fields of the network that a configuration trains, with `causal_intervention` applied.

    Raises:
        CheckpointError: the file is not a training configuration.
    """
    model = read_yaml(config).get("model")
    if not isinstance(model, dict) or not isinstance(model.get("network"), dict):
        raise CheckpointError(f"The file {config.name} is not a training configuration.")
    switch = model.get("causal_intervention")
    return {**model["network"], **({} if switch is None else {"causal_intervention": switch})}


def _half(tensor: Tensor) -> Tensor:
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
