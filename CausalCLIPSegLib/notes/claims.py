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
from itertools import accumulate

from CausalCLIPSegLib.notes.context import CLAIM_ROLES, Category, Links, find_categories, resolve_directions
from CausalCLIPSegLib.notes.lexicon import Mention, Term
from CausalCLIPSegLib.notes.places import LOCATION_ROLES, LocationTerm
from CausalCLIPSegLib.notes.statements import Statement

_COORDINATING_ROLES = frozenset({"and", "or", "slash", "versus", "compare"})
_JOINING_ROLES = _COORDINATING_ROLES | {"comma", "with"}
_ABNORMALITY = "abnormality"
_OPACITY = "opacity"
_UNSPECIFIC = "unspecific"
_UNSPECIFIC_KINDS = (_ABNORMALITY, _OPACITY)  # least specific first
_TWO_FINDINGS = ("finding", "finding")
_ONE_CLAIM = {(first, second) for first in ("finding", "outside") for second in ("finding", "outside", "vague")} - {
    ("outside", "finding")
}
"""Roles of adjacent words that name one claim; the last word is the noun: "airspace edema", "calcified nodule"."""
_CLAUSE_ROLES = frozenset({"verb", "states", "uncertain", "negated", "hypothetical"})
"""Roles of words that begin a new clause of a sentence: "opacity at the left base may represent atelectasis"."""
_OTHER_SUBJECTS = frozenset({"device", "other anatomy", "technique", "clinical sign"})
_MAX_PREPOSITION_DISTANCE = 2  # unknown words between "in" and its place
_MAX_LIST = 12  # mentions to look back for findings that share a place; this keeps the work linear


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
        """Whether the note describes the past; "previously seen" does so only if the finding is gone."""
        return "historical" in self.categories or {"earlier", "negated"} <= self.categories

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
        return self.mention.role == "outside" and self.mention.term.value in _OTHER_SUBJECTS

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


@dataclass
class ParsedStatement:
    """The claims and places of a statement, and the number of its chunks."""

    statement: Statement
    claims: list[Claim]
    places: list[Place]
    chunks: int


Node = Claim | Place | Mention


def parse_statement(statement: Statement, first_chunk: int) -> ParsedStatement:
    """Return the claims and places of a statement; its chunks are numbered from `first_chunk`."""
    mentions = _resolve_roles(statement.mentions)
    chunks, links = _chunks(mentions, first_chunk)
    nodes = _nodes(mentions, chunks, links, find_categories(mentions, chunks, links))
    _assign_places(nodes, mentions, chunks, links)
    claims = [node for node in nodes if isinstance(node, Claim)]
    places = [node for node in nodes if isinstance(node, Place)]
    _inherit_place(claims, places)
    return ParsedStatement(statement, claims, places, len(links))


def _resolve_roles(mentions: Sequence[Mention]) -> list[Mention]:
    """Merge adjacent words for one finding, and resolve words whose role depends on the statement."""
    merged = _merge(mentions)
    _resolve_vague(merged)
    resolved = resolve_directions(merged)
    _negate_only_place(resolved)
    has_claim = False
    for at, mention in enumerate(resolved):
        has_claim = has_claim or mention.role in CLAIM_ROLES
        if not has_claim and mention.role == "negated" and mention.term.value == "backward":
            resolved[at] = _with_term(mention, "normal", "normal")  # "right base: resolved"
            has_claim = True
    return resolved


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
    """Whether the words name an abnormality outside the lungs, such as "bony abnormality"."""
    return (first.role, second.role) == ("outside", "finding") and second.term.value == _ABNORMALITY


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
        if at + 1 < len(mentions) and mentions[at + 1].start - mention.stop > 1:
            organ = None
        if mention.role == "outside":
            organ = mention
        elif mention.role in ("finding", "vague"):
            in_organ = organ is not None and at + 1 < len(mentions) and mentions[at + 1].role == "inside"
            if in_organ and (mention.role == "vague" or (organ and organ.term.value in _OTHER_SUBJECTS)):
                mentions[at] = _with_term(mention, "outside", _UNSPECIFIC)
            elif mention.role == "vague" and names_lung:
                mentions[at] = _with_term(mention, "finding", mention.term.value)
            elif mention.role == "vague":
                mentions[at] = _with_term(mention, "outside", _UNSPECIFIC)
            organ = None
        elif mention.role not in ("inside", "side", "zone", "historical"):
            organ = None


def _negate_only_place(mentions: list[Mention]) -> None:
    """Make "(not seen on the right)", after a comma or a bracket, negate only the right."""
    for at in range(1, len(mentions) - 2):
        mention = mentions[at]
        if mention.role != "negated" or mention.term.value != "backward" or mentions[at - 1].role != "comma":
            continue
        if mentions[at + 1].role in ("preposition", "inside") and mentions[at + 2].role in LOCATION_ROLES:
            mentions[at] = _with_term(mention, "negated", "forward")


