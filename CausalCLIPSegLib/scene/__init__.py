"""A result in a MRML scene: segments on the radiograph, exact masks in and out, maps as overlays.

The scene is an argument, so Slicer, a browser viewer and the tests share this package. It imports only NumPy and the
standard library; slicer, vtk and SciPy are imported inside the functions that need them. Results are plain
dictionaries: the worker's event "result" of a "segment" request (worker.protocol.SegmentResult).
"""

from CausalCLIPSegLib.scene.coded_segments import terminology_entry
from CausalCLIPSegLib.scene.overlays import OVERLAYS, Overlay, show_overlay
from CausalCLIPSegLib.scene.segments import (
    Mask,
    code_segments,
    describe_segments,
    is_corrected,
    read_mask,
    rethreshold,
    save_segments,
    set_mask,
    show_result,
    show_segments,
)
from CausalCLIPSegLib.scene.volumes import Result, image_shape, is_radiograph, place_beside, save_radiograph
from CausalCLIPSegLib.segmentation.tags import CHECKPOINT_TAG, DIGEST_TAG, KIND_TAG, SIDE_TAG, THRESHOLD_TAG

__all__ = [
    "CHECKPOINT_TAG",
    "DIGEST_TAG",
    "KIND_TAG",
    "OVERLAYS",
    "SIDE_TAG",
    "THRESHOLD_TAG",
    "Mask",
    "Overlay",
    "Result",
    "code_segments",
    "describe_segments",
    "image_shape",
    "is_corrected",
    "is_radiograph",
    "place_beside",
    "read_mask",
    "rethreshold",
    "save_radiograph",
    "save_segments",
    "set_mask",
    "show_overlay",
    "show_result",
    "show_segments",
    "terminology_entry",
]
