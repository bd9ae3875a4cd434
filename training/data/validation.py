"""What can be wrong with a split: counted by kind, the first of each named."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from training.data.sample import PICTURES, DatasetError, Row, Sample, Split

log = logging.getLogger(__name__)

FAULTS = (
    "without an image",
    "without a mask",
    "without a note",
    "unreadable",
    "of another size than its mask",
    "twice",
)
"""What a row can be."""


def check_rows(rows: Iterable[Row], split: Split, *, strict: bool, notes: bool = True) -> list[Sample]:
    """Return the samples of the rows without a fault, and log one line that sums up what was found.

    With `notes` off a film needs no note. Only headers of pictures are read here; a picture that breaks off later is
    named when it is decoded.

    Raises:
        DatasetError: if there is a fault and `strict`, or no sample is left.
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
    found = [f"{len(names)} {fault} (first {names[0]})" for fault, names in faults.items() if names]
    if found and strict:
        raise DatasetError(f"The {split} split has rows with faults: {', '.join(found)}.")
    if not samples:
        raise DatasetError(f"The {split} split holds no film with a mask and a note.")
    log.log(
        logging.WARNING if found else logging.INFO,
        "%s split: %d films%s",
        split,
        len(samples),
        f"; left out: {', '.join(found)}" if found else "",
    )
    return samples


def _fault(row: Row, notes: bool) -> str | None:
    if row.image is None:
        return "without an image"
    if row.mask is None:
        return "without a mask"
    if notes and not row.note:
        return "without a note"
    if row.image.suffix.lower() not in PICTURES:
        return None if _size(row.mask) else "unreadable"
    sizes = _size(row.image), _size(row.mask)
    if None in sizes:
        return "unreadable"
    return None if sizes[0] == sizes[1] else "of another size than its mask"


def _size(path: Path) -> tuple[int, int] | None:
    """Return columns and rows of a picture, None where it is none."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, UnidentifiedImageError, SyntaxError):
        return None
