"""Show the maps of a result as overlays on the radiograph."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np

from CausalCLIPSegLib import colors
from CausalCLIPSegLib.scene.volumes import OVERLAY_ATTRIBUTE, Result, check_same_shape, place_beside
from CausalCLIPSegLib.scene.vtk_arrays import empty_image, fill_voxels, plain_image, vtk_matrix

if TYPE_CHECKING:
    from slicer import vtkMRMLColorTableNode, vtkMRMLNode, vtkMRMLScalarVolumeNode, vtkMRMLScene, vtkMRMLVolumeNode

Overlay = Literal["causal_attention", "confounder_attention", "probability"]

OVERLAYS: dict[Overlay, tuple[str, colors.Color]] = {
    "causal_attention": ("Causal attention", colors.to_unit_rgb(colors.VERMILION)),
    "confounder_attention": ("Confounder map", colors.to_unit_rgb(colors.PURPLE)),
    "probability": ("Probability", colors.to_unit_rgb(colors.GREEN)),
}
"""Name and color of each map; the segments have other colors."""


def show_overlay(
    scene: vtkMRMLScene, volume: vtkMRMLVolumeNode, result: Result, overlay: Overlay
) -> vtkMRMLScalarVolumeNode:
    """Add a map of a result to the scene, as a volume with the geometry of the radiograph.

    The volume is meant for the foreground of a slice view. It has one color, transparent where the map is 0 and opaque
    where it is 1. All overlays of the same kind share a color table.

    Args:
        scene: holds the volume.
        volume: the radiograph.
        result: of the worker, with its files.
        overlay: the map to show.

    Raises:
        ValueError: the result belongs to another radiograph.
        OSError: the file of the map is missing.
    """
    check_same_shape(volume, result)
    values = np.load(result[overlay], allow_pickle=False).astype(np.float32)
    name, _ = OVERLAYS[overlay]
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(name))
    image = empty_image(volume)
    fill_voxels(image, values)
    node.SetAndObserveImageData(plain_image(image))
    node.SetIJKToRASMatrix(vtk_matrix(volume, "GetIJKToRASMatrix"))
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    node.SetAttribute(OVERLAY_ATTRIBUTE, overlay)
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    display.SetAndObserveColorNodeID(_color_table(scene, overlay).GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0, 1)
    place_beside(scene, node, volume)
    return node


def _color_table(scene: vtkMRMLScene, overlay: Overlay) -> vtkMRMLColorTableNode:
    """Return the color table of a kind of overlay; add it to the scene if it is missing."""
    name, color = OVERLAYS[overlay]
    node = next(_nodes_of_overlay(scene, "vtkMRMLColorTableNode", overlay), None)
    if node is None:
        node = scene.AddNewNodeByClass("vtkMRMLColorTableNode", f"CausalCLIPSeg {name.lower()}")
        node.SetTypeToUser()
        node.SetNumberOfColors(256)
        for index in range(256):
            node.SetColor(index, f"{index / 255:.2f}", *color, index / 255)
        node.SetAttribute(OVERLAY_ATTRIBUTE, overlay)
        node.SetAttribute("Category", "CausalCLIPSeg")
    return node


def _nodes_of_overlay(scene: vtkMRMLScene, node_class: str, overlay: str) -> Iterator[vtkMRMLNode]:
    nodes = scene.GetNodesByClass(node_class)
    nodes.UnRegister(None)
    for number in range(nodes.GetNumberOfItems()):
        node = nodes.GetItemAsObject(number)
        if node.GetAttribute(OVERLAY_ATTRIBUTE) == overlay:
            yield node
