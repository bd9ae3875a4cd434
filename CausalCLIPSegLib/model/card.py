"""The card of a checkpoint: what its weights are, for the program and for a person. Imports no torch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.network.configuration import NetworkConfiguration

CARD = "card.json"
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
        scales: rows and columns of the square views of the film whose predictions are averaged, multiples of 32;
            empty: the one size that the network was trained at.
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
    scales: tuple[Annotated[int, Field(gt=0, multiple_of=32)], ...] = ()
    training: dict[str, Any]
    preprocessing: str
    figures: dict[str, Any]
    intended_use: str
    limits: list[str]
    licence: str


def resources() -> Path:
    """Return the folder Resources: beside the package in the repository, inside it when installed."""
    package = Path(__file__).parents[1]
    inside = package / "Resources"
    return inside if inside.is_dir() else package.parent / "Resources"


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


def read_card(folder: Path) -> Card:
    """Read and check the card of a checkpoint.

    Raises:
        CheckpointError: if it is not a card.
    """
    try:
        return Card.model_validate_json((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValidationError, UnicodeDecodeError) as error:
        raise CheckpointError(f"The card of the checkpoint “{folder.name}” is damaged or incomplete.") from error


def write_card(card: Card, folder: Path) -> None:
    """Write a card into the folder of its checkpoint."""
    text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (folder / CARD).write_text(text + "\n", encoding="utf-8")
