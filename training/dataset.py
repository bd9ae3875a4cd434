"""Referring segmentation data as the authors of LViT lay it out: a folder of images, one of masks, a table of notes.

    DIR/Train_Folder/img/NAME.*   DIR/Train_Folder/labelcol/mask_NAME.png   DIR/Train_Folder/Train_text.xlsx

and likewise Val_Folder and Test_Folder. The table has the columns Image (the mask's file name) and Description.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import openpyxl
from PIL import Image

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.laterality import Laterality

Split = Literal["train", "val", "test"]

LATERALITY: Laterality = "viewer"
"""Whose left and right the notes of QaTa-COV19 mean."""


class DatasetError(CausalCLIPSegError):
    """The data set is not laid out as expected; the message names what is missing."""


@dataclass(frozen=True)
class Sample:
    """One radiograph with its note and its ground truth, as files.

    Attributes:
        name: the image's stem.
        image: path of the image.
        mask: path of the mask, 0 / 255.
        note: the published sentence, in the data set's own left and right.
    """

    name: str
    image: Path
    mask: Path
    note: str

    def load_image(self) -> npt.NDArray[np.uint8]:
        """Return the grey image, uint8 rows x columns."""
        with Image.open(self.image) as image:
            return np.asarray(image.convert("L"))

    def load_mask(self) -> npt.NDArray[np.bool_]:
        """Return the ground truth, bool rows x columns."""
        with Image.open(self.mask) as mask:
            return np.asarray(mask.convert("L")) > 127


def _stem(name: str) -> str:
    return Path(name.strip()).stem.removeprefix("mask_")


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.parent.name}/{folder.name}.")
    return {_stem(path.name): path for path in sorted(folder.iterdir()) if path.is_file()}


def _read_notes(table: Path) -> dict[str, str]:
    workbook = openpyxl.load_workbook(table, read_only=True, data_only=True)
    rows = workbook.worksheets[0].iter_rows(values_only=True)
    header = [str(cell).strip().lower() for cell in next(rows, ())]
    if not {"image", "description"} <= set(header):
        raise DatasetError(f"The table {table.name} lacks the columns Image and Description.")
    image, description = header.index("image"), header.index("description")
    return {_stem(str(row[image])): str(row[description]).strip() for row in rows if row[image] and row[description]}


def read_split(directory: str | Path, split: Split) -> list[Sample]:
    """List the samples of a split in the order of its table.

    Args:
        directory: the folder that holds Train_Folder, Val_Folder and Test_Folder.
        split: which of them.

    Raises:
        DatasetError: if a folder or the table is missing, or rows of the table lack an image or a mask.
    """
    folder = Path(directory) / f"{split.capitalize()}_Folder"
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.name} in {directory}.")
    tables = sorted(folder.glob("*.xlsx"))
    if len(tables) != 1:
        raise DatasetError(f"The folder {folder.name} should hold one table of notes (.xlsx), but has {len(tables)}.")
    images, masks, notes = _by_stem(folder / "img"), _by_stem(folder / "labelcol"), _read_notes(tables[0])
    lacking = [name for name in notes if name not in images or name not in masks]
    if lacking:
        raise DatasetError(f"{len(lacking)} rows of {tables[0].name} lack an image or a mask, first {lacking[0]}.")
    return [Sample(name, images[name], masks[name], note) for name, note in notes.items()]
