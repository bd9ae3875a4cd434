"""The installed checkpoints, for the answer to "hello"."""

from __future__ import annotations

from contextlib import suppress

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import Card, installed_checkpoints, read_card, titles
from CausalCLIPSegLib.worker import protocol


def list_checkpoints() -> list[protocol.CheckpointDocument]:
    """Return the installed checkpoints by their cards, the default first; skip damaged cards."""
    cards: dict[str, Card] = {}
    for name, folder in installed_checkpoints().items():
        with suppress(CheckpointError):
            cards[name] = read_card(folder)
    shown = titles(cards)
    return [_describe(name, shown[name], card) for name, card in cards.items()]


def _describe(name: str, title: str, card: Card) -> protocol.CheckpointDocument:
    fields = card.model_dump(include=set(protocol.CheckpointDocument.model_fields))
    return protocol.CheckpointDocument.model_validate(
        fields | {"name": name, "title": title, "architecture": card.network.architecture}
    )
