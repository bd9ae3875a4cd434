"""Combine the location terms of a note into sides of the patient and the zones on each side.

One side can apply to several zones, and one zone to several sides: "right upper and middle zones", "upper zone of the
left lung", "left more than right lower lobe", "lower zones, right more than left". `resolve` works out which belong
together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, say_side
from CausalCLIPSegLib.notes.expression import ZONES, Zone
from CausalCLIPSegLib.notes.lexicon import Term

LOCATION_ROLES = frozenset({"side", "zone", "place", "anatomy", "whole", "diffuse", "region"})
"""The roles of the lexicon that name a location."""

COORDINATING_ROLES = frozenset({"and", "or", "slash", "versus", "compare"})
JOINING_ROLES = COORDINATING_ROLES | {"comma", "with"}
"""The roles of words that connect findings and places."""


@dataclass(frozen=True)
class LocationTerm:
    """One term of location in a note.

    Attributes:
        term: its term in the lexicon; the role is in `LOCATION_ROLES`.
        chunk: number of its chunk; "and", a comma and similar words begin a new chunk.
        joined: only location terms and an "and", "or" or "more than" stand between it and the previous one.
        range_end: it is the end of a range, such as "base" in "from the apex to the base".
        emphasized: the note says that the finding is worse or less here, not that it is only here.
        lesser: the note says that the finding is less here.
    """

    term: Term
    chunk: int
    joined: bool = False
    range_end: bool = False
    emphasized: bool = False
    lesser: bool = False

    @property
    def role(self) -> str:
        """The role of its term."""
        return self.term.role


@dataclass(frozen=True)
class Location:
    """The location of a note; the fields mean the same as in `ReferringExpression`."""

    sides: frozenset[Side] = frozenset()
    zones: dict[Side, tuple[Zone, ...]] = field(default_factory=dict)
    whole: frozenset[Side] = frozenset()
    weak: bool = False


@dataclass
class _Phrase:
    """The sides and zones that adjacent location terms name together; sides are the patient's."""

    chunk: int
    joined: bool = False
    emphasized: bool = False
    lesser: bool = False
    sides: set[Side] = field(default_factory=set)
    anatomy_sides: set[Side] = field(default_factory=set)  # the side of the anatomy, used if the note names none
    zones: set[Zone] = field(default_factory=set)
    whole: bool = False
    has_noun: bool = False  # "right lung" is complete; "right" may take the zone of the next phrase
    names_side: bool = False  # "the right base" names a side, "the bases" does not
    side_follows_zone: bool = False  # "lower zones on the right"
    closed: bool = False  # another side or zone begins a new phrase

    @property
    def has_zones(self) -> bool:
        return bool(self.zones) or self.whole

    @property
    def is_bare_side(self) -> bool:
        return bool(self.sides) and not self.has_zones


def resolve(terms: Iterable[LocationTerm], laterality: Laterality) -> Location:
    """Return the location that `terms` name together.

    Args:
        terms: all location terms of the findings, in the order of the note.
        laterality: whose left and right they mean.
    """
    terms = list(terms)
    phrases = list(_merge_sides(_phrases(terms, laterality)))
    if not any(phrase.sides for phrase in phrases if not (phrase.emphasized and phrase.is_bare_side)):
        for phrase in phrases:  # "worse on the right", without another side, means both sides
            phrase.sides = set(SIDES) if phrase.sides else phrase.sides
    _drop_lesser_zones(phrases)
    _share_zones(phrases)
    _share_sides(phrases)

    has_side = any(phrase.sides for phrase in phrases)
    sides: set[Side] = {side for phrase in phrases for side in phrase.sides} if has_side else set(SIDES)
    weak = not any(phrase.names_side for phrase in phrases)
    for phrase in phrases:
        phrase.sides = phrase.sides or set(sides)

    diffuse = any(term.role == "diffuse" for term in terms)
    zones: dict[Side, tuple[Zone, ...]] = {}
    whole: set[Side] = set()
    for side in sides:
        on_side = [phrase for phrase in phrases if side in phrase.sides]
        restricting = {zone for phrase in on_side if not phrase.emphasized for zone in phrase.zones}
        if any(phrase.whole for phrase in on_side) or (diffuse and not restricting):
            whole.add(side)
        named = {zone for phrase in on_side for zone in phrase.zones}
        zones[side] = ZONES if side in whole else tuple(zone for zone in ZONES if zone in named)
    return Location(frozenset(sides), zones, frozenset(whole), weak)


def exclude(location: Location, spared: Iterable[LocationTerm], laterality: Laterality) -> Location:
    """Return `location` without the places that the note excepts, unless they are all of it.

    If no zone of a side is known, an excepted zone leaves the other two.
    """
    excluded = resolve(spared, laterality)
    zones = dict(location.zones)
    whole = set(location.whole)
    emptied: set[Side] = set()
    for side in location.sides & excluded.sides:
        remaining = tuple(zone for zone in zones[side] or ZONES if zone not in excluded.zones[side])
        if not remaining or (not excluded.zones[side] and not excluded.weak):
            emptied.add(side)
        elif excluded.zones[side] and remaining != zones[side]:
            zones[side] = remaining
            whole.discard(side)
    sides = location.sides - emptied
    if not sides:
        return location
    return Location(
        sides,
        {side: zones[side] for side in sides},
        frozenset(whole & sides),
        location.weak and excluded.weak and not emptied,
    )


