"""Decide which claim of a statement each place belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from CausalCLIPSegLib.notes.claims import Claim, Draft, Node, ParsedStatement, Place, read_claims
from CausalCLIPSegLib.notes.context import CLAIM_ROLES, Links
from CausalCLIPSegLib.notes.lexicon import Mention
from CausalCLIPSegLib.notes.places import COORDINATING_ROLES, JOINING_ROLES, LOCATION_ROLES
from CausalCLIPSegLib.notes.statements import Statement

_CLAUSE_ROLES = frozenset({"verb", "states", "uncertain", "negated", "hypothetical"})
"""Roles of words that begin a new clause of a sentence: "opacity at the left base may represent atelectasis"."""
_MAX_PREPOSITION_DISTANCE = 2  # unknown words between "in" and its place
_MAX_LIST = 12  # mentions to look back for findings that share a place; this keeps the work linear


def parse_statement(statement: Statement, first_chunk: int) -> ParsedStatement:
    """Return the claims and places of a statement, and which belong together.

    Its chunks are numbered from `first_chunk`.
    """
    draft = read_claims(statement, first_chunk)
    _assign_places(draft)
    claims = [node for node in draft.nodes if isinstance(node, Claim)]
    places = [node for node in draft.nodes if isinstance(node, Place)]
    _inherit_side(claims, draft.links)
    _inherit_place(claims, places)
    return ParsedStatement(statement, draft.mentions, claims, places, len(draft.links))


def _assign_places(draft: Draft) -> None:
    """Attach every place to the claim before or after it, and to the claims that share it in a list."""
    nodes, mentions, chunks, links = draft.nodes, draft.mentions, draft.chunks, draft.links
    claims = _owners(nodes)
    owners = {at for at, _ in claims}
    belongs_to_next = _NextClaimRule(mentions, chunks, _leading_chunks(nodes, links))
    continued: tuple[int, Claim] | None = None  # a chunk that goes on with the places of an earlier claim
    claims_before = 0  # the number of claims before the current node
    for at, node in enumerate(nodes):
        claims_before += at in owners
        if not isinstance(node, Place):
            continue
        view = nodes[at + 1] if at + 1 < len(nodes) else None
        if isinstance(view, Claim) and _is_view(view) and view.mention.start - node.mention.stop < 2:
            node.attach(view)  # "left lateral decubitus"
            continue
        if not claims:
            continue
        before, after = claims[max(claims_before - 1, 0)], claims[min(claims_before, len(claims) - 1)]
        if after[1].stands_before_place and node.chunk != after[1].chunk:
            following = claims[claims_before : claims_before + _MAX_LIST]
            after = next((each for each in following if not each[1].stands_before_place), after)
            before = before if claims_before else after
        if belongs_to_next(node, at, before, after):
            node.attach(after[1])
            continue
        previous = before[1]
        if continued is not None and continued[0] == node.chunk:
            owner = continued[1]
        else:
            earlier = [claim for _, claim in claims[max(0, claims_before - _MAX_LIST) : claims_before]]
            owner = _earlier_owner(draft, at, previous, earlier) or previous
            continued = (node.chunk, owner) if owner is not previous else None
        if owner is not previous:
            node.negated = False
        node.attach(owner)
        for claim in _sharing(nodes, before[0]):
            node.attach(claim)


def _earlier_owner(draft: Draft, at: int, previous: Claim, earlier: Sequence[Claim]) -> Claim | None:
    """Return the finding before `previous` that a place behind `previous` belongs to, if any.

    Args:
        draft: the words of the statement.
        at: the place.
        previous: the last claim before the place.
        earlier: the claims before the place, in order.
    """
    chunk = draft.chunks[at]
    is_affirmed = at + 1 < len(draft.mentions) and draft.mentions[at + 1].role == "answer"  # "right: no, left: yes"
    if chunk == previous.chunk or (previous.mention.role not in ("outside", "spared") and not is_affirmed):
        return None
    continues = _continues(draft, at)
    for claim in reversed(earlier):
        is_free = not (previous.places and claim.places) or previous.mention.role == "spared"
        before_denial = previous.negated and not _has_place_before(claim, previous)  # "opacity without effusion, left"
        if claim.asserted and (is_affirmed or (continues and is_free) or before_denial):
            return claim
    return None


def _owners(nodes: Sequence[Node]) -> list[tuple[int, Claim]]:
    """Return the claims that can own a place; a sign such as an air bronchogram leaves it to its finding."""
    claims = [(at, node) for at, node in enumerate(nodes) if isinstance(node, Claim) and not _is_view(node)]
    findings = [(at, claim) for at, claim in claims if not _is_sign(claim)]
    return findings if any(claim.mention.role == "finding" for _, claim in findings) else claims


def _is_sign(claim: Claim) -> bool:
    return claim.mention.role == "outside" and claim.mention.term.value == "sign"


def _continues(draft: Draft, at: int) -> bool:
    """Whether a place goes on with a list after an inserted phrase.

    For example the last place of "opacity in the right upper lobe with volume loss and in the left lower lobe".
    """
    link = draft.links[draft.chunks[at]]
    first = at
    while first > at - _MAX_LIST and draft.mentions[first - 1].role in LOCATION_ROLES:
        first -= 1
    previous = draft.mentions[first - 1]
    follows_preposition = previous.role in ("preposition", "inside") or previous.stop - previous.start > 1
    return bool(link & {"and", "comma"}) and not link & {"with", "negated"} and follows_preposition


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
        self._trailing = _trailing_chunks(mentions, chunks)

    def __call__(self, place: Place, at: int, before: tuple[int, Claim], after: tuple[int, Claim]) -> bool:
        (previous_at, previous), (following_at, following) = before, after
        if previous_at == following_at:  # a single claim, or the place is before the first claim or after the last
            return following_at > at
        if previous.chunk == place.chunk == following.chunk:
            if previous.negated and following.asserted:
                return True  # "no cavity within the left upper lobe consolidation"
            clause = self._clause
            if following.mention.role == "spared":
                return clause[following_at] > clause[at]  # "opacities; the apices are spared"
            if (clause[at] > clause[previous_at]) != (clause[following_at] > clause[at]):
                return clause[at] > clause[previous_at]
            if place.chunk in self._trailing:
                return False
            unknown = self._unknown
            is_nearer = unknown[following_at] - unknown[at] <= unknown[at] - unknown[previous_at]
            return is_nearer and not self._prepositional[at]
        if place.chunk in (previous.chunk, following.chunk):
            return place.chunk == following.chunk
        return place.chunk in self._leading


def _trailing_chunks(mentions: Sequence[Mention], chunks: Sequence[int]) -> set[int]:
    """Return the chunks that begin with a claim and end with a place: "consolidation left effusion right"."""
    shapes: dict[int, str] = {}  # C for a claim, P for a place or several, - for any other claim or a preposition
    for mention, chunk in zip(mentions, chunks, strict=True):
        is_place = mention.role in LOCATION_ROLES
        is_other = mention.role in CLAIM_ROLES or mention.role in ("preposition", "inside")
        letter = "P" if is_place else "C" if mention.role in ("finding", "outside") else "-" if is_other else ""
        shape = shapes.get(chunk, "")
        shapes[chunk] = shape if is_place and shape.endswith("P") else shape + letter
    return {chunk for chunk, shape in shapes.items() if shape == "CPCP"}


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
    first_claims: dict[int, Claim] = {}
    claim_after_place: dict[int, Claim] = {}  # by chunk, a claim that directly follows a place
    without_claim: set[int] = set()
    follows_claim: set[int] = set()  # chunks whose previous chunk ends with a claim
    last: Claim | Place | None = None
    for node in nodes:
        if isinstance(node, Mention):
            continue
        chunk = node.chunk
        in_same_chunk = last is not None and chunk == last.chunk
        if isinstance(node, Claim):
            first_claims.setdefault(chunk, node)
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
        if claim and link and link <= COORDINATING_ROLES:
            next_claim[chunk] = claim
        elif link == {"negated"} and "comma" in links[chunk] and chunk + 1 in first_claims:
            next_claim[chunk] = first_claims[chunk + 1]  # "opacity at the right base, on the left no opacity"
    leading: set[int] = set()
    for chunk in sorted(next_claim):
        following = links.get(chunk + 1, frozenset())  # "consolidation at the left base, R > L effusion"
        is_bound = "compare" in following or following == {"negated"}
        if chunk in follows_claim or chunk - 1 in leading or is_bound or next_claim[chunk].mention.role == "normal":
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
    separators = JOINING_ROLES - {"with"} if has_place_before else JOINING_ROLES
    separators |= {"beside"}
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


def _inherit_side(claims: Sequence[Claim], links: Links) -> None:
    """Give a finding with a zone only the side of the change before it: "left effusion with basal consolidation"."""
    for first, second in pairwise(claims):
        is_linked = first.chunk + 1 == second.chunk and links[second.chunk] == {"with"}
        if not (
            is_linked and second.asserted and second.places and first.locatable and first.mention.role == "outside"
        ):
            continue
        if not any(place.term.role in ("side", "place", "anatomy") for place in second.places):
            for place in [place for place in first.places if place.term.role == "side"]:
                place.attach(second)


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
