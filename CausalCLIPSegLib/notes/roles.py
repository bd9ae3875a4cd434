"""Decide what each mention of a statement means beside the others: merged findings, vague words, changes, answers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile, takewhile

from CausalCLIPSegLib.notes.changes import resolve_changes
from CausalCLIPSegLib.notes.context import CLAIM_ROLES, resolve_directions
from CausalCLIPSegLib.notes.fields import CLOSED
from CausalCLIPSegLib.notes.lexicon import Mention, Term
from CausalCLIPSegLib.notes.places import COORDINATING_ROLES, LOCATION_ROLES

_ABNORMALITY = "abnormality"
_OPACITY = "opacity"
NOTHING_HERE = "nothing here"
"""The value of a term of the role "normal" that stands before its place: "nothing on the left"."""
GONE_HERE = "gone here"
"""The same behind its place: "opacities on both sides, on the left no longer visible"."""
_NO_SIDES: frozenset[str] = frozenset()
_MAX_CLEARED = 12  # mentions
_UNSPECIFIC = "unspecific"
_ARTIFACT = "artifact"
_EFFUSION = "effusion"
_ARTIFACTS = frozenset({_ARTIFACT, "soft tissue"})
_UNSPECIFIC_KINDS = (_ABNORMALITY, _OPACITY)  # least specific first
_ORGAN_KINDS = frozenset({_ABNORMALITY, _OPACITY, "infection"})
"""Findings that an organ can have as well: "cardiac shadow", "wound infection"."""
_TWO_FINDINGS = ("finding", "finding")
_ONE_CLAIM = {(first, second) for first in ("finding", "outside") for second in ("finding", "outside", "vague")} - {
    ("outside", "finding")
}
"""Roles of adjacent words that name one claim; the last word is the noun: "airspace edema", "calcified nodule"."""
OTHER_SUBJECTS = frozenset({"device", "other anatomy", "technique", "clinical sign", "artifact", "soft tissue"})
"""Things outside the lungs."""


def resolve_roles(mentions: Sequence[Mention]) -> list[Mention]:
    """Return the mentions with adjacent words for one finding merged, and the roles that depend on the others."""
    merged = _merge(resolve_changes(mentions))
    _resolve_vague(merged)
    _resolve_predicates(merged)
    resolved = resolve_directions(merged)
    _negate_only_place(resolved)
    has_claim = False
    for at, mention in enumerate(resolved):
        if mention.role == "negated" and _clears_place(resolved, at):
            resolved[at] = mention = _with_term(mention, "normal", NOTHING_HERE)  # "clearing of the left base"
        if mention.term.value == CLOSED:
            resolved[at] = mention = _with_term(mention, "negated", "backward")
        has_claim = has_claim or mention.role in CLAIM_ROLES
        if not has_claim and mention.role == "negated" and mention.term.value == "backward":
            names_place = any(each.role in LOCATION_ROLES for each in resolved[:at])  # "right base: resolved"
            resolved[at] = _with_term(mention, "normal", GONE_HERE if names_place else "normal")
            has_claim = True
    return resolved


def _clears_place(mentions: Sequence[Mention], at: int) -> bool:
    """Whether a denial names a place and no finding, as in "clearing of the left base with new opacity"."""
    if mentions[at].term.value != "forward":
        return False
    names_place = False
    for mention in mentions[at + 1 : at + 1 + _MAX_CLEARED]:
        if mention.role in ("with", "comma", "current"):
            break
        if mention.role in CLAIM_ROLES:
            return False
        names_place = names_place or mention.role in LOCATION_ROLES
    return names_place


def _merge(mentions: Sequence[Mention]) -> list[Mention]:
    """Merge adjacent words for one finding, and drop the places it is compared with ("denser than on the left")."""
    merged: list[Mention] = []
    comparison_stop = -1  # the token after the last word of comparison, or after its place
    known: set[str] = set()  # the kinds of finding in the statement so far
    for mention in mentions:
        follows_comparison = comparison_stop >= 0 and 0 <= mention.start - comparison_stop <= 1
        if mention.role == "against" or (mention.role in LOCATION_ROLES and follows_comparison):
            comparison_stop = mention.stop
            continue
        if mention.role == "same":
            kind = mention.term.value
            mention = _with_term(mention, "comma" if kind in known else "finding", kind)
        if mention.role == "finding":
            known.add(mention.term.value)
            if _is_patch_of(merged, mention):
                merged[-2:] = [Mention(mention.term, merged[-2].start, mention.stop)]  # "patches of consolidation"
                continue
        previous = merged[-1] if merged else None
        if previous and previous.stop == mention.start and _names_one_claim(previous, mention):
            term = previous.term if _is_less_specific(mention, previous) else mention.term
            merged[-1] = Mention(term, previous.start, mention.stop)
        else:
            merged.append(mention)
    return merged


def _with_term(mention: Mention, role: str, value: str) -> Mention:
    return Mention(Term(role, value), mention.start, mention.stop)


def _is_patch_of(merged: Sequence[Mention], mention: Mention) -> bool:
    if len(merged) < 2 or merged[-1].role != "inside" or merged[-1].stop != mention.start:
        return False
    patch = merged[-2]
    return patch.role == "finding" and patch.term.value == _OPACITY and patch.stop == merged[-1].start


def _names_one_claim(first: Mention, second: Mention) -> bool:
    return (first.role, second.role) in _ONE_CLAIM or _is_abnormality_outside(first, second)


def _is_abnormality_outside(first: Mention, second: Mention) -> bool:
    """Whether the words name an abnormality outside the lungs, such as "bony abnormality" or "skin infection"."""
    if (first.role, second.role) != ("outside", "finding"):
        return False
    kind = second.term.value
    return kind == _ABNORMALITY or (kind in _ORGAN_KINDS and first.term.value in OTHER_SUBJECTS)


def _is_less_specific(noun: Mention, attribute: Mention) -> bool:
    """Whether the attribute is more specific than its noun: "degenerative changes", "interstitial opacities"."""
    if noun.role == "vague" or _is_abnormality_outside(attribute, noun):
        return True
    kind, specific = noun.term.value, attribute.term.value
    if (attribute.role, noun.role) != _TWO_FINDINGS or kind not in _UNSPECIFIC_KINDS:
        return False
    return specific not in _UNSPECIFIC_KINDS[: _UNSPECIFIC_KINDS.index(kind) + 1]


def _resolve_vague(mentions: list[Mention]) -> None:
    """Decide what vague words and findings in other organs mean.

    A vague word ("changes") is a finding if the statement names a place in the lungs. A finding in another organ is
    outside of what the model segments.
    """
    names_lung = any(mention.role in LOCATION_ROLES for mention in mentions)
    organ: Mention | None = None  # scanning backward: the organ that an "in" right before it refers to
    for at in range(len(mentions) - 1, -1, -1):
        mention = mentions[at]
        gap = mentions[at + 1].start - mention.stop if at + 1 < len(mentions) else 0
        if gap > 1 or (gap and mention.role == "zone"):
            organ = None
        if mention.role == "outside":
            organ = mention
        elif mention.role in ("finding", "vague"):
            in_organ = organ is not None and at + 1 < len(mentions) and mentions[at + 1].role == "inside"
            if in_organ and (mention.role == "vague" or (organ and organ.term.value in OTHER_SUBJECTS)):
                mentions[at] = _with_term(mention, "outside", _UNSPECIFIC)
            elif mention.role == "vague" and names_lung:
                mentions[at] = _with_term(mention, "finding", mention.term.value)
            elif mention.role == "vague":
                mentions[at] = _with_term(mention, "outside", _UNSPECIFIC)
            organ = None
        elif mention.role not in ("inside", "side", "zone", "historical"):
            organ = None


def _resolve_predicates(mentions: list[Mention]) -> None:
    """Decide what "the opacity is normal" and "the opacity is the breast shadow" say: there is no such finding."""
    finding = -1  # the last finding, if only words of a predicate follow it
    predicate = False
    has_place = False  # a place that no preposition connects to the finding, so that the predicate may be its own
    cause = False  # the last words are a thing outside the lungs, and that it causes something
    for at, mention in enumerate(mentions):
        is_cause = mention.role == "cause"
        if mention.role == "finding":
            finding, predicate, has_place = at, False, False
            if cause:
                mentions[at] = _with_term(mention, "outside", _ARTIFACT)
        elif is_cause and at and _is_outside_lung(mentions[at - 1]):
            cause = True
            continue
        elif finding >= 0 and mention.role == "normal" and predicate and not has_place:
            mentions[at] = _with_term(mention, "negated", "backward")
            finding = -1
        elif finding >= 0 and predicate and _renames(mentions, at, mentions[finding]):
            value = _EFFUSION if mention.term.value == _EFFUSION else _ARTIFACT
            mentions[finding] = _with_term(mentions[finding], "outside", value)
            finding = -1
        elif mention.role in ("verb", "uncertain"):
            predicate = True
        elif mention.role in LOCATION_ROLES and not predicate:
            is_connected = mentions[at - 1].role in LOCATION_ROLES | {"preposition", "inside"}
            has_place = has_place or not is_connected  # "pneumonia left lung is clear"
        elif is_cause or _is_apposition(mentions, at, mentions[finding] if finding >= 0 else None):
            predicate = True
        elif mention.role not in (
            "preposition",
            "inside",
            "current",
            "earlier",
            "historical",
        ) and not _begins_relative(mentions, at):
            finding = -1
        cause = cause and mention.role in ("preposition", "current", "partial", "and")


def _begins_relative(mentions: Sequence[Mention], at: int) -> bool:
    """Whether a comma or a "which" begins a relative clause: "opacity, which represents a skin fold"."""
    return mentions[at].role == "comma" and any(
        each.role in ("verb", "cause", "uncertain") and each.start - mentions[at].stop <= 1
        for each in mentions[at + 1 : at + 3]
    )


def _renames(mentions: Sequence[Mention], at: int, finding: Mention) -> bool:
    """Whether the object of a predicate says what a finding really is: a shadow, an effusion, or not in the lungs."""
    mention = mentions[at]
    if mention.term.value in _ARTIFACTS:
        return True
    is_definite = mentions[at - 1].role in ("verb", "cause") and mention.start - mentions[at - 1].stop <= 1
    other_cause = next(dropwhile(lambda each: each.role in COORDINATING_ROLES, mentions[at + 1 : at + 4]), mention)
    is_coordinated = mentions[at + 1 : at + 2] and mentions[at + 1].role in COORDINATING_ROLES
    is_effusion = mention.term == Term("outside", _EFFUSION) and not (is_coordinated and other_cause.role == "finding")
    return is_definite and (_is_outside_lung(mention) or is_effusion) and finding.term.value in _UNSPECIFIC_KINDS


def _is_apposition(mentions: Sequence[Mention], at: int, finding: Mention | None) -> bool:
    """Whether a comma stands between an unspecific finding and its explanation: "left opacity, nipple shadow"."""
    if finding is None or mentions[at].role != "comma" or finding.term.value not in _UNSPECIFIC_KINDS:
        return False
    following = next((each for each in mentions[at + 1 : at + 3] if each.role not in ("uncertain", "comma")), None)
    return following is not None and following.term.value == _ARTIFACT


def _is_outside_lung(mention: Mention) -> bool:
    return mention.role == "outside" and mention.term.value in OTHER_SUBJECTS


def _negate_only_place(mentions: list[Mention]) -> None:
    """Make a denial deny a finding only at the place beside the denial, if the finding is elsewhere as well.

    Examples: "(not seen on the right)", "the bilateral opacities have cleared on the left", and "infiltrates on both
    sides, on the left no longer visible".
    """
    before = [_NO_SIDES]  # for every mention the sides that the mentions before it name
    for mention in mentions:
        before.append(before[-1] | _sides([mention]))
    for at, mention in enumerate(mentions):
        if mention.role != "negated" or mention.term.value != "backward":
            continue
        follows_mark = at > 0 and mentions[at - 1].role in ("comma", "and")
        first = _place_before(mentions, at)
        if at + 2 < len(mentions) and mentions[at + 1].role in ("preposition", "inside"):
            place = list(takewhile(lambda each: each.role in LOCATION_ROLES, mentions[at + 2 : at + 2 + _MAX_CLEARED]))
            sides = _sides(place)
            if place and (follows_mark or (before[at] and sides)) and _is_only_part(before[at], sides):
                mentions[at] = _with_term(mention, "negated", "forward")
        elif first < at and first and mentions[first - 1].role in ("comma", "verb"):
            elsewhere, sides = before[first - 1], _sides(mentions[first:at])
            if elsewhere and sides and _is_only_part(elsewhere, sides):
                mentions[at] = _with_term(mention, "normal", GONE_HERE)


def _place_before(mentions: Sequence[Mention], at: int) -> int:
    """Return the first of the mentions that name the place right before `at`; `at` if there is no such place."""
    while at and mentions[at - 1].role in LOCATION_ROLES | {"preposition", "inside"}:
        at -= 1
    return at


def _sides(mentions: Sequence[Mention]) -> frozenset[str]:
    """Return the sides, "left", "right" and "both", that mentions name."""
    placed = (mention for mention in mentions if mention.role in ("side", "place", "anatomy"))
    return frozenset(mention.term.value.partition(" ")[0] for mention in placed)


def _is_only_part(elsewhere: frozenset[str], sides: frozenset[str]) -> bool:
    """Whether a finding on the sides `elsewhere` remains if it is absent on `sides`."""
    if "both" in sides or {"left", "right"} <= sides:
        return False
    return "both" in elsewhere or {"left", "right"} <= elsewhere or not sides & elsewhere
