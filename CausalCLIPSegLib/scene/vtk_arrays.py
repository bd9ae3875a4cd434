"""NumPy arrays in and out of VTK images, and the geometry of MRML nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def empty_image(volume: Any) -> Any:
    """Return the grid of a volume without voxels, as vtkOrientedImageData."""
    import slicer

    image = slicer.vtkOrientedImageData()
    image.SetDimensions(volume.GetImageData().GetDimensions())
    image.SetImageToWorldMatrix(vtk_matrix(volume, "GetIJKToRASMatrix"))
    return image


def fill_voxels(image: Any, pixels: npt.NDArray[Any]) -> None:
    """Give an image one value a voxel, from rows x columns."""
    from vtk.util import numpy_support

    values = pixels.view(np.uint8) if pixels.dtype == bool else pixels
    scalars = numpy_support.numpy_to_vtk(np.ascontiguousarray(values).ravel(), deep=True)
    image.GetPointData().SetScalars(scalars)


def plain_image(image: Any) -> Any:
    """Return the voxels of an oriented image as a vtkImageData without geometry, as volume nodes keep them."""
    import vtk

    plain = vtk.vtkImageData()
    plain.SetDimensions(image.GetDimensions())
    plain.GetPointData().SetScalars(image.GetPointData().GetScalars())
    return plain


def voxel_values(volume: Any) -> npt.NDArray[Any]:
    """Return the voxels of a volume, slices x rows x columns, with a last axis where they have several components."""
    from vtk.util import numpy_support

    image = volume.GetImageData()
    values = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars())
    components = image.GetNumberOfScalarComponents()
    return np.asarray(values.reshape((*image.GetDimensions()[::-1], *((components,) if components > 1 else ()))))


def overlapping_voxels(image: Any, shape: tuple[int, ...]) -> tuple[npt.NDArray[Any], tuple[slice, ...]]:
    """Return the voxels of an image that lie on a grid of `shape` from 0 on, and where on it they lie."""
    from vtk.util import numpy_support

    extent = image.GetExtent()
    firsts, lasts = extent[0::2][::-1], extent[1::2][::-1]
    voxels = numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(
        [last - first + 1 for first, last in zip(firsts, lasts, strict=True)]
    )
    where = tuple(slice(max(0, f), max(0, min(n, la + 1))) for f, la, n in zip(firsts, lasts, shape, strict=True))
    held = tuple(
        slice(part.start - first, max(part.start, part.stop) - first)
        for part, first in zip(where, firsts, strict=True)
    )
    return voxels[held], where


def has_same_geometry(segmentation: Any, volume: Any, image: Any, film: Any) -> bool:
    """Whether a segment's labelmap lies on the grid of the radiograph, under the same transform."""
    import slicer

    return bool(
        segmentation.GetTransformNodeID() == volume.GetTransformNodeID()
        and slicer.vtkOrientedImageDataResample.DoGeometriesMatch(image, film)
    )


def resample_to_radiograph(image: Any, segmentation: Any, volume: Any, film: Any) -> Any:
    """Return a labelmap sampled on the film's grid, nearest neighbour, with the transforms that the two are under."""
    import slicer
    import vtk

    between = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        segmentation.GetParentTransformNode(), volume.GetParentTransformNode(), between
    )
    sampled = slicer.vtkOrientedImageData()
    resample = slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage
    if not resample(image, film, sampled, False, False, between):
        raise ValueError("The segment cannot be brought onto the film.")
    return sampled


def vtk_matrix(node: Any, method: str) -> Any:
    """Return a matrix of a MRML node by the name of the method that fills it."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    getattr(node, method)(matrix)
    return matrix


def numpy_matrix(node: Any, method: str) -> npt.NDArray[np.float64]:
    """Return the same matrix as float64, 4 x 4."""
    matrix = vtk_matrix(node, method)
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
