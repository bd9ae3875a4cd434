"""Open a checkpoint: find its folder, and check its files against its card. Weights need a card to load."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import Card, find_checkpoint, read_card
from CausalCLIPSegLib.model.weights import MAX_BYTES, check_weights
from CausalCLIPSegLib.regular_files import sha256

WEIGHTS = "weights.safetensors"
TEXT_GRAPH, IMAGE_GRAPH, DECODER_GRAPH = GRAPHS = ("text.onnx", "image.onnx", "decoder.onnx")
"""The parts of the network as ONNX graphs, which refer to the tensors in the weights."""


@dataclass(frozen=True)
class Checkpoint:
    """A card and the folder that it describes; the files in it have the hashes on the card."""

    card: Card
    folder: Path

    @property
    def weights(self) -> Path:
        """The file of the weights."""
        return self.folder / WEIGHTS


def open_checkpoint(name_or_path: str | Path = "default") -> Checkpoint:
    """Open a checkpoint.

    Args:
        name_or_path: see `find_checkpoint`.

    Raises:
        CheckpointError: the checkpoint or a file of it is missing, or a file does not have the hash on the card.
    """
    folder = find_checkpoint(name_or_path)
    card = read_card(folder)
    for name, expected in ((WEIGHTS, card.sha256), *card.graphs.items()):
        kind = "weights" if name == WEIGHTS else "graphs"
        path = folder / name
        if not path.is_file():
            raise CheckpointError(f"The checkpoint “{card.name}” lacks its {kind} ({name}).")
        if path.stat().st_size > MAX_BYTES:
            raise CheckpointError(f"The {kind} of the checkpoint “{card.name}” are larger than any ({name}).")
        if sha256(path) != expected:
            raise CheckpointError(
                f"The {kind} of the checkpoint “{card.name}” do not match its card; the file {name} may be damaged."
            )
    try:
        check_weights(folder / WEIGHTS)
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"The weights of the checkpoint “{card.name}” are damaged: they are incomplete or hold values that are no "
            "numbers."
        ) from error
    return Checkpoint(card, folder)
