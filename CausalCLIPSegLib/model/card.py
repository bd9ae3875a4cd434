"""The card of a checkpoint: a description of its weights for the program and for people. Imports no torch."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.errors import CheckpointError, NoFindingError
from CausalCLIPSegLib.laterality import SIDES, Laterality
from CausalCLIPSegLib.model.place_calibration import PlaceCalibration
from CausalCLIPSegLib.network.architectures import AnyConfiguration
from CausalCLIPSegLib.network.configuration import InputSize
from CausalCLIPSegLib.notes import FINDING_WORDS, INFECTION, ReferringExpression, to_prompt
from CausalCLIPSegLib.regular_files import open_regular

CARD = "card.json"
MAX_BYTES = 1 << 20
"""Bytes of a card. Those in the repository have 16 KB."""
DEFAULT = "causalclipseg-lite0"
"""The first of the checkpoints in the repository; "default" stands for it."""
FURTHER = "CAUSALCLIPSEG_CHECKPOINTS"
"""Environment variable: a folder whose checkpoints are offered by name beside those in the repository."""


Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _known(finding: str) -> str:
    if finding not in FINDING_WORDS:
        raise ValueError(f"prompts have no words for “{finding}”")
    return finding


FindingName = Annotated[str, AfterValidator(_known)]


class Card(BaseModel):
    """The description of a checkpoint, for the program and for people.

    Attributes:
        name: the name to load and cite it by.
        version: version of the weights.
        title: a short name for people; empty: `name`.
        summary: one sentence for people.
        network: architecture and sizes of the network.
        sha256: SHA-256 of the weights file, 64 hexadecimal digits.
        graphs: SHA-256 of each graph file for ONNX Runtime; empty: only PyTorch can run the weights.
        laterality: whose left and right its prompts mean: "patient" or "viewer".
        implied_count: its prompts state the number of areas also if the note states only zones; false: only if the
            note states it, so that a note that names only a place is told apart from one that counts lesions.
        finding: what it segments, for instance "Pulmonary infection".
        findings: the findings that prompts can name, keys of `notes.FINDING_WORDS`.
        threshold: default threshold, in (0, 1): a pixel belongs to the mask if its probability reaches it.
        peak: an area is outlined only if its highest probability reaches this value, see `lower_doubtful`; None: all
            areas that reach the threshold.
        mirror: average the prediction with that of the mirrored radiograph and the prompt with swapped sides.
        scales: sizes in pixels, multiples of 32, of the square inputs whose predictions are averaged; empty: only the
            size that the network was trained at.
        places: the calibration of statements about places, and of the search outside the places of a note.
        training: the data sets and their terms of use, the recipe, and the hours of training.
        preprocessing: how a radiograph is prepared for the network, in words.
        figures: the metrics, with the data and the command that measured them.
        intended_use: what the checkpoint is for, in words.
        limits: known limits, in sentences.
        licence: the terms of use of the weights, in words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str = Field(min_length=1, max_length=200)
    version: str = Field(max_length=200)
    title: str = Field(default="", max_length=200)
    summary: str
    network: AnyConfiguration
    sha256: Sha256
    graphs: dict[Literal["text.onnx", "image.onnx", "decoder.onnx"], Sha256] = Field(default_factory=dict)
    laterality: Laterality
    implied_count: bool = True
    finding: str
    findings: tuple[FindingName, ...] = Field(default=(INFECTION,), min_length=1)
    threshold: float = Field(gt=0, lt=1)
    peak: float | None = Field(default=None, gt=0, le=1)
    mirror: bool = False
    scales: tuple[InputSize, ...] = Field(default=(), max_length=16)
    places: PlaceCalibration = Field(default_factory=PlaceCalibration)
    training: dict[str, Any]
    preprocessing: str
    figures: dict[str, Any]
    intended_use: str
    limits: list[str]
    licence: str

    def prompt(self, expression: ReferringExpression) -> str:
        """Return the prompt of an expression for this checkpoint.

        Raises:
            NoFindingError: the expression has nothing that this checkpoint segments.
        """
        if expression.finding not in self.findings:
            raise NoFindingError
        return to_prompt(expression, self.laterality, implied_count=self.implied_count)


def prompt_without_place(card: Card, finding: str | None = None) -> str:
    """Return the prompt that names a finding and no place; None is the first finding of the checkpoint."""
    return card.prompt(ReferringExpression(sides=SIDES, weak=True, finding=finding or card.findings[0]))


def resources() -> Path:
    """Return the folder `Resources`: beside the package in the repository, inside it after installation."""
    package = Path(__file__).parents[1]
    inside = package / "Resources"
    return inside if inside.is_dir() else package.parent / "Resources"


def installed_checkpoints() -> dict[str, Path]:
    """Return the folders of the installed checkpoints by name, the default first.

    They are those in Resources/checkpoints, and then those in the folder that `FURTHER` names.
    """
    further = os.environ.get(FURTHER)
    folders = [resources() / "checkpoints", *([Path(further)] if further else [])]
    cards: list[Path] = []
    for folder in folders:
        with suppress(OSError):  # a name that is too long, or a folder that is closed to this user
            cards += sorted(folder.glob(f"*/{CARD}"))
    found: dict[str, Path] = {}
    for card in sorted(cards, key=lambda card: card.parent.name != DEFAULT):
        found.setdefault(card.parent.name, card.parent)
    return found


def titles(cards: Mapping[str, Card]) -> dict[str, str]:
    """Return the titles of cards by the same names; the name follows a title that several cards share."""
    plain = {name: card.title or card.name for name, card in cards.items()}
    count = Counter(plain.values())
    return {
        name: title if count[title] == 1 or title == name else f"{title} ({name})" for name, title in plain.items()
    }


def find_checkpoint(name_or_path: str | Path) -> Path:
    """Return the folder of a checkpoint.

    Args:
        name_or_path: "default", the name of an installed checkpoint, a folder with a card, or a file in such a folder.

    Raises:
        CheckpointError: the checkpoint does not exist or has no card.
    """
    installed = installed_checkpoints()
    named = installed.get(DEFAULT if str(name_or_path) == "default" else str(name_or_path))
    path = Path(name_or_path)
    try:
        folder = named or (path.parent if path.is_file() else path)
        exists = folder.is_dir()
    except OSError:  # a name that is too long, or a folder that is closed to this user
        exists = False
    if not exists:
        known = ", ".join(sorted(installed)) or "none"
        raise CheckpointError(f"There is no checkpoint “{name_or_path}”; available: {known}.")
    if not (folder / CARD).is_file():
        raise CheckpointError(f"The checkpoint “{name_or_path}” has no {CARD}, which describes it, so it is not used.")
    return folder


def read_card(folder: Path) -> Card:
    """Read and validate the card of a checkpoint.

    Raises:
        CheckpointError: the card is missing, damaged or incomplete.
    """
    try:
        with open_regular(folder / CARD) as file:
            card = Card.model_validate_json(file.read(MAX_BYTES))
        json.dumps(card.model_dump(), allow_nan=False)  # NaN and infinity are no figures either
        return card
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"The card of the checkpoint “{folder.name}” is damaged or incomplete.") from error


def write_card(card: Card, folder: Path) -> None:
    """Write a card into the folder of its checkpoint, as `card.json`; a card that is there stays whole until then."""
    text = json.dumps(card.model_dump(mode="json"), indent=2, ensure_ascii=False)
    write_text(folder / CARD, text + "\n")
