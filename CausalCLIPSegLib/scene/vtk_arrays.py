"""Conversion between NumPy arrays and VTK images, and the geometry of MRML nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from slicer import (
        vtkMRMLNode,
        vtkMRMLSegmentationNode,
        vtkMRMLVolumeNode,
        vtkOrientedImageData,
    )
    from vtk import vtkImageData, vtkMatrix4x4


def empty_image(volume: vtkMRMLVolumeNode) -> vtkOrientedImageData:
    """Return an image with the grid of a volume and without voxels."""
    import slicer

    image = slicer.vtkOrientedImageData()
    image.SetDimensions(volume.GetImageData().GetDimensions())
    image.SetImageToWorldMatrix(vtk_matrix(volume, "GetIJKToRASMatrix"))
    return image


def fill_voxels(image: vtkImageData, pixels: npt.NDArray[Any]) -> None:
    """Set the voxels of a one-slice image to an array of rows x columns; the image does not share its memory."""
    from vtk.util import numpy_support

    values = pixels.view(np.uint8) if pixels.dtype == bool else pixels
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True)
    image.GetPointData().SetScalars(scalars)


def plain_image(image: vtkOrientedImageData) -> vtkImageData:
    """Return the voxels of an image without its geometry; volume nodes store the geometry themselves."""
    import vtk

    plain = vtk.vtkImageData()
    plain.SetDimensions(image.GetDimensions())
    plain.GetPointData().SetScalars(image.GetPointData().GetScalars())
    return plain


def voxel_values(volume: vtkMRMLVolumeNode) -> npt.NDArray[Any]:
    """Return the voxels of a volume, slices x rows x columns (x components, if a voxel has several)."""
    from vtk.util import numpy_support

    image = volume.GetImageData()
    values = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    components = image.GetNumberOfScalarComponents()
    return np.asarray(values.reshape((*image.GetDimensions()[::-1], *((components,) if components > 1 else ()))))


def overlapping_voxels(
    image: vtkOrientedImageData, shape: tuple[int, ...]
) -> tuple[npt.NDArray[Any], tuple[slice, ...]]:
    """Return the voxels of an image that overlap a grid, and the slices that select them on the grid.

    Args:
        image: its extent is in voxels of the grid.
        shape: of the grid, slices x rows x columns; its first voxel is 0, 0, 0.
    """
    from vtk.util import numpy_support

    extent = image.GetExtent()
    firsts, lasts = extent[0::2][::-1], extent[1::2][::-1]
    voxels = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(
        [last - first + 1 for first, last in zip(firsts, lasts, strict=True)]
    )
    on_grid = tuple(
        slice(max(0, first), max(0, min(size, last + 1)))
        for first, last, size in zip(firsts, lasts, shape, strict=True)
    )
    in_image = tuple(
        slice(place.start - first, max(place.start, place.stop) - first)
        for place, first in zip(on_grid, firsts, strict=True)
    )
    return voxels[in_image], on_grid


def has_same_geometry(
    segmentation: vtkMRMLSegmentationNode,
    volume: vtkMRMLVolumeNode,
    image: vtkOrientedImageData,
    grid: vtkOrientedImageData,
) -> bool:
    """Whether a segment's labelmap lies on the grid of the volume, under the same transform."""
    import slicer

    return bool(
        segmentation.GetTransformNodeID() == volume.GetTransformNodeID()
        and slicer.vtkOrientedImageDataResample.DoGeometriesMatch(image, grid)
    )


def resample_to_radiograph(
    image: vtkOrientedImageData,
    segmentation: vtkMRMLSegmentationNode,
    volume: vtkMRMLVolumeNode,
    grid: vtkOrientedImageData,
) -> vtkOrientedImageData:
    """Resample a labelmap to the grid of the volume by nearest neighbor, under the transforms of both nodes.

    Raises:
        ValueError: the labelmap cannot be resampled.
    """
    import slicer
    import vtk

    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        segmentation.GetParentTransformNode(), volume.GetParentTransformNode(), transform
    )
    sampled = slicer.vtkOrientedImageData()
    resample = slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage
    if not resample(image, grid, sampled, False, False, transform):
        raise ValueError("The segment cannot be resampled to the radiograph.")
    return sampled


def vtk_matrix(node: vtkMRMLNode | vtkImageData, method: str) -> vtkMatrix4x4:
    """Return a matrix of a node or an image, 4 x 4; `method` names its method that fills a matrix."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    getattr(node, method)(matrix)
    return matrix


def numpy_matrix(node: vtkMRMLNode | vtkImageData, method: str) -> npt.NDArray[np.float64]:
    """Return the matrix of `vtk_matrix` as an array, 4 x 4."""
    matrix = vtk_matrix(node, method)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
