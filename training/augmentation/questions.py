"""Draw what a network is asked about a radiograph: its own note, a varied one, or a place, with its region."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes import ReferringExpression, to_prompt
from training.augmentation.interventions import Intervene, Region
from training.augmentation.notes import parse_any_finding, vary_note, without_location

Mask = npt.NDArray[np.bool_]


class Asked(NamedTuple):
    """A question about a radiograph.

    Attributes:
        prompt: in the laterality of the data set.
        region: the part of the ground truth that is the target; None for all of it.
    """

    prompt: str
    region: Region | None


class Questions:
    """Draw questions about the radiographs of a data set."""

    def __init__(
        self,
        laterality: Laterality,
        note_variation: float = 1.0,
        note_dropout: float = 0.0,
        implied_count: bool = True,
    ) -> None:
        """Choose the variations; `Augmentation` documents the arguments."""
        self.laterality = laterality
        self.note_variation = note_variation
        self.note_dropout = note_dropout
        self.implied_count = implied_count
        self._parsed: dict[str, ReferringExpression] = {}

    def draw(
        self, mask: Mask, note: str, intervene: Intervene | None, number: int, rng: np.random.Generator
    ) -> list[Asked]:
        """Return questions about a radiograph.

        Args:
            mask: ground truth, bool, rows x columns, of a radiograph that is not mirrored.
            note: its own note, in the laterality of the data set.
            intervene: draws a place; None to keep the note, and to draw no random number for it.
            number: how many questions; if there are several, the first is always about the own note.
            rng: source of random numbers.
        """
        drawers = [intervene] if number == 1 else [None, *[intervene] * (number - 1)]
        return [self._draw(mask, note, drawer, rng) for drawer in drawers]

    def _draw(self, mask: Mask, note: str, intervene: Intervene | None, rng: np.random.Generator) -> Asked:
        intervention = None if intervene is None else intervene(rng)
        if intervention is not None:
            asked = replace(intervention.expression, finding=self._parse(note).finding)
            prompt = to_prompt(asked, self.laterality, implied_count=self.implied_count)
            return Asked(prompt, intervention.region)
        if self.note_dropout and rng.random() < self.note_dropout:
            return Asked(to_prompt(without_location(self._parse(note)), self.laterality), None)
        if not self.note_variation:
            return Asked(note, None)
        expression, varied = vary_note(self._parse(note), mask, rng, self.note_variation)
        prompt = to_prompt(expression, self.laterality)
        if varied is mask:
            return Asked(prompt, None)
        return Asked(prompt, Region.of_sides(expression.sides if varied.any() else (), len(mask)))

    def _parse(self, note: str) -> ReferringExpression:
        """Parse a note; the notes of a data set repeat, and parsing takes longer than all other steps."""
        if note not in self._parsed:
            self._parsed[note] = parse_any_finding(note, self.laterality)
        return self._parsed[note]
