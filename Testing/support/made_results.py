"""Results as the segmenter gives them, without a network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.laterality import Laterality, Side
from CausalCLIPSegLib.notes.expression import Finding, ReferringExpression
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.result import Provenance, Segment, SegmentationResult


def make_radiograph(
    pixels: npt.NDArray[np.floating],
    spacing: tuple[float, float] | None = None,
    affine: npt.NDArray[np.float64] | None = None,
    mirrored: bool | None = None,
    warnings: tuple[str, ...] = (),
) -> Radiograph:
    row_mm, column_mm = spacing or (1.0, 1.0)
    affine = np.diag([column_mm, row_mm, 1.0, 1.0]) if affine is None else affine
    return Radiograph(pixels.astype(np.float32), spacing, affine, "film.png", mirrored=mirrored, warnings=warnings)


def hill(
    shape: tuple[int, int], row: float, column: float, height: float = 0.12, width: float = 0.1
) -> npt.NDArray[np.float32]:
    """Probability that falls from 1 through 0.5 on a wavy ellipse; centre and half axes in parts of the image."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    y, x = (rows / shape[0] - row) / height, (columns / shape[1] - column) / width
    angle = np.arctan2(y, x)
    edge = 1 + 0.12 * np.sin(3 * angle + 1) + 0.06 * np.sin(5 * angle)
    return (0.5 - 0.5 * np.tanh(3 * (np.hypot(y, x) / edge - 1))).astype(np.float32)


def make_result(
    film: Radiograph,
    probability: npt.NDArray[np.floating],
    note: str = "Consolidation in the right lower zone.",
    prompt: str = "Unilateral pulmonary infection, one infected area, lower left lung.",
    threshold: float = 0.5,
    laterality: Laterality = "viewer",
    sides: tuple[Side, ...] = ("right",),
) -> SegmentationResult:
    """Put the left half of the picture on the patient's right, or the other way round where it is mirrored."""
    mask = probability >= threshold
    viewers_left = np.broadcast_to(np.arange(mask.shape[1]) < mask.shape[1] // 2, mask.shape)
    rights = ~viewers_left if film.mirrored else viewers_left
    halves: tuple[tuple[Side, npt.NDArray[np.bool_], tuple[float, float, float]], ...] = (
        ("right", mask & rights, (0.902, 0.624, 0.0)),
        ("left", mask & ~rights, (0.337, 0.706, 0.914)),
    )
    return SegmentationResult(
        radiograph=film,
        note=note,
        expression=ReferringExpression(
            sides=sides,
            zones={side: ("lower",) for side in sides},  # noqa: C420 - a dict of Side, not of str
            findings=(Finding("consolidation", "Consolidation"),),
        ),
        prompt=prompt,
        laterality=laterality,
        probability=probability.astype(np.float32),
        threshold=threshold,
        causal_attention=np.full(mask.shape, 0.5, np.float32),
        segments=tuple(
            Segment(f"infection_{side}", f"Pulmonary infection, {side} lung", side, half, color)
            for side, half, color in halves
            if half.any()
        ),
        provenance=Provenance("qata-lite0", "2", "3fa9bc12" * 8, "cpu", "0.1.0", {"text": 0.02, "image": 0.4}),
    )
