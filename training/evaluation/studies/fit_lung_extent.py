"""Fit the parameters of `lung_extent` and `describe` on a training split: extent of the lungs, zones, shares.

The folds are by patient. Zones and shares are chosen, and the agreement on training is measured, with extents from a
model that was fitted without the radiograph's fold.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.mask.components import connected_components
from CausalCLIPSegLib.mask.lung_extent import lung_extent_of_profiles, plausible, row_profiles
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.notes import ZONES, Zone
from training.augmentation.notes import parse_any_finding
from training.data.sample import Sample
from training.data.studies import study_of

Array = npt.NDArray[np.float64]

_FOLDS = 5
_RIDGE = 3.0
_GRID = 224
_MIDDLES = tuple(np.round(np.arange(0.20, 0.50, 0.02), 2))
_LOWERS = tuple(np.round(np.arange(0.50, 0.90, 0.02), 2))
_SHARES = (0.03, 0.06, 0.09, 0.12, 0.16, 0.20, 0.25, 0.30, 0.36, 0.44)
_SMALLEST_AREAS = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.006)


@dataclass
class _Lungs:
    """All lungs that have a mask and whose zones the note names, as arrays of equal length.

    Attributes:
        profiles: features of the radiograph's rows, lungs x features.
        summed: mask pixels above each row, as a share of the image, lungs x (`_GRID` + 1).
        zones: whether the note names the zone, lungs x upper, middle, lower.
        fold: number of the fold of the patient.
    """

    profiles: Array
    summed: Array
    zones: npt.NDArray[np.bool_]
    fold: npt.NDArray[np.int64]

    @property
    def first(self) -> Array:
        """Upper end of the mask, as a share of the image's height."""
        return np.asarray(np.argmax(self.summed > 0, axis=1) - 1.0) / _GRID

    @property
    def last(self) -> Array:
        """Lower end of the mask, as a share of the image's height."""
        return np.asarray(np.argmax(self.summed == self.summed[:, -1:], axis=1)) / _GRID


def fit(samples: list[Sample], advance: Callable[[], object] = lambda: None) -> dict[str, Any]:
    """Return the contents of `lung_extent.json`: the fitted parameters, and their agreement with the notes."""
    lungs, areas = _collect(samples, advance)
    edges = {"top": (lungs.first, lungs.zones[:, 0]), "bottom": (lungs.last, lungs.zones[:, 2])}
    held_out = {edge: np.zeros(len(lungs.fold)) for edge in edges}
    for fold, (edge, (row, known)) in product(range(_FOLDS), edges.items()):
        fitting = lungs.fold != fold
        model = _ridge(lungs.profiles[fitting & known], row[fitting & known])
        held_out[edge][~fitting] = _predict(model, lungs.profiles[~fitting])
    extent = _extents(held_out["top"], held_out["bottom"])
    _, middle, lower = max(
        (float(np.mean(list(own_zone_shares(lungs, *extent, *inner).values()))), *inner)
        for inner in product(_MIDDLES, _LOWERS)
    )
    agreed, shares = max(
        (_agreement(lungs, *extent, middle, lower, chosen), chosen) for chosen in product(_SHARES, repeat=len(ZONES))
    )
    default = [round(float(edge.mean()), 3) for edge in extent]
    fixed = (np.full(len(lungs.fold), default[0]), np.full(len(lungs.fold), default[1]))
    fitted: dict[str, Any] = {}
    for edge, (row, known) in edges.items():
        *weights, constant = _ridge(lungs.profiles[known], row[known])
        fitted[edge] = {
            "weights": [round(float(weight), 4) for weight in weights],
            "constant": round(float(constant), 4),
        }
    smallest = _smallest_area(areas)
    return {
        **fitted,
        "zones": {"middle": float(middle), "lower": float(lower)},
        "default": {"top": default[0], "bottom": default[1]},
        "zone_share": dict(zip(ZONES, shares, strict=True)),
        "smallest_area": smallest,
        "agreement_on_training": {
            "lungs": len(lungs.fold),
            "mostly_in_the_only_named_zone": {
                zone: round(100 * share, 1) for zone, share in own_zone_shares(lungs, *extent, middle, lower).items()
            },
            "zones_exact": _percent(agreed),
            "zones_exact_default_extent": _percent(_agreement(lungs, *fixed, middle, lower, shares)),
            "count": round(100 * _count_agreement(areas, smallest), 1),
        },
    }


def zone_balance(samples: list[Sample]) -> dict[Zone, tuple[int, float]]:
    """Return how well the zones of `lung_extent` fit notes that name one zone of one side.

    Returns:
        For each zone the number of these notes, and the share of them whose mask lies mostly in the zone.
    """
    notes = [parse_any_finding(sample.note, sample.laterality) for sample in samples]
    one_sided = [sample for sample, note in zip(samples, notes, strict=True) if len(note.sides) == 1]
    lungs, _ = _collect(one_sided, lambda: None)
    extents = [lung_extent_of_profiles(profiles) for profiles in lungs.profiles]
    top, bottom = (np.array([getattr(extent, edge) for extent in extents]) for edge in ("top", "bottom"))
    shares = own_zone_shares(lungs, top, bottom, extents[0].middle, extents[0].lower)
    alone = lungs.zones[lungs.zones.sum(axis=1) == 1].sum(axis=0)
    return {zone: (int(number), shares[zone]) for zone, number in zip(ZONES, alone, strict=True) if number}


