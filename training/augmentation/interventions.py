"""Intervene on the note: replace it by a place that is drawn independently of the lesion.

The published notes agree with their masks, so that a network can predict the note from the image and needs not read
it. In the paper's structural causal model this is a confounded path from the image to the text. An intervention cuts
it: the note names any place, and the target is the ground truth in that place, empty if nothing is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import SIDES, Side
from CausalCLIPSegLib.mask.lung_extent import LungExtent, lung_extent
from CausalCLIPSegLib.mask.places import Place, place_mask
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import ZONES, ReferringExpression, Zone
from training.augmentation.notes import WITHOUT_LOCATION

Mask = npt.NDArray[np.bool_]
Zones = tuple[Zone, ...]

MIN_AREA = 0.003
"""A place holds a lesion if the lesion in it covers at least this share of the image; smaller ones are not drawn."""

SHARES = {"zone": 0.42, "two zones": 0.1, "side": 0.2, "whole lung": 0.04, "both sides": 0.18, "no place": 0.06}
"""How often each kind of place is drawn. The sides of a kind are equally frequent, and so are its zones."""

ABSENT = {"zone": 1.0, "two zones": 0.5, "side": 2.0, "whole lung": 1.0, "both sides": 0.2, "no place": 0.0}
"""How many of the drawn places of each kind hold no lesion, relative to single zones, up to `MAX_ABSENT`; a data set
with few healthy lungs may allow only fewer. The published notes name few healthy sides, so most of them come from
here."""

MAX_ABSENT = 0.7
"""How many of the places drawn for one radiograph may hold no lesion, so that a healthy lung does not betray that."""

_ONE_ZONE: tuple[Zones, ...] = tuple((zone,) for zone in ZONES)
_TWO_ZONES: tuple[Zones, ...] = tuple(combinations(ZONES, 2))
_PARTS: tuple[Zones, ...] = ((), *_ONE_ZONE, *_TWO_ZONES, ZONES)
_BALANCING_ROUNDS = 200


@dataclass(frozen=True)
class Question:
    """A note that names a place, and its kind; questions of one kind and one group are drawn equally often."""

    expression: ReferringExpression
    kind: str
    group: Zones = ()


def _questions() -> tuple[Question, ...]:
    questions = [Question(WITHOUT_LOCATION, "no place")]
    for side in SIDES:
        questions.append(Question(ReferringExpression(sides=(side,)), "side"))
        questions.append(Question(ReferringExpression(sides=(side,), whole=(side,)), "whole lung"))
        questions += [Question(_of_zones({side: zones}), "zone", zones) for zones in _ONE_ZONE]
        questions += [Question(_of_zones({side: zones}), "two zones", zones) for zones in _TWO_ZONES]
    for pair in product((*_ONE_ZONE, *_TWO_ZONES), repeat=2):
        questions.append(Question(_of_zones(dict(zip(SIDES, pair, strict=True))), "both sides"))
    return tuple(questions)


def _of_zones(zones: dict[Side, Zones]) -> ReferringExpression:
    return ReferringExpression(sides=tuple(zones), zones=zones)


QUESTIONS = _questions()
"""Everything that can be drawn."""


@dataclass(frozen=True)
class Anatomy:
    """What an intervention needs to know about a radiograph.

    Attributes:
        extent: where the lungs lie.
        own: the zones that the radiograph's own note names on each side; a side is missing if the note names no zone
            of it.
    """

    extent: LungExtent
    own: dict[Side, Zones] = field(default_factory=dict)


class Region(NamedTuple):
    """Which rows of the lesion on each side a note asks about, in the order of `SIDES`.

    Attributes:
        target: the rows whose lesion is the target, bool, 2 sides x rows.
        ignored: the rows whose lesion is ignored, because they lie at the border of a named zone, of the same shape.
    """

    target: npt.NDArray[np.bool_]
    ignored: npt.NDArray[np.bool_]

    @classmethod
    def of_sides(cls, sides: Iterable[Side], rows: int) -> Region:
        """Return the region of whole sides."""
        target = np.zeros((len(SIDES), rows), dtype=bool)
        for side in sides:
            target[SIDES.index(side)] = True
        return cls(target, np.zeros_like(target))

    def cut(self, mask: Mask) -> tuple[Mask, Mask]:
        """Return the target and the ignored pixels of a lesion, bool, rows x columns each.

        The sides are those of `split_by_side`, so a lesion that extends slightly across the midline is not cut.

        Args:
            mask: ground truth, bool, rows x columns, of a radiograph that is not mirrored.
        """
        halves = split_by_side(mask)
        lesions = np.stack([halves[side] for side in SIDES])
        target, ignored = (np.asarray((lesions & rows[..., None]).any(axis=0)) for rows in self)
        return target, ignored


class Intervention(NamedTuple):
    """A drawn note that names only a place, and its region."""

    expression: ReferringExpression
    region: Region


def region_of(
    expression: ReferringExpression, rows: int, anatomy: Anatomy, margin: float, own_zone_overrules: bool = True
) -> Region:
    """Return the region of the place that a note names.

    Args:
        expression: the note.
        rows: of the radiograph, which is not mirrored.
        anatomy: of the radiograph.
        margin: half the height of the band at the border between a named and an unnamed zone, as a share of the lung's
            height. The lesion in this band is ignored.
        own_zone_overrules: if the drawn zones of a side are exactly those of the radiograph's own note, the target on
            this side is the whole published mask, because the note knows better than the estimated zones.
    """
    region = Region.of_sides(expression.sides, rows)
    for i, side in enumerate(SIDES):
        zones = expression.zones[side] if side in expression.sides else ()
        if not zones or zones == ZONES or (own_zone_overrules and zones == anatomy.own.get(side)):
            continue
        region.target[i] = _rows(zones, rows, anatomy.extent)
        region.ignored[i] = _band(region.target[i], margin, anatomy.extent)
    return region


def _rows(zones: Zones, rows: int, extent: LungExtent) -> npt.NDArray[np.bool_]:
    """Return which rows of an image belong to the zones."""
    named = np.zeros(rows, dtype=bool)
    for zone in zones:
        named |= place_mask(Place("right", zone), (rows, 2), extent).any(axis=1)
    return named


def _band(named: npt.NDArray[np.bool_], margin: float, extent: LungExtent) -> npt.NDArray[np.bool_]:
    """Return the rows nearer than the margin to a border between rows that are named and rows that are not."""
    rows = len(named)
    reach = round(margin * (extent.bottom - extent.top) * rows)
    band = np.zeros(rows, dtype=bool)
    for border in np.flatnonzero(named[1:] != named[:-1]) + 1:
        band[max(0, border - reach) : border + reach] = True
    return band


def lesion_in_parts(
    mask: Mask, anatomy: Anatomy, margin: float, own_zone_overrules: bool, absent_margin: float | None = None
) -> npt.NDArray[np.int8]:
    """Return whether each part of each lung holds a lesion: 1 yes, 0 no, -1 doubtful.

    A part is doubtful if little of the lesion is in it, or if a lesion is only in its margin.

    Args:
        mask: ground truth, bool, rows x columns, of a radiograph that is not mirrored.
        anatomy: of the radiograph.
        margin: see `region_of`.
        own_zone_overrules: see `region_of`.
        absent_margin: how far a lesion must be from a part that is said to hold none, as a share of the lung's height;
            None for `margin`.

    Returns:
        int8, 2 sides x 8 parts: no zone named, each zone, each pair of zones, all zones.
    """
    states = np.full((len(SIDES), len(_PARTS)), -1, dtype=np.int8)
    halves = split_by_side(mask)
    for i, side in enumerate(SIDES):
        lesion = halves[side].sum(axis=1)
        for j, zones in enumerate(_PARTS):
            if not zones or zones == ZONES or (own_zone_overrules and zones == anatomy.own.get(side)):
                inside = near = lesion.sum()
            else:
                rows = _rows(zones, len(lesion), anatomy.extent)
                band = _band(rows, margin, anatomy.extent)
                near_rows = rows | _band(rows, margin if absent_margin is None else absent_margin, anatomy.extent)
                inside, near = lesion[rows & ~band].sum(), lesion[near_rows].sum()
            if near == 0:
                states[i, j] = 0
            elif inside >= MIN_AREA * mask.size:
                states[i, j] = 1
    return states


def probabilities(parts: npt.NDArray[np.int8], absent_share: float = 0.5) -> npt.NDArray[np.float64]:
    """Return how likely each question is drawn for each radiograph.

    Over all radiographs, each kind of question has its share of `SHARES`, and in each group the chosen share of
    the places holds no lesion, as far as the data set allows it. A place with a doubtful answer is not drawn.

    Args:
        parts: int8, n x 2 x 8, as from `lesion_in_parts`.
        absent_share: the share of the drawn single zones that hold no lesion, in [0, 1]; other kinds follow `ABSENT`.

    Returns:
        float64, n x `QUESTIONS`; each row sums to 1, or to 0 if all places of the radiograph are doubtful.
    """
    answers = _answers(parts)
    columns_of: dict[tuple[str, Zones], list[int]] = {}
    for column, question in enumerate(QUESTIONS):
        columns_of.setdefault((question.kind, question.group), []).append(column)
    groups = {kind: sum(key[0] == kind for key in columns_of) for kind in SHARES}
    weights = (answers >= 0).astype(np.float64)
    cells = []
    for (kind, _), columns in columns_of.items():
        empty = min(absent_share * ABSENT[kind], MAX_ABSENT)
        for answer, part in ((0, empty), (1, 1 - empty)):
            rows, chosen = np.nonzero(answers[:, columns] == answer)
            cell = (rows, np.array(columns)[chosen])
            cells.append((cell, SHARES[kind] / groups[kind] * part * len(answers)))
    # Iterative proportional fitting: scale the cells to their totals, then the radiographs to 1, and repeat.
    for _ in range(_BALANCING_ROUNDS):
        for cell, total in cells:
            drawn = weights[cell].sum()
            if drawn > 0:
                weights[cell] *= total / drawn
        absent, present = (np.where(answers == answer, weights, 0).sum(axis=1) for answer in (0, 1))
        limit = MAX_ABSENT / (1 - MAX_ABSENT) * present
        exceeds = (present > 0) & (absent > limit)
        factor = np.where(exceeds, limit / np.where(exceeds, absent, 1.0), 1.0)
        weights *= np.where(answers == 0, factor[:, None], 1.0)
        sums = weights.sum(axis=1, keepdims=True)
        weights /= np.where(sums > 0, sums, 1.0)
    return np.asarray(weights)


def _answers(parts: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return for each radiograph and question whether a lesion is there: 1 yes, 0 no, -1 doubtful."""
    answers = np.zeros((len(parts), len(QUESTIONS)), dtype=np.int8)
    for column, question in enumerate(QUESTIONS):
        expression = question.expression
        sides = [parts[:, SIDES.index(side), _PARTS.index(expression.zones[side])] for side in expression.sides]
        states = np.stack(sides)
        answers[:, column] = np.where((states < 0).any(axis=0), -1, states.max(axis=0))
    return answers


