"""Read a chest radiograph from a DICOM file."""

from __future__ import annotations

from pathlib import Path

from CausalCLIPSegLib.radiograph import dicom_acceptance, dicom_geometry, dicom_header, dicom_pixels
from CausalCLIPSegLib.radiograph.radiograph import Radiograph, checked_radiograph


def read_dicom(path: Path) -> Radiograph:
    """Read one frontal chest radiograph from a DICOM file, with or without preamble and meta information.

    Raises:
        RadiographError: the file does not hold one frontal chest radiograph, or its pixels are damaged or colored.
        Exception: whatever pydicom and the decoders raise for a damaged file.
    """
    header = dicom_header.read_header(path)
    dicom_acceptance.reject_unsuitable(header)
    pixels, warnings = dicom_pixels.read_pixels(path, header)
    return checked_radiograph(
        path.name,
        pixels,
        spacing=dicom_geometry.spacing(header),
        affine=dicom_geometry.affine(header),
        header=header,
        mirrored=dicom_geometry.mirrored(header),
        warnings=(*dicom_acceptance.header_warnings(header), *warnings),
    )
