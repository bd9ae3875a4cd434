"""Volumes of a MRML scene as radiographs: their shape, their values for the worker, their place in the hierarchy."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from CausalCLIPSegLib.scene.vtk_arrays import LPS_TO_RAS, numpy_matrix, voxel_values

Result = Mapping[str, Any]
OVERLAY_ATTRIBUTE = "CausalCLIPSeg.Overlay"


def image_shape(volume: Any) -> tuple[int, int]:
    """Return rows and columns of a volume of one slice, whichever of its axes the slice is.

    Raises:
        ValueError: the volume is empty, or has several slices.
    """
    image = volume.GetImageData() if volume is not None else None
    sides = [] if image is None else [size for size in image.GetDimensions() if size > 1]
    if len(sides) != 2:
        raise ValueError("The volume is not one picture.")
    return sides[1], sides[0]  # VTK counts along the fastest axis first


def is_radiograph(volume: Any) -> bool:
    """Whether a volume can be a film: one picture, and neither labels nor a map that `show_overlay` has made."""
    if volume.IsA("vtkMRMLLabelMapVolumeNode") or volume.GetAttribute(OVERLAY_ATTRIBUTE) is not None:
        return False
    try:
        image_shape(volume)
    except ValueError:
        return False
    return True


def save_radiograph(volume: Any, path: Path, *, inverted: bool = False) -> dict[str, Any]:
    """Write a volume's values for the worker, and return the "image" of a request (worker.protocol.ArrayImage).

    For volumes that are no file as they stand: cropped, filtered, loaded from a picture. The values are taken, not the
    window and the grey scale that they are looked at with.

    Args:
        volume: vtkMRMLScalarVolumeNode or vtkMRMLVectorVolumeNode of one slice.
        path: an .npy file, which is replaced.
        inverted: small values are the dense ones. Not so for a DICOM film that Slicer loaded: GDCM has turned round
            what is MONOCHROME1.
    """
    rows, columns = image_shape(volume)
    values = voxel_values(volume)
    components = values.shape[3:]
    np.save(path, np.ascontiguousarray(values.reshape((rows, columns, *components))), allow_pickle=False)
    column_axis, row_axis = (axis for axis, size in enumerate(volume.GetImageData().GetDimensions()) if size > 1)
    slice_axis = 3 - column_axis - row_axis
    to_ras = numpy_matrix(volume, "GetIJKToRASMatrix")
    spacing = volume.GetSpacing()[row_axis], volume.GetSpacing()[column_axis]
    return {
        "kind": "array",
        "path": str(path),
        "spacing": None if spacing == (1, 1) else spacing,
        "affine": (LPS_TO_RAS @ to_ras[:, [column_axis, row_axis, slice_axis, 3]]).tolist(),
        "inverted": inverted,
    }


def place_beside(scene: Any, node: Any, volume: Any) -> None:
    """Put a node beside the film in the subject hierarchy, where the scene has one that knows the film."""
    import slicer

    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    film = hierarchy.GetItemByDataNode(volume) if hierarchy else 0
    if not film:
        return
    parent = hierarchy.GetItemParent(film)
    item = hierarchy.GetItemByDataNode(node)
    if item:
        hierarchy.SetItemParent(item, parent)
    else:
        hierarchy.CreateItem(parent, node)


def check_same_shape(volume: Any, result: Result) -> None:
    """Raise ValueError if a result has another shape than the volume."""
    if image_shape(volume) != (result["rows"], result["columns"]):
        raise ValueError("The result is that of another film: its size differs.")
