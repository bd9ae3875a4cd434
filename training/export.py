"""The best weights of a run -> a checkpoint that the program loads: float16 safetensors and a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file

from CausalCLIPSegLib.card import Card, write_card
from CausalCLIPSegLib.checkpoint import WEIGHTS, sha256
from CausalCLIPSegLib.errors import CheckpointError

_PREFIX = "network."


def export_checkpoint(run: Path, network: dict[str, Any], words: dict[str, Any], folder: Path) -> Card:
    """Write a checkpoint's folder.

    Args:
        run: a checkpoint of Lightning; with weight averaging it holds the averaged weights.
        network: the fields of a `NetworkConfiguration` that the run was trained with.
        words: the fields of the card that a person writes.
        folder: where to write card and weights.

    Returns:
        The card, without figures.

    Raises:
        CheckpointError: if the file holds no network.
    """
    state = torch.load(run, map_location="cpu", weights_only=True)["state_dict"]
    weights = {name.removeprefix(_PREFIX): _half(tensor) for name, tensor in state.items() if name.startswith(_PREFIX)}
    if not weights:
        raise CheckpointError(f"The file {run.name} holds no network.")
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)  # safetensors writes for its owner only
    card = Card.model_validate({**words, "network": network, "sha256": sha256(folder / WEIGHTS), "figures": {}})
    write_card(card, folder)
    return card


def _half(tensor: torch.Tensor) -> torch.Tensor:
    return (tensor.half() if tensor.is_floating_point() else tensor).contiguous()


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping of a YAML file."""
    with path.open(encoding="utf-8") as file:
        return yaml.safe_load(file)
