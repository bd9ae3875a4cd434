"""One case of referring segmentation: a film, its ground truth and its note, as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from CausalCLIPSegLib.errors import CausalCLIPSegError, RadiographError
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.radiograph import read_radiograph

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

LATERALITY: Laterality = "viewer"
"""Whose left and right the notes of QaTa-COV19 mean."""

PICTURES = {".png", ".webp", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}


class DatasetError(CausalCLIPSegError):
    """The data set is not laid out as expected; the message names what is missing."""


@dataclass(frozen=True)
class Sample:
    """One radiograph with its note and its ground truth, as files.

    Attributes:
        name: the image's stem.
        image: path of the image.
        mask: path of the mask, 0 / 255.
        note: the published sentence, in the data set's own left and right, its typing errors mended.
        laterality: whose left and right the note means.
    """

    name: str
    image: Path
    mask: Path
    note: str
    laterality: Laterality = LATERALITY

    def load_image(self) -> npt.NDArray[np.uint8]:
        """Return the grey image, uint8 rows x columns.

        Raises:
            DatasetError: if the file cannot be read.
        """
        if self.image.suffix.lower() in PICTURES:
            return _load_grey(self.image)
        try:  # DICOM, NRRD, NIfTI
            return np.round(255 * read_radiograph(self.image).pixels).astype(np.uint8)
        except RadiographError as error:
            raise DatasetError(f"The file {self.image.name} cannot be read: {error}") from error

    def load_mask(self) -> npt.NDArray[np.bool_]:
        """Return the ground truth, bool rows x columns.

        Raises:
            DatasetError: if the file cannot be read.
        """
        return _load_grey(self.mask) > 127


def _load_grey(path: Path) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            return np.asarray(image.convert("L"))
    except (OSError, UnidentifiedImageError, SyntaxError) as error:
        raise DatasetError(f"The file {path.name} cannot be read as a picture.") from error


@dataclass(frozen=True)
class Row:
    """What a layout says of one film before it is checked; None for what it lacks."""

    name: str
    image: Path | None
    mask: Path | None
    note: str
    laterality: Laterality = LATERALITY


def stem(name: str) -> str:
    """Return the name by which image, mask and row belong together: the file's stem, without LViT's mask_."""
    return Path(name.strip()).stem.removeprefix("mask_")
