"""Volumes of a MRML scene as radiographs: their shape, values and place in the subject hierarchy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.scene.vtk_arrays import numpy_matrix, voxel_values
from CausalCLIPSegLib.segmentation.segmentation import LPS_TO_RAS

if TYPE_CHECKING:
    from slicer import vtkMRMLNode, vtkMRMLScene, vtkMRMLSegmentationNode, vtkMRMLVolumeNode

Result = Mapping[str, Any]
"""The worker's answer to "segment", as a dictionary (worker.protocol.SegmentResult)."""

OVERLAY_ATTRIBUTE = "CausalCLIPSeg.Overlay"
"""Attribute of overlay volumes and their color tables that names the map; saved scenes hold it."""


def image_shape(volume: vtkMRMLVolumeNode | None) -> tuple[int, int]:
    """Return rows and columns of a one-slice volume; the slice may lie along any axis.

    Raises:
        ValueError: the volume is empty or has several slices.
    """
    image = volume.GetImageData() if volume is not None else None
    sides = [] if image is None else [size for size in image.GetDimensions() if size > 1]
    if len(sides) != 2:
        raise ValueError("The volume is not one picture.")
    return sides[1], sides[0]  # VTK lists the fastest axis first


def is_radiograph(volume: vtkMRMLVolumeNode) -> bool:
    """Whether a volume can be a radiograph: one picture, and neither labels nor a map of `show_overlay`."""
    if volume.IsA("vtkMRMLLabelMapVolumeNode") or volume.GetAttribute(OVERLAY_ATTRIBUTE) is not None:
        return False
    try:
        image_shape(volume)
    except ValueError:
        return False
    return True


def save_radiograph(volume: vtkMRMLVolumeNode, path: Path, *, inverted: bool = False) -> dict[str, Any]:
    """Write a volume's values for the worker, and return the "image" of a request (worker.protocol.ArrayImage).

    This works for any one-slice volume, even if it was cropped, filtered, or loaded from a picture. The values are
    written unchanged; window and color table of the display do not matter.

    Args:
        volume: scalar or vector volume of one slice.
        path: an .npy file, which is replaced.
        inverted: whether dense tissue has small values. False for a DICOM image that Slicer loaded, because GDCM has
            already inverted MONOCHROME1.
    """
    rows, columns = image_shape(volume)
    values = voxel_values(volume)
    components = values.shape[3:]
    np.save(path, np.ascontiguousarray(values.reshape((rows, columns, *components))), allow_pickle=False)
    column_axis, row_axis, slice_axis = _picture_axes(volume)
    to_ras = numpy_matrix(volume, "GetIJKToRASMatrix")
    spacing = volume.GetSpacing()[row_axis], volume.GetSpacing()[column_axis]
    return {
        "kind": "array",
        "path": str(path),
        "spacing": None if spacing == (1, 1) else spacing,
        "affine": (LPS_TO_RAS @ to_ras[:, [column_axis, row_axis, slice_axis, 3]]).tolist(),
        "inverted": inverted,
    }


def picture_to_ras(volume: vtkMRMLVolumeNode) -> npt.NDArray[np.float64]:
    """Return the axes of a slice view, as unit columns in RAS, 3 x 3, that shows a radiograph as it is stored.

    The axes point to the right, up, and through the view. Row 0 is at the top and column 0 at the left, whatever plane
    the header names. The last axis points to the patient's right, front or top, as in Slicer's own orientations.
    """
    column_axis, row_axis, _ = _picture_axes(volume)
    to_ras = numpy_matrix(volume, "GetIJKToRASMatrix")
    right, up = to_ras[:3, column_axis], -to_ras[:3, row_axis]
    right = right / np.linalg.norm(right)
    through = np.cross(right, up)
    through /= np.linalg.norm(through)
    up = np.cross(through, right)
    if through[np.abs(through).argmax()] < 0:
        through = -through
    return np.column_stack((right, up, through))


def _picture_axes(volume: vtkMRMLVolumeNode) -> tuple[int, int, int]:
    """Return the axes of a one-slice volume along its columns, along its rows, and through the slice."""
    column_axis, row_axis = (axis for axis, size in enumerate(volume.GetImageData().GetDimensions()) if size > 1)
    return column_axis, row_axis, 3 - column_axis - row_axis


def place_beside(scene: vtkMRMLScene, node: vtkMRMLNode, volume: vtkMRMLVolumeNode) -> None:
    """Put a node beside a volume in the subject hierarchy, if the hierarchy has the volume."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    volume_item = hierarchy.GetItemByDataNode(volume) if hierarchy else 0
    if not volume_item:
        return
    parent = hierarchy.GetItemParent(volume_item)
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)


def reference_volume(segmentation: vtkMRMLSegmentationNode) -> vtkMRMLVolumeNode | None:
    """Return the radiograph on which a segmentation was made; None if it is not in the scene."""
    return segmentation.GetNodeReference(segmentation.GetReferenceImageGeometryReferenceRole())


def check_same_shape(volume: vtkMRMLVolumeNode, result: Result) -> None:
    """Raise ValueError if a result does not have the shape of a volume."""
    if image_shape(volume) != (result["rows"], result["columns"]):
        raise ValueError("The result belongs to another radiograph: its size differs.")
