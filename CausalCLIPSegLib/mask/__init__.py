"""Geometry of masks: connected components, sides, lungs and their zones, and the description of a mask as a note."""

from __future__ import annotations

from CausalCLIPSegLib.mask.components import area_mm2, connected_components
from CausalCLIPSegLib.mask.description import describe, disagreements
from CausalCLIPSegLib.mask.lung_extent import LungExtent, lung_extent
from CausalCLIPSegLib.mask.places import PLACES, Place, place_mask
from CausalCLIPSegLib.mask.sides import split_by_side

__all__ = [
    "PLACES",
    "LungExtent",
    "Place",
    "area_mm2",
    "connected_components",
    "describe",
    "disagreements",
    "lung_extent",
    "place_mask",
    "split_by_side",
]
