"""Vary notes, so that a network learns to follow the note instead of expecting a complete published note.

A network that has seen only complete notes fails if a note says less. Two variations teach the network to follow the
words: a note that names only one of two sides, with the ground truth of that side, and a note that names the wrong
side, with an empty ground truth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES, Laterality, Side, opposite
from CausalCLIPSegLib.mask.presence import WITHOUT_LOCATION
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import FINDING_WORDS, ReferringExpression, parse_note

Mask = npt.NDArray[np.bool_]

# Probability of each variation, if the note allows it.
NO_SIDE = 0.06
NO_ZONES = 0.08
ONE_SIDE_WITHOUT_ZONES = 0.03
ONE_SIDE_OF_TWO = 0.10
WRONG_SIDE = 0.25
_ONE_SIDE_OF_TWO_WITHOUT_ZONES = 0.3
"""Share of the notes reduced to one of two sides that also lose the zones."""


def parse_any_finding(note: str, laterality: Laterality) -> ReferringExpression:
    """Return the meaning of a note or prompt about an infection, or if it names none, about another finding."""
    expression = parse_note(note, laterality)
    return expression if expression.sides else parse_note(note, laterality, findings=tuple(FINDING_WORDS))


def without_location(expression: ReferringExpression) -> ReferringExpression:
    """Return an expression that names only the finding."""
    return replace(WITHOUT_LOCATION, finding=expression.finding)


def without_zones(expression: ReferringExpression, *sides: Side) -> ReferringExpression:
    """Return the expression without its zones on these sides, and without the number of areas."""
    return replace(
        expression,
        zones={side: zones for side, zones in expression.zones.items() if side not in sides},
        whole=tuple(side for side in expression.whole if side not in sides),
        count=None,
    )


def of_one_side(expression: ReferringExpression, side: Side) -> ReferringExpression:
    """Return the expression reduced to one of its sides, without the number of areas."""
    return replace(expression, sides=(side,), count=None)


def swap_sides_of(expression: ReferringExpression) -> ReferringExpression:
    """Return the expression with the patient's left and right swapped."""
    return replace(
        expression,
        sides=tuple(opposite(side) for side in expression.sides),
        zones={opposite(side): zones for side, zones in expression.zones.items()},
        whole=tuple(opposite(side) for side in expression.whole),
    )


def vary_note(
    expression: ReferringExpression, mask: Mask, rng: np.random.Generator, strength: float = 1.0
) -> tuple[ReferringExpression, Mask]:
    """Randomly weaken or change the expression, and adjust the mask to match.

    Args:
        expression: the parsed published note.
        mask: ground truth, bool, rows x columns.
        rng: source of random numbers.
        strength: factor on all probabilities; 0 changes nothing.

    Returns:
        The expression and the mask; an unchanged one is the same object as the argument.
    """
    draw = rng.random() / max(strength, 1e-9)
    bounds = np.cumsum([NO_SIDE, NO_ZONES, ONE_SIDE_WITHOUT_ZONES, ONE_SIDE_OF_TWO])
    if draw < bounds[0]:
        return without_location(expression), mask
    if draw < bounds[1]:
        return without_zones(expression, *expression.sides), mask
    if len(expression.sides) != 2:
        if draw < bounds[1] + WRONG_SIDE:
            return swap_sides_of(expression), np.zeros_like(mask)
        return expression, mask
    side = SIDES[int(rng.integers(2))]
    if draw < bounds[2]:
        return without_zones(expression, side), mask
    if draw < bounds[3]:
        mask_of_side = split_by_side(mask)[side]
        if mask_of_side.any():
            one_sided = of_one_side(expression, side)
            if rng.random() < _ONE_SIDE_OF_TWO_WITHOUT_ZONES:
                one_sided = without_zones(one_sided, side)
            return one_sided, mask_of_side
    return expression, mask
