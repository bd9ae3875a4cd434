"""The ConText algorithm: which findings a note negates, places in the past, doubts or only considers.

After Harkema, Dowling, Thornblade and Chapman, "ConText: an algorithm for determining negation, experiencer, and
temporal status from clinical reports", J Biomed Inform 42 (2009) 839-851, which extends NegEx. A trigger ("no",
"history of") modifies the findings in its scope. The scope reaches forward to the end of the sentence, or backward to
its beginning, but not beyond a termination word ("but"). A pseudo-trigger ("no change") looks like a trigger but
modifies nothing. All of these words are data: the tables [context], [break] and [nothing] of a lexicon.

Other modules handle termination words and pseudo-triggers. `statements.py` splits the note at termination words, and
the lexicon finds pseudo-triggers first, because they are longer than the triggers in them. This module adds one rule
to the published algorithm: `_ends_negation` ends a scope inside a radiologist's list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from CausalCLIPSegLib.notes.lexicon import Mention, Term
from CausalCLIPSegLib.notes.places import LOCATION_ROLES

Category = Literal["negated", "historical", "earlier", "uncertain", "hypothetical", "current", "experiencer"]
"""What a trigger says about a finding.

"earlier" ("previously seen") means the past only if the finding is gone. "experiencer" ("her husband") means that
another person has it.
"""

CATEGORIES: tuple[Category, ...] = get_args(Category)

CLAIM_ROLES = frozenset({"finding", "outside", "normal", "spared"})
"""The roles of the lexicon that describe the patient, and that triggers modify."""

_BACKWARD_FIRST = frozenset({"negated"})
"""Categories whose "either" triggers look backward first: "pneumonia resolved", but "likely pneumonia"."""

_ENDS_AT_COMMA = frozenset({"historical", "earlier", "experiencer"})
"""Categories whose forward scope ends at every comma and "with"."""

_ENDS_BACKWARD = frozenset({"comma", "with", "verb", "states"})
_MAX_ALTERNATIVE_DISTANCE = 8  # mentions between "or" or "versus" and each of the two findings
_MAX_PLACED_FINDING_DISTANCE = 8  # mentions from "within" to a finding

Links = Mapping[int, frozenset[str]]
"""For each chunk, the roles of the words that link it to the previous one."""


def resolve_directions(mentions: Sequence[Mention]) -> list[Mention]:
    """Return the mentions with every trigger of direction "either" made "forward" or "backward"."""
    follows_claim = _follows_claim(mentions)
    precedes_claim = _follows_claim(mentions[::-1])[::-1]
    resolved: list[Mention] = []
    for at, mention in enumerate(mentions):
        if mention.role in CATEGORIES and mention.term.value == "either":
            backward = follows_claim[at] and (mention.role in _BACKWARD_FIRST or not precedes_claim[at])
            direction = "forward" if precedes_claim[at] and not backward else "backward"
            if mention.role == "experiencer" and not follows_claim[at]:
                direction = "forward"  # "her son was admitted with pneumonia"
            mention = Mention(Term(mention.role, direction), mention.start, mention.stop)
        resolved.append(mention)
    return resolved


def _follows_claim(mentions: Sequence[Mention]) -> list[bool]:
    """Return for every mention whether a claim stands at or before it, after the last comma or "with"."""
    flags: list[bool] = []
    follows = False
    for mention in mentions:
        follows = mention.role in CLAIM_ROLES or (follows and mention.role not in ("comma", "with"))
        flags.append(follows)
    return flags


def find_categories(mentions: Sequence[Mention], chunks: Sequence[int], links: Links) -> list[frozenset[Category]]:
    """Return for every mention of a statement the categories that triggers give it.

    Args:
        mentions: the mentions of one statement, after `resolve_directions`.
        chunks: the chunk number of each mention.
        links: see `Links`.
    """
    categories: list[set[Category]] = [set() for _ in mentions]
    for category in CATEGORIES:
        triggers = [at for at, mention in enumerate(mentions) if mention.role == category]
        if triggers:
            for at in _forward_scope(category, mentions, chunks, links):
                categories[at].add(category)
            for trigger in triggers:
                if mentions[trigger].term.value == "backward":
                    for at in _backward_scope(trigger, mentions):
                        categories[at].add(category)
    _doubt_alternatives(mentions, categories)
    normal_now = _normal_now(mentions, chunks)
    for marks, chunk in zip(categories, chunks, strict=True):
        if "earlier" in marks and normal_now and chunk < max(normal_now):
            marks.add("negated")  # "previously consolidated, now clear"
    if any(
        mention.role == "current" and chunk not in normal_now for mention, chunk in zip(mentions, chunks, strict=True)
    ):
        for marks in categories:
            if "negated" not in marks:
                marks.difference_update(("historical", "earlier"))
    return [frozenset(marks) for marks in categories]


def _normal_now(mentions: Sequence[Mention], chunks: Sequence[int]) -> set[int]:
    """Return the chunks that only say that something is normal now."""
    by_role: dict[str, set[int]] = {}
    for mention, chunk in zip(mentions, chunks, strict=True):
        by_role.setdefault(mention.role, set()).add(chunk)
    return by_role.get("normal", set()) & by_role.get("current", set()) - by_role.get("finding", set())


def _doubt_alternatives(mentions: Sequence[Mention], categories: Sequence[set[Category]]) -> None:
    """Make the claims on both sides of "or" and "versus" uncertain."""
    reach = _MAX_ALTERNATIVE_DISTANCE
    for at, mention in enumerate(mentions):
        if mention.role in ("versus", "or"):
            preceding = range(at - 1, max(-1, at - reach), -1)
            following = range(at + 1, min(len(mentions), at + reach))
            first = next((i for i in preceding if mentions[i].role in CLAIM_ROLES), None)
            second = next((i for i in following if mentions[i].role in CLAIM_ROLES), None)
            if first is not None and second is not None:
                categories[first].add("uncertain")
                categories[second].add("uncertain")


def _forward_scope(category: Category, mentions: Sequence[Mention], chunks: Sequence[int], links: Links) -> list[int]:
    """Return the mentions in the scope of the forward triggers of a category."""
    placed = {chunk for mention, chunk in zip(mentions, chunks, strict=True) if mention.role == "finding"}
    placed &= {chunk for mention, chunk in zip(mentions, chunks, strict=True) if mention.role in LOCATION_ROLES}
    current = {chunk for mention, chunk in zip(mentions, chunks, strict=True) if mention.role == "current"}
    last_or = max((chunk for chunk, link in links.items() if link & {"or", "slash", "versus"}), default=-1)
    scope: list[int] = []
    is_open = has_claim = False
    for at, (mention, chunk) in enumerate(zip(mentions, chunks, strict=True)):
        if mention.role == category and mention.term.value == "forward":
            is_open, has_claim = True, False
        elif is_open and has_claim:
            link = links[chunk]
            if category in _ENDS_AT_COMMA:
                begins_chunk = at > 0 and chunk != chunks[at - 1]
                is_open = not (begins_chunk and link & {"comma", "with"})
            elif category == "negated":
                is_open = not _ends_negation(
                    mention,
                    link,
                    in_or_list=chunk <= last_or,
                    is_own=chunk in placed,
                    is_current=chunk in current,
                    follows_comma=mentions[at - 1].role == "comma",
                )
                following = mentions[at + 1 : at + _MAX_PLACED_FINDING_DISTANCE]
                is_open = is_open and not (mention.role == "inside" and _leads_to_finding(following))
            elif category == "uncertain":
                is_open = not (chunk in placed and link & {"comma", "with"}) and mention.role != "states"
        has_claim = has_claim or mention.role in CLAIM_ROLES
        if is_open:
            scope.append(at)
    return scope


def _ends_negation(
    mention: Mention, link: frozenset[str], *, in_or_list: bool, is_own: bool, is_current: bool, follows_comma: bool
) -> bool:
    """Whether a negation that already covers a claim ends at this mention.

    It ends at

    - "there is";
    - a comma, if a finding with a location of its own follows ("no effusion, right basal consolidation"), unless an
      "or" follows in the list ("no effusion, edema or basal consolidation");
    - a comma, "and" or "with", if what follows is present now ("resolution of the right opacity and residual left
      opacity"), with the same exception;
    - a comma with an expression of doubt ("no effusion, possible pneumonia"), with the same exception.
    """
    if mention.role == "states":
        return True
    if in_or_list:
        return False
    if is_current and link and link <= {"comma", "and", "with"}:
        return True
    if link != {"comma"}:
        return False
    return is_own or (follows_comma and mention.role == "uncertain" and mention.term.value == "forward")


def _leads_to_finding(mentions: Sequence[Mention]) -> bool:
    """Whether a finding follows, possibly after its location: "no cavity within [the left lower lobe opacity]"."""
    following = next((mention for mention in mentions if mention.role not in LOCATION_ROLES), None)
    return following is not None and following.role == "finding"


def _backward_scope(trigger: int, mentions: Sequence[Mention]) -> list[int]:
    """Return the mentions in the scope of a backward trigger: the claims before it, back to a separator."""
    category = mentions[trigger].role
    scope: list[int] = []
    has_claim = False
    for at in range(trigger - 1, -1, -1):
        mention = mentions[at]
        if (mention.role == category and mention.term.value == "backward") or mention.role == "normal":
            break
        if has_claim and (mention.role in _ENDS_BACKWARD or mention.role == category):
            break
        if mention.role in CLAIM_ROLES:
            has_claim = True
        scope.append(at)
    return scope
