"""The files of one case of referring segmentation: a radiograph, its ground truth and its note."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from CausalCLIPSegLib.errors import CausalCLIPSegError, RadiographError
from CausalCLIPSegLib.laterality import Laterality
from CausalCLIPSegLib.notes import INFECTION, ReferringExpression, parse_note
from CausalCLIPSegLib.radiograph import Radiograph, read_radiograph

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")

LATERALITY: Laterality = "viewer"
"""Whose left and right the notes of QaTa-COV19 mean."""


class DatasetError(CausalCLIPSegError):
    """The data set is not laid out as expected, or one of its files cannot be used; the message names it."""


@dataclass(frozen=True)
class Sample:
    """The files of one radiograph and its ground truth, with its note.

    Attributes:
        name: stem of the image's file name.
        image: path of the image, in any format that `read_radiograph` reads.
        mask: path of the mask, a picture of 0 and 255.
        note: the published note with its typing errors corrected; left and right as in the data set.
        laterality: whose left and right the note means.
    """

    name: str
    image: Path
    mask: Path
    note: str
    laterality: Laterality = LATERALITY

    def parse(self, findings: Sequence[str] = (INFECTION,)) -> ReferringExpression:
        """Return what the note says about these findings.

        Raises:
            NoteError: the note does not say what to segment.
        """
        return parse_note(self.note, self.laterality, findings=findings)

    def load(self) -> tuple[Radiograph, npt.NDArray[np.bool_]]:
        """Return the radiograph and its ground truth, bool of the same shape.

        Raises:
            DatasetError: a file cannot be read, or the two differ in size.
        """
        radiograph, mask = self.load_radiograph(), self.load_mask()
        if mask.shape != radiograph.pixels.shape:
            raise DatasetError(f"The image {self.name} and its mask differ in size.")
        return radiograph, mask

    def load_radiograph(self) -> Radiograph:
        """Read the image exactly as the program does.

        Raises:
            DatasetError: the program refuses the image, or its header says that it is mirrored, so that the note's
                left and right would be ambiguous.
        """
        try:
            return read_radiograph(self.image).oriented(mirrored=None)
        except RadiographError as error:
            raise DatasetError(f"The image {self.image.name} cannot be used: {error}") from error

    def load_image(self) -> npt.NDArray[np.uint8]:
        """Return the radiograph's pixels as uint8, rows x columns.

        Raises:
            DatasetError: see `load_radiograph`.
        """
        return to_uint8(self.load_radiograph().pixels)

    def load_mask(self) -> npt.NDArray[np.bool_]:
        """Return the ground truth, bool, rows x columns, turned as its EXIF orientation says.

        Raises:
            DatasetError: the file cannot be read.
        """
        try:
            # Opened here, because Pillow scrambles an uncompressed TIFF that it opens by name and then turns.
            with self.mask.open("rb") as file, Image.open(file) as image:
                ImageOps.exif_transpose(image, in_place=True)
                return np.asarray(image.convert("L")) > 127
        except Exception as error:  # Pillow raises many kinds of errors for damaged files
            raise DatasetError(f"The mask {self.mask.name} cannot be read as a picture.") from error


def to_uint8(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return pixels in [0, 1] as 0 to 255; for an 8-bit image these are exactly the values in its file."""
    return np.round(255 * pixels).astype(np.uint8)


@dataclass(frozen=True)
class Row:
    """One row of a data set before validation; a missing file is None."""

    name: str
    image: Path | None
    mask: Path | None
    note: str
    laterality: Laterality = LATERALITY


def stem(name: str) -> str:
    """Return the name that an image, its mask and its row share: the file's stem, without LViT's prefix mask_."""
    return Path(name.strip()).stem.removeprefix("mask_")
