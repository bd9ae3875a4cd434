"""Read pixel spacing, affine and orientation of a radiograph from its DICOM header."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydicom import Dataset, uid
from pydicom.multival import MultiValue

from CausalCLIPSegLib.radiograph.dicom_values import finite_numbers


def spacing(header: Dataset) -> tuple[float, float] | None:
    """Return the distance of pixel centres (row mm, column mm), or None where the header gives no usable one.

    Pixel Spacing, else Imager Pixel Spacing, else Nominal Scanned Pixel Spacing (PS3.3 10.7.1.3). The latter two are
    measured in the plane of the detector; they are not divided by the Estimated Radiographic Magnification Factor,
    since the depth of a finding in the chest is not known. Real files carry zeros, single values and empty ones.
    """
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        numbers = finite_numbers(header, keyword)
        if len(numbers) == 2 and min(numbers) > 0:
            return numbers[0], numbers[1]
    return None


def affine(header: Dataset) -> npt.NDArray[np.float64]:
    """Return where GDCM, and with it ITK and Slicer, places the film: (column, row, slice, 1) to millimetres in LPS.

    By GDCM's rules the spacing of CR and DX is Imager Pixel Spacing alone, that of Secondary Capture Pixel Spacing or
    Nominal Scanned Pixel Spacing, and 1 mm without; rows run to the left, columns to the back, from 0, unless the
    header has a plane (PS3.3 C.7.6.2), which is rare for a radiograph. ITK itself is not asked, because GDCM takes
    gigabytes for some damaged headers.

    Returns:
        float64, 4 x 4; the slice is 1 mm thick.
    """
    keyword = "ImagerPixelSpacing"
    if header.get("SOPClassUID") == uid.SecondaryCaptureImageStorage:
        keyword = "PixelSpacing" if "PixelSpacing" in header else "NominalScannedPixelSpacing"
    numbers = finite_numbers(header, keyword)
    row_mm, column_mm = [value if value > 0 else 1 for value in numbers] if len(numbers) == 2 else (1, 1)
    placed = np.eye(4)
    placed[:3, :3] = _plane(header) * (column_mm, row_mm, 1)
    position = finite_numbers(header, "ImagePositionPatient")
    if len(position) == 3:
        placed[:3, 3] = position
    return placed


def _plane(header: Dataset) -> npt.NDArray[np.float64]:
    """Return unit vectors along row, column and normal as the columns of a matrix (Image Orientation (Patient))."""
    cosines = finite_numbers(header, "ImageOrientationPatient")
    if len(cosines) != 6:
        return np.eye(3)
    along_row, normal = np.array(cosines[:3]), np.cross(cosines[:3], cosines[3:])
    axes = np.column_stack([along_row, np.cross(normal, along_row), normal])
    lengths = np.linalg.norm(axes, axis=0)
    return axes / lengths if lengths.all() else np.eye(3)


def mirrored(header: Dataset) -> bool | None:
    """Return whether columns run towards the patient's right (PS3.3 C.7.6.1.1.1), or None where the header is silent.

    L\\F, columns towards the patient's left, is the usual orientation of a frontal film.
    """
    return {"R": True, "L": False}.get(directions(header)[0])


def directions(header: Dataset) -> tuple[str, str]:
    """Return the first letter of where rows and columns run to, L or R, H or F, A or P, or "" (PatientOrientation)."""
    value = header.get("PatientOrientation")
    texts = [str(text).strip().upper() for text in value] if isinstance(value, MultiValue) else [str(value or "")]
    along_row, along_column, *_ = (*texts, "", "")
    return along_row[:1], along_column[:1]
