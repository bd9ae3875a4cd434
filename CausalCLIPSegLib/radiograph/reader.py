"""A chest radiograph read from a file: DICOM, PNG, JPEG, TIFF, WebP, NRRD or NIfTI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph.formats import (
    FORMATS,
    NRRD,
    PICTURES,
    first_bytes,
    is_bare_dicom,
    kind_of,
    nifti_layout,
)
from CausalCLIPSegLib.radiograph.itk import read_nifti, read_nrrd
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph
from CausalCLIPSegLib.radiograph.raster import read_picture

_DAMAGED = "The file is damaged, incomplete or of a variety that the program does not read."


def read_radiograph(path: str | Path) -> Radiograph:
    """Read one frontal chest radiograph; the format is told by the file's content, not by its name.

    - DICOM CR, DX and Secondary Capture, with or without preamble, in every transfer syntax that pydicom decodes:
      modality LUT or rescale, then the first VOI LUT or window (PS3.3 C.11.1, C.11.2). Where there is no window,
      or one that clips more than 90 % of the pixels or leaves less than a tenth of the grey scale: stretched.
    - PNG, JPEG, TIFF, WebP, grey or grey in all channels, EXIF orientation applied: 8-bit values are divided by 255,
      as in training; deeper ones are stretched. (Grey pictures of three channels of 16 bits are read with 8 bits.)
    - NRRD and NIfTI with one slice: 8-bit values are divided by 255, others stretched. The first axis of the file
      that is longer than one voxel runs along columns, the second one along rows; nothing is flipped.
      Their spacing counts as calibrated unless it is exactly 1 x 1 mm, which is what writers put where they know none.

    "Stretched" means spread over the grey scale from the 0.5 to the 99.5 percentile.

    Args:
        path: the file.

    Returns:
        the radiograph.

    Raises:
        RadiographError: the file is missing, unreadable, damaged, too small or too large, or is no frontal chest
            radiograph; the message is one sentence, the technical cause is chained.
    """
    path = Path(path)
    try:
        with silence_libraries():
            head = first_bytes(path)
            return _reader_for(head)(path)
    except RadiographError:
        raise
    except Exception as error:  # every library has its own zoo of exceptions for damaged files
        raise RadiographError(_DAMAGED) from error


def _reader_for(head: bytes) -> Callable[[Path], Radiograph]:
    # DICOM first: its preamble may be a TIFF header of its own.
    if head[128:132] == b"DICM":
        return _read_dicom
    if head.startswith(PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return read_picture
    if head.startswith(NRRD):
        return read_nrrd
    if nifti_layout(head) is not None:
        return read_nifti
    if is_bare_dicom(head):
        return _read_dicom
    raise RadiographError(f"The file is {kind_of(head)}; the program reads {FORMATS} files.")


def _read_dicom(path: Path) -> Radiograph:
    from CausalCLIPSegLib.radiograph import (  # pydicom takes its time to import
        dicom_acceptance,
        dicom_geometry,
        dicom_header,
        dicom_pixels,
    )

    header = dicom_header.read_header(path)
    dicom_acceptance.reject_unsuitable(header)
    return checked_radiograph(
        path.name,
        dicom_pixels.read_pixels(path, header),
        spacing=dicom_geometry.spacing(header),
        affine=dicom_geometry.affine(header),
        header=header,
        mirrored=dicom_geometry.mirrored(header),
        warnings=dicom_acceptance.header_warnings(header),
    )
