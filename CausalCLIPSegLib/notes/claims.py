"""Find the claims and places of a statement: what it describes, what it negates, and which place belongs to which.

For example, "no effusion, right basal consolidation" is one statement of six tokens, and each is a mention of a term:
"no" has the role negated (direction forward), "effusion" outside, then follow comma, side, zone ("basal" has the value
"lower") and finding. "no" and the comma begin chunks, so chunk 0 is "no effusion" and chunk 1 is the rest. The scope
of "no" would reach the end of the statement, but it ends at the comma, because a finding with a location of its own
follows (`context.py`). The result is two claims: an effusion, which is negated, and a consolidation, which is
asserted. "right" and "basal" are places in the chunk of the consolidation, so they belong to it. Only the places of
asserted claims are used: `places.resolve` combines these two into the lower zone of the patient's right lung. The
prompt is "Unilateral pulmonary infection, one infected area, lower right lung."
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from CausalCLIPSegLib.notes.context import CLAIM_ROLES, Category, Links, find_categories
from CausalCLIPSegLib.notes.lexicon import Mention
from CausalCLIPSegLib.notes.places import COORDINATING_ROLES, JOINING_ROLES, LOCATION_ROLES, LocationTerm
from CausalCLIPSegLib.notes.roles import GONE_HERE, NOTHING_HERE, OTHER_SUBJECTS, resolve_roles
from CausalCLIPSegLib.notes.statements import Statement

_LEADING_ROLES = JOINING_ROLES | {"side", "zone", "whole", "diffuse", "preposition", "inside", "normal", "range"}
"""Roles of words before a place that do not let the place begin a clause of its own."""


@dataclass(eq=False)
class Claim:
    """A finding or another thing that a statement describes as present or absent.

    Attributes:
        mention: its words and its kind.
        chunk: number of its chunk.
        categories: the ConText categories that triggers give it.
        places: the places that belong to it.
    """

    mention: Mention
    chunk: int
    categories: frozenset[Category] = frozenset()
    places: list[Place] = field(default_factory=list)

    @property
    def negated(self) -> bool:
        """Whether the note says that it is absent."""
        return "negated" in self.categories

    @property
    def historical(self) -> bool:
        """Whether the note describes the past; "previously seen" does so only if the finding is gone.

        A finding of another person counts as one of the past.
        """
        return bool(self.categories & {"historical", "experiencer"}) or {"earlier", "negated"} <= self.categories

    @property
    def of_another_person(self) -> bool:
        """Whether it is a finding of another person, such as a relative."""
        return "experiencer" in self.categories

    @property
    def uncertain(self) -> bool:
        """Whether the note is not sure of it."""
        return "uncertain" in self.categories

    @property
    def hypothetical(self) -> bool:
        """Whether the note only considers it, as in "if pneumonia is suspected, repeat"."""
        return "hypothetical" in self.categories

    @property
    def asserted(self) -> bool:
        """Whether it is a finding that the model segments and that the note describes as present today."""
        return self.mention.role == "finding" and not (self.negated or self.historical or self.hypothetical)

    @property
    def has_other_subject(self) -> bool:
        """Whether it describes something other than the lungs, such as the heart or a device."""
        return self.mention.role == "outside" and self.mention.term.value in OTHER_SUBJECTS

    @property
    def stands_before_place(self) -> bool:
        """Whether no place before it can belong to it: "resolved on the right"."""
        return self.mention.term.value == NOTHING_HERE

    @property
    def excepts(self) -> bool:
        """Whether it removes its places from the location of a finding: "resolved on the right"."""
        return self.mention.role == "spared" or self.stands_before_place or self.mention.term.value == GONE_HERE

    @property
    def locatable(self) -> bool:
        """Whether it describes a change in the lungs, so that a place in a later statement can belong to it."""
        if self.mention.role == "outside":
            return not (self.has_other_subject or self.negated)
        return self.mention.role != "normal"


@dataclass(eq=False)
class Place:
    """A location that a statement names.

    Attributes:
        mention: its words.
        term: its meaning.
        negated: the statement says that the finding is not here.
        claims: the claims that it belongs to; empty if its statement has no claim for it.
    """

    mention: Mention
    term: LocationTerm
    negated: bool
    claims: list[Claim] = field(default_factory=list)

    @property
    def used(self) -> bool:
        """Whether it is the location of a finding that is to be segmented."""
        return not self.negated and any(claim.asserted for claim in self.claims)

    @property
    def chunk(self) -> int:
        """Number of its chunk."""
        return self.term.chunk

    def attach(self, claim: Claim) -> None:
        """Make this a place of `claim`."""
        self.claims.append(claim)
        claim.places.append(self)


@dataclass(eq=False)
class ParsedStatement:
    """What a statement says.

    Attributes:
        statement: its words.
        mentions: its mentions, after `resolve_roles`.
        claims: its claims, in order.
        places: its places, in order.
        chunks: the number of its chunks.
        restricts: the statement from whose location the places of its claims of role "spared" are excepted; None for
            itself or all statements before it.
    """

    statement: Statement
    mentions: Sequence[Mention]
    claims: list[Claim]
    places: list[Place]
    chunks: int
    restricts: ParsedStatement | None = None

    @property
    def excepted(self) -> list[LocationTerm]:
        """The places that it excepts: they are spared, or the finding has gone from them."""
        return [place.term for claim in self.claims if claim.excepts for place in claim.places]

    @property
    def used(self) -> list[LocationTerm]:
        """The places of its findings that are to be segmented."""
        return [place.term for place in self.places if place.used]


Node = Claim | Place | Mention


@dataclass(frozen=True)
class Draft:
    """The words of a statement, in order.

    Attributes:
        mentions: its mentions, after `resolve_roles`.
        chunks: the chunk number of each mention.
        links: how the chunks are linked.
        nodes: a claim or a place for every mention that is one, and else the mention itself.
    """

    mentions: list[Mention]
    chunks: list[int]
    links: Links
    nodes: list[Node]


def read_claims(statement: Statement, first_chunk: int) -> Draft:
    """Return the claims and places of a statement, before any place belongs to a claim.

    Its chunks are numbered from `first_chunk`.
    """
    mentions = resolve_roles(statement.mentions)
    chunks, links = _chunks(mentions, first_chunk)
    return Draft(mentions, chunks, links, _nodes(mentions, chunks, links, find_categories(mentions, chunks, links)))


def _chunks(mentions: Sequence[Mention], first_chunk: int) -> tuple[list[int], dict[int, frozenset[str]]]:
    """Return the chunk of every mention, and for every chunk the roles of the words that link it to the previous one.

    A chunk begins at a comma, "and", "with", "no" and the like, if the current chunk has a claim or a place.
    """
    chunks: list[int] = []
    links: dict[int, frozenset[str]] = {first_chunk: frozenset()}
    chunk = first_chunk
    filled = False
    predicates = _normal_places(mentions)
    for at, mention in enumerate(mentions):
        if at in predicates and filled:
            chunk += 1
            filled = True
            links[chunk] = frozenset({"comma"})
        elif mention.role in JOINING_ROLES or _begins_clause(mention):
            if filled:
                chunk += 1
                filled = False
            links[chunk] = links.get(chunk, frozenset()) | {mention.role}
            filled = mention.role == "normal"
        elif mention.role in CLAIM_ROLES or mention.role in LOCATION_ROLES:
            filled = True
        chunks.append(chunk)
    return chunks, links


def _late_emphasis(mentions: Sequence[Mention], chunks: Sequence[int]) -> dict[int, str]:
    """Return the emphasis of each chunk that names only places and then how much the finding is there."""
    late: dict[int, str] = {}
    others: set[int] = set()
    for mention, chunk in zip(mentions, chunks, strict=True):
        if mention.role == "emphasis":
            late[chunk] = mention.term.value
        elif mention.role in CLAIM_ROLES or (chunk in late and mention.role in LOCATION_ROLES):
            others.add(chunk)
    return {chunk: value for chunk, value in late.items() if chunk not in others}


def _normal_places(mentions: Sequence[Mention]) -> set[int]:
    """Return the first words of places that are described as normal without a mark before them.

    For example "left" in "right lower lobe pneumonia left lung is clear", as in dictated text.
    """
    begins: set[int] = set()
    first = -1  # the last side, if only words of its place and a verb follow it
    follows_normal = False
    for at, mention in enumerate(mentions):
        if mention.role in ("side", "place"):
            first = at
            follows_normal = at > 0 and mentions[at - 1].role == "normal"
        elif first > 0 and follows_normal and mention.role in ("verb", "states"):
            begins.add(first)  # "the right lung is clear the left lung shows consolidation"
            first = -1
        elif mention.role == "normal" and first > 0 and mentions[first - 1].role not in _LEADING_ROLES:
            begins.add(first)
        elif mention.role not in LOCATION_ROLES | {"verb", "current"}:
            first = -1
    return begins


def _negates_forward(mention: Mention) -> bool:
    return mention.role == "negated" and mention.term.value == "forward"


def _begins_clause(mention: Mention) -> bool:
    """Whether a mention is a denial of what follows, or of anything at the place that follows."""
    return _negates_forward(mention) or (mention.role == "normal" and mention.term.value == NOTHING_HERE)


def _was_normal(mention: Mention, categories: frozenset[Category]) -> bool:
    is_word_of_today = mention.term.value in (NOTHING_HERE, GONE_HERE)
    return mention.role == "normal" and not is_word_of_today and bool(categories & {"earlier", "historical"})


def _nodes(
    mentions: Sequence[Mention], chunks: Sequence[int], links: Links, categories: Sequence[frozenset[Category]]
) -> list[Node]:
    """Turn the mentions of claims and places into `Claim` and `Place` objects; the other mentions stay unchanged."""
    nodes: list[Node] = []
    after_negation = False
    emphasis = ""  # "more" or "less" since the chunk began
    late_emphasis = _late_emphasis(mentions, chunks)
    follows_place = False  # only words that can join two places stand between here and the previous place
    last_place_chunk = -1
    for at, (mention, chunk) in enumerate(zip(mentions, chunks, strict=True)):
        begins_chunk = at > 0 and chunk != chunks[at - 1]
        emphasis = mention.term.value if mention.role == "emphasis" else "" if begins_chunk else emphasis
        emphasis = emphasis or late_emphasis.get(chunk, "")
        after_negation = after_negation or _negates_forward(mention)
        if _was_normal(mention, categories[at]):
            nodes.append(mention)  # "the right base, previously clear"
        elif mention.role in CLAIM_ROLES:
            nodes.append(Claim(mention, chunk, categories[at]))
            follows_place, emphasis = False, ""
        elif mention.role in LOCATION_ROLES:
            is_coordinated = bool(links[chunk] & COORDINATING_ROLES) and "with" not in links[chunk]
            joined = follows_place and chunk != last_place_chunk and is_coordinated
            range_end = at > 0 and mentions[at - 1].role == "range"
            term = LocationTerm(mention.term, chunk, joined, range_end, bool(emphasis), emphasis == "less")
            nodes.append(Place(mention, term, after_negation and "negated" in categories[at]))
            follows_place, last_place_chunk = True, chunk
        else:
            nodes.append(mention)
            follows_place = follows_place and mention.role not in ("negated", "states", "verb")
    return nodes
