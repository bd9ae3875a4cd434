"""Show the maps of a result as overlays on the radiograph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from CausalCLIPSegLib import colors, maps
from CausalCLIPSegLib.scene.volumes import OVERLAY_ATTRIBUTE, Result, check_same_shape, place_beside
from CausalCLIPSegLib.scene.vtk_arrays import empty_image, fill_voxels, plain_image, voxel_values, vtk_matrix

if TYPE_CHECKING:
    from slicer import vtkMRMLColorTableNode, vtkMRMLNode, vtkMRMLScalarVolumeNode, vtkMRMLScene, vtkMRMLVolumeNode

Overlay = str
"""The name of a map."""

Ramp = tuple[colors.Color, colors.Color]
"""The colors of the lowest and the highest value."""

_RAMPS: dict[Overlay, Ramp] = {
    "causal_attention": ((0.0, 0.1, 0.3), (0.6, 0.95, 1.0)),
    "confounder_attention": ((0.2, 0.0, 0.25), (1.0, 0.75, 1.0)),
    "patches_of_interest": ((0.0, 0.2, 0.1), (0.7, 1.0, 0.6)),
}
"""Colors of maps other than those of all others, `colors.MAP_RAMP`; the segments have other colors."""

OVERLAYS: dict[Overlay, tuple[str, Ramp]] = {
    name: (text.title, _RAMPS.get(name, colors.MAP_RAMP)) for name, text in maps.KNOWN.items()
}
"""Name and colors of each map that this version knows."""

_FIRST_SHOWN = 0.05
"""Share of the window of a map below which the radiograph is shown instead."""


def show_overlay(
    scene: vtkMRMLScene, volume: vtkMRMLVolumeNode, result: Result, overlay: Overlay
) -> vtkMRMLScalarVolumeNode:
    """Add a map of a result to the scene, as a volume with the geometry of the radiograph, styled by `style_overlay`.

    The volume is meant for the foreground of a slice view.

    Args:
        scene: holds the volume.
        volume: the radiograph.
        result: of the worker, with its files.
        overlay: the map to show.

    Raises:
        ValueError: the result belongs to another radiograph, or its network does not give this map.
        OSError: the file of the map is missing.
    """
    check_same_shape(volume, result)
    values = np.load(_file_of(result, overlay), allow_pickle=False).astype(np.float32)
    title = maps.text_of(overlay).title
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(title))
    image = empty_image(volume)
    fill_voxels(image, values)
    node.SetAndObserveImageData(plain_image(image))
    node.SetIJKToRASMatrix(vtk_matrix(volume, "GetIJKToRASMatrix"))
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    node.SetAttribute(OVERLAY_ATTRIBUTE, overlay)
    style_overlay(scene, node, overlay)
    place_beside(scene, node, volume)
    return node


def _file_of(result: Result, overlay: Overlay) -> str:
    """Return the file of a map; an answer of an earlier version has no list of maps."""
    files = {each["name"]: each["file"] for each in result.get("maps", ())}
    file = files.get(overlay, result.get(overlay))
    if file is None:
        raise ValueError(f"The network gives no map {overlay}.")
    return str(file)


def style_overlay(scene: vtkMRMLScene, node: vtkMRMLScalarVolumeNode, overlay: Overlay) -> None:
    """Display a map as a ramp of opaque colors, and not at all where it is lowest.

    Slicer shows a color of any opacity but 0 as opaque (vtkMRMLScalarVolumeDisplayNode), so the ramp changes the color
    and the display threshold hides the lowest values. A probability is shown from 0 to 1. An attention map is shown
    over its own range, because its values lie close together.

    Args:
        scene: holds the node; all maps of the same kind share a color table in it.
        node: the map.
        overlay: its kind.
    """
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(_color_table(scene, overlay).GetID())
    values = voxel_values(node)
    low, high = (0.0, 1.0) if overlay == "probability" else (float(values.min()), float(values.max()))
    if high <= low:  # a constant map; a window needs a width
        low, high = low - 0.5, low + 0.5
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(low, high)
    display.AutoThresholdOff()
    display.SetThreshold(low + _FIRST_SHOWN * (high - low), high)
    display.ApplyThresholdOn()


def _color_table(scene: vtkMRMLScene, overlay: Overlay) -> vtkMRMLColorTableNode:
    """Return the color table of a kind of overlay; add it to the scene if it is missing."""
    name, (low, high) = maps.text_of(overlay).title, _RAMPS.get(overlay, colors.MAP_RAMP)
    node = next(_nodes_of_overlay(scene, "vtkMRMLColorTableNode", overlay), None)
    if node is None:
        node = scene.AddNewNodeByClass("vtkMRMLColorTableNode", f"CausalCLIPSeg {name.lower()}")
        node.SetTypeToUser()
        node.SetNumberOfColors(256)
        node.SetAttribute(OVERLAY_ATTRIBUTE, overlay)
        node.SetAttribute("Category", "CausalCLIPSeg")
    for index in range(256):  # also in a loaded scene, whose table may be that of an earlier version
        share = index / 255
        color = (start + share * (end - start) for start, end in zip(low, high, strict=True))
        node.SetColor(index, f"{share:.2f}", *color, 1.0)
    return node


def _nodes_of_overlay(scene: vtkMRMLScene, node_class: str, overlay: str) -> Iterator[vtkMRMLNode]:
    nodes = scene.GetNodesByClass(node_class)
    nodes.UnRegister(None)
    for number in range(nodes.GetNumberOfItems()):
        node = nodes.GetItemAsObject(number)
        if node.GetAttribute(OVERLAY_ATTRIBUTE) == overlay:
            yield node
