"""The findings that checkpoints can outline, and which of them a note asks for.

A checkpoint lists its findings on its card. The kinds in the table [finding] of the lexicons all count as an
infection; each of the others is a kind of the table [outside], which becomes a finding if the note asks for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from CausalCLIPSegLib.notes.expression import Finding
from CausalCLIPSegLib.notes.lexicon import Mention, Term

INFECTION = "infection"

FINDING_WORDS: dict[str, str] = {
    INFECTION: "pulmonary infection",
    "atelectasis": "atelectasis",
    "calcification": "calcification",
    "cardiomegaly": "cardiomegaly",
    "effusion": "pleural effusion",
    "emphysema": "emphysema",
    "fibrosis": "pulmonary fibrosis",
    "fracture": "fracture",
    "mass": "mass",
    "nodule": "nodule",
    "pleural thickening": "pleural thickening",
    "pneumothorax": "pneumothorax",
}
"""The words of a prompt for each finding; the keys are kinds of the lexicons."""

_ASSERTING_ROLES = frozenset({"finding", "everywhere", "same", "vague"})


def finding_of(kind: str) -> str:
    """Return the finding that a kind of a finding counts as: an infection, if prompts have no words for the kind."""
    return kind if kind in FINDING_WORDS else INFECTION


def finding_in(prompt: str) -> str:
    """Return the finding that a prompt is about."""
    return next((finding for finding, words in FINDING_WORDS.items() if words in prompt.lower()), INFECTION)


def as_findings(mentions: Sequence[Mention], wanted: Collection[str]) -> Sequence[Mention]:
    """Return the mentions of a note with the wanted findings as findings, and all others as what is not outlined."""
    if set(wanted) == {INFECTION}:
        return mentions  # as the lexicons have it
    return [_cast(mention, wanted) for mention in mentions]


def _cast(mention: Mention, wanted: Collection[str]) -> Mention:
    value = mention.term.value
    if mention.role == "outside" and value in wanted:
        return replace(mention, term=Term("finding", value))
    if mention.role in _ASSERTING_ROLES and finding_of(value) not in wanted:
        return replace(mention, term=Term("outside", finding_of(value)))
    return mention


def asked_finding(found: Iterable[Finding], findings: Sequence[str]) -> str:
    """Return the finding that a note asks for: its first certain one, or else its first, or else the checkpoint's.

    Args:
        found: the findings of the note.
        findings: those of the checkpoint.
    """
    present = sorted((each for each in found if each.present), key=lambda each: each.uncertain)
    asked = (finding_of(each.kind) for each in present)
    return next((each for each in asked if each in findings), findings[0])
