"""The maps that people look at: the title of each, and what it is worth (measured in docs/maps.md)."""

from __future__ import annotations

from typing import NamedTuple


class MapText(NamedTuple):
    """What people read about a map.

    Attributes:
        title: its name for people.
        worth: what it shows, and what it does not show.
    """

    title: str
    worth: str


PROBABILITY = "probability"
"""The map that every network gives."""

KNOWN: dict[str, MapText] = {
    PROBABILITY: MapText(
        "Probability",
        "How probable the network finds it that a pixel belongs to the finding. Only this map says where the finding "
        "is.",
    ),
    "causal_attention": MapText(
        "Causal attention",
        "A look inside the network, not an explanation. Its values lie close together; they show neither where the "
        "finding is nor what the network relies on.",
    ),
    "confounder_attention": MapText(
        "Confounder map",
        "The complement of the causal attention. It shows neither where the finding is nor what the network relies "
        "on.",
    ),
    "patches_of_interest": MapText(
        "Patches of interest",
        "The weight that the network gives each patch of the radiograph; 1 is an even share. They show a part of what "
        "the network relies on, and do not outline the finding.",
    ),
}
"""The maps of the networks in this program, by name."""

WORDS_WORTH = (
    "The share of the network's interest that each word gets. The shares say little: words for the place get small "
    "ones, although the outline follows them."
)
"""What the weights of the words are worth."""


def text_of(name: str) -> MapText:
    """Return what people read about a map; of a map that this version does not know, its name."""
    return KNOWN.get(name) or MapText(name.replace("_", " ").capitalize(), "")
