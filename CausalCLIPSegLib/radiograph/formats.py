"""Detect the format of an image file from its first bytes, and strip known endings from file names."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

from CausalCLIPSegLib.errors import RadiographError, reason_of
from CausalCLIPSegLib.memory import is_out_of_memory
from CausalCLIPSegLib.radiograph.limits import MAX_FILE_BYTES
from CausalCLIPSegLib.regular_files import open_regular

FORMATS = "DICOM, PNG, JPEG, TIFF, WebP, BMP, NRRD or NIfTI"
"""The formats that `read_radiograph` reads, as words of a sentence."""

ENDINGS = (
    *(".nii.gz", ".nii", ".nrrd", ".dcm", ".dicom"),
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp"),
)
"""Endings of file names that belong to these formats, in lower case; ".nii.gz" stands before ".nii"."""

NRRD = b"NRRD"
GZIP = b"\x1f\x8b"

NIFTI_HEADER_BYTES = {1: 348, 2: 540}
"""Length of the header of each version of NIfTI."""
_NIFTI_MAGIC = {1: (344, b"n+1\0"), 2: (4, b"n+2\0")}  # where it is, and what it is

_HEAD_BYTES = 1024
# First groups of a DICOM data set, little-endian and big-endian, and the length of its first value.
_FIRST_GROUPS = frozenset(bytes(pair) for group in (2, 8, 0x10, 0x18, 0x20) for pair in ((group, 0), (0, group)))
_MAX_FIRST_VALUE_BYTES = 1 << 16
_PNG_JPEG = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# Sizes of the headers that may follow the file header of a BMP; "BM" could also begin a text.
_BMP_HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})
_OTHER_KINDS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"GIF8": "a GIF image",
    b"RIFF": "an audio or video file",
    b"\0\0\0\x0cjP": "a JPEG 2000 image",
    b"\xffO\xffQ": "a JPEG 2000 image",
    b"ObjectType": "a MetaImage",
    b"\x89HDF": "an HDF5 file",
}


def image_name(file_name: str) -> str:
    """Return a file name without the ending of an image format.

    An unknown ending stays, because it may be the last component of a UID.
    """
    ending = next((each for each in ENDINGS if file_name.lower().endswith(each)), "")
    return file_name[: len(file_name) - len(ending)] or file_name


def first_bytes(path: Path) -> bytes:
    """Return the first bytes of a file, enough to detect its format.

    Raises:
        RadiographError: the file is missing, empty, too large, a folder, a pipe or a device, or not readable for this
            user.
    """
    try:
        with open_regular(path) as file:
            size = path.stat().st_size
            if size == 0:
                raise RadiographError("The file is empty.")
            if size > MAX_FILE_BYTES:
                raise RadiographError("The file is too large for a radiograph.")
            return file.read(_HEAD_BYTES)
    except IsADirectoryError as error:
        raise RadiographError("This is a folder; choose an image file.") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RadiographError("There is no such file.") from error
    except PermissionError as error:
        raise RadiographError("The file cannot be opened: you have no permission to read it.") from error
    except OSError as error:
        if is_out_of_memory(error):
            raise
        raise RadiographError(f"The file cannot be opened: {reason_of(error)}.") from error


def is_raster(head: bytes) -> bool:
    """Return whether these are the first bytes of a PNG, JPEG, TIFF, WebP or BMP file."""
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    is_bmp = head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_BYTES
    return head.startswith(_PNG_JPEG) or is_tiff(head) or is_webp or is_bmp


def is_tiff(head: bytes) -> bool:
    """Return whether these are the first bytes of a TIFF or BigTIFF file."""
    return head.startswith(_TIFF)


def is_dicom(head: bytes) -> bool:
    """Return whether this may be a DICOM file, with or without preamble."""
    return head[128:132] == b"DICM" or is_bare_dicom(head)


def is_bare_dicom(head: bytes) -> bool:
    """Return whether this may be a DICOM data set without preamble.

    It begins with an element of the meta information (group 2), of the image or, if these are missing, of the patient,
    the acquisition or the study (groups 8, 10, 18 and 20, hexadecimal).
    """
    if len(head) <= 8 or head[:2] not in _FIRST_GROUPS:
        return False
    if head[:2] in {b"\x08\0", b"\0\x08"}:
        return True
    is_explicit = head[4:6].isalpha() and head[4:6].isupper()
    return is_explicit or (head[1] == 0 and int.from_bytes(head[4:8], "little") <= _MAX_FIRST_VALUE_BYTES)


def describe_kind(head: bytes) -> str:
    """Name the kind of a file that the program does not read, for an error message."""
    if head[344:348] == b"ni1\0":
        return "the header of a NIfTI image whose pixels are in another file; save it as one .nii file"
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            return kind
    is_text = all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head)
    return "a text file" if is_text else "of a kind that the program does not know"


def nifti_version(head: bytes) -> int | None:
    """Return 1 or 2, the version of a NIfTI file in one file that begins with these bytes; None for any other file.

    The first value, the size of the header, reveals the byte order.
    """
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, _HEAD_BYTES)
        except zlib.error:
            return None
    for version, (at, magic) in _NIFTI_MAGIC.items():
        sizes = {struct.pack(f"{order}i", NIFTI_HEADER_BYTES[version]) for order in "<>"}
        if head[:4] in sizes and head[at : at + len(magic)] == magic:
            return version
    return None