def _chunks(mentions: Sequence[Mention], first_chunk: int) -> tuple[list[int], dict[int, frozenset[str]]]:
    """Return the chunk of every mention, and for every chunk the roles of the words that link it to the previous one.

    A chunk begins at a comma, "and", "with", "no" and the like, if the current chunk has a claim or a place.
    """
    chunks: list[int] = []
    links: dict[int, frozenset[str]] = {first_chunk: frozenset()}
    chunk = first_chunk
    filled = False
    for mention in mentions:
        if mention.role in _JOINING_ROLES or _negates_forward(mention):
            if filled:
                chunk += 1
                filled = False
            links[chunk] = links.get(chunk, frozenset()) | {mention.role}
        elif mention.role in CLAIM_ROLES or mention.role in LOCATION_ROLES:
            filled = True
        chunks.append(chunk)
    return chunks, links


def _negates_forward(mention: Mention) -> bool:
    return mention.role == "negated" and mention.term.value == "forward"


def _nodes(
    mentions: Sequence[Mention], chunks: Sequence[int], links: Links, categories: Sequence[frozenset[Category]]
) -> list[Node]:
    """Turn the mentions of claims and places into `Claim` and `Place` objects; the other mentions stay unchanged."""
    nodes: list[Node] = []
    after_negation = emphasized = False
    follows_place = False  # only words that can join two places stand between here and the previous place
    last_place_chunk = -1
    for at, (mention, chunk) in enumerate(zip(mentions, chunks, strict=True)):
        begins_chunk = at > 0 and chunk != chunks[at - 1]
        emphasized = mention.role == "emphasis" or (emphasized and not begins_chunk)
        after_negation = after_negation or _negates_forward(mention)
        if mention.role == "normal" and categories[at] & {"earlier", "historical"}:
            nodes.append(mention)  # "the right base, previously clear"
        elif mention.role in CLAIM_ROLES:
            nodes.append(Claim(mention, chunk, categories[at]))
            follows_place = emphasized = False
        elif mention.role in LOCATION_ROLES:
            is_coordinated = bool(links[chunk] & _COORDINATING_ROLES) and "with" not in links[chunk]
            joined = follows_place and chunk != last_place_chunk and is_coordinated
            range_end = at > 0 and mentions[at - 1].role == "range"
            term = LocationTerm(mention.term, chunk, joined, range_end, emphasized)
            nodes.append(Place(mention, term, after_negation and "negated" in categories[at]))
            follows_place, last_place_chunk = True, chunk
        else:
            nodes.append(mention)
            follows_place = follows_place and mention.role not in ("negated", "states", "verb")
    return nodes


def _assign_places(nodes: Sequence[Node], mentions: Sequence[Mention], chunks: Sequence[int], links: Links) -> None:
    """Attach every place to the claim before or after it, and to the claims that share it in a list."""
    claims = [(at, node) for at, node in enumerate(nodes) if isinstance(node, Claim) and not _is_view(node)]
    belongs_to_next = _NextClaimRule(mentions, chunks, _leading_chunks(nodes, links))
    claims_before = 0  # the number of claims before the current node
    for at, node in enumerate(nodes):
        if isinstance(node, Claim) and not _is_view(node):
            claims_before += 1
        if not isinstance(node, Place):
            continue
        view = nodes[at + 1] if at + 1 < len(nodes) else None
        if isinstance(view, Claim) and _is_view(view) and view.mention.start - node.mention.stop < 2:
            node.attach(view)  # "left lateral decubitus"
            continue
        if not claims:
            continue
        before, after = claims[max(claims_before - 1, 0)], claims[min(claims_before, len(claims) - 1)]
        if belongs_to_next(node, at, before, after):
            node.attach(after[1])
            continue
        previous = before[1]
        if previous.negated and previous.mention.role == "outside" and node.chunk != previous.chunk:
            # "consolidation without volume loss, left upper lobe"
            earlier = [claim for _, claim in claims[max(0, claims_before - _MAX_LIST) : claims_before]]
            candidates = (c for c in reversed(earlier) if c.asserted and not _has_place_before(c, previous))
            owner = next(candidates, previous)
            node.negated = node.negated and owner is previous
            previous = owner
        node.attach(previous)
        for claim in _sharing(nodes, before[0]):
            node.attach(claim)


class _NextClaimRule:
    """Decides whether a place between two claims belongs to the next one rather than to the previous one.

    Args:
        mentions: the mentions of the statement.
        chunks: the chunk number of each mention.
        leading: the chunks whose places belong to the next claim, see `_leading_chunks`.
    """

    def __init__(self, mentions: Sequence[Mention], chunks: Sequence[int], leading: set[int]) -> None:
        self._unknown = _unknown_tokens_before(mentions)
        self._prepositional = _prepositional(mentions, chunks)
        self._clause = list(accumulate((mention.role in _CLAUSE_ROLES for mention in mentions), initial=0))
        self._leading = leading

    def __call__(self, place: Place, at: int, before: tuple[int, Claim], after: tuple[int, Claim]) -> bool:
        (previous_at, previous), (following_at, following) = before, after
        if previous_at == following_at:  # a single claim, or the place is before the first claim or after the last
            return following_at > at
        if previous.chunk == place.chunk == following.chunk:
            if previous.negated and following.asserted:
                return True  # "no cavity within the left upper lobe consolidation"
            clause = self._clause
            if (clause[at] > clause[previous_at]) != (clause[following_at] > clause[at]):
                return clause[at] > clause[previous_at]
            unknown = self._unknown
            is_nearer = unknown[following_at] - unknown[at] <= unknown[at] - unknown[previous_at]
            return is_nearer and not self._prepositional[at]
        if place.chunk in (previous.chunk, following.chunk):
            return place.chunk == following.chunk
        return place.chunk in self._leading


