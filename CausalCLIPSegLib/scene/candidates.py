"""Areas outside the places of the note, in a segmentation of their own until a person adds them to the result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from CausalCLIPSegLib.scene.segments import add_result_segment, load_mask, new_segmentation, read_mask, set_mask
from CausalCLIPSegLib.scene.volumes import Result, check_same_shape
from CausalCLIPSegLib.segmentation.tags import DIGEST_TAG

if TYPE_CHECKING:
    from slicer import vtkMRMLScene, vtkMRMLSegmentationNode, vtkMRMLVolumeNode

_OUTLINE_PIXELS = 1

_ADDED = "added by a person"
"""Stands for the digest of the mask; without one, the segment would count as drawn by a person."""


def show_candidates(
    scene: vtkMRMLScene, volume: vtkMRMLVolumeNode, result: Result, name: str
) -> vtkMRMLSegmentationNode | None:
    """Show the areas that are not in the note as thin lines without a fill, so that no person takes them for findings.

    Args:
        scene: holds the volume.
        volume: the radiograph, of `result["rows"]` x `result["columns"]` pixels.
        result: of the worker, with its files.
        name: of the new node, which lists of nodes do not offer.

    Returns:
        The node, whose segments have the identifiers of `result["not_in_note"]`; None if there is no such area.

    Raises:
        ValueError: the result belongs to another radiograph.
        OSError: a file of the result is missing.
    """
    found = result.get("not_in_note", ())
    if not found:
        return None
    check_same_shape(volume, result)
    masks = {candidate["id"]: load_mask(candidate["mask"]) for candidate in found}
    node = new_segmentation(scene, volume, name)
    node.SetHideFromEditors(True)
    display = node.GetDisplayNode()
    display.SetOpacity2DFill(0)
    display.SetSliceIntersectionThickness(_OUTLINE_PIXELS)
    for candidate in found:
        add_result_segment(node, candidate, result)
        set_mask(node, candidate["id"], volume, masks[candidate["id"]], original=True)
    return node


def add_candidate(
    candidates: vtkMRMLSegmentationNode,
    segmentation: vtkMRMLSegmentationNode,
    volume: vtkMRMLVolumeNode,
    result: Result,
    identifier: str,
) -> None:
    """Add an area to the segments of its result.

    It then counts as corrected by a person: another threshold or another result does not change it.

    Args:
        candidates: as `show_candidates` returned it.
        segmentation: the segments of the result.
        volume: the radiograph.
        result: of the worker; its files are not needed.
        identifier: of the area.

    Raises:
        ValueError: the result has no such area, or it was added already.
    """
    candidate = next((each for each in result.get("not_in_note", ()) if each["id"] == identifier), None)
    if candidate is None:
        raise ValueError(f"There is no segment “{identifier}”.")
    mask = read_mask(candidates, identifier, volume)
    add_result_segment(segmentation, {**candidate, "name": _free_name(segmentation, candidate)}, result)
    set_mask(segmentation, identifier, volume, mask)
    segmentation.GetSegmentation().GetSegment(identifier).SetTag(DIGEST_TAG, _ADDED)


def _free_name(segmentation: vtkMRMLSegmentationNode, candidate: dict[str, Any]) -> str:
    """Return the name of an area; with its place if a segment on the same side has the same name."""
    segments = segmentation.GetSegmentation()
    names = {segments.GetSegment(each).GetName() for each in segments.GetSegmentIDs()}
    return f"{candidate['name']} ({candidate['place']})" if candidate["name"] in names else str(candidate["name"])
