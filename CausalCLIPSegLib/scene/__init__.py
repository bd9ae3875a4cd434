"""Results in a MRML scene: segments on the radiograph with exact masks, and maps as overlays.

The scene is an argument, so Slicer, a browser viewer and the tests share this package. It imports only NumPy and the
standard library; slicer, vtk and SciPy are imported inside the functions that need them. Results are plain
dictionaries: the "result" event with which the worker answers a "segment" request (worker.protocol.SegmentResult).
"""

from CausalCLIPSegLib.scene.candidates import add_candidate, show_candidates
from CausalCLIPSegLib.scene.coded_segments import default_terminology_entry
from CausalCLIPSegLib.scene.overlays import OVERLAYS, Overlay, show_overlay, style_overlay
from CausalCLIPSegLib.scene.segments import (
    FILL_OPACITY,
    Mask,
    code_segments,
    describe_segments,
    is_corrected,
    make_room,
    read_mask,
    rethreshold,
    save_segments,
    set_mask,
    show_result,
    show_segments,
)
from CausalCLIPSegLib.scene.volumes import (
    Result,
    image_shape,
    is_radiograph,
    picture_to_ras,
    place_beside,
    reference_volume,
    save_radiograph,
)
from CausalCLIPSegLib.segmentation.tags import KIND_TAG, SIDE_TAG

__all__ = [
    "FILL_OPACITY",
    "KIND_TAG",
    "OVERLAYS",
    "SIDE_TAG",
    "Mask",
    "Overlay",
    "Result",
    "add_candidate",
    "code_segments",
    "default_terminology_entry",
    "describe_segments",
    "image_shape",
    "is_corrected",
    "is_radiograph",
    "make_room",
    "picture_to_ras",
    "place_beside",
    "read_mask",
    "reference_volume",
    "rethreshold",
    "save_radiograph",
    "save_segments",
    "set_mask",
    "show_candidates",
    "show_overlay",
    "show_result",
    "show_segments",
    "style_overlay",
]
