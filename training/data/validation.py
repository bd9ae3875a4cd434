"""Check the rows of a split: count the faults of each kind, and name the first row with each."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from PIL import ExifTags, Image, UnidentifiedImageError

from CausalCLIPSegLib.errors import RadiographError
from CausalCLIPSegLib.radiograph.formats import first_bytes, is_raster
from training.data.sample import DatasetError, Row, Sample, Split

log = logging.getLogger(__name__)

FAULTS = (
    "without an image",
    "without a mask",
    "without a note",
    "unreadable",
    "of another size than its mask",
    "twice",
)
"""The kinds of faults, as the messages name them."""
_FIRST_TURNED = 5
"""EXIF orientations from this value up exchange rows and columns."""


def check_rows(rows: Iterable[Row], split: Split, *, strict: bool, notes: bool = True) -> list[Sample]:
    """Return the samples of the rows without a fault, and log one line that sums up the split.

    This reads only the headers of pictures. If decoding a file fails later, that error names the file.

    Args:
        rows: the rows of the split.
        split: its name, for messages.
        strict: reject a split that has a fault.
        notes: count a missing note as a fault.

    Raises:
        DatasetError: a row has a fault and `strict` is true, or no sample is left.
    """
    samples: list[Sample] = []
    faults: dict[str, list[str]] = {fault: [] for fault in FAULTS}
    seen: set[str] = set()
    for row in rows:
        fault = "twice" if row.name in seen else _fault(row, notes)
        seen.add(row.name)
        if fault:
            faults[fault].append(row.name)
        elif row.image and row.mask:
            samples.append(Sample(row.name, row.image, row.mask, row.note, row.laterality))
    summary = ", ".join(f"{len(names)} {fault} (first {names[0]})" for fault, names in faults.items() if names)
    if summary and strict:
        raise DatasetError(f"The {split} split has rows with faults: {summary}.")
    if not samples:
        raise DatasetError(f"The {split} split holds no radiograph with a mask and a note.")
    log.log(
        logging.WARNING if summary else logging.INFO,
        "%s split: %d radiographs%s",
        split,
        len(samples),
        f"; left out: {summary}" if summary else "",
    )
    return samples


def _fault(row: Row, notes: bool) -> str | None:
    if row.image is None:
        return "without an image"
    if row.mask is None:
        return "without a mask"
    if notes and not row.note:
        return "without a note"
    if not _is_picture(row.image):  # DICOM, NRRD or NIfTI
        return None if _size(row.mask) else "unreadable"
    for whole_file in (False, True):
        sizes = _size(row.image, whole_file), _size(row.mask, whole_file)
        if None in sizes:
            return "unreadable"
        if sizes[0] == sizes[1]:
            return None
    return "of another size than its mask"


def _is_picture(path: Path) -> bool:
    """Return whether Pillow should be able to read a file, judging by its content and its extension."""
    try:
        return is_raster(first_bytes(path)) or path.suffix.lower() in Image.registered_extensions()
    except RadiographError:
        return True


def _size(path: Path, whole_file: bool = False) -> tuple[int, int] | None:
    """Return columns and rows of a picture as it is shown; None if Pillow cannot read it.

    A PNG may store its orientation after its pixels, and Pillow must decode the pixels to reach it. By default,
    therefore, only the part of the file before the pixels is read.
    """
    try:
        with Image.open(path) as image:
            if image.width == image.height or (image.format == "PNG" and "exif" not in image.info and not whole_file):
                return image.size
            turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= _FIRST_TURNED
            return image.size[::-1] if turned else image.size
    except (OSError, UnidentifiedImageError, SyntaxError):
        return None