def unite(locations: Sequence[Location]) -> Location:
    """Return the union of the locations of several parts of a note; a part without a side adds only its zones."""
    if len(locations) == 1:
        return locations[0]
    placed = [location for location in locations if not location.weak and location.sides]
    sides = frozenset(side for location in placed or locations for side in location.sides)
    zones = {
        side: tuple(zone for zone in ZONES if any(zone in location.zones.get(side, ()) for location in locations))
        for side in sides
    }
    whole = frozenset(side for side in sides if any(side in location.whole for location in locations))
    return Location(sides, zones, whole, weak=not placed and bool(sides))


def named_sides(term: LocationTerm, laterality: Laterality) -> set[Side]:
    """Return the patient's sides that a term names; those of anatomy do not depend on whose left the note means."""
    head = term.term.value.partition(" ")[0]
    return _read_sides(head, "patient" if term.role == "anatomy" else laterality)


def _read_sides(value: str, laterality: Laterality) -> set[Side]:
    """Return the patient's sides that "right", "left" or "both" mean."""
    return {say_side(side, laterality) for side in SIDES if value in (side, "both")}


def _read_zones(value: str) -> set[Zone]:
    """Return the zones among the words of `value`."""
    return {zone for zone in ZONES if zone in value.split()}


def _phrases(terms: Iterable[LocationTerm], laterality: Laterality) -> Iterator[_Phrase]:
    """Group the terms into phrases."""
    phrase: _Phrase | None = None
    for term in terms:
        head, _, rest = term.term.value.partition(" ")
        if phrase and _begins_phrase(term, phrase, laterality):
            yield phrase
            phrase = None
        phrase = phrase or _Phrase(term.chunk, term.joined, term.emphasized, term.lesser)
        if term.role == "side":
            phrase.sides |= _read_sides(head, laterality)
            phrase.names_side = True
            phrase.side_follows_zone = phrase.closed = bool(phrase.zones)
        elif term.role == "place":
            phrase.sides |= _read_sides(head, laterality)
            phrase.names_side = True
            phrase.zones |= _read_zones(rest)
            phrase.closed = True
        elif term.role == "anatomy":
            phrase.anatomy_sides |= _read_sides(head, "patient")
            phrase.names_side |= head != "both"
            phrase.zones |= _zones(term, _read_zones(rest), phrase)
        elif term.role == "zone":
            phrase.zones |= _zones(term, _read_zones(term.term.value), phrase)
        elif term.role == "whole":
            phrase.whole = True
        elif term.role == "region":
            phrase.has_noun = True
    if phrase:
        yield phrase


def _begins_phrase(term: LocationTerm, phrase: _Phrase, laterality: Laterality) -> bool:
    if term.chunk != phrase.chunk or term.emphasized != phrase.emphasized or term.role == "place":
        return True
    if term.role == "side":
        is_same = phrase.sides == _read_sides(term.term.value, laterality)
        return bool(phrase.sides) and (phrase.closed or phrase.has_zones or not is_same)
    return term.role in ("zone", "anatomy") and phrase.closed


def _zones(term: LocationTerm, zones: set[Zone], phrase: _Phrase) -> set[Zone]:
    """Return the zones of a term; at the end of a range ("from the apex to the base") also those in between."""
    if not term.range_end:
        return zones
    positions = [ZONES.index(zone) for zone in phrase.zones | zones]
    return set(ZONES[min(positions) : max(positions) + 1])


def _merge_sides(phrases: Iterable[_Phrase]) -> Iterator[_Phrase]:
    """Merge "right more than left" into one phrase, and resolve "all" and the side of anatomy within each phrase."""
    previous: _Phrase | None = None
    for phrase in phrases:
        phrase.whole &= bool(phrase.sides or phrase.has_noun) and not phrase.zones
        phrase.sides = phrase.sides or phrase.anatomy_sides
        if previous and phrase.joined and previous.is_bare_side and phrase.is_bare_side:
            previous.sides |= phrase.sides
            previous.has_noun |= phrase.has_noun
            continue
        if previous:
            yield previous
        previous = phrase
    if previous:
        yield previous


def _drop_lesser_zones(phrases: Sequence[_Phrase]) -> None:
    """Drop the zones where a finding is only less severe, if the note names its side but no other zone.

    "Bilateral opacities, less severe at the apices" are in all zones. "Less dense at the right base" is a place.
    """
    others = [phrase for phrase in phrases if not phrase.lesser]
    sides = {side for phrase in others for side in phrase.sides}
    if sides and not any(phrase.has_zones for phrase in others):
        for phrase in phrases:
            if phrase.lesser and phrase.sides <= sides:
                phrase.zones.clear()


def _share_zones(phrases: list[_Phrase]) -> None:
    """Give a side without a zone the zone of the phrase next to it: "left" in "left and right lower lobe"."""
    for phrase, following in zip(phrases[-2::-1], phrases[:0:-1], strict=True):
        if phrase.is_bare_side and not phrase.has_noun and following.joined and following.sides:
            phrase.zones |= following.zones
            phrase.whole |= following.whole
        elif following.is_bare_side and not following.has_noun and following.joined and phrase.side_follows_zone:
            following.zones |= phrase.zones
            following.whole |= phrase.whole


def _share_sides(phrases: list[_Phrase]) -> None:
    """Give a zone without a side that of the phrase before or after it: "middle" in "right upper and middle zones"."""
    previous: set[Side] = set()
    for phrase in phrases:
        phrase.sides = phrase.sides or set(previous) if phrase.has_zones else phrase.sides
        previous = phrase.sides or previous
    following: set[Side] = set()
    for phrase in reversed(phrases):
        phrase.sides = phrase.sides or set(following) if phrase.has_zones else phrase.sides
        following = phrase.sides or following
