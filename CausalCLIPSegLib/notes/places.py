"""Words of place, in the order of the note -> the sides of the patient and the zones on each.

"right upper and middle zones", "upper zone of the left lung", "left more than right lower lobe" and "lower zones,
right more than left" all spread a side over several zones or a zone over several sides; this is where that is undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, say_side
from CausalCLIPSegLib.notes.expression import ZONES, Zone
from CausalCLIPSegLib.notes.lexicon import Term

PLACES = frozenset({"side", "zone", "place", "anatomy", "whole", "diffuse", "region"})
"""The roles of the lexicon that say where."""


@dataclass(frozen=True)
class LocationTerm:
    """One word of place.

    Attributes:
        term: its term, of a role in `PLACES`.
        chunk: number of the stretch of text it stands in; "and", a comma and the like begin a new one.
        joined: only words of place and an "and", "or" or "more than" lie between it and the spot before.
        ranged: it is the far end of "... to ...".
        stressed: the note says that it is worse here, not that it is only here.
    """

    term: Term
    chunk: int
    joined: bool = False
    ranged: bool = False
    stressed: bool = False


@dataclass(frozen=True)
class Location:
    """Where a note points to: the fields of a `ReferringExpression` of the same names."""

    sides: frozenset[Side] = frozenset()
    zones: dict[Side, tuple[Zone, ...]] = field(default_factory=dict)
    whole: frozenset[Side] = frozenset()
    weak: bool = False


@dataclass
class _Phrase:
    """A side with its zones, as far as one stretch of text says them; sides are the patient's."""

    chunk: int
    joined: bool = False
    stressed: bool = False
    sides: set[Side] = field(default_factory=set)
    home: set[Side] = field(default_factory=set)  # where the named anatomy lies, unless the note says a side
    zones: set[Zone] = field(default_factory=set)
    whole: bool = False
    noun: bool = False  # "right lung" stands for itself, "right" may wait for the zone of the next phrase
    named: bool = False  # the note says the side itself, as "the bases" does not
    trailing: bool = False  # the side came after the zone: "lower zones on the right"
    closed: bool = False

    @property
    def extended(self) -> bool:
        return bool(self.zones) or self.whole


def resolve(spots: Iterable[LocationTerm], laterality: Laterality) -> Location:
    """Return what `spots`, all the places of what is to be outlined, say together.

    Args:
        spots: in the order of the note.
        laterality: whose left and right they mean.
    """
    spots = list(spots)
    phrases = list(_merge_sides(_phrases(spots, laterality)))
    if not any(phrase.sides for phrase in phrases if not (phrase.stressed and _bare(phrase))):
        for phrase in phrases:  # "worse on the right" alone speaks of both
            phrase.sides = set(SIDES) if phrase.sides else phrase.sides
    _share_zones(phrases)
    _share_sides(phrases)

    named = any(phrase.sides for phrase in phrases)
    sides: set[Side] = {side for phrase in phrases for side in phrase.sides} if named else set(SIDES)
    weak = not any(phrase.named for phrase in phrases)
    for phrase in phrases:
        phrase.sides = phrase.sides or set(sides)

    diffuse = any(spot.term.role == "diffuse" for spot in spots)
    zones: dict[Side, tuple[Zone, ...]] = {}
    whole: set[Side] = set()
    for side in sides:
        here = [phrase for phrase in phrases if side in phrase.sides]
        only = {zone for phrase in here if not phrase.stressed for zone in phrase.zones}
        if any(phrase.whole for phrase in here) or (diffuse and not only):
            whole.add(side)
        said = {zone for phrase in here for zone in phrase.zones}
        zones[side] = ZONES if side in whole else tuple(zone for zone in ZONES if zone in said)
    return Location(frozenset(sides), zones, frozenset(whole), weak)


def exclude_spared(extent: Location, spots: Iterable[LocationTerm], laterality: Laterality) -> Location:
    """Return `extent` without the places that the note says are spared; only a whole lung can lose a zone."""
    without = resolve(spots, laterality)
    zones = dict(extent.zones)
    whole = set(extent.whole)
    for side in extent.whole & without.sides:
        rest = tuple(zone for zone in ZONES if zone not in without.zones[side])
        if rest and rest != ZONES:
            zones[side] = rest
            whole.discard(side)
    return Location(extent.sides, zones, frozenset(whole), extent.weak)


