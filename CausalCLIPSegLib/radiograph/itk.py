"""Read NRRD and NIfTI files with SimpleITK."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.formats import GZIP, first_bytes, nifti_layout
from CausalCLIPSegLib.radiograph.grayscale import byte_pixels, percentile_normalize
from CausalCLIPSegLib.radiograph.limits import check_size
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph


@contextmanager
def _silence_itk() -> Iterator[None]:
    import SimpleITK  # importing it is slow

    enabled = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        SimpleITK.ProcessObject.SetGlobalWarningDisplay(enabled)


@_silence_itk()
def read_nrrd(path: Path) -> Radiograph:
    """Read an NRRD file of one slice; see `reader.read_radiograph`."""
    reader = _itk_reader(path, "NrrdImageIO")
    if path.name.lower().endswith(".seg.nrrd") or reader.HasMetaDataKey("Segment0_ID"):
        raise RadiographError("This file holds a segmentation; give it the radiograph that was segmented.")
    return _read_slice(path, reader)


@_silence_itk()
def read_nifti(path: Path) -> Radiograph:
    """Read a NIfTI file of one slice; see `reader.read_radiograph`."""
    # ITK chooses the format by the ending, and takes the pixels of image.nii.gz from image.nii if that lies beside it.
    # So the file is copied to a folder of its own, with the ending that fits its content.
    with TemporaryDirectory() as folder:
        ending = ".nii.gz" if first_bytes(path).startswith(GZIP) else ".nii"
        copy = Path(shutil.copyfile(path, Path(folder) / f"image{ending}"))
        reader = _itk_reader(copy, "NiftiImageIO")
        _slice_axes(reader)  # checks the size before the check for completeness reads anything
        _reject_truncated_nifti(copy, int(np.prod(reader.GetSize())))
        return _read_slice(path, reader)


def _read_slice(path: Path, reader: Any) -> Radiograph:
    import SimpleITK

    column_axis, row_axis = _slice_axes(reader)
    rows, columns = reader.GetSize()[row_axis], reader.GetSize()[column_axis]
    components = reader.GetNumberOfComponents()
    values = SimpleITK.GetArrayFromImage(reader.Execute())
    values = values.reshape((rows, columns) if components == 1 else (rows, columns, components))
    pixels, warnings = byte_pixels(values) if values.dtype == np.uint8 else (percentile_normalize(values), ())
    spacing = reader.GetSpacing()[row_axis], reader.GetSpacing()[column_axis]
    return checked_radiograph(
        path.name,
        pixels,
        spacing=None if spacing == (1, 1) else spacing,
        affine=_itk_affine(reader, column_axis, row_axis),
        warnings=warnings,
    )


def _itk_reader(path: Path, image_io: str) -> Any:
    """Return a SimpleITK reader that has read only the header."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(image_io)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return reader


def _slice_axes(reader: Any) -> tuple[int, int]:
    """Return the axes of the file whose index is the column and the row; reject unsuitable files by their header."""
    sizes = reader.GetSize()
    axes = [axis for axis, size in enumerate(sizes) if size > 1]
    if len(axes) > 2 or any(axis > 2 for axis in axes):
        raise RadiographError("The file holds a volume or several images; give it one radiograph.")
    if len(axes) < 2:
        raise RadiographError("The file holds no image, only a line or a point.")
    pixel = _one_pixel(reader)
    if pixel.size > (4 if pixel.dtype == np.uint8 else 1):
        raise RadiographError("The file holds several values for each pixel; a radiograph holds one.")
    column_axis, row_axis = axes
    check_size(sizes[row_axis], sizes[column_axis], pixel.nbytes)
    return column_axis, row_axis


def _one_pixel(reader: Any) -> npt.NDArray[np.generic]:
    """Return an array of one pixel, with the type and the components that the header declares."""
    import SimpleITK

    pixel_type, components = reader.GetPixelID(), reader.GetNumberOfComponents()
    if pixel_type in {SimpleITK.sitkComplexFloat32, SimpleITK.sitkComplexFloat64}:
        raise RadiographError("The file holds complex numbers; a radiograph has levels of gray.")
    pixel = SimpleITK.Image([1, 1], pixel_type, components if components > 1 else 0)
    return np.asarray(SimpleITK.GetArrayFromImage(pixel))


def _itk_affine(reader: Any, column_axis: int, row_axis: int) -> npt.NDArray[np.float64]:
    """Return ITK's geometry as a 4 x 4 matrix for (column, row, slice, 1); 2D files lie in the plane z = 0."""
    dimension = reader.GetDimension()
    axes = np.eye(max(dimension, 3))
    direction = np.reshape(reader.GetDirection(), (dimension, dimension))
    axes[:dimension, :dimension] = direction * reader.GetSpacing()
    slice_axis = 3 - column_axis - row_axis
    affine = np.eye(4)
    affine[:3, :3] = axes[:3, [column_axis, row_axis, slice_axis]]
    affine[: min(dimension, 3), 3] = reader.GetOrigin()[:3]
    return affine


def _reject_truncated_nifti(path: Path, pixels: int) -> None:
    """Reject a file that ends before its last pixel, because ITK silently fills missing pixels with zeros."""
    head = first_bytes(path)
    layout = nifti_layout(head)
    assert layout is not None, "read_radiograph detected the format by it"
    start, bits = layout
    with gzip.open(path) if head.startswith(GZIP) else path.open("rb") as file:
        file.seek(start + pixels * bits // 8 - 1)
        if not file.read(1):
            raise RadiographError("The file is incomplete: it ends before the last pixel.")
