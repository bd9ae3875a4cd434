"""The meaning of a note as a value: its findings, their location on the patient, and the words that were not used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from CausalCLIPSegLib.laterality import SIDES, Side
from CausalCLIPSegLib.terminology import FINDINGS, Code

Zone = Literal["upper", "middle", "lower"]

ZONES: tuple[Zone, Zone, Zone] = ("upper", "middle", "lower")
"""The zones of a lung on a frontal radiograph, from the top."""


@dataclass(frozen=True)
class Finding:
    """A finding in the note that the model can segment, and its location. All sides are the patient's.

    Attributes:
        kind: its name in the lexicon, for example "consolidation" or "ground glass".
        words: the words of the note for it, including adjacent words of location.
        negated: the note says that it is absent.
        historical: the note says that it was present in the past.
        uncertain: the note says that it may be present.
        sides: the lungs that the note places it in, right before left; empty if the note gives no location.
        zones: the zones of each of `sides` from the top, as in `ReferringExpression`.
        whole: the sides on which the note describes the whole lung.
        count: the number of areas that the note states; None if it states none.
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
        _normalize(self)

    @property
    def present(self) -> bool:
        """Whether the note says that it is, or may be, present today."""
        return not (self.negated or self.historical)

    @property
    def code(self) -> Code | None:
        """The code of `kind` in a terminology; None if it has no code."""
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
    """Words of the note that were not used.

    Attributes:
        words: the words of the note.
        reason: why they were not used, in a few words for a person.
    """

    words: str
    reason: str


@dataclass(frozen=True)
class Passage:
    """Words of a note that say a part of its meaning.

    Attributes:
        start, stop: its first character in the note as it was given, and the one after its last.
        meanings: among "finding", "count", "region", "whole" and the zones.
        named: the patient's sides that these words themselves name.
        sides: the patient's sides that they are about, by their phrase.
    """

    start: int
    stop: int
    meanings: frozenset[str]
    named: tuple[Side, ...] = ()
    sides: tuple[Side, ...] = ()


@dataclass(frozen=True)
class ReferringExpression:
    """What a note refers to on a frontal chest radiograph; all sides are the patient's.

    Attributes:
        sides: the lungs to segment, right before left; empty if there is nothing to segment.
        zones: the zones of each of `sides` from the top: empty if the note names none; all three if it names each of
            them or describes the whole lung.
        whole: the sides on which the note describes the whole lung.
        weak: the location is less sure: the note names no side, so `sides` holds both, or it is poorly understood.
        count: the number of affected areas that the note states; None if it states none.
        findings: the findings that the model can segment, present or not, in the order of the note.
        ignored: the words that were not used, in the order of the note.
        questions: what a person must decide before anything is segmented, in sentences: which side is meant if the
            findings and the conclusion name different sides.
        not_understood: the parts of the note that were not understood, in the order of the note.
        understood_share: share of the words that the lexicon knows, 0 to 1.
        poorly_understood: so many words are unknown that the note may say something else.
        language: the language of the lexicon that the note was read with, two letters.
        clear: the zones of each of the patient's lungs that the note describes as normal, from the top; all three for
            a whole lung. Like `text`, ignored when two expressions are compared.
        finding: what is to be outlined: "infection", or another finding of the checkpoint (`findings.FINDING_WORDS`).
        text: the note itself; ignored when two expressions are compared.
        passages: the words of the note for findings and places that are to be segmented, in the order of the note;
            like `text`, ignored when two expressions are compared.
    """

    sides: tuple[Side, ...] = ()
    zones: Mapping[Side, tuple[Zone, ...]] = field(default_factory=dict, hash=False)
    whole: tuple[Side, ...] = ()
    weak: bool = False
    count: int | None = None
    findings: tuple[Finding, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    questions: tuple[str, ...] = ()
    not_understood: tuple[str, ...] = ()
    understood_share: float = 1.0
    poorly_understood: bool = False
    language: str = "en"
    clear: Mapping[Side, tuple[Zone, ...]] = field(default_factory=dict, compare=False)
    finding: str = "infection"
    text: str = field(default="", compare=False)
    passages: tuple[Passage, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        _normalize(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the expression as plain lists, strings, numbers and booleans, ready for JSON."""
        return {
            "sides": list(self.sides),
            "zones": {side: list(zones) for side, zones in self.zones.items()},
            "whole": list(self.whole),
            "weak": self.weak,
            "count": self.count,
            "findings": [finding.to_dict() for finding in self.findings],
            "ignored": [{"words": ignored.words, "reason": ignored.reason} for ignored in self.ignored],
            "not_understood": list(self.not_understood),
            "understood_share": self.understood_share,
            "poorly_understood": self.poorly_understood,
            "questions": list(self.questions),
            "language": self.language,
            "finding": self.finding,
        }


def _normalize(value: Finding | ReferringExpression) -> None:
    """Sort sides and zones, and give a whole lung all three zones."""
    sides = tuple(side for side in SIDES if side in value.sides)
    whole = tuple(side for side in sides if side in value.whole)
    zones = {
        side: ZONES if side in whole else tuple(zone for zone in ZONES if zone in value.zones.get(side, ()))
        for side in sides
    }
    for name, normalized in (("sides", sides), ("whole", whole), ("zones", zones)):
        object.__setattr__(value, name, normalized)
