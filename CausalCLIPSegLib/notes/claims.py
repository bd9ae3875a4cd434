"""A statement -> its claims and places: what is said to be there, what is not, and which place belongs to which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from CausalCLIPSegLib.notes.context import CLAIMS, Category, Links, modifiers, settle_directions
from CausalCLIPSegLib.notes.lexicon import Mention, Term
from CausalCLIPSegLib.notes.places import PLACES, LocationTerm
from CausalCLIPSegLib.notes.statements import Statement

_ALIKE = frozenset({"and", "or", "slash", "versus", "compare"})
_JOINS = _ALIKE | {"comma", "with"}
_GENERIC = "abnormality"
_UNSPECIFIC = "unspecific"
_WEAKER = ("abnormality", "opacity")  # weakest first
_BOTH = ("finding", "finding")
_ONE_FINDING = {(first, second) for first in ("finding", "outside") for second in ("finding", "outside", "vague")} - {
    ("outside", "finding")
}
"""Roles of adjacent words that name one thing, the last of them what it is: "airspace oedema", "calcified nodule"."""
_PARTS = frozenset({"verb", "states", "uncertain", "negated", "hypothetical"})
"""Roles of words that begin the next part of a sentence: "opacity at the left base may represent atelectasis"."""
_FAR = 2  # unknown words between an "in" and its place, at most
_LIST = 12  # mentions to look back for findings that share a place; keeps the work linear
_ASIDE = frozenset({"device", "other anatomy", "technique", "clinical sign"})


@dataclass(eq=False)
class Claim:
    """Something that a statement says is there, or is not.

    Attributes:
        mention: its words and kind.
        chunk: number of the chunk it stands in.
        marks: what the triggers of ConText say of it.
        places: those that belong to it.
    """

    mention: Mention
    chunk: int
    marks: frozenset[Category] = frozenset()
    places: list[Place] = field(default_factory=list)

    @property
    def denied(self) -> bool:
        """Whether it is said to be absent."""
        return "negated" in self.marks

    @property
    def past(self) -> bool:
        """Whether it is said of an earlier time, "previously seen" only if it is gone."""
        return "historical" in self.marks or {"earlier", "negated"} <= self.marks

    @property
    def doubted(self) -> bool:
        """Whether the note is not sure of it."""
        return "uncertain" in self.marks

    @property
    def thought(self) -> bool:
        """Whether it is only thought of, as in "if pneumonia is suspected, repeat"."""
        return "hypothetical" in self.marks

    @property
    def made(self) -> bool:
        """Whether it says that something is there today which the model outlines."""
        return self.mention.role == "finding" and not (self.denied or self.past or self.thought)

    @property
    def aside(self) -> bool:
        """Whether it speaks of something besides the lungs, such as the heart or a device."""
        return self.mention.role == "outside" and self.mention.term.value in _ASIDE

    @property
    def silent(self) -> bool:
        """Whether it tells of no change in the lung, so that a place in a later statement cannot belong to it."""
        return self.mention.role == "normal" or self.aside or (self.mention.role == "outside" and self.denied)


@dataclass(eq=False)
class Place:
    """A word of place.

    Attributes:
        mention: its words.
        spot: what it says.
        denied: the statement says that the finding is not here.
        claims: those that it belongs to; none while it stands alone in its statement.
    """

    mention: Mention
    spot: LocationTerm
    denied: bool
    claims: list[Claim] = field(default_factory=list)

    @property
    def used(self) -> bool:
        """Whether it says where something is that the model outlines."""
        return not self.denied and any(claim.made for claim in self.claims)

    @property
    def chunk(self) -> int:
        """Number of the chunk it stands in."""
        return self.spot.chunk

    def belong(self, claim: Claim) -> None:
        """Make it a place of `claim`."""
        self.claims.append(claim)
        claim.places.append(self)


@dataclass
class ParsedStatement:
    """A statement, taken apart; its `chunks` are as many as it has, numbered on from `first`."""

    statement: Statement
    claims: list[Claim]
    places: list[Place]
    chunks: int


Node = Claim | Place | Mention


def parse_statement(statement: Statement, first: int) -> ParsedStatement:
    """Return the claims and places of a statement, numbering its chunks from `first`."""
    mentions = _settle(statement.mentions)
    chunks, links = _chunks(mentions, first)
    nodes = _nodes(mentions, chunks, links, modifiers(mentions, chunks, links))
    _assign(nodes, mentions, chunks, links)
    claims = [node for node in nodes if isinstance(node, Claim)]
    places = [node for node in nodes if isinstance(node, Place)]
    _inherit(claims, places)
    return ParsedStatement(statement, claims, places, len(links))


def _deny_only_here(mentions: list[Mention]) -> None:
    """Let "(not seen on the right)" speak of the right alone, where it stands behind a comma or a bracket."""
    for at in range(1, len(mentions) - 2):
        mention = mentions[at]
        if mention.role != "negated" or mention.term.value != "backward" or mentions[at - 1].role != "comma":
            continue
        if mentions[at + 1].role in ("preposition", "inside") and mentions[at + 2].role in PLACES:
            mentions[at] = Mention(Term("negated", "forward"), mention.start, mention.stop)


def _settle(mentions: Sequence[Mention]) -> list[Mention]:
    """Make one finding of adjacent words for it, and decide what the words mean here."""
    merged: list[Mention] = []
    held = -1  # where the word of comparison ended: "denser than on the left" does not speak of the left
    known: set[str] = set()  # the kinds of the statement so far
    for mention in mentions:
        if mention.role == "against" or (mention.role in PLACES and 0 <= mention.start - held <= 1 and held >= 0):
            held = mention.stop
            continue
        if mention.role == "same":
            kind = mention.term.value
            mention = Mention(Term("comma", kind) if kind in known else Term("finding", kind), *_span(mention))
        if mention.role == "finding":
            known.add(mention.term.value)
        last = merged[-1] if merged else None
        if mention.role == "finding" and _is_patch(merged, mention):
            merged[-2:] = [Mention(mention.term, merged[-2].start, mention.stop)]  # "patches of consolidation"
            continue
        pair = (last.role, mention.role) if last else None
        generic_after = pair == ("outside", "finding") and mention.term.value == _GENERIC
        if last and last.stop == mention.start and (pair in _ONE_FINDING or generic_after):
            # "bony abnormality", "degenerative changes", "interstitial opacities"
            keeps = generic_after or mention.role == "vague" or (pair == _BOTH and _is_weaker(mention, last))
            term = last.term if keeps else mention.term
            merged[-1] = Mention(term, last.start, mention.stop)
        else:
            merged.append(mention)
    _place_findings(merged)
    settled = settle_directions(merged)
    _deny_only_here(settled)
    claimed = False
    for at, mention in enumerate(settled):
        claimed = claimed or mention.role in CLAIMS
        if not claimed and mention.role == "negated" and mention.term.value == "backward":
            settled[at] = Mention(Term("normal", "normal"), mention.start, mention.stop)  # "right base: resolved"
            claimed = True
    return settled


def _is_patch(merged: Sequence[Mention], mention: Mention) -> bool:
    if len(merged) < 2 or merged[-1].role != "inside" or merged[-1].stop != mention.start:
        return False
    patch = merged[-2]
    return patch.role == "finding" and patch.term.value == "opacity" and patch.stop == merged[-1].start


def _is_weaker(mention: Mention, last: Mention) -> bool:
    """Whether the word before says more of what a finding is than its own noun does."""
    kind, before = mention.term.value, last.term.value
    return kind in _WEAKER and before not in _WEAKER[: _WEAKER.index(kind) + 1]


def _span(mention: Mention) -> tuple[int, int]:
    return mention.start, mention.stop


def _place_findings(mentions: list[Mention]) -> None:
    """Take a finding in another organ for what lies outside, and a vague word for a finding where a lung is named."""
    named = any(mention.role in PLACES for mention in mentions)
    other: Mention | None = None  # the organ or finding that an "in" leads to from here
    for at in range(len(mentions) - 1, -1, -1):
        mention = mentions[at]
        if at + 1 < len(mentions) and mentions[at + 1].start - mention.stop > 1:
            other = None
        if mention.role == "outside":
            other = mention
        elif mention.role in ("finding", "vague"):
            elsewhere = other is not None and at + 1 < len(mentions) and mentions[at + 1].role == "inside"
            if elsewhere and (mention.role == "vague" or (other and other.term.value in _ASIDE)):
                mentions[at] = Mention(Term("outside", _UNSPECIFIC), mention.start, mention.stop)
            elif mention.role == "vague":
                term = Term("finding", mention.term.value) if named else Term("outside", _UNSPECIFIC)
                mentions[at] = Mention(term, mention.start, mention.stop)
            other = None
        elif mention.role not in ("inside", "side", "zone", "historical"):
            other = None


def _chunks(mentions: Sequence[Mention], first: int) -> tuple[list[int], dict[int, frozenset[str]]]:
    """Return the chunk of every mention, and for every chunk the words that link it to the one before."""
    chunks: list[int] = []
    links: dict[int, frozenset[str]] = {first: frozenset()}
    chunk = first
    filled = False
    for mention in mentions:
        if mention.role in _JOINS or _denies_on(mention):
            if filled:
                chunk += 1
                filled = False
            links[chunk] = links.get(chunk, frozenset()) | {mention.role}
        elif mention.role in CLAIMS or mention.role in PLACES:
            filled = True
        chunks.append(chunk)
    return chunks, links


def _denies_on(mention: Mention) -> bool:
    return mention.role == "negated" and mention.term.value == "forward"


def _nodes(
    mentions: Sequence[Mention], chunks: Sequence[int], links: Links, marks: Sequence[frozenset[Category]]
) -> list[Node]:
    """Return a claim or a place for every mention that is one, and the others as they are."""
    nodes: list[Node] = []
    denying = [_denies_on(mention) for mention in mentions]
    stressed = beside = led = False  # beside: nothing but words that join since the last place; led: a "no" came
    last = -1  # the chunk of the last place
    for at, (mention, chunk) in enumerate(zip(mentions, chunks, strict=True)):
        new = at > 0 and chunk != chunks[at - 1]
        stressed = mention.role == "emphasis" or (stressed and not new)
        led = led or denying[at]
        if mention.role == "normal" and marks[at] & {"earlier", "historical"}:
            nodes.append(mention)  # "the right base, previously clear"
        elif mention.role in CLAIMS:
            nodes.append(Claim(mention, chunk, marks[at]))
            beside = stressed = False
        elif mention.role in PLACES:
            joined = beside and chunk != last and bool(links[chunk] & _ALIKE) and "with" not in links[chunk]
            spot = LocationTerm(mention.term, chunk, joined, at > 0 and mentions[at - 1].role == "range", stressed)
            nodes.append(Place(mention, spot, led and "negated" in marks[at]))
            beside, last = True, chunk
        else:
            nodes.append(mention)
            beside = beside and mention.role not in ("negated", "states", "verb")
    return nodes


def _assign(nodes: Sequence[Node], mentions: Sequence[Mention], chunks: Sequence[int], links: Links) -> None:
    """Give every place to the claim before or after it, and to those that share it by "and"."""
    unknown = _unknown_before(mentions)
    prepositional = _prepositional(mentions, chunks)
    forward = _forward(nodes, links)
    parts = list(accumulate((mention.role in _PARTS for mention in mentions), initial=0))
    claims = [(at, node) for at, node in enumerate(nodes) if isinstance(node, Claim) and not _is_view(node)]
    passed = 0  # claims before the place
    for at, node in enumerate(nodes):
        if isinstance(node, Claim) and not _is_view(node):
            passed += 1
        if not isinstance(node, Place):
            continue
        view = nodes[at + 1] if at + 1 < len(nodes) else None
        if isinstance(view, Claim) and _is_view(view) and view.mention.start - node.mention.stop < 2:
            node.belong(view)  # "left lateral decubitus"
            continue
        if not claims:
            continue
        before, previous = claims[max(passed - 1, 0)]
        after, following = claims[min(passed, len(claims) - 1)]
        if before == after:  # the only one, or the place stands at the start or the end
            ahead = before > at
        elif previous.chunk == node.chunk == following.chunk:
            if previous.denied and following.made:
                ahead = True  # "no cavity within the left upper lobe consolidation"
            elif (parts[at] > parts[before]) != (parts[after] > parts[at]):
                ahead = parts[at] > parts[before]
            else:
                ahead = not prepositional[at] and unknown[after] - unknown[at] <= unknown[at] - unknown[before]
        elif node.chunk in (previous.chunk, following.chunk):
            ahead = node.chunk == following.chunk
        else:
            ahead = node.chunk in forward
        if not ahead and previous.denied and previous.mention.role == "outside" and node.chunk != previous.chunk:
            # "consolidation without volume loss, left upper lobe"
            made = (
                c
                for _, c in reversed(claims[max(0, passed - _LIST) : passed])
                if c.made and not _is_placed(c, previous)
            )
            owner = next(made, previous)
            node.denied = node.denied and owner is previous
            previous = owner
        node.belong(following if ahead else previous)
        for other in () if ahead else _sharing(nodes, before):
            node.belong(other)


def _is_view(claim: Claim) -> bool:
    return claim.mention.role == "outside" and claim.mention.term.value == "technique"


def _unknown_before(mentions: Sequence[Mention]) -> list[int]:
    """Return for every mention how many tokens before it are no term."""
    counts: list[int] = []
    known = 0
    for mention in mentions:
        counts.append(mention.start - known)
        known += mention.stop - mention.start
    return counts


def _prepositional(mentions: Sequence[Mention], chunks: Sequence[int]) -> list[bool]:
    """Return for every mention whether an "in the" leads to it from a claim in its chunk."""
    flags: list[bool] = []
    led = False
    for at, mention in enumerate(mentions):
        far = at > 0 and mention.start - mentions[at - 1].stop > _FAR
        if mention.role in CLAIMS or far or (at and chunks[at] != chunks[at - 1]):
            led = False
        led = led or mention.role in ("preposition", "inside", "range") or mention.term.value == "diffuse"
        flags.append(led)
    return flags


def _forward(nodes: Sequence[Node], links: Links) -> set[int]:
    """Return the chunks of places only that lead on to the claim after: "effusion and right and left opacities"."""
    claimed = {node.chunk for node in nodes if isinstance(node, Claim)}
    fronted: dict[int, Claim] = {}  # by chunk, the claim that a place stands before
    lone: set[int] = set()  # chunks of places only
    after_claim: set[int] = set()  # chunks whose predecessor ends with a claim
    last: Claim | Place | None = None
    for node in nodes:
        if isinstance(node, Mention):
            continue
        chunk = node.chunk
        same = last is not None and chunk == last.chunk
        if isinstance(node, Claim) and isinstance(last, Place) and same:
            fronted.setdefault(chunk, node)
        if not same and isinstance(last, Claim):
            after_claim.add(chunk)
        if chunk not in claimed:
            lone.add(chunk)
        last = node
    ahead: dict[int, Claim] = {}
    for chunk in sorted(lone, reverse=True):
        link = links.get(chunk + 1, frozenset())
        claim = fronted.get(chunk + 1) or ahead.get(chunk + 1)
        if claim and link and link <= _ALIKE:
            ahead[chunk] = claim
    forward: set[int] = set()
    for chunk in sorted(ahead):
        if chunk in after_claim or chunk - 1 in forward or ahead[chunk].mention.role == "normal":
            forward.add(chunk)
    return forward


def _sharing(nodes: Sequence[Node], at: int) -> list[Claim]:
    """Return the findings listed before the one at `at`, placeless: "consolidation and effusion on the right"."""
    owner = nodes[at]
    found: list[Claim] = []
    if not isinstance(owner, Claim) or owner.silent or owner.mention.role == "spared":
        return found
    shared = _JOINS if not any(isinstance(node, Place) for node in nodes[:at]) else _JOINS - {"with"}
    for node in reversed(nodes[max(0, at - _LIST) : at]):
        if isinstance(node, Claim) and not (node.silent or node.mention.role == "spared" or _is_placed(node, owner)):
            found.append(node)
        elif not isinstance(node, Mention) or node.role not in shared:
            break
    return found


def _is_placed(claim: Claim, before: Claim) -> bool:
    """Whether a place of its own stands with a claim, before that other claim."""
    return bool(claim.places) and claim.places[0].mention.start < before.mention.start


def _inherit(claims: Sequence[Claim], places: Sequence[Place]) -> None:
    """Give "consolidation" its place in "left effusion with adjacent consolidation", where nothing else does."""
    lost = next((claim for claim in claims if claim.made and not claim.places), None)
    if not lost or any(place.used for place in places):
        return
    at = claims.index(lost)
    for number, claim in enumerate(claims):
        # "left effusion with adjacent consolidation", "opacity along the fissure in the right upper lobe"
        lends = not claim.silent if number < at else claim.aside and not claim.denied and claim.chunk == lost.chunk
        if claim.mention.role == "outside" and lends:
            for place in tuple(claim.places):
                place.belong(lost)
