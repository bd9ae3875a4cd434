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
def _quiet_itk() -> Iterator[None]:
    import SimpleITK  # takes its time to import

    loud = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        SimpleITK.ProcessObject.SetGlobalWarningDisplay(loud)


@_quiet_itk()
def read_nrrd(path: Path) -> Radiograph:
    """Read an NRRD file of one slice; see `reader.read_radiograph`."""
    reader = _itk_reader(path, "NrrdImageIO")
    if path.name.lower().endswith(".seg.nrrd") or reader.HasMetaDataKey("Segment0_ID"):
        raise RadiographError("This file holds a segmentation; give it the radiograph that was segmented.")
    return _read_slice(path, reader)


@_quiet_itk()
def read_nifti(path: Path) -> Radiograph:
    """Read a NIfTI file of one slice; see `reader.read_radiograph`."""
    # Alone in a folder, and with the ending that its content asks for: ITK goes by the ending, and takes the pixels of
    # film.nii.gz from film.nii where that lies beside it.
    with TemporaryDirectory() as alone:
        ending = ".nii.gz" if first_bytes(path).startswith(GZIP) else ".nii"
        copy = Path(shutil.copyfile(path, Path(alone) / f"film{ending}"))
        reader = _itk_reader(copy, "NiftiImageIO")
        _slice_axes(reader)  # refuses by size before the completeness check reads anything
        _refuse_truncated_nifti(copy, int(np.prod(reader.GetSize())))
        return _read_slice(path, reader)


def _read_slice(path: Path, reader: Any) -> Radiograph:
    import SimpleITK

    column_axis, row_axis = _slice_axes(reader)
    rows, columns = reader.GetSize()[row_axis], reader.GetSize()[column_axis]
    components = reader.GetNumberOfComponents()
    values = SimpleITK.GetArrayFromImage(reader.Execute())
    values = values.reshape((rows, columns) if components == 1 else (rows, columns, components))
    pixels = byte_pixels(values) if values.dtype == np.uint8 else percentile_normalize(values)
    spacing = reader.GetSpacing()[row_axis], reader.GetSpacing()[column_axis]
    return checked_radiograph(
        path.name,
        pixels,
        spacing=None if spacing == (1, 1) else spacing,
        affine=_itk_affine(reader, column_axis, row_axis),
    )


def _itk_reader(path: Path, image_io: str) -> Any:
    """Return a reader that has read the header only."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(image_io)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return reader


def _slice_axes(reader: Any) -> tuple[int, int]:
    """Return the axes of the file that run along the columns and along the rows; refuse by the header alone."""
    sizes = reader.GetSize()
    long = [axis for axis, size in enumerate(sizes) if size > 1]
    if len(long) > 2 or any(axis > 2 for axis in long):
        raise RadiographError("The file holds a volume or several pictures; give it one radiograph.")
    if len(long) < 2:
        raise RadiographError("The file holds no picture, only a line or a point.")
    pixel = _one_pixel(reader)
    if pixel.size > (4 if pixel.dtype == np.uint8 else 1):
        raise RadiographError("The file holds several values for each pixel; a radiograph holds one.")
    check_size(sizes[long[1]], sizes[long[0]], pixel.nbytes)
    return long[0], long[1]


def _one_pixel(reader: Any) -> npt.NDArray[np.generic]:
    """Return a pixel as the file will give it, from the header alone: its type and its components."""
    import SimpleITK

    kind, components = reader.GetPixelID(), reader.GetNumberOfComponents()
    if kind in {SimpleITK.sitkComplexFloat32, SimpleITK.sitkComplexFloat64}:
        raise RadiographError("The file holds complex numbers; a radiograph has levels of grey.")
    pixel = SimpleITK.Image([1, 1], kind, components if components > 1 else 0)
    return np.asarray(SimpleITK.GetArrayFromImage(pixel))


def _itk_affine(reader: Any, column_axis: int, row_axis: int) -> npt.NDArray[np.float64]:
    """Return ITK's geometry as a matrix on (column, row, slice, 1); two-dimensional files get the plane z = 0."""
    n = reader.GetDimension()
    axes = np.eye(max(n, 3))
    axes[:n, :n] = np.reshape(reader.GetDirection(), (n, n)) * reader.GetSpacing()
    slice_axis = 3 - column_axis - row_axis
    affine = np.eye(4)
    affine[:3, :3] = axes[:3, [column_axis, row_axis, slice_axis]]
    affine[: min(n, 3), 3] = reader.GetOrigin()[:3]
    return affine


def _refuse_truncated_nifti(path: Path, pixels: int) -> None:
    """Refuse a file that ends before its last pixel: ITK fills what is missing with noughts and says nothing."""
    head = first_bytes(path)
    layout = nifti_layout(head)
    assert layout is not None, "is what made it a NIfTI file"
    start, bits = layout
    with gzip.open(path) if head.startswith(GZIP) else path.open("rb") as file:
        file.seek(start + pixels * bits // 8 - 1)
        if not file.read(1):
            raise RadiographError("The file is incomplete: it ends before the last pixel.")
