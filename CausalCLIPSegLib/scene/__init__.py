"""A result in a MRML scene: segments on the radiograph, masks in and out exactly, maps as overlays.

The scene is an argument, so that Slicer, a browser viewer and the tests share this package. It imports nothing of MRML
before a function is called, and only NumPy and SciPy besides. Results come as plain dictionaries: the worker's event
"result" of a "segment" request (worker.protocol.SegmentResult).
"""

from CausalCLIPSegLib.scene.coded_segments import terminology_entry
from CausalCLIPSegLib.scene.overlays import OVERLAYS, Overlay, show_overlay
from CausalCLIPSegLib.scene.segments import (
    CHECKPOINT_TAG,
    DIGEST_TAG,
    KIND_TAG,
    SIDE_TAG,
    THRESHOLD_TAG,
    Mask,
    describe_segments,
    is_corrected,
    read_mask,
    rethreshold,
    save_segments,
    set_mask,
    show_result,
)
from CausalCLIPSegLib.scene.volumes import Result, image_shape, is_radiograph, place_beside, save_radiograph

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
    "terminology_entry",
]
