"""Read a chest radiograph from a file of any supported format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.memory import is_out_of_memory
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph.formats import (
    FORMATS,
    NRRD,
    describe_kind,
    first_bytes,
    is_bare_dicom,
    is_raster,
    nifti_version,
)
from CausalCLIPSegLib.radiograph.nifti_image import read_nifti
from CausalCLIPSegLib.radiograph.nrrd_image import read_nrrd
from CausalCLIPSegLib.radiograph.radiograph import Radiograph
from CausalCLIPSegLib.radiograph.raster import read_raster

_DAMAGED = "The file is damaged, incomplete or of a variety that the program does not read."


def read_radiograph(path: str | Path) -> Radiograph:
    """Read one frontal chest radiograph from a file.

    The content of the file decides which format it is, not its name:

    - **DICOM**: Computed Radiography, Digital X-Ray (For Presentation) or Secondary Capture, with or without preamble,
      uncompressed, deflated, run-length encoded, or as JPEG of any kind, JPEG-LS or JPEG 2000. The modality LUT or
      rescale is applied, then the first VOI LUT or window (PS3.3 C.11.1, C.11.2), and MONOCHROME1 is inverted. If
      there is no window, or it turns more than 90 % of the pixels black or white, or leaves less than a tenth of the
      grayscale, the values are stretched instead.
    - **PNG, JPEG, TIFF, WebP, BMP** (not compressed): gray, or color that is no information, such as a tint or text.
      The EXIF orientation is applied. 8-bit values are divided by 255; deeper values are stretched. Of a TIFF with
      thumbnails, the largest image is read.
    - **NRRD, NIfTI** in one file: one slice. 8-bit values are divided by 255; others are stretched. The image is
      turned upright as its geometry says: head up, the patient's right on the left. If the file says nothing, it is
      read as it is stored, or turned if it looks upside down, with a warning. A spacing of exactly 1 x 1 mm counts as
      unknown, because writers put it when they know none.

    "Stretched" means scaled linearly to [0, 1] between the 0.5th and 99.5th percentiles. Pixels are decoded only after
    the header has declared a plausible size (see `limits`).

    Args:
        path: the image file.

    Returns:
        The radiograph, with float32 pixels, rows x columns, in [0, 1]. Spacing, orientation, header and warnings are
        set as far as the file provides them.

    Raises:
        RadiographError: the file is missing, unreadable, damaged, too small or too large, or not a frontal chest
            radiograph. The message is one sentence for the user; the technical cause is chained.
        MemoryError: there is too little memory.

    Example:
        radiograph = read_radiograph("chest.dcm")
        rows, columns = radiograph.pixels.shape
    """
    path = Path(path)
    try:
        with silence_libraries():
            head = first_bytes(path)
            return _reader_for(head)(path)
    except RadiographError:
        raise
    except Exception as error:  # each library raises exceptions of its own for damaged files
        if is_out_of_memory(error):
            raise MemoryError from error
        raise RadiographError(_DAMAGED) from error


def _reader_for(head: bytes) -> Callable[[Path], Radiograph]:
    # DICOM first: its preamble may be a valid TIFF header.
    if head[128:132] == b"DICM":
        return _read_dicom
    if is_raster(head):
        return read_raster
    if head.startswith(NRRD):
        return read_nrrd
    if nifti_version(head) is not None:
        return read_nifti
    if is_bare_dicom(head):
        return _read_dicom
    raise RadiographError(f"The file is {describe_kind(head)}; the program reads {FORMATS} files.")


def _read_dicom(path: Path) -> Radiograph:
    from CausalCLIPSegLib.radiograph.dicom import read_dicom  # importing pydicom is slow

    return read_dicom(path)
