"""Read pixel spacing, affine and orientation of a radiograph from its DICOM header."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, uid
from pydicom.multival import MultiValue

from CausalCLIPSegLib.radiograph.dicom_values import finite_numbers, first_integer
from CausalCLIPSegLib.radiograph.spacing import is_plausible

# Directions along which the coordinates (LPS) rise and fall.
_LETTERS = ("LR", "PA", "HF")
_BACK_TO_FEET = str.maketrans("PA", "FH")
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")


def spacing(header: Dataset) -> tuple[float, float] | None:
    """Return the distance between pixel centers as (row mm, column mm), or None if the header has no valid one.

    The first plausible one of Pixel Spacing, Imager Pixel Spacing and Nominal Scanned Pixel Spacing (PS3.3
    10.7.1.3). The latter two are measured in the detector plane. They are not divided by the Estimated Radiographic
    Magnification Factor, since the depth of a finding in the chest is unknown. Zeros, single values and empty values,
    which real files contain, are not plausible, and neither are values with which a pixel or the image would have an
    impossible size.
    """
    shape = first_integer(header, "Rows", 0), first_integer(header, "Columns", 0)
    for keyword in _SPACINGS:
        numbers = finite_numbers(header, keyword)
        if len(numbers) == 2 and is_plausible((numbers[0], numbers[1]), shape):
            return numbers[0], numbers[1]
    return None


def spacing_is_rejected(header: Dataset) -> bool:
    """Return whether the header has a spacing other than zero, but no plausible one."""
    return spacing(header) is None and any(any(finite_numbers(header, keyword)) for keyword in _SPACINGS)


def affine(header: Dataset) -> npt.NDArray[np.float64]:
    """Return the matrix that maps (column, row, slice, 1) to millimeters in LPS, as GDCM, ITK and Slicer compute it.

    GDCM's rules: the spacing is Imager Pixel Spacing for CR and DX, and Pixel Spacing or Nominal Scanned Pixel Spacing
    for Secondary Capture, else 1 mm. Rows run to the left and columns to the back, starting at 0, unless the header
    has a plane (PS3.3 C.7.6.2), which is rare for a radiograph. ITK itself is not called, because GDCM allocates
    gigabytes for some damaged headers.

    Returns:
        float64, 4 x 4; the slice is 1 mm thick.
    """
    keyword = "ImagerPixelSpacing"
    if header.get("SOPClassUID") == uid.SecondaryCaptureImageStorage:
        keyword = "PixelSpacing" if "PixelSpacing" in header else "NominalScannedPixelSpacing"
    numbers = finite_numbers(header, keyword)
    if len(numbers) == 1 and keyword == "ImagerPixelSpacing":
        numbers *= 2
    row_mm, column_mm = [value or 1 for value in numbers] if len(numbers) == 2 else (1, 1)
    matrix = np.eye(4)
    matrix[:3, :3] = _axes(header) * (column_mm, row_mm, 1)
    position = finite_numbers(header, "ImagePositionPatient")
    if len(position) == 3:
        matrix[:3, 3] = position
    return matrix


def _axes(header: Dataset) -> npt.NDArray[np.float64]:
    """Return unit vectors along row, column and normal as the columns of a matrix (Image Orientation (Patient))."""
    cosines = finite_numbers(header, "ImageOrientationPatient")
    if len(cosines) != 6:
        return np.eye(3)
    along_row, normal = np.array(cosines[:3]), np.cross(cosines[:3], cosines[3:])
    axes = np.column_stack([along_row, np.cross(normal, along_row), normal])
    lengths = np.linalg.norm(axes, axis=0)
    return axes / lengths if lengths.all() else np.eye(3)


def mirrored(header: Dataset) -> bool | None:
    """Return whether rows run toward the patient's right (PS3.3 C.7.6.1.1.1), or None if the header does not say.

    The usual orientation of a frontal radiograph is L\\F: rows run toward the patient's left, columns to the feet.
    """
    return {"R": True, "L": False}.get(directions(header)[0])


def directions(header: Dataset) -> tuple[str, str]:
    """Return the first letter of the directions of rows and columns: L, R, H, F, A, P or "".

    They are those of Patient Orientation. If it is missing, they are those of the plane (Image Orientation (Patient)),
    unless it is the one that writers put for an image without a plane.
    """
    value = header.get("PatientOrientation")
    texts = [str(text).strip().upper() for text in value] if isinstance(value, MultiValue) else [str(value or "")]
    along_row, along_column, *_ = (*texts, "", "")
    if along_row or along_column:
        return along_row[:1], along_column[:1]
    return _directions_of_plane(header)


def _directions_of_plane(header: Dataset) -> tuple[str, str]:
    axes = _axes(header)[:, :2]
    numbers = np.abs(axes).argmax(axis=0)
    row, column = (_LETTERS[number][int(axes[number, axis] < 0)] for axis, number in enumerate(numbers))
    if set(numbers) != {0, 1}:
        return row, column
    # In an axial plane the back stands for the feet, as in ITK and Slicer.
    row, column = (letter.translate(_BACK_TO_FEET) for letter in (row, column))
    return ("", "") if (row, column) == ("L", "F") else (row, column)
