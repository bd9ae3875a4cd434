"""The installed checkpoints, for the answer to "hello"."""

from __future__ import annotations

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import CARD, DEFAULT, read_card, resources
from CausalCLIPSegLib.worker import protocol


def list_checkpoints() -> list[protocol.CheckpointDocument]:
    """Return the checkpoints in Resources/checkpoints by their cards, the default first; skip damaged cards."""
    documents = []
    for path in sorted((resources() / "checkpoints").glob(f"*/{CARD}"), key=lambda path: path.parent.name != DEFAULT):
        try:
            card = read_card(path.parent)
        except CheckpointError:
            continue
        documents.append(
            protocol.CheckpointDocument(**card.model_dump(include=set(protocol.CheckpointDocument.model_fields)))
        )
    return documents
