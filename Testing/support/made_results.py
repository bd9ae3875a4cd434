"""Make radiographs and results like those of the segmenter, without a network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.colors import BY_SIDE, NOT_IN_NOTE
from CausalCLIPSegLib.laterality import SIDES, Laterality, Side
from CausalCLIPSegLib.notes.expression import Finding, ReferringExpression
from CausalCLIPSegLib.radiograph import Radiograph
from CausalCLIPSegLib.result import Candidate, Provenance, Segment, SegmentationResult
from CausalCLIPSegLib.terminology import DEFAULT_KIND, segment_name


def make_radiograph(
    pixels: npt.NDArray[np.floating],
    spacing: tuple[float, float] | None = None,
    affine: npt.NDArray[np.float64] | None = None,
    mirrored: bool | None = None,
    warnings: tuple[str, ...] = (),
) -> Radiograph:
    row_mm, column_mm = spacing or (1.0, 1.0)
    affine = np.diag([column_mm, row_mm, 1.0, 1.0]) if affine is None else affine
    return Radiograph(pixels.astype(np.float32), spacing, affine, "image.png", mirrored=mirrored, warnings=warnings)


def hill(
    shape: tuple[int, int], row: float, column: float, height: float = 0.12, width: float = 0.1
) -> npt.NDArray[np.float32]:
    """Return a probability map that falls from 1 to 0 and is 0.5 on a wavy ellipse.

    Args:
        shape: rows and columns.
        row, column: center of the ellipse, as fractions of the image.
        height, width: its semi-axes, as fractions of the image.
    """
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    y, x = (rows / shape[0] - row) / height, (columns / shape[1] - column) / width
    angle = np.arctan2(y, x)
    edge = 1 + 0.12 * np.sin(3 * angle + 1) + 0.06 * np.sin(5 * angle)
    return (0.5 - 0.5 * np.tanh(3 * (np.hypot(y, x) / edge - 1))).astype(np.float32)


def make_result(
    radiograph: Radiograph,
    probability: npt.NDArray[np.floating],
    note: str = "Consolidation in the right lower zone.",
    prompt: str = "Unilateral pulmonary infection, one infected area, lower left lung.",
    threshold: float = 0.5,
    laterality: Laterality = "viewer",
    sides: tuple[Side, ...] = ("right",),
) -> SegmentationResult:
    """Return a result whose mask is split in the middle of the image into the patient's right and left."""
    mask = probability >= threshold
    left_of_image = np.broadcast_to(np.arange(mask.shape[1]) < mask.shape[1] // 2, mask.shape)
    right_lung = ~left_of_image if radiograph.mirrored else left_of_image
    masks: dict[Side, npt.NDArray[np.bool_]] = {"right": mask & right_lung, "left": mask & ~right_lung}
    return SegmentationResult(
        radiograph=radiograph,
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
        network_attention=np.full((1, 1), 0.5, np.float32),
        segments=tuple(
            Segment(f"infection_{side}", segment_name(DEFAULT_KIND, side), side, masks[side], BY_SIDE[side])
            for side in SIDES
            if masks[side].any()
        ),
        provenance=Provenance("qata-lite0", "2", "3fa9bc12" * 8, "cpu", "0.1.0", {"text": 0.02, "image": 0.4}),
    )


def make_candidate(mask: npt.NDArray[np.bool_], side: Side = "left", *, denied: bool = False) -> Candidate:
    """Return an area outside the places of the note, in the upper zone."""
    segment = Segment("not_in_note_1", segment_name(DEFAULT_KIND, side), side, mask, NOT_IN_NOTE)
    return Candidate(segment, ("upper",), highest=0.819, denied=denied)