class Interventions:
    """Draw interventions for the radiographs of a data set."""

    def __init__(
        self,
        notes: Sequence[ReferringExpression],
        images: Iterable[npt.NDArray[np.uint8]],
        masks: Sequence[Mask] | Mask,
        share: float,
        margin: float = 0.05,
        own_zone_overrules: bool = True,
        absent_share: float = 0.5,
        absent_margin: float | None = None,
    ) -> None:
        """Estimate the lungs of all radiographs, and find out which places hold a lesion.

        Args:
            notes: the own note of each radiograph.
            images: the radiographs, uint8, rows x columns each, in the same order.
            masks: their ground truth, bool, of the same shapes.
            share: how often a note is replaced, in (0, 1].
            margin: see `region_of`.
            own_zone_overrules: see `region_of`.
            absent_share: see `probabilities`.
            absent_margin: see `lesion_in_parts`.
        """
        self.share = share
        self.margin = margin
        self.own_zone_overrules = own_zone_overrules
        self.masks = masks
        self.anatomies = [
            Anatomy(lung_extent(image), {side: zones for side, zones in note.zones.items() if zones})
            for image, note in zip(images, notes, strict=True)
        ]
        parts = [
            lesion_in_parts(np.asarray(mask), anatomy, margin, own_zone_overrules, absent_margin)
            for mask, anatomy in zip(masks, self.anatomies, strict=True)
        ]
        self.cumulative = probabilities(np.stack(parts), absent_share).cumsum(axis=1)

    def __call__(self, index: int, rng: np.random.Generator) -> Intervention | None:
        """Return an intervention on the note of a radiograph; None if its own note is kept.

        Args:
            index: the radiograph.
            rng: source of random numbers.
        """
        cumulative = self.cumulative[index]
        if rng.random() >= self.share or cumulative[-1] == 0:
            return None
        drawn = int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right"))
        expression, rows = QUESTIONS[drawn].expression, self.masks[index].shape[0]
        region = region_of(expression, rows, self.anatomies[index], self.margin, self.own_zone_overrules)
        return Intervention(expression, region)


Intervene = Callable[[np.random.Generator], Intervention | None]
"""Draws an intervention for one radiograph."""
