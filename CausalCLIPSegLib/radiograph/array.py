"""Build a `Radiograph` from an in-memory array and its metadata."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.memory import is_out_of_memory
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph.grayscale import byte_pixels, percentile_normalize
from CausalCLIPSegLib.radiograph.limits import check_size
from CausalCLIPSegLib.radiograph.orientation import find_turn, is_default
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph
from CausalCLIPSegLib.radiograph.reader import read_radiograph
from CausalCLIPSegLib.regular_files import check_regular

if TYPE_CHECKING:
    from pydicom import Dataset

_NOT_AN_IMAGE = "The image that was handed over is not a radiograph: it has to be rows x columns of numbers."

# Comparing this many pixels is enough to find out whether any were changed.
_MAX_COMPARED_PIXELS = 200_000
# Share of pixels that the display window does not clip; with fewer, a comparison proves nothing.
_MIN_UNCLIPPED_SHARE = 0.05
_TOLERANCE = 1e-5


def radiograph_from_array(
    values: npt.NDArray[Any],
    *,
    spacing: tuple[float, float] | None,
    affine: npt.NDArray[np.float64],
    window: tuple[float, float] | None = None,
    inverted: bool = False,
    header: str | Path | None = None,
    name: str = "image",
) -> Radiograph:
    """Return the radiograph that an array of pixel values shows.

    If `header` names the DICOM file that the values come from, and they are unchanged (apart from a rescaling), the
    radiograph is read from that file, with its window and spacing. It then equals `read_radiograph(header)` except for
    `affine` and `name`. If the values were changed, only `mirrored` and `warnings` are taken from the file, and
    `Radiograph.header` is set only if the size is still the same: a cropped image is another DICOM instance.

    Args:
        values: rows x columns of any real type, optionally with a leading axis of length 1; or uint8 with a last axis
            of 3 or 4 (red, green, blue and opacity). Row 0 is the upper edge.
        spacing: distance between pixel centers (row mm, column mm); None if unknown.
        affine: 4 x 4, voxel index (column, row, slice, 1) to mm in LPS.
        window: the values that become black and white. If None, uint8 values are divided by 255, and others are
            spread between the 0.5th and 99.5th percentiles.
        inverted: whether small values are dense.
        header: path of the DICOM file that the values come from.
        name: name of the radiograph.

    Raises:
        RadiographError: the values, or the DICOM file, are not those of one frontal chest radiograph; or the affine
            says that the image is not upright.
    """
    values = _without_slice_axis(values)
    fields: dict[str, Any] = {}
    if header is not None:
        from CausalCLIPSegLib.radiograph import dicom_acceptance, dicom_geometry  # importing pydicom is slow

        dataset = _read_header(Path(header))
        same_size = (dataset.get("Rows"), dataset.get("Columns")) == values.shape
        if same_size and window is None and not inverted and (original := _read_if_unchanged(values, Path(header))):
            return replace(original, affine=affine, name=name)
        fields = {
            "header": dataset if same_size else None,
            "mirrored": dicom_geometry.mirrored(dataset),
            "warnings": dicom_acceptance.header_warnings(dataset),
        }
    else:
        fields = {"mirrored": _mirrored(affine)}
    pixels, warnings = _to_pixels(values, window)
    fields["warnings"] = (*fields.get("warnings", ()), *warnings)
    return checked_radiograph(name, 1 - pixels if inverted else pixels, spacing=spacing, affine=affine, **fields)


def _mirrored(affine: npt.NDArray[np.float64]) -> bool | None:
    """Return whether columns run to the patient's right; None if the affine does not say it.

    Raises:
        RadiographError: the affine says that the image is lateral, on its side or upside down.
    """
    if is_default(affine) or not np.linalg.norm(affine[:3, :2], axis=0).all():
        return None
    turn, is_stated, _ = find_turn(affine)
    if turn.transposed or turn.rows_reversed:
        raise RadiographError(
            "The image is upside down or on its side according to its directions; give the program an upright one."
        )
    return turn.columns_reversed if is_stated else None


def load_values(path: Path) -> npt.NDArray[Any]:
    """Return the array in an .npy file.

    Raises:
        RadiographError: the file is missing, damaged or no regular file, or holds Python objects, which are never
            unpickled.
        MemoryError: there is too little memory.
    """
    try:
        check_regular(path)
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)  # also compares the size of the file with its header
        if not isinstance(mapped, np.memmap):  # an archive of arrays (.npz)
            raise ValueError
        return np.array(mapped)
    except (OSError, ValueError, EOFError) as error:
        if is_out_of_memory(error):
            raise MemoryError from error
        raise RadiographError(f"The file {path.name} with pixel values cannot be read.") from error


def _without_slice_axis(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.ndim in (3, 4) and values.shape[0] == 1:
        values = values[0]
    if values.dtype.kind not in "iuf" or values.ndim not in (2, 3):
        raise RadiographError(_NOT_AN_IMAGE)
    check_size(values.shape[0], values.shape[1])
    return values


def _to_pixels(
    values: npt.NDArray[Any], window: tuple[float, float] | None
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    if values.ndim == 3 and (values.shape[2] not in (3, 4) or values.dtype != np.uint8):
        raise RadiographError(_NOT_AN_IMAGE)
    if values.ndim == 3 or (values.dtype == np.uint8 and window is None):
        return byte_pixels(values)
    if window is None:
        return percentile_normalize(values), ()
    low, high = window
    if not low < high:
        raise RadiographError("The window of the image has no width.")
    pixels = np.nan_to_num((values.astype(np.float64) - low) / (high - low), nan=0)
    return np.clip(pixels, 0, 1).astype(np.float32), ()


def _read_if_unchanged(values: npt.NDArray[Any], path: Path) -> Radiograph | None:
    """Return the radiograph in a file if `values` are its pixels, in any unit; else None.

    GDCM, which Slicer uses, rescales stored values and inverts MONOCHROME1; `read_radiograph` also applies the window.
    Neither step changes which of two pixels is brighter, so the values count as unchanged if they have the same order.
    Pixels that the window clips, or that are padding, are ignored.
    """
    try:
        radiograph = read_radiograph(path)
    except RadiographError:  # the other program may decode files that this one cannot
        return None
    step = max(1, values.size // _MAX_COMPARED_PIXELS)
    values, pixels = values.ravel()[::step], radiograph.pixels.ravel()[::step]
    unclipped = (pixels > 0) & (pixels < 1)
    if unclipped.mean() < _MIN_UNCLIPPED_SHARE:
        return None
    values, pixels = values[unclipped], pixels[unclipped]
    order = np.lexsort((pixels, values))
    values, pixels = values[order], pixels[order]
    rising = np.diff(pixels) >= -_TOLERANCE
    equal = (np.diff(values) != 0) | (np.diff(pixels) <= _TOLERANCE)
    return radiograph if bool((rising & equal).all()) else None


def _read_header(path: Path) -> Dataset:
    from CausalCLIPSegLib.radiograph import dicom_acceptance, dicom_header

    try:
        with silence_libraries():
            header = dicom_header.read_header(path)
    except Exception as error:  # pydicom raises exceptions of many types for damaged files
        raise RadiographError("The DICOM file that the image comes from cannot be read.") from error
    dicom_acceptance.reject_unsuitable(header)
    return header
