"""Notes that say less, or speak of one side only, so that a network listens to what a note does say.

A network that always reads the full published sentence leans on it and collapses when a note says less. A note of one
side out of two, with the ground truth of that side, and a note of the wrong side, with nothing to find, teach that the
words decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.laterality import SIDES, Side, opposite
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import ReferringExpression, parse_note, to_prompt
from training.data.sample import DatasetError, Sample

Mask = npt.NDArray[np.bool_]

NO_SIDE = 0.06
NO_ZONES = 0.08
ONE_SIDE_WITHOUT_ZONES = 0.03
ONE_SIDE_OF_TWO = 0.10
WRONG_SIDE = 0.06
"""How often each variation is made, where the note allows it."""


def without_zones(expression: ReferringExpression, *sides: Side) -> ReferringExpression:
    """Return the expression without what it says of the extent on these sides, and without the number of areas."""
    return replace(
        expression,
        zones={side: zones for side, zones in expression.zones.items() if side not in sides},
        whole=tuple(side for side in expression.whole if side not in sides),
        count=None,
    )


def of_one_side(expression: ReferringExpression, side: Side) -> ReferringExpression:
    """Return what the expression says of one of its sides."""
    return replace(expression, sides=(side,), count=None)


def of_other_side(expression: ReferringExpression) -> ReferringExpression:
    """Return a one-sided expression with its side exchanged."""
    (side,) = expression.sides
    other = opposite(side)
    return replace(
        expression,
        sides=(other,),
        zones={other: expression.zones[side]},
        whole=(other,) if expression.whole else (),
    )


def vary_note(
    expression: ReferringExpression, mask: Mask, rng: np.random.Generator, strength: float = 1.0
) -> tuple[ReferringExpression, Mask]:
    """Return, now and then, an expression that says less or something else, with the ground truth that belongs to it.

    Args:
        expression: what the published note says.
        mask: bool, rows x columns.
        rng: source of chance.
        strength: factor on how often; 0 changes nothing.
    """
    chance = rng.random() / max(strength, 1e-9)
    bounds = np.cumsum([NO_SIDE, NO_ZONES, ONE_SIDE_WITHOUT_ZONES, ONE_SIDE_OF_TWO])
    two_sided = len(expression.sides) == 2
    if chance < bounds[0]:
        return ReferringExpression(sides=SIDES, weak=True), mask
    if chance < bounds[1]:
        return without_zones(expression, *expression.sides), mask
    if not two_sided:
        if chance < bounds[1] + WRONG_SIDE:
            return of_other_side(expression), np.zeros_like(mask)
        return expression, mask
    side = SIDES[int(rng.integers(2))]
    if chance < bounds[2]:
        return without_zones(expression, side), mask
    if chance < bounds[3]:
        part = split_by_side(mask)[side]
        one = of_one_side(expression, side)
        if part.any():
            return without_zones(one, side) if rng.random() < 0.3 else one, part
    return expression, mask


def with_prompts(samples: Iterable[Sample]) -> list[Sample]:
    """Return the samples with their notes said in the sentences of LViT's data, in their own left and right.

    Raises:
        DatasetError: if some name nothing that can be outlined; the message counts them and names the first film.
    """
    spoken, refused = [], []
    for sample in samples:
        try:
            sentence = to_prompt(parse_note(sample.note, sample.laterality), sample.laterality)
            spoken.append(replace(sample, note=sentence))
        except NoteError:
            refused.append(sample.name)
    if refused:
        raise DatasetError(f"{len(refused)} notes name nothing that can be outlined, first that of {refused[0]}.")
    return spoken