def _collect(samples: list[Sample], advance: Callable[[], object]) -> tuple[_Lungs, list[tuple[int, Array]]]:
    profiles, summed, zones, folds, areas = [], [], [], [], []
    for sample in samples:
        note = parse_any_finding(sample.note, sample.laterality)
        mask = sample.load_mask()
        labels, _ = connected_components(mask)
        if note.count is not None:
            areas.append((note.count, np.bincount(labels.ravel())[1:] / mask.size))
        profile = row_profiles(sample.load_image())
        fold = zlib.crc32(study_of(sample.name).encode()) % _FOLDS
        for side, half in split_by_side(mask).items():
            if side in note.sides and note.zones[side] and half.any():
                above = np.concatenate([[0.0], np.cumsum(half.sum(axis=1))]) / mask.size
                profiles.append(profile)
                summed.append(np.interp(np.linspace(0, len(mask), _GRID + 1), np.arange(len(mask) + 1), above))
                zones.append([zone in note.zones[side] for zone in ZONES])
                folds.append(fold)
        advance()
    return _Lungs(np.array(profiles), np.array(summed), np.array(zones), np.array(folds)), areas


def _ridge(profiles: Array, targets: Array) -> Array:
    """Return the weights of a ridge regression and, last, its constant, which is not penalized."""
    inputs = np.column_stack([profiles, np.ones(len(profiles))])
    penalty = _RIDGE * np.eye(inputs.shape[1])
    penalty[-1, -1] = 0
    return np.asarray(np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ targets))


def _predict(model: Array, profiles: Array) -> Array:
    return np.asarray(profiles @ model[:-1] + model[-1])


def _extents(top: Array, bottom: Array) -> tuple[Array, Array]:
    pairs = [plausible(float(a), float(b)) for a, b in zip(top, bottom, strict=True)]
    return np.array([pair.top for pair in pairs]), np.array([pair.bottom for pair in pairs])


def own_zone_shares(lungs: _Lungs, top: Array, bottom: Array, middle: float, lower: float) -> dict[Zone, float]:
    """Return the share of lungs that lie mostly in their zone, among the lungs whose notes name only that zone.

    A zone that is never named alone has no entry.
    """
    pixels = _pixels_by_zone(lungs, top, bottom, middle, lower)
    mostly = 2 * pixels > pixels.sum(axis=1, keepdims=True)
    one = lungs.zones.sum(axis=1) == 1
    chosen = {zone: one & lungs.zones[:, column] for column, zone in enumerate(ZONES)}
    return {
        zone: float(mostly[chosen[zone], column].mean()) for column, zone in enumerate(ZONES) if chosen[zone].any()
    }


def _pixels_by_zone(lungs: _Lungs, top: Array, bottom: Array, middle: float, lower: float) -> Array:
    """Return the pixels of the mask in each zone, as a share of the image, lungs x upper, middle, lower."""
    index = np.arange(len(top))
    first, second = (np.round(_GRID * (top + (bottom - top) * inner)).astype(int) for inner in (middle, lower))
    until = [lungs.summed[index, first], lungs.summed[index, second], lungs.summed[:, -1]]
    return np.column_stack([until[0], until[1] - until[0], until[2] - until[1]])


def _agreement(
    lungs: _Lungs, top: Array, bottom: Array, middle: float, lower: float, shares: Sequence[float]
) -> tuple[float, float, float]:
    """Return the share of lungs whose zones are exactly those of the note, averaged in three ways.

    The first number, which the fit maximizes, is the mean of the other two: the share of all lungs, and the mean of
    the shares for each set of zones. With the share of all lungs only, the fit would ignore notes that name only the
    middle zone, because they are rare.
    """
    pixels = _pixels_by_zone(lungs, top, bottom, middle, lower)
    named = pixels >= np.array(shares) * ((bottom - top) / 6)[:, None]
    named[np.arange(len(top)), pixels.argmax(axis=1)] = True
    exact = (named == lungs.zones).all(axis=1)
    zone_sets = lungs.zones @ np.array([1, 2, 4])
    of_all = float(exact.mean())
    over_sets = float(np.mean([exact[zone_sets == zone_set].mean() for zone_set in np.unique(zone_sets)]))
    return (of_all + over_sets) / 2, of_all, over_sets


def _percent(agreement: tuple[float, float, float]) -> dict[str, float]:
    _, of_all, over_sets = agreement
    return {"of_all": round(100 * of_all, 1), "mean_over_sets_of_zones": round(100 * over_sets, 1)}


def _count_agreement(areas: list[tuple[int, Array]], smallest: float) -> float:
    return float(np.mean([count == int((sizes >= smallest).sum()) for count, sizes in areas]))


def _smallest_area(areas: list[tuple[int, Array]]) -> float:
    """Return the minimum area with which the count agrees most often; the median if several areas are equally good."""
    agreements = [_count_agreement(areas, smallest) for smallest in _SMALLEST_AREAS]
    best = [size for size, share in zip(_SMALLEST_AREAS, agreements, strict=True) if share == max(agreements)]
    return best[len(best) // 2]
