"""Notes that say less, or speak of one side only, so that a network listens to what a note does say.

A network that always reads the full published sentence leans on it and collapses when a note says less. All
variations stay in the language that `CausalCLIPSegLib.notes.prompt` speaks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

COUNTS = ("one", "two", "three", "four", "five", "six")


@dataclass(frozen=True)
class Phrase:
    left: str | None
    right: str | None
    count: str | None

    def say(self) -> str:
        sides = [(z, s) for z, s in ((self.left, "left"), (self.right, "right")) if z is not None]
        if not sides:
            return "Pulmonary infection."
        parts = ["Bilateral pulmonary infection" if len(sides) == 2 else "Unilateral pulmonary infection"]
        if self.count:
            parts.append(f"{self.count} infected area{'' if self.count == 'one' else 's'}")
        if len(sides) == 1 or any(z for z, _ in sides):
            parts.append(" and ".join(f"{z} {s} lung".strip() for z, s in sides))
        return ", ".join(parts) + "."


def parse(note: str) -> Phrase:
    words = re.findall(r"[a-z]+", note.lower())
    zones: dict[str, str | None] = {"left": None, "right": None}
    pending: list[str] = []
    for word in words:
        if word in ("upper", "middle", "lower", "all"):
            pending.append(word)
        elif word in zones:
            zones[word] = " ".join(pending)
            pending = []
    count = next((w for w in words if w in COUNTS), None)
    return Phrase(zones["left"], zones["right"], count)


def runs(zones: str) -> int:
    """Number of contiguous runs of zones."""
    return 2 if zones.split() == ["upper", "lower"] else 1


def split_clean(mask: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]] | None:
    """Part a mask into the halves of the picture by connected components; None where one lies across the middle."""
    labels, number = ndimage.label(mask, structure=np.ones((3, 3)))
    middle = mask.shape[1] // 2
    halves = np.zeros_like(mask), np.zeros_like(mask)
    for index in range(1, number + 1):
        component = labels == index
        share = component[:, :middle].sum() / component.sum()
        if 0.1 < share < 0.9:
            return None
        halves[0 if share >= 0.9 else 1][component] = True
    return halves


def vary(note: str, mask: npt.NDArray[np.bool_], rng: np.random.Generator, strength: float = 1.0) -> tuple[str, npt.NDArray[np.bool_]]:
    """Return a note that says less, or of one side only, with the ground truth that belongs to it."""
    phrase = parse(note)
    chance = rng.random() / max(strength, 1e-9)
    bilateral = phrase.left is not None and phrase.right is not None
    if chance < 0.06:
        return "Pulmonary infection.", mask
    if chance < 0.14:
        return Phrase(None if phrase.left is None else "", None if phrase.right is None else "", None).say(), mask
    if chance < 0.17 and bilateral:
        return (replace(phrase, left="", count=None) if rng.random() < 0.5 else replace(phrase, right="", count=None)).say(), mask
    if chance < 0.27 and bilateral:
        halves = split_clean(mask)
        if halves is not None and all(half.any() for half in halves):
            side = int(rng.random() < 0.5)
            zones = (phrase.left, phrase.right)[side] or ""
            if rng.random() < 0.3:
                zones = ""
            count = COUNTS[runs(zones) - 1] if zones else None
            one = Phrase(zones if side == 0 else None, zones if side == 1 else None, count)
            return one.say(), halves[side]
    if chance < 0.20 and not bilateral:
        return Phrase(phrase.right, phrase.left, phrase.count).say(), np.zeros_like(mask)
    return note, mask