def _is_view(claim: Claim) -> bool:
    return claim.mention.role == "outside" and claim.mention.term.value == "technique"


def _unknown_tokens_before(mentions: Sequence[Mention]) -> list[int]:
    """Return for every mention the number of tokens before it that are not part of a term."""
    counts: list[int] = []
    known = 0
    for mention in mentions:
        counts.append(mention.start - known)
        known += mention.stop - mention.start
    return counts


def _prepositional(mentions: Sequence[Mention], chunks: Sequence[int]) -> list[bool]:
    """Return for every mention whether an "in the" connects it to a claim before it in its chunk."""
    flags: list[bool] = []
    follows_preposition = False
    for at, mention in enumerate(mentions):
        is_distant = at > 0 and mention.start - mentions[at - 1].stop > _MAX_PREPOSITION_DISTANCE
        if mention.role in CLAIM_ROLES or is_distant or (at and chunks[at] != chunks[at - 1]):
            follows_preposition = False
        is_preposition = mention.role in ("preposition", "inside", "range") or mention.term.value == "diffuse"
        follows_preposition = follows_preposition or is_preposition
        flags.append(follows_preposition)
    return flags


def _leading_chunks(nodes: Sequence[Node], links: Links) -> set[int]:
    """Return the chunks without a claim whose places belong to the next claim: "right and left opacities"."""
    with_claim = {node.chunk for node in nodes if isinstance(node, Claim)}
    claim_after_place: dict[int, Claim] = {}  # by chunk, a claim that directly follows a place
    without_claim: set[int] = set()
    follows_claim: set[int] = set()  # chunks whose previous chunk ends with a claim
    last: Claim | Place | None = None
    for node in nodes:
        if isinstance(node, Mention):
            continue
        chunk = node.chunk
        in_same_chunk = last is not None and chunk == last.chunk
        if isinstance(node, Claim) and isinstance(last, Place) and in_same_chunk:
            claim_after_place.setdefault(chunk, node)
        if not in_same_chunk and isinstance(last, Claim):
            follows_claim.add(chunk)
        if chunk not in with_claim:
            without_claim.add(chunk)
        last = node
    next_claim: dict[int, Claim] = {}
    for chunk in sorted(without_claim, reverse=True):
        link = links.get(chunk + 1, frozenset())
        claim = claim_after_place.get(chunk + 1) or next_claim.get(chunk + 1)
        if claim and link and link <= _COORDINATING_ROLES:
            next_claim[chunk] = claim
    leading: set[int] = set()
    for chunk in sorted(next_claim):
        if chunk in follows_claim or chunk - 1 in leading or next_claim[chunk].mention.role == "normal":
            leading.add(chunk)
    return leading


def _sharing(nodes: Sequence[Node], at: int) -> list[Claim]:
    """Return the claims that share the place of the claim at `at`, the last of their list.

    For example, the consolidation in "consolidation and effusion on the right".
    """
    last = nodes[at]
    sharing: list[Claim] = []
    if not isinstance(last, Claim) or not _can_share(last):
        return sharing
    has_place_before = any(isinstance(node, Place) for node in nodes[:at])
    separators = _JOINING_ROLES - {"with"} if has_place_before else _JOINING_ROLES
    for node in reversed(nodes[max(0, at - _MAX_LIST) : at]):
        if isinstance(node, Claim) and _can_share(node) and not _has_place_before(node, last):
            sharing.append(node)
        elif not isinstance(node, Mention) or node.role not in separators:
            break
    return sharing


def _can_share(claim: Claim) -> bool:
    return claim.locatable and claim.mention.role != "spared"


def _has_place_before(claim: Claim, other: Claim) -> bool:
    """Whether a claim has a place that stands before the other claim."""
    return bool(claim.places) and claim.places[0].mention.start < other.mention.start


def _inherit_place(claims: Sequence[Claim], places: Sequence[Place]) -> None:
    """Give the first finding without a place the place of another claim, if no other finding uses a place.

    Examples: "left effusion with adjacent consolidation", "opacity along the fissure in the right upper lobe".
    """
    unplaced = next((claim for claim in claims if claim.asserted and not claim.places), None)
    if not unplaced or any(place.used for place in places):
        return
    at = claims.index(unplaced)
    for number, claim in enumerate(claims):
        if number < at:
            lends = claim.locatable
        else:
            lends = claim.has_other_subject and not claim.negated and claim.chunk == unplaced.chunk
        if claim.mention.role == "outside" and lends:
            for place in tuple(claim.places):
                place.attach(unplaced)
