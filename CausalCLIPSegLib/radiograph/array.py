"""A radiograph that is no file: pixels that another program hands over, with what it knows of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph.grayscale import percentile_normalize, to_grayscale
from CausalCLIPSegLib.radiograph.limits import check_size
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph
from CausalCLIPSegLib.radiograph.reader import read_radiograph

if TYPE_CHECKING:
    from pydicom import Dataset

_NO_FILM = "The picture that was handed over is no radiograph: it has to be rows x columns of numbers."


# Of a film of ten million pixels every fiftieth tells as well whether it was changed.
_COMPARED = 200_000
_LEAST_INSIDE = 0.05
_ROUNDING = 1e-5


def radiograph_from_array(
    values: npt.NDArray[Any],
    *,
    spacing: tuple[float, float] | None,
    affine: npt.NDArray[np.float64],
    window: tuple[float, float] | None = None,
    inverted: bool = False,
    header: str | Path | None = None,
    name: str = "film",
) -> Radiograph:
    """Make a radiograph of pixel values.

    Args:
        values: rows x columns of any real type, with a leading axis of length 1 or without, or with a last axis of 3
            or 4 (red, green, blue and opacity, uint8). Row 0 is the upper edge.
        spacing: distance of pixel centres (row mm, column mm), None where it is not known.
        affine: 4 x 4, voxel (column, row, slice, 1) to mm in LPS.
        window: values that become black and white; None: uint8 values are divided by 255, others stretched.
        inverted: small values are the dense ones.
        header: a DICOM file that these pixels come from. Where they are still those of the file, the film is read from
            it, with its window and spacing, so that it is the same film as when the file itself is given. Where they
            have been changed it only says whether the film is mirrored; and the radiograph carries the header only
            where the size is the same: what was cropped is not that instance any more.
        name: of the film.

    Raises:
        RadiographError: the values, or the header, are not those of one frontal chest radiograph.
    """
    values = _without_slice_axis(values)
    said: dict[str, Any] = {}
    if header is not None:
        from CausalCLIPSegLib.radiograph import dicom_acceptance, dicom_geometry  # pydicom takes its time to import

        dataset = _read_header(Path(header))
        same_size = (dataset.get("Rows"), dataset.get("Columns")) == values.shape
        if same_size and window is None and not inverted and (film := _unchanged(values, Path(header))):
            return replace(film, affine=affine, name=name)
        said = {
            "header": dataset if same_size else None,
            "mirrored": dicom_geometry.mirrored(dataset),
            "warnings": dicom_acceptance.header_warnings(dataset),
        }
    pixels = _grey(values, window)
    return checked_radiograph(name, 1 - pixels if inverted else pixels, spacing=spacing, affine=affine, **said)


def load_values(path: Path) -> npt.NDArray[Any]:
    """Return the array of an .npy file.

    Raises:
        RadiographError: there is none, or it holds Python objects, which are never unpickled.
    """
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (OSError, ValueError, EOFError, MemoryError) as error:
        raise RadiographError(f"The file {path.name} with pixel values cannot be read.") from error


def _without_slice_axis(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if values.ndim in (3, 4) and values.shape[0] == 1:
        values = values[0]
    if values.dtype.kind not in "iuf" or values.ndim not in (2, 3):
        raise RadiographError(_NO_FILM)
    check_size(values.shape[0], values.shape[1])
    return values


def _grey(values: npt.NDArray[Any], window: tuple[float, float] | None) -> npt.NDArray[np.float32]:
    if values.ndim == 3:
        if values.shape[2] not in (3, 4) or values.dtype != np.uint8:
            raise RadiographError(_NO_FILM)
        return to_grayscale(values, full_scale=255)
    if window is not None:
        low, high = window
        if not low < high:
            raise RadiographError("The window of the picture has no width.")
        shown = np.nan_to_num((values.astype(np.float64) - low) / (high - low), nan=0)
        return np.clip(shown, 0, 1).astype(np.float32)
    if values.dtype == np.uint8:
        return np.asarray(values / np.float32(255), dtype=np.float32)
    return percentile_normalize(values)


def _unchanged(values: npt.NDArray[Any], path: Path) -> Radiograph | None:
    """Return the film of a file where `values` are its pixels, in whatever unit; else None.

    GDCM gives stored values rescaled, and MONOCHROME1 turned round; the film is what the window makes of them. Both
    rise together. Pixels that the window clips, and padding, say nothing.
    """
    try:
        film = read_radiograph(path)
    except RadiographError:  # a variety that only the other program decodes
        return None
    step = max(1, values.size // _COMPARED)
    handed, shown = values.ravel()[::step], film.pixels.ravel()[::step]
    inside = (shown > 0) & (shown < 1)
    if inside.mean() < _LEAST_INSIDE:
        return None
    handed, shown = handed[inside], shown[inside]
    order = np.lexsort((shown, handed))
    handed, shown = handed[order], shown[order]
    rising = np.diff(shown) >= -_ROUNDING
    equal = (np.diff(handed) != 0) | (np.diff(shown) <= _ROUNDING)
    return film if bool((rising & equal).all()) else None


def _read_header(path: Path) -> Dataset:
    from CausalCLIPSegLib.radiograph import dicom_acceptance, dicom_header

    try:
        with silence_libraries():
            header = dicom_header.read_header(path)
    except Exception as error:  # pydicom raises many kinds for files that are damaged or something else
        raise RadiographError("The DICOM file that the picture comes from cannot be read.") from error
    dicom_acceptance.reject_unsuitable(header)
    return header
