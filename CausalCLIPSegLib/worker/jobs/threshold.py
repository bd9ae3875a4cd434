"""Answer "threshold": split a probability map at another threshold."""

from __future__ import annotations

import numpy as np

from CausalCLIPSegLib.atomic_files import staged_files
from CausalCLIPSegLib.errors import (
    RadiographError,
)
from CausalCLIPSegLib.laterality import SIDES, Side
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.radiograph.array import load_values
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.progress import ProgressCallback
from CausalCLIPSegLib.worker.jobs.segment import measures


def threshold(request: protocol.ThresholdRequest, begin: ProgressCallback) -> protocol.ThresholdResult:
    """Part a probability map at another threshold, by side.

    Raises:
        CausalCLIPSegError: the map cannot be read, or the masks cannot be written.
    """
    begin("Outlining", 0)
    probability = load_values(request.probability)
    if probability.ndim != 2 or probability.dtype.kind != "f":
        raise RadiographError("The file with probabilities is not one of this program.")
    parts = split_by_side(probability >= request.threshold, mirrored=request.mirrored)
    with staged_files(request.output, [_mask_name(side) for side in SIDES], force=True) as stage:
        for side in SIDES:
            np.save(stage / _mask_name(side), parts[side], allow_pickle=False)
        begin("Outlining", 1)
    return protocol.ThresholdResult(
        id=request.id,
        threshold=request.threshold,
        masks=[
            protocol.MaskDocument(
                side=side, mask=request.output / _mask_name(side), **measures(parts[side], request.spacing)
            )
            for side in SIDES
        ],
    )


def _mask_name(side: Side) -> str:
    return f"mask_{side}.npy"
