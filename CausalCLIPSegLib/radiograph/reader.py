"""A chest radiograph read from a file: DICOM, PNG, JPEG, TIFF, WebP, NRRD or NIfTI."""

from __future__ import annotations

import gzip
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.grey_scale import NO_CONTRAST, check_size, has_many_scans, single_channel, stretch
from CausalCLIPSegLib.quiet import quiet

if TYPE_CHECKING:
    from PIL import Image
    from pydicom import Dataset

_FORMATS = "DICOM, PNG, JPEG, TIFF, WebP, NRRD or NIfTI"
_DAMAGED = "The file is damaged, incomplete or of a variety that the program does not read."
_MAX_FILE_BYTES = 1 << 28
_TIFF_TILE_SIZE = (323, 322)  # rows, columns
_HEAD_BYTES = 1024
# Fewer levels than that are a mask, a drawing or a thumbnail, no film.
_MIN_GREY_LEVELS = 16

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_NRRD = b"NRRD"
_GZIP = b"\x1f\x8b"
_OTHER_KINDS = {
    b"%PDF": "a PDF document",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"GIF8": "a GIF picture",
    b"BM": "a BMP picture",
    b"RIFF": "a sound or a film",
    b"\0\0\0\x0cjP": "a JPEG 2000 picture",
    b"\xffO\xffQ": "a JPEG 2000 picture",
    b"ObjectType": "a MetaImage",
    b"\x89HDF": "an HDF5 file",
    b"\x1c\x02\0\0n+2": "a NIfTI-2 file",
}


@dataclass(frozen=True, eq=False)
class Radiograph:
    """One frontal chest radiograph as a grey scale, with what its file says of it.

    Attributes:
        pixels: float32 in [0, 1], rows x columns, contiguous; white (1) is dense. Row 0 is the upper edge.
        spacing: distance of pixel centres (row mm, column mm) where the file states it, else None; never invented.
            For DICOM it is that of the detector plane at worst (see `dicom_image.spacing`).
        affine: float64, 4 x 4: voxel (column, row, slice, 1) to millimetres in DICOM's patient axes (LPS), as ITK, and
            with it Slicer, places the same file. This geometry is nominal for a radiograph: its spacing is 1 mm where
            ITK finds none, which need not be `spacing`. It serves to lay a segmentation over the film.
        name: name of the file without its directory.
        header: the DICOM header without pixel data, all values converted; None for other formats.
        mirrored: True where the header says that columns run towards the patient's right (PatientOrientation begins
            with R), False where towards the left, None where nothing is said.
        warnings: sentences for the user, for instance on names that may be burned in.
    """

    pixels: npt.NDArray[np.float32]
    spacing: tuple[float, float] | None
    affine: npt.NDArray[np.float64]
    name: str
    header: Dataset | None = None
    mirrored: bool | None = None
    warnings: tuple[str, ...] = ()


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
        with quiet():
            head = _first_bytes(path)
            return _reader_for(head)(path)
    except RadiographError:
        raise
    except Exception as error:  # every library has its own zoo of exceptions for damaged files
        raise RadiographError(_DAMAGED) from error


# -- which format -----------------------------------------------------------------------------------------------------


def _first_bytes(path: Path) -> bytes:
    try:
        if path.is_dir():
            raise RadiographError("This is a folder; give it one image file.")
        if not path.is_file():
            raise RadiographError("There is no such file.")
        size = path.stat().st_size
        if size == 0:
            raise RadiographError("The file is empty.")
        if size > _MAX_FILE_BYTES:
            raise RadiographError("The file is too large for a radiograph.")
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except PermissionError as error:
        raise RadiographError("The file cannot be opened: you have no permission to read it.") from error


def _reader_for(head: bytes) -> Callable[[Path], Radiograph]:
    # DICOM first: its preamble may be a TIFF header of its own.
    if head[128:132] == b"DICM":
        return _read_dicom
    if head.startswith(_PICTURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return _read_picture
    if head.startswith(_NRRD):
        return _read_nrrd
    if _nifti_layout(head) is not None:
        return _read_nifti
    if _is_bare_dicom(head):
        return _read_dicom
    raise RadiographError(f"The file is {_kind_of(head)}; the program reads {_FORMATS} files.")


def _is_bare_dicom(head: bytes) -> bool:
    """Whether this can be a DICOM data set without preamble: it begins with an element of group 2 or 8."""
    return head[:4] in {b"\x02\0\0\0", b"\x02\0\x10\0"} or (head[:2] in {b"\x08\0", b"\0\x08"} and len(head) > 8)


def _kind_of(head: bytes) -> str:
    for magic, kind in _OTHER_KINDS.items():
        if head.startswith(magic):
            return kind
    is_text = all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head)
    return "a text file" if is_text else "of a kind that the program does not know"


