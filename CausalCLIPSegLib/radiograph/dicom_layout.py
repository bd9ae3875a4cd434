"""How a DICOM header says that the pixels are stored: size, samples and bits (PS3.3 C.7.6.3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset
from pydicom.multival import MultiValue

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.dicom_values import first_text

_ALLOCATED = frozenset({8, 16, 32})


@dataclass(frozen=True)
class PixelLayout:
    """Size and bits of an image, each plausible by itself and with the others.

    Attributes:
        rows: height in pixels.
        columns: width in pixels.
        samples: channels, 1 or 3.
        allocated: bits of a stored word: 8, 16 or 32.
        stored: bits of a value, from 1 to `allocated`.
        shift: bits below the value in its word: High Bit + 1 - Bits Stored.
        signed: whether values are signed (Pixel Representation 1).
        photometric: Photometric Interpretation in capitals.
        consistent: whether the bits in the header fit together; otherwise some were replaced.
    """

    rows: int
    columns: int
    samples: int
    allocated: int
    stored: int
    shift: int
    signed: bool
    photometric: str
    consistent: bool = True


def pixel_layout(header: Dataset) -> PixelLayout:
    """Return how the pixels are stored.

    Bits Stored and High Bit that are impossible are replaced by the usual values. The pixels are compared with them
    later (see `dicom_bits`).

    Raises:
        RadiographError: there is no image, a value occurs several times, or the pixels are stored in a way that no
            radiograph uses.
    """
    rows, columns = _integer(header, "Rows", 0), _integer(header, "Columns", 0)
    if rows <= 0 or columns <= 0:
        raise RadiographError("This DICOM file holds no image.")
    samples, allocated = _integer(header, "SamplesPerPixel", 1), _integer(header, "BitsAllocated", 0)
    representation = _integer(header, "PixelRepresentation", 0)
    if samples not in (1, 3) or allocated not in _ALLOCATED or representation not in (0, 1):
        raise RadiographError("This DICOM file stores its pixels in a way that the program does not read.")
    photometric = first_text(header, "PhotometricInterpretation")
    if not photometric:
        raise RadiographError("This DICOM file does not say whether small pixel values are black or white.")
    stored = _integer(header, "BitsStored", allocated)
    high = _integer(header, "HighBit", stored - 1)
    valid_stored = stored if 1 <= stored <= allocated else allocated
    shift = high + 1 - valid_stored
    is_possible = valid_stored == stored and 0 <= shift <= allocated - stored
    return PixelLayout(
        rows=rows,
        columns=columns,
        samples=samples,
        allocated=allocated,
        stored=valid_stored,
        shift=shift if is_possible else 0,
        signed=representation == 1,
        photometric=photometric,
        consistent=is_possible,
    )


def _integer(header: Dataset, keyword: str, default: int) -> int:
    value = header.get(keyword)
    if value is None or value == "" or (isinstance(value, MultiValue) and not value):
        return default
    if not isinstance(value, int):
        raise RadiographError("The header of this DICOM file contradicts itself about the size or bits of its image.")
    return int(value)
