"""Calibrate the statements about places: is something there, and is what the note leaves out found again?

Every radiograph is asked about each of the eight places, which gives pairs of a highest probability and the ground
truth. From its own note one side, and one zone, are deleted in turn; the search without a place should then find the
deleted lesion as an area outside the places of the note, and nothing if the note is complete.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import optimize

from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.mask import PLACES, LungExtent, Place, lung_extent, place_mask, split_by_side
from CausalCLIPSegLib.mask.presence import MARGIN, areas_elsewhere, named_places, state_places
from CausalCLIPSegLib.model.place_calibration import PlaceCalibration, PresenceCurve, logit
from CausalCLIPSegLib.notes import ReferringExpression
from CausalCLIPSegLib.segmenter import Segmenter
from training.augmentation.notes import of_one_side, without_location
from training.data.splits import Sample
from training.evaluation.referring import MIN_SHARE

Mask = npt.NDArray[np.bool_]
Kind = Literal["side", "zone"]

THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(4, 20))
"""Thresholds of the search that are compared."""

SIZES = (0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02)
"""Smallest areas that are compared, as shares of the image."""

FOUND = 0.25
"""A deleted lesion is found if the areas cover at least this share of it."""

MAX_AREAS = 0.2
"""The areas per radiograph that are accepted if nothing was deleted; the settings that find most below this win."""


@dataclass(frozen=True)
class Deletion:
    """A note from which a place with a lesion was deleted.

    Attributes:
        kind: what was deleted: a side, or a zone.
        areas: for each of `THRESHOLDS` the areas outside the places of the rest: share of the image, and share of
            the deleted lesion that each covers.
        segmented: share of the deleted lesion that the answer to the rest of the note covers.
    """

    kind: Kind
    areas: tuple[tuple[tuple[float, float], ...], ...]
    segmented: float


@dataclass(frozen=True)
class PlaceCase:
    """What one radiograph shows about statements on places.

    Attributes:
        presence: highest probability at a place, and whether the ground truth holds a lesion there.
        areas: for each of `THRESHOLDS` the shares of the image of the areas outside the complete note.
        deletions: the note without a side and without a zone, if a lesion was deleted.
    """

    presence: tuple[tuple[float, bool], ...]
    areas: tuple[tuple[float, ...], ...]
    deletions: tuple[Deletion, ...]

    @classmethod
    def of(
        cls,
        answer: Callable[[ReferringExpression], npt.NDArray[np.float32]],
        own: ReferringExpression,
        truth: Mask,
        extent: LungExtent,
        *,
        threshold: float,
        seed: int = 0,
    ) -> PlaceCase:
        """Ask about every place, and about the note without some of them.

        Args:
            answer: returns the probability map of a note, float32 in [0, 1], of the shape of `truth`.
            own: the radiograph's own note.
            truth: ground truth of the own note, bool, rows x columns.
            extent: where the lungs lie.
            threshold: a pixel is segmented if its probability reaches this value.
            seed: chooses the side and the zone that are deleted.
        """
        anywhere = answer(without_location(own))

        def areas(
            note: ReferringExpression, lesion: Mask | None = None
        ) -> tuple[tuple[tuple[float, float], ...], ...]:
            segmented = answer(note) >= threshold
            return tuple(
                tuple(
                    (float(area.mean()), float(area[lesion].mean()) if lesion is not None else 0.0)
                    for _, area in areas_elsewhere(anywhere >= limit, segmented, note, extent)
                )
                for limit in THRESHOLDS
            )

        deletions = []
        for kind, rest, lesion in _deletions(own, truth, extent, np.random.default_rng(seed)):
            covered = float((answer(rest) >= threshold)[lesion].mean())
            deletions.append(Deletion(kind, areas(rest, lesion), covered))
        return cls(
            presence=tuple(_presence(answer, own.finding, truth, extent)),
            areas=tuple(tuple(size for size, _ in each) for each in areas(own)),
            deletions=tuple(deletions),
        )


def measure(segmenter: Segmenter, sample: Sample) -> PlaceCase | None:
    """Measure a radiograph on the network's grid; None if its note names no place.

    Raises:
        DatasetError: a file cannot be read, or radiograph and mask differ in size.
    """
    radiograph, mask = sample.load()
    try:
        own = sample.parse(segmenter.card.findings)
    except NoteError:
        return None
    if not named_places(own):
        return None
    segmenter.set_radiograph(radiograph)
    card, maps = segmenter.card, cache(segmenter.probabilities)
    size = card.network.image_size
    truth = np.asarray(Image.fromarray(mask).resize((size, size), Image.Resampling.NEAREST))
    extent = lung_extent(radiograph.pixels)
    seed = zlib.crc32(sample.name.encode())
    return PlaceCase.of(lambda note: maps(card.prompt(note)), own, truth, extent, threshold=card.threshold, seed=seed)


def calibrate(cases: Sequence[PlaceCase], threshold: float) -> tuple[PlaceCalibration, dict[str, Any]]:
    """Return the settings that the cases suggest, and the metrics with the curve that they were chosen on.

    Args:
        cases: what `measure` returned.
        threshold: that of the card.
    """
    curve = list(_curve(cases))
    accepted = [point for point in curve if point["areas_per_radiograph"] <= MAX_AREAS] or [
        min(curve, key=lambda point: point["areas_per_radiograph"])
    ]
    best = max(accepted, key=lambda point: (point["found"] or 0, -point["areas_per_radiograph"]))
    highest, actual = (
        np.array(each) for each in zip(*(pair for case in cases for pair in case.presence), strict=True)
    )
    presence = fit_presence(highest, actual)
    metrics = {
        "radiographs": len(cases),
        "presence": presence_metrics(presence, highest, actual, threshold),
        "elsewhere": {"chosen": best, "found_from": FOUND, "accepted_areas": MAX_AREAS, "curve": curve},
    }
    settings = PlaceCalibration(
        presence=presence, search_threshold=best["threshold"], smallest_area=best["smallest_area"]
    )
    return settings, metrics


def fit_presence(highest: npt.NDArray[np.float64], actual: npt.NDArray[np.bool_]) -> PresenceCurve:
    """Fit a logistic curve by maximum likelihood, with one lesion and one empty place added so that it stays finite.

    Args:
        highest: highest probability at each place, in [0, 1].
        actual: whether a lesion is there.
    """
    x = np.array([logit(each) for each in highest] + [0.0, 0.0])
    y = np.append(actual, [True, False])

    def loss(parameters: npt.NDArray[np.float64]) -> float:
        values = parameters[0] + parameters[1] * x
        return float(np.logaddexp(0, np.where(y, -values, values)).sum())

    intercept, slope = optimize.minimize(loss, [0.0, 1.0], bounds=[(None, None), (0, None)], method="L-BFGS-B").x
    return PresenceCurve(slope=round(float(slope), 4), intercept=round(float(intercept), 4))


def presence_metrics(
    curve: PresenceCurve, highest: npt.NDArray[np.float64], actual: npt.NDArray[np.bool_], threshold: float
) -> dict[str, Any]:
    """Return how often something reaches the threshold, with and without a lesion, and how well the curve fits."""
    calibrated = np.array([curve(each) for each in highest])
    bins = np.minimum((5 * calibrated).astype(int), 4)
    rows = [
        {
            "from": number / 5,
            "to": (number + 1) / 5,
            "n": int((bins == number).sum()),
            "calibrated": _percent(calibrated[bins == number]),
            "lesion": _percent(actual[bins == number]),
        }
        for number in range(5)
    ]
    gaps = [abs(float((calibrated - actual)[bins == number].sum())) for number in range(5)]
    return {
        "places": len(actual),
        "with_lesion": int(actual.sum()),
        "reached_with_lesion": _percent(highest[actual] >= threshold),
        "reached_without_lesion": _percent(highest[~actual] >= threshold),
        "brier": round(float(((calibrated - actual) ** 2).mean()), 4),
        "calibration_error": round(100 * sum(gaps) / len(actual), 2),
        "bins": rows,
    }


def _presence(
    answer: Callable[[ReferringExpression], npt.NDArray[np.float32]], finding: str, truth: Mask, extent: LungExtent
) -> Iterator[tuple[float, bool]]:
    for place in PLACES:
        note = replace(place.expression, finding=finding)
        (statement,) = state_places(answer(note), 0.5, note, extent)
        if (truth & place_mask(place, truth.shape, extent)).mean() >= MIN_SHARE:
            yield statement.highest, True
        elif not (truth & place_mask(place, truth.shape, extent, margin=MARGIN)).any():
            yield statement.highest, False


def _deletions(
    own: ReferringExpression, truth: Mask, extent: LungExtent, rng: np.random.Generator
) -> Iterator[tuple[Kind, ReferringExpression, Mask]]:
    """Yield the note without a side, and without a zone, with the lesion that lies only there."""
    halves = split_by_side(truth)
    if len(own.sides) > 1:
        kept = own.sides[rng.integers(len(own.sides))]
        lesion = truth & ~halves[kept]
        if lesion.mean() >= MIN_SHARE:
            yield "side", of_one_side(own, kept), lesion
    sides = [side for side in own.sides if len(own.zones[side]) > 1]
    if sides:
        side = sides[rng.integers(len(sides))]
        zone = own.zones[side][rng.integers(len(own.zones[side]))]
        zones = {**own.zones, side: tuple(each for each in own.zones[side] if each != zone)}
        whole = tuple(each for each in own.whole if each != side)
        lesion = halves[side] & place_mask(Place(side, zone), truth.shape, extent)
        for rest in zones[side]:
            lesion &= ~place_mask(Place(side, rest), truth.shape, extent, margin=MARGIN)
        if lesion.mean() >= MIN_SHARE:
            yield "zone", replace(own, zones=zones, whole=whole, count=None), lesion


def _curve(cases: Sequence[PlaceCase]) -> Iterator[dict[str, Any]]:
    """Yield for each threshold and size: share of deleted lesions found, and areas if nothing was deleted."""
    deletions = [each for case in cases for each in case.deletions]
    for index, threshold in enumerate(THRESHOLDS):
        for size in SIZES:
            found = {
                kind: [
                    sum(covered for area, covered in each.areas[index] if area >= size) >= FOUND
                    for each in deletions
                    if each.kind == kind
                ]
                for kind in ("side", "zone")
            }
            numbers = [sum(area >= size for area in case.areas[index]) for case in cases]
            yield {
                "threshold": threshold,
                "smallest_area": size,
                "found": _percent([*found["side"], *found["zone"]]),
                "found_sides": _percent(found["side"]),
                "found_zones": _percent(found["zone"]),
                "sides": len(found["side"]),
                "zones": len(found["zone"]),
                "already_segmented_zones": _percent(
                    [each.segmented >= FOUND for each in deletions if each.kind == "zone"]
                ),
                "areas_per_radiograph": round(float(np.mean(numbers)), 3),
                "radiographs_with_areas": _percent([number > 0 for number in numbers]),
            }


def _percent(values: Sequence[bool] | npt.NDArray[Any]) -> float | None:
    return round(100 * float(np.mean(values)), 2) if len(values) else None
