"""The installed checkpoints, for the answer to "hello"."""

from __future__ import annotations

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import Card, installed_checkpoints, read_card
from CausalCLIPSegLib.worker import protocol


def list_checkpoints() -> list[protocol.CheckpointDocument]:
    """Return the installed checkpoints by their cards, the default first; skip damaged cards."""
    documents = []
    for name, folder in installed_checkpoints().items():
        try:
            documents.append(_describe(name, read_card(folder)))
        except CheckpointError:
            continue
    return documents


def _describe(name: str, card: Card) -> protocol.CheckpointDocument:
    fields = card.model_dump(include=set(protocol.CheckpointDocument.model_fields))
    return protocol.CheckpointDocument.model_validate(
        fields | {"name": name, "title": card.title or card.name, "architecture": card.network.architecture}
    )
