"""Load a checkpoint: build a network from its card and its weights (safetensors). Weights need a card to load."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import Card, find_checkpoint, read_card
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg

WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A card and its network: float32, on the CPU, in evaluation mode, without gradients."""

    card: Card
    network: CausalCLIPSeg


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def load_checkpoint(name_or_path: str | Path = "default") -> Checkpoint:
    """Load a checkpoint onto the CPU.

    Args:
        name_or_path: see `find_checkpoint`.

    Raises:
        CheckpointError: the checkpoint is missing, its weights do not have the hash on the card, or the weights do not
            fit the network.
    """
    folder = find_checkpoint(name_or_path)
    card = read_card(folder)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(f"The checkpoint “{card.name}” lacks its weights ({WEIGHTS}).")
    if sha256(weights) != card.sha256:
        raise CheckpointError(
            f"The weights of the checkpoint “{card.name}” do not match its card; the file may be damaged."
        )
    network = CausalCLIPSeg(card.network)
    try:
        network.load_state_dict(load_file(weights))  # copies float16 into float32 parameters
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"The weights of the checkpoint “{card.name}” do not fit its network.") from error
    return Checkpoint(card, network.eval().requires_grad_(False))
