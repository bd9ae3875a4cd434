"""Repeat radiographs with rare notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from CausalCLIPSegLib.notes import ReferringExpression, Zone


def balanced_order(notes: Sequence[ReferringExpression], most: int) -> list[int]:
    """Return the number of each radiograph, repeated so that notes of a single zone name each zone equally often.

    On the training split of QaTa-COV19, six times as many notes name only the lower zone as only the middle zone.

    Args:
        notes: the own note of each radiograph.
        most: how often a radiograph is used at most; 1 repeats none.
    """
    zones = [_only_zone(note) for note in notes]
    frequency = Counter(zone for zone in zones if zone is not None)
    largest = max(frequency.values(), default=0)
    return [
        number
        for number, zone in enumerate(zones)
        for _ in range(1 if zone is None else min(most, round(largest / frequency[zone])))
    ]


def _only_zone(note: ReferringExpression) -> Zone | None:
    """Return the zone of a note that names exactly one zone of one side."""
    named = [zone for side in note.sides for zone in note.zones[side]]
    return named[0] if len(note.sides) == len(named) == 1 else None
