"""A checkpoint: weights (safetensors) with a card that says what they are. Without its card it does not load."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.network.causalclipseg import CausalCLIPSeg
from CausalCLIPSegLib.network.configuration import NetworkConfiguration

CARD = "card.json"
WEIGHTS = "weights.safetensors"
DEFAULT = "causalclipseg-lite0"
"""The checkpoint that lives in the repository; "default" means it."""


class Card(BaseModel):
    """What a checkpoint is, for the program and for a person.

    Attributes:
        name: name by which it is asked for and cited.
        version: version of the weights.
        summary: one sentence for a person.
        network: sizes of the network.
        sha256: hash of the weights file, 64 hexadecimal digits.
        laterality: whose left and right its sentences mean.
        finding: what it outlines.
        threshold: probability from which on a pixel belongs to the mask, unless the user says otherwise.
        mirror: average with the mirrored film under a sentence with swapped sides.
        training: data, their terms, recipe and hours.
        preprocessing: what is done to a film before the network sees it.
        figures: what was measured, on which data, by which command.
        intended_use, limits, licence: for a person.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    summary: str
    network: NetworkConfiguration
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    laterality: Laterality
    finding: str
    threshold: float = Field(gt=0, lt=1)
    mirror: bool = False
    training: dict[str, Any]
    preprocessing: str
    figures: dict[str, Any]
    intended_use: str
    limits: list[str]
    licence: str


@dataclass(frozen=True)
class Checkpoint:
    """A card and its network, ready to run: float32, on the CPU, in evaluation mode."""

    card: Card
    network: CausalCLIPSeg


def resources() -> Path:
    """Return the folder Resources: beside the package in the repository, inside it when installed."""
    inside = Path(__file__).parent / "Resources"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "Resources"


def find_checkpoint(name_or_path: str | Path) -> Path:
    """Return the folder of a checkpoint.

    Args:
        name_or_path: "default", the name of a checkpoint in Resources/checkpoints, a folder with a card, or a file
            in such a folder.

    Raises:
        CheckpointError: if there is no such checkpoint, or it has no card.
    """
    shelf = resources() / "checkpoints"
    named = shelf / (DEFAULT if str(name_or_path) == "default" else str(name_or_path))
    path = Path(name_or_path)
    folder = named if (named / CARD).is_file() else path.parent if path.is_file() else path
    if not folder.is_dir():
        known = ", ".join(sorted(card.parent.name for card in shelf.glob(f"*/{CARD}"))) or "none"
        raise CheckpointError(f"There is no checkpoint “{name_or_path}”; at hand: {known}.")
    if not (folder / CARD).is_file():
        raise CheckpointError(
            f"The checkpoint “{name_or_path}” has no {CARD} that says what it is, so it is not used."
        )
    return folder


def sha256(path: Path) -> str:
    """Return the hash of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_card(folder: Path) -> Card:
    """Read and check the card of a checkpoint.

    Raises:
        CheckpointError: if it is not a card.
    """
    try:
        return Card.model_validate_json((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise CheckpointError(f"The card of the checkpoint “{folder.name}” is damaged or incomplete.") from error


def load_checkpoint(name_or_path: str | Path = "default") -> Checkpoint:
    """Load a checkpoint onto the CPU.

    Args:
        name_or_path: see `find_checkpoint`.

    Raises:
        CheckpointError: if it is missing, its file is not the one of its card, or the weights do not fit the network.
    """
    folder = find_checkpoint(name_or_path)
    card = read_card(folder)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(f"The checkpoint “{card.name}” lacks its weights ({WEIGHTS}).")
    if sha256(weights) != card.sha256:
        raise CheckpointError(f"The weights of the checkpoint “{card.name}” are not those of its card: file damaged?")
    network = CausalCLIPSeg(card.network)
    try:
        network.load_state_dict(load_file(weights))  # copies float16 into float32 parameters
    except (SafetensorError, RuntimeError) as error:
        raise CheckpointError(f"The weights of the checkpoint “{card.name}” do not fit its network.") from error
    return Checkpoint(card, network.eval().requires_grad_(False))


def write_card(card: Card, folder: Path) -> None:
    """Write a card into the folder of its checkpoint."""
    text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
