"""Words of change: what has gone, what has only changed, and what the denial of a change means.

"Resolution of the consolidation" denies the consolidation. "No resolution", "partial clearing" and "no regression"
assert it, and so does every other change ("improvement"). The words are the tables [gone], [change] and [partial].
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from CausalCLIPSegLib.notes.lexicon import Mention, Term

_MAX_DISTANCE = 3  # unknown words between "no" and "regression"
_MAX_REST = 12  # mentions
_COMPLETE = Term("partial", "complete")
_WHOLE = Term("whole", "whole")
_CURRENT = Term("current", "either")


def resolve_changes(mentions: Sequence[Mention]) -> list[Mention]:
    """Turn every word of change into a ConText trigger, "negated" or "current"."""
    resolved: list[Mention] = []
    for at, mention in enumerate(mentions):
        if mention.role in ("gone", "change"):
            is_present = mention.role == "change"
            start = mention.start
            if resolved and resolved[-1].term == _COMPLETE and _leaves_a_rest(mentions[at + 1 : at + 1 + _MAX_REST]):
                start = resolved.pop().start
            while resolved and _qualifies(resolved[-1], start, is_gone=mention.role == "gone"):
                start = resolved.pop().start
                is_present = True
            term = _CURRENT if is_present else Term("negated", mention.term.value)
            mention = Mention(term, start, mention.stop)
        resolved.append(mention)
    return [_without_change(mention) for mention in resolved if mention.role != "partial" or mention.term == _COMPLETE]


def _leaves_a_rest(mentions: Sequence[Mention]) -> bool:
    """Whether the note names what a nearly complete clearing leaves: "..., with residual opacity at the base"."""
    roles = [mention.role for mention in mentions]
    return any(pair in (("with", "current"), ("comma", "current")) for pair in pairwise(roles))


def _without_change(mention: Mention) -> Mention:
    """Read "near complete" as a whole lung if no word of change follows it: "near complete opacification"."""
    return Mention(_WHOLE, mention.start, mention.stop) if mention.term == _COMPLETE else mention


def _qualifies(mention: Mention, start: int, *, is_gone: bool) -> bool:
    """Whether a mention right before a word of change denies it, or says that it is not complete."""
    is_near = start - mention.stop <= _MAX_DISTANCE
    is_denial = mention.role == "negated" and mention.term.value == "forward"
    return is_near and (is_denial or (mention.role == "partial" and is_gone))