def read_sides(value: str, laterality: Laterality) -> set[Side]:
    """Return the patient's sides that "right", "left" or "both" mean."""
    return {say_side(side, laterality) for side in SIDES if value in (side, "both")}


def read_zones(value: str) -> set[Zone]:
    """Return the zones among the words of `value`."""
    return {zone for zone in ZONES if zone in value.split()}


def _phrases(spots: list[LocationTerm], laterality: Laterality) -> Iterator[_Phrase]:
    """Cut the spots where a side or a zone begins something new."""
    phrase: _Phrase | None = None
    for spot in spots:
        role, (head, _, rest) = spot.term.role, spot.term.value.partition(" ")
        if phrase and (
            spot.chunk != phrase.chunk
            or spot.stressed != phrase.stressed
            or role == "place"
            or (
                role == "side"
                and phrase.sides
                and (phrase.closed or phrase.extended or not _same(phrase, head, laterality))
            )
            or (role in ("zone", "anatomy") and phrase.closed)
        ):
            yield phrase
            phrase = None
        phrase = phrase or _Phrase(spot.chunk, spot.joined, spot.stressed)
        if role == "side":
            phrase.sides |= read_sides(head, laterality)
            phrase.named = True
            phrase.trailing = phrase.closed = bool(phrase.zones)
        elif role == "place":
            phrase.sides |= read_sides(head, laterality)
            phrase.named = True
            phrase.zones |= read_zones(rest)
            phrase.closed = True
        elif role == "anatomy":
            phrase.home |= read_sides(head, "patient")
            phrase.named |= head != "both"
            phrase.zones |= _reach(phrase, read_zones(rest)) if spot.ranged else read_zones(rest)
        elif role == "zone":
            zones = read_zones(spot.term.value)
            phrase.zones |= _reach(phrase, zones) if spot.ranged else zones
        elif role == "whole":
            phrase.whole = True
        elif role == "region":
            phrase.noun = True
    if phrase:
        yield phrase


def _same(phrase: _Phrase, value: str, laterality: Laterality) -> bool:
    return phrase.sides == read_sides(value, laterality)


def _reach(phrase: _Phrase, zones: set[Zone]) -> set[Zone]:
    """Return the zones from those of the phrase to these, as in "from the apex to the base"."""
    places = [ZONES.index(zone) for zone in phrase.zones | zones]
    return set(ZONES[min(places) : max(places) + 1])


def _merge_sides(phrases: Iterable[_Phrase]) -> Iterator[_Phrase]:
    """Make one phrase of "right more than left"; settle what "all" and the lingula mean in their own phrase."""
    before: _Phrase | None = None
    for phrase in phrases:
        phrase.whole &= bool(phrase.sides or phrase.noun) and not phrase.zones
        phrase.sides = phrase.sides or phrase.home
        if before and phrase.joined and _bare(before) and _bare(phrase):
            before.sides |= phrase.sides
            before.noun |= phrase.noun
            continue
        if before:
            yield before
        before = phrase
    if before:
        yield before


def _bare(phrase: _Phrase) -> bool:
    return bool(phrase.sides) and not phrase.extended


def _share_zones(phrases: list[_Phrase]) -> None:
    """Give "left" its zone in "left and right lower lobe" and in "lower lobe, right more than left"."""
    for phrase, following in zip(phrases[-2::-1], phrases[:0:-1], strict=True):
        if _bare(phrase) and not phrase.noun and following.joined and following.sides:
            phrase.zones |= following.zones
            phrase.whole |= following.whole
        elif _bare(following) and not following.noun and following.joined and phrase.trailing:
            following.zones |= phrase.zones
            following.whole |= phrase.whole


def _share_sides(phrases: list[_Phrase]) -> None:
    """Give "middle" in "right upper and middle zones" its side: that of the place before, or else of the one after."""
    before: set[Side] = set()
    for phrase in phrases:
        phrase.sides = phrase.sides or set(before) if phrase.extended else phrase.sides
        before = phrase.sides or before
    after: set[Side] = set()
    for phrase in reversed(phrases):
        phrase.sides = phrase.sides or set(after) if phrase.extended else phrase.sides
        after = phrase.sides or after
