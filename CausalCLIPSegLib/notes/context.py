"""The ConText algorithm: which findings a note denies, places in the past, doubts or only thinks of.

After Harkema, Dowling, Thornblade and Chapman, "ConText: an algorithm for determining negation, experiencer, and
temporal status from clinical reports", J Biomed Inform 42 (2009) 839-851, which extends NegEx. A trigger ("no",
"history of") modifies the findings in its scope: forward, to the end of the sentence, or backward, to its beginning,
in either case not beyond a word of termination ("but"). A pseudo-trigger ("no change") looks like a trigger and is
none. All of these are data: the tables [context], [break] and [nothing] of a lexicon.

The words of termination have already cut the note into statements (`statements.py`), and the longest entry of the
lexicon has won, so that no pseudo-trigger is left here. What is added to the published algorithm is what ends a scope
inside a radiologist's list: see `_closes`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from CausalCLIPSegLib.notes.lexicon import Mention
from CausalCLIPSegLib.notes.places import PLACES

Category = Literal["negated", "historical", "earlier", "uncertain", "hypothetical", "current"]
"""What a trigger says of a finding; "earlier" ("previously seen") is of the past only if the finding is gone."""

CATEGORIES: tuple[Category, ...] = get_args(Category)

CLAIMS = frozenset({"finding", "outside", "normal", "spared"})
"""The roles of the lexicon that say what is there, and that triggers modify."""

_PREFER_BEFORE = frozenset({"negated"})
"""Categories whose trigger of either direction looks backward first: "pneumonia resolved", but "likely pneumonia"."""

_PARTS_ANY_LIST = frozenset({"historical", "earlier"})
_NEAR = 8  # mentions between the two of an alternative, at most
_ENDS_BACKWARD = frozenset({"comma", "with", "verb", "states"})

Links = Mapping[int, frozenset[str]]


def settle_directions(mentions: Sequence[Mention]) -> list[Mention]:
    """Decide for the triggers of either direction on which side of them their finding stands."""
    before = _near(mentions)
    after = _near(mentions[::-1])[::-1]
    settled: list[Mention] = []
    for at, mention in enumerate(mentions):
        if mention.role in CATEGORIES and mention.term.value == "either":
            backward = before[at] if mention.role in _PREFER_BEFORE else before[at] and not after[at]
            direction = "forward" if after[at] and not backward else "backward"
            mention = Mention(type(mention.term)(mention.role, direction), mention.start, mention.stop)
        settled.append(mention)
    return settled


def _near(mentions: Sequence[Mention]) -> list[bool]:
    """Return for every mention whether a finding stands before it, since the last comma or "with"."""
    flags: list[bool] = []
    near = False
    for mention in mentions:
        near = mention.role in CLAIMS or (near and mention.role not in ("comma", "with"))
        flags.append(near)
    return flags


def modifiers(mentions: Sequence[Mention], chunks: Sequence[int], links: Links) -> list[frozenset[Category]]:
    """Return for every mention of a statement the categories that triggers put on it.

    Args:
        mentions: of one statement, with their directions settled.
        chunks: the number of the chunk that each stands in.
        links: for every chunk the words that link it to the one before.
    """
    found: list[set[Category]] = [set() for _ in mentions]
    for category in CATEGORIES:
        triggers = [at for at, mention in enumerate(mentions) if mention.role == category]
        if triggers:
            for at in _forward(category, mentions, chunks, links):
                found[at].add(category)
            for trigger in triggers:
                if mentions[trigger].term.value == "backward":
                    for at in _backward(trigger, mentions):
                        found[at].add(category)
    for at, mention in enumerate(mentions):
        if mention.role in ("versus", "or"):
            before = next((i for i in range(at - 1, max(-1, at - _NEAR), -1) if mentions[i].role in CLAIMS), None)
            after = next(
                (i for i in range(at + 1, min(len(mentions), at + _NEAR)) if mentions[i].role in CLAIMS), None
            )
            if before is not None and after is not None:
                found[before].add("uncertain")
                found[after].add("uncertain")
    if any(mention.role == "current" for mention in mentions):
        for marks in found:
            marks -= {"historical", "earlier"} if "negated" not in marks else set()
    return [frozenset(marks) for marks in found]


def _forward(category: Category, mentions: Sequence[Mention], chunks: Sequence[int], links: Links) -> list[int]:
    """Return the mentions in the scope of the forward triggers of a category."""
    placed = {chunk for mention, chunk in zip(mentions, chunks, strict=True) if mention.role == "finding"}
    placed &= {chunk for mention, chunk in zip(mentions, chunks, strict=True) if mention.role in PLACES}
    last_or = max((chunk for chunk, link in links.items() if link & {"or", "slash", "versus"}), default=-1)
    inside: list[int] = []
    now = used = False  # used: the scope has met something to modify
    for at, (mention, chunk) in enumerate(zip(mentions, chunks, strict=True)):
        if mention.role == category and mention.term.value == "forward":
            now, used = True, False
        elif now and used:
            new = at > 0 and chunk != chunks[at - 1]
            link = links[chunk]
            if category in _PARTS_ANY_LIST:
                now = not (new and link & {"comma", "with"})
            elif category == "negated":
                now = not _closes(
                    mention,
                    link,
                    listed=chunk <= last_or,
                    placed=chunk in placed,
                    new=mentions[at - 1].role == "comma",
                )
                now = now and not (mention.role == "inside" and _leads_to_finding(mentions[at + 1 : at + 8]))
            elif category == "uncertain":
                now = not (chunk in placed and link & {"comma", "with"}) and mention.role != "states"
        used = used or mention.role in CLAIMS
        if now:
            inside.append(at)
    return inside


def _closes(mention: Mention, link: frozenset[str], *, listed: bool, placed: bool, new: bool) -> bool:
    """Whether a denial that has met a finding ends at this mention.

    It ends at a "there is"; at a comma after which a finding with a place of its own closes the list ("no effusion,
    right basal consolidation", but not "no effusion, oedema or basal consolidation"); and at a comma and a hedge ("no
    effusion, possible pneumonia").
    """
    if mention.role == "states":
        return True
    if listed or link != {"comma"}:
        return False
    return placed or (new and mention.role == "uncertain" and mention.term.value == "forward")


def _leads_to_finding(mentions: Sequence[Mention]) -> bool:
    """Whether a finding follows at once but for its place: "no cavity within [the left upper lobe consolidation]"."""
    after = next((mention for mention in mentions if mention.role not in PLACES), None)
    return after is not None and after.role == "finding"


def _backward(trigger: int, mentions: Sequence[Mention]) -> list[int]:
    """Return the mentions in the scope of a backward trigger: what is listed before it, up to what parts that off."""
    category = mentions[trigger].role
    inside: list[int] = []
    found = False
    for at in range(trigger - 1, -1, -1):
        mention = mentions[at]
        if (mention.role == category and mention.term.value == "backward") or mention.role == "normal":
            break
        if found and (mention.role in _ENDS_BACKWARD or (mention.role == category)):
            break
        if mention.role in CLAIMS:
            found = True
        inside.append(at)
    return inside
