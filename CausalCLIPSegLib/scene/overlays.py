"""Maps of a result as overlays on the radiograph."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from CausalCLIPSegLib import colors
from CausalCLIPSegLib.scene.volumes import OVERLAY_ATTRIBUTE, Result, check_same_shape, place_beside
from CausalCLIPSegLib.scene.vtk_arrays import empty_image, fill_voxels, plain_image, vtk_matrix

Overlay = Literal["causal_attention", "confounder_attention", "probability"]

OVERLAYS: dict[Overlay, tuple[str, colors.Color]] = {
    "causal_attention": ("Causal attention", colors.to_unit_rgb(colors.VERMILION)),
    "confounder_attention": ("Confounder map", colors.to_unit_rgb(colors.PURPLE)),
    "probability": ("Probability", colors.to_unit_rgb(colors.GREEN)),
}
"""Name and colour of each map; other colours than those of the segments."""


def show_overlay(scene: Any, volume: Any, result: Result, overlay: Overlay) -> Any:
    """Put a map of a result over the film, as a new vtkMRMLScalarVolumeNode of the same geometry.

    It is transparent where the map is 0, and of one colour, the stronger the higher it is; to be shown as the
    foreground of a slice view. The colours are shared by all overlays of the same kind.

    Args:
        scene: vtkMRMLScene that holds the volume.
        volume: the film.
        result: of the worker, with its files.
        overlay: which map.

    Raises:
        ValueError: the result is that of another film.
        OSError: the file of the map is gone.
    """
    check_same_shape(volume, result)
    values = np.load(result[overlay], allow_pickle=False).astype(np.float32)
    name, _ = OVERLAYS[overlay]
    shown = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", scene.GenerateUniqueName(name))
    image = empty_image(volume)
    fill_voxels(image, values)
    shown.SetAndObserveImageData(plain_image(image))
    shown.SetIJKToRASMatrix(vtk_matrix(volume, "GetIJKToRASMatrix"))
    shown.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    shown.SetAttribute(OVERLAY_ATTRIBUTE, overlay)
    shown.CreateDefaultDisplayNodes()
    display = shown.GetDisplayNode()
    display.SetAndObserveColorNodeID(_overlay_colors(scene, overlay).GetID())
    display.AutoWindowLevelOff()
    display.SetWindowLevelMinMax(0, 1)
    place_beside(scene, shown, volume)
    return shown


def _overlay_colors(scene: Any, overlay: Overlay) -> Any:
    name, color = OVERLAYS[overlay]
    node = next(iter(_nodes_with(scene, "vtkMRMLColorTableNode", overlay)), None)
    if node is None:
        node = scene.AddNewNodeByClass("vtkMRMLColorTableNode", f"CausalCLIPSeg {name.lower()}")
        node.SetTypeToUser()
        node.SetNumberOfColors(256)
        for index in range(256):
            node.SetColor(index, f"{index / 255:.2f}", *color, index / 255)
        node.SetAttribute(OVERLAY_ATTRIBUTE, overlay)
        node.SetAttribute("Category", "CausalCLIPSeg")
    return node


def _nodes_with(scene: Any, node_class: str, overlay: str) -> Iterable[Any]:
    nodes = scene.GetNodesByClass(node_class)
    nodes.UnRegister(None)
    for number in range(nodes.GetNumberOfItems()):
        node = nodes.GetItemAsObject(number)
        if node.GetAttribute(OVERLAY_ATTRIBUTE) == overlay:
            yield node
