"""Answer the request "threshold": split a probability map at another threshold."""

from __future__ import annotations

from CausalCLIPSegLib.laterality import SIDES
from CausalCLIPSegLib.mask.components import area_fraction, area_mm2, count_components
from CausalCLIPSegLib.mask.sides import split_by_side
from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.jobs.arrays import load_probability, mask_name, save_arrays
from CausalCLIPSegLib.worker.jobs.progress import ProgressCallback


def threshold(request: protocol.ThresholdRequest, begin: ProgressCallback) -> protocol.ThresholdResult:
    """Split a probability map at another threshold, by side.

    Raises:
        CausalCLIPSegError: the map cannot be read, or the masks cannot be written.
    """
    begin("Applying the threshold", 0)
    probability = load_probability(request.probability)
    masks = split_by_side(probability >= request.threshold, mirrored=request.mirrored)
    arrays = {mask_name(side): masks[side] for side in SIDES}
    save_arrays(arrays, request.output, lambda: begin("Applying the threshold", 1))
    return protocol.ThresholdResult(
        id=request.id,
        threshold=request.threshold,
        masks=[
            protocol.MaskDocument(
                side=side,
                area_mm2=area_mm2(masks[side], request.spacing),
                area_fraction=area_fraction(masks[side]),
                components=count_components(masks[side]),
                mask=request.output / mask_name(side),
            )
            for side in SIDES
        ],
    )
