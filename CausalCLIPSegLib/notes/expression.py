"""What a note says, as a value: where on the patient, how much of it, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from CausalCLIPSegLib.laterality import SIDES, Side

if TYPE_CHECKING:
    from CausalCLIPSegLib.terminology import Code

Zone = Literal["upper", "middle", "lower"]

ZONES: tuple[Zone, Zone, Zone] = ("upper", "middle", "lower")
"""The thirds of a lung on a frontal film, from the top."""


@dataclass(frozen=True)
class Finding:
    """One thing in the note that the model could outline, and where; all sides are the patient's.

    Attributes:
        kind: the finding's name in the lexicon, for instance "consolidation" or "ground glass".
        words: the words of the note it came from, with those of its place that stand beside it.
        negated: the note says that it is not there.
        historical: the note says that it was there once.
        uncertain: the note says that it may be there.
        sides: the lungs that it is said to be in, right before left; empty where the note does not say.
        zones: for each of `sides` its zones from the top, as in `ReferringExpression`.
        whole: those of `sides` of which the note says the whole lung.
        count: number of areas, as the note says; None where it does not say.
    """

    kind: str
    words: str
    negated: bool = False
    historical: bool = False
    uncertain: bool = False
    sides: tuple[Side, ...] = ()
    zones: Mapping[Side, tuple[Zone, ...]] = field(default_factory=dict, hash=False)
    whole: tuple[Side, ...] = ()
    count: int | None = None

    def __post_init__(self) -> None:
        _put_in_order(self)

    @property
    def present(self) -> bool:
        """Whether the note says that it is, or may be, there today."""
        return not (self.negated or self.historical)

    @property
    def code(self) -> Code | None:
        """What `kind` is called in a terminology; None for a kind that none is known for."""
        from CausalCLIPSegLib.terminology import FINDINGS

        return FINDINGS.get(self.kind)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain lists, strings, numbers and booleans, ready for JSON."""
        code = self.code
        return {
            "kind": self.kind,
            "code": {"value": code.value, "scheme": code.scheme, "meaning": code.meaning} if code else None,
            "words": self.words,
            "negated": self.negated,
            "historical": self.historical,
            "uncertain": self.uncertain,
            "sides": list(self.sides),
            "zones": {side: list(zones) for side, zones in self.zones.items()},
            "whole": list(self.whole),
            "count": self.count,
        }


@dataclass(frozen=True)
class Ignored:
    """Words of the note that did not count, and why.

    Attributes:
        words: the words of the note.
        reason: a few words for a person.
    """

    words: str
    reason: str


@dataclass(frozen=True)
class ReferringExpression:
    """What a note refers to on a frontal chest radiograph; all sides are the patient's.

    Attributes:
        sides: the lungs to look at, right before left; empty when there is nothing to segment.
        zones: for each of `sides` its zones from the top; empty where the note names none, all three where it names
            them one by one or says the whole lung.
        whole: those of `sides` of which the note says the whole lung.
        weak: the note names no side, so that `sides` holds both for want of better.
        count: number of affected areas, as the note says; None where it does not say.
        findings: what the model could outline, present or not, in the order of the note.
        ignored: what was not used, in the order of the note.
        questions: what a person has to decide before anything is outlined, in sentences: the note names one side
            here and the other there.
        language: that of the lexicon the note was read by, two letters.
        text: the note itself; it does not count when two expressions are compared.
    """

    sides: tuple[Side, ...] = ()
    zones: Mapping[Side, tuple[Zone, ...]] = field(default_factory=dict, hash=False)
    whole: tuple[Side, ...] = ()
    weak: bool = False
    count: int | None = None
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    questions: tuple[str, ...] = ()
    language: str = "en"
    text: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        _put_in_order(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the expression as plain lists, strings, numbers and booleans, ready for JSON."""
        return {
            "sides": list(self.sides),
            "zones": {side: list(zones) for side, zones in self.zones.items()},
            "whole": list(self.whole),
            "weak": self.weak,
            "count": self.count,
            "findings": [finding.to_dict() for finding in self.findings],
            "ignored": [{"words": i.words, "reason": i.reason} for i in self.ignored],
            "questions": list(self.questions),
            "language": self.language,
        }


def _put_in_order(place: Finding | ReferringExpression) -> None:
    """Order sides and zones, and give every side of which the whole is meant all zones."""
    sides = tuple(side for side in SIDES if side in place.sides)
    whole = tuple(side for side in sides if side in place.whole)
    zones = {
        side: ZONES if side in whole else tuple(zone for zone in ZONES if zone in place.zones.get(side, ()))
        for side in sides
    }
    for name, value in (("sides", sides), ("whole", whole), ("zones", zones)):
        object.__setattr__(place, name, value)
