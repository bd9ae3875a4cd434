"""Read a NIfTI file of one slice."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.formats import GZIP, NIFTI_HEADER_BYTES, nifti_version
from CausalCLIPSegLib.radiograph.orientation import is_default
from CausalCLIPSegLib.radiograph.radiograph import Radiograph
from CausalCLIPSegLib.radiograph.slices import read_slice, slice_axes

# Bytes between the header and the pixels, where extensions such as a DICOM header may be.
_MAX_PIXEL_OFFSET = 1 << 24
_VECTOR_AXIS = 4
_RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_MILLIMETERS = {1: 1000.0, 3: 0.001}  # of meters and micrometers; other units count as millimeters
_SCANNER = 1
_TWO_ORIENTATIONS = "The file states two different orientations; check that the image is upright and not mirrored."


def read_nifti(path: Path) -> Radiograph:
    """Read a NIfTI-1 or NIfTI-2 file of one slice; see `reader.read_radiograph`."""
    with path.open("rb") as raw:
        is_compressed = raw.read(2) == GZIP
        raw.seek(0)
        file = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if is_compressed else raw
        header = _read_header(file)
        dtype, is_color = _data_type(header)
        sizes = _sizes(header)
        planes = sizes.pop(_VECTOR_AXIS) if len(sizes) == _VECTOR_AXIS + 1 else 1
        components = dtype.itemsize if is_color else planes
        values_type = np.dtype(np.uint8) if is_color else dtype
        axes = slice_axes(sizes, values_type, components)
        length = sizes[axes[0]] * sizes[axes[1]] * planes * dtype.itemsize
        file.seek(max(int(header["vox_offset"]), int(header["sizeof_hdr"])))
        data = file.read(length)
        if len(data) < length:
            raise RadiographError("The file is incomplete: it ends before the last pixel.")
        file.read(1)  # a gzip file checks itself at its end
    rows, columns = sizes[axes[1]], sizes[axes[0]]
    values = np.frombuffer(data, values_type)
    if is_color:
        values = values.reshape(rows, columns, components)
    elif planes > 1:
        values = np.moveaxis(values.reshape(planes, rows, columns), 0, -1)
    else:
        values = values.reshape(rows, columns)
    slope, intercept = header.get_slope_inter()
    affine, is_stated, warnings = _affine(header)
    return read_slice(
        path.name,
        values,
        affine,
        axes,
        is_stated=is_stated and not is_default(affine),
        is_stretched=(slope, intercept) not in {(None, None), (1, 0)},
        is_inverted=slope is not None and slope < 0,
        warnings=warnings,
    )


def _read_header(file: BinaryIO) -> Any:
    """Return nibabel's header after checking what the rest relies on."""
    import nibabel  # importing it is slow

    head = file.read(NIFTI_HEADER_BYTES[2])
    version = nifti_version(head)
    kinds = {1: nibabel.Nifti1Header, 2: nibabel.Nifti2Header}
    assert version is not None, "read_radiograph detected the format by it"
    header = kinds[version](head[: NIFTI_HEADER_BYTES[version]], check=False)
    if not 0 <= float(header["vox_offset"]) <= _MAX_PIXEL_OFFSET:
        raise RadiographError("The header of this NIfTI file does not say where its pixels are.")
    return header


def _data_type(header: Any) -> tuple[np.dtype[Any], bool]:
    """Return the type of a voxel, and whether it is a color of several bytes."""
    dtype = header.get_data_dtype()
    return dtype, dtype.fields is not None


def _sizes(header: Any) -> list[int]:
    count, *sizes = (int(number) for number in header["dim"])
    sizes[2:] = [max(1, size) for size in sizes[2:]]  # some writers put 0 for the slices of an image, as ITK allows
    if not 1 <= count <= 7 or min(sizes[:count]) < 1:
        raise RadiographError("The header of this NIfTI file contradicts itself about its size.")
    return sizes[:count]


def _affine(header: Any) -> tuple[npt.NDArray[np.float64], bool, tuple[str, ...]]:
    """Return the matrix from voxels to LPS where ITK places them, whether the file states it, and warnings.

    ITK takes the sform if it has no shear and is that of the scanner or equals the qform, else the qform. If the file
    has neither, ITK lets columns run to the left and rows to the back.
    """
    zooms = np.abs(header["pixdim"][1:4].astype(float))
    zooms[~(np.isfinite(zooms) & (zooms > 0))] = 1
    unit = _MILLIMETERS.get(int(header["xyzt_units"]) & 7, 1.0)
    sform, sform_code = _form(header.get_sform)
    qform, _ = _form(header.get_qform)
    differ = sform is not None and qform is not None and not np.allclose(sform, qform, atol=1e-3)
    if sform is not None and (qform is None or (_is_rigid(sform, zooms) and (sform_code == _SCANNER or not differ))):
        chosen = sform
    elif qform is not None:
        chosen = qform
    else:
        return np.diag([*zooms * unit, 1.0]), False, ()
    affine = np.diag([unit, unit, unit, 1.0]) @ _RAS_TO_LPS @ chosen
    if int(header["dim"][0]) == 2:
        affine = _flat(affine)
    return affine, True, (_TWO_ORIENTATIONS,) if differ else ()


def _form(get: Callable[..., Any]) -> tuple[npt.NDArray[np.float64] | None, int]:
    """Return a matrix of the header, in RAS, and its code; None if it is unused or not a number."""
    try:
        matrix, code = get(coded=True)
    except Exception:  # nibabel raises different errors for quaternions that are none
        return None, 0
    usable = matrix is not None and np.isfinite(matrix).all() and np.linalg.det(matrix[:3, :3]) != 0
    return (np.asarray(matrix, dtype=float), int(code)) if usable else (None, 0)


def _is_rigid(matrix: npt.NDArray[np.float64], zooms: npt.NDArray[np.float64]) -> bool:
    """Return whether the axes of a matrix are perpendicular, with lengths as in `zooms`."""
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    axes = matrix[:3, :3] / lengths
    return np.allclose(axes.T @ axes, np.eye(3), atol=1e-4) and np.allclose(lengths, zooms, rtol=1e-3)


def _flat(affine: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the place that ITK gives to a file of two dimensions, if it can: in the plane of the first two axes."""
    if np.linalg.det(affine[:2, :2]) == 0:
        return affine
    flat = np.eye(4)
    flat[:2, :2], flat[:2, 3] = affine[:2, :2], affine[:2, 3]
    return flat
