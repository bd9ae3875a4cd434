"""Words of change: what has gone, what has only changed, and what the denial of a change means.

"Resolution of the consolidation" denies the consolidation. "No resolution", "partial clearing" and "no regression"
assert it, and so does every other change ("improvement"). The words are the tables [gone], [change] and [partial].
"""

from __future__ import annotations

from collections.abc import Sequence

from CausalCLIPSegLib.notes.lexicon import Mention, Term

_MAX_DISTANCE = 3  # unknown words between "no" and "regression"
_COMPLETE = Term("partial", "complete")
_WHOLE = Term("whole", "whole")
_CURRENT = Term("current", "either")


def resolve_changes(mentions: Sequence[Mention]) -> list[Mention]:
    """Return the mentions with every word of change as a ConText trigger, "negated" or "current"."""
    resolved: list[Mention] = []
    for mention in mentions:
        if mention.role in ("gone", "change"):
            is_present = mention.role == "change"
            start = mention.start
            while resolved and _qualifies(resolved[-1], start, is_gone=mention.role == "gone"):
                start = resolved.pop().start
                is_present = True
            term = _CURRENT if is_present else Term("negated", mention.term.value)
            mention = Mention(term, start, mention.stop)
        resolved.append(mention)
    return [_without_change(mention) for mention in resolved if mention.role != "partial" or mention.term == _COMPLETE]


def _without_change(mention: Mention) -> Mention:
    """Return "near complete" as a whole lung if it describes no change: "near complete opacification"."""
    return Mention(_WHOLE, mention.start, mention.stop) if mention.term == _COMPLETE else mention


def _qualifies(mention: Mention, start: int, *, is_gone: bool) -> bool:
    """Whether a mention right before a word of change denies it, or says that it is not complete."""
    is_near = start - mention.stop <= _MAX_DISTANCE
    is_denial = mention.role == "negated" and mention.term.value == "forward"
    return is_near and (is_denial or (mention.role == "partial" and is_gone))