def checked_radiograph(name: str, pixels: npt.NDArray[np.float32], **said: Any) -> Radiograph:
    """Put a radiograph together, after the checks that all sources of pixels share.

    Args:
        name, pixels, said: the fields of `Radiograph`.

    Raises:
        RadiographError: all pixels are equally bright.
    """
    if pixels.min() == pixels.max():
        raise RadiographError(NO_CONTRAST)
    sample = pixels.ravel()[:: max(1, pixels.size // 2**16)]
    if np.unique(sample).size < _MIN_GREY_LEVELS:
        said["warnings"] = (
            *said.get("warnings", ()),
            "The picture has only a few levels of grey, like a mask or a drawing; check that it is the film.",
        )
    return Radiograph(pixels=np.ascontiguousarray(pixels, dtype=np.float32), name=name, **said)


# -- DICOM ------------------------------------------------------------------------------------------------------------


def _read_dicom(path: Path) -> Radiograph:
    from CausalCLIPSegLib import dicom_file, dicom_image  # pydicom takes its time to import

    header = dicom_file.read_header(path)
    dicom_image.refuse_unsuitable(header)
    return checked_radiograph(
        path.name,
        dicom_image.read_pixels(path, header),
        spacing=dicom_image.spacing(header),
        affine=dicom_image.affine(header),
        header=header,
        mirrored=dicom_image.mirrored(header),
        warnings=dicom_image.remarks(header),
    )


# -- PNG, JPEG, TIFF, WebP --------------------------------------------------------------------------------------------


def _read_picture(path: Path) -> Radiograph:
    from PIL import Image, ImageOps

    formats = ("PNG", "JPEG", "TIFF", "WEBP")
    try:
        with Image.open(path, formats=formats) as image:
            _refuse_picture(image)
            if image.format in {"JPEG", "MPO"} and has_many_scans(path.read_bytes()):
                raise RadiographError("The picture is stored in more passes than any radiograph; it is damaged.")
            image.verify()  # the checksums of PNG; loading does not look at them
    except Image.DecompressionBombError as error:
        raise RadiographError("The picture has more pixels than any radiograph; it is probably damaged.") from error
    # By an open file, since by name PIL maps a TIFF without compression into memory, and scrambles it if it is turned.
    with path.open("rb") as file, Image.open(file, formats=formats) as image:
        # PIL turns WhiteIsZero round for 8 bits, but not for more (tag 262, PhotometricInterpretation).
        white_is_zero = image.mode != "L" and getattr(image, "tag_v2", {}).get(262) == 0
        ImageOps.exif_transpose(image, in_place=True)
        pixels = _picture_pixels(image)
    return checked_radiograph(path.name, 1 - pixels if white_is_zero else pixels, spacing=None, affine=np.eye(4))


def _refuse_picture(image: Image.Image) -> None:
    """Refuse by the header alone."""
    # A tile may be larger than the picture, and is unpacked whole.
    tags = getattr(image, "tag_v2", {})
    rows, columns = (int(tags.get(tag, 0)) for tag in _TIFF_TILE_SIZE)
    # All but grey of 8 and of 16 bits takes four bytes, palettes when they are resolved.
    pixel_bytes = 1 if image.mode in {"1", "L"} else 2 if image.mode.startswith("I;16") else 4
    check_size(max(image.height, rows), max(image.width, columns), pixel_bytes)
    # JPEG files of some cameras carry further pictures, but only for their own ends.
    if image.format in {"TIFF", "PNG", "WEBP"} and getattr(image, "n_frames", 1) > 1:
        raise RadiographError("The file holds several pictures; give it one radiograph.")
    if image.mode == "1":
        raise RadiographError("The picture is black and white without any grey; a radiograph has levels of grey.")


def _picture_pixels(image: Image.Image) -> npt.NDArray[np.float32]:
    if len(image.getbands()) == 1:
        low, high = image.getextrema()
        if low == high:
            raise RadiographError(NO_CONTRAST)
    if image.mode[0] in "IF":  # 16-bit and 32-bit integers, 32-bit floats
        return stretch(np.asarray(image))
    if image.mode not in {"L", "LA", "RGB", "RGBA"}:  # palettes, CMYK, YCbCr, Lab
        image = image.convert("RGB")
    return _byte_pixels(np.asarray(image))


def _byte_pixels(values: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    if values.ndim == 3:
        return single_channel(values, full_scale=255)
    return np.asarray(values / np.float32(255), dtype=np.float32)


# -- NRRD, NIfTI ------------------------------------------------------------------------------------------------------


@contextmanager
def _quiet_itk() -> Iterator[None]:
    import SimpleITK  # takes its time to import

    loud = SimpleITK.ProcessObject.GetGlobalWarningDisplay()
    SimpleITK.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        SimpleITK.ProcessObject.SetGlobalWarningDisplay(loud)


@_quiet_itk()
def _read_nrrd(path: Path) -> Radiograph:
    reader = _itk_reader(path, "NrrdImageIO")
    if path.name.lower().endswith(".seg.nrrd") or reader.HasMetaDataKey("Segment0_ID"):
        raise RadiographError("This file holds a segmentation; give it the radiograph that was segmented.")
    return _read_slice(path, reader)


@_quiet_itk()
def _read_nifti(path: Path) -> Radiograph:
    # Alone in a folder, and with the ending that its content asks for: ITK goes by the ending, and takes the pixels of
    # film.nii.gz from film.nii where that lies beside it.
    with TemporaryDirectory() as alone:
        ending = ".nii.gz" if _first_bytes(path).startswith(_GZIP) else ".nii"
        copy = Path(shutil.copyfile(path, Path(alone) / f"film{ending}"))
        reader = _itk_reader(copy, "NiftiImageIO")
        _slice_axes(reader)  # refuses by size before the completeness check reads anything
        _refuse_truncated_nifti(copy, int(np.prod(reader.GetSize())))
        return _read_slice(path, reader)


def _read_slice(path: Path, reader: Any) -> Radiograph:
    import SimpleITK

    column_axis, row_axis = _slice_axes(reader)
    rows, columns = reader.GetSize()[row_axis], reader.GetSize()[column_axis]
    components = reader.GetNumberOfComponents()
    values = SimpleITK.GetArrayFromImage(reader.Execute())
    values = values.reshape((rows, columns) if components == 1 else (rows, columns, components))
    pixels = _byte_pixels(values) if values.dtype == np.uint8 else stretch(values)
    spacing = reader.GetSpacing()[row_axis], reader.GetSpacing()[column_axis]
    return checked_radiograph(
        path.name,
        pixels,
        spacing=None if spacing == (1, 1) else spacing,
        affine=_itk_affine(reader, column_axis, row_axis),
    )


def _itk_reader(path: Path, image_io: str) -> Any:
    """Return a reader that has read the header only."""
    import SimpleITK

    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(image_io)
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return reader


def _slice_axes(reader: Any) -> tuple[int, int]:
    """Return the axes of the file that run along the columns and along the rows; refuse by the header alone."""
    sizes = reader.GetSize()
    long = [axis for axis, size in enumerate(sizes) if size > 1]
    if len(long) > 2 or any(axis > 2 for axis in long):
        raise RadiographError("The file holds a volume or several pictures; give it one radiograph.")
    if len(long) < 2:
        raise RadiographError("The file holds no picture, only a line or a point.")
    pixel = _one_pixel(reader)
    if pixel.size > (4 if pixel.dtype == np.uint8 else 1):
        raise RadiographError("The file holds several values for each pixel; a radiograph holds one.")
    check_size(sizes[long[1]], sizes[long[0]], pixel.nbytes)
    return long[0], long[1]


def _one_pixel(reader: Any) -> npt.NDArray[np.generic]:
    """Return a pixel as the file will give it, from the header alone: its type and its components."""
    import SimpleITK

    kind, components = reader.GetPixelID(), reader.GetNumberOfComponents()
    if kind in {SimpleITK.sitkComplexFloat32, SimpleITK.sitkComplexFloat64}:
        raise RadiographError("The file holds complex numbers; a radiograph has levels of grey.")
    pixel = SimpleITK.Image([1, 1], kind, components if components > 1 else 0)
    return np.asarray(SimpleITK.GetArrayFromImage(pixel))


def _itk_affine(reader: Any, column_axis: int, row_axis: int) -> npt.NDArray[np.float64]:
    """Return ITK's geometry as a matrix on (column, row, slice, 1); two-dimensional files get the plane z = 0."""
    n = reader.GetDimension()
    axes = np.eye(max(n, 3))
    axes[:n, :n] = np.reshape(reader.GetDirection(), (n, n)) * reader.GetSpacing()
    slice_axis = 3 - column_axis - row_axis
    affine = np.eye(4)
    affine[:3, :3] = axes[:3, [column_axis, row_axis, slice_axis]]
    affine[: min(n, 3), 3] = reader.GetOrigin()[:3]
    return affine


def _nifti_layout(head: bytes) -> tuple[int, int] | None:
    """Return where the pixels of a NIfTI file start and how many bits each takes; None for any other file.

    NIfTI-1 in one file is meant: ITK reads no NIfTI-2. The size of the header, its first value, tells the byte order.
    """
    if head.startswith(_GZIP):
        try:
            head = zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(head, _HEAD_BYTES)
        except zlib.error:
            return None
    for order in "<>":
        if head[:4] == struct.pack(f"{order}i", 348) and head[344:347] == b"n+1":
            return int(struct.unpack_from(f"{order}f", head, 108)[0]), struct.unpack_from(f"{order}h", head, 72)[0]
    return None


def _refuse_truncated_nifti(path: Path, pixels: int) -> None:
    """Refuse a file that ends before its last pixel: ITK fills what is missing with noughts and says nothing."""
    head = _first_bytes(path)
    layout = _nifti_layout(head)
    assert layout is not None, "is what made it a NIfTI file"
    start, bits = layout
    with gzip.open(path) if head.startswith(_GZIP) else path.open("rb") as file:
        file.seek(start + pixels * bits // 8 - 1)
        if not file.read(1):
            raise RadiographError("The file is incomplete: it ends before the last pixel.")
