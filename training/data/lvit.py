"""The layout of LViT's authors, for QaTa-COV19 and MosMedData+.

    DIR/Train_Folder/img/NAME.*   DIR/Train_Folder/labelcol/[mask_]NAME.png   DIR/Train_Folder/Train_text.xlsx

and likewise Val_Folder and Test_Folder. The table has the columns Image (the mask's file name) and Description. In
QaTa-COV19 a mask is called mask_NAME.png, in MosMedData+ as its image; some tables of MosMedData+ hold the notes of
other splits as well.
"""

from __future__ import annotations

from pathlib import Path

import openpyxl

from training.data.sample import SPLITS, DatasetError, Row, Split, stem
from training.data.typos import mend


def _folder(directory: Path, split: Split) -> Path:
    return directory / f"{split.capitalize()}_Folder"


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.parent.name}/{folder.name}.")
    return {stem(path.name): path for path in sorted(folder.iterdir()) if path.is_file()}


def _read_notes(table: Path) -> dict[str, str]:
    try:
        workbook = openpyxl.load_workbook(table, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets through what the unzipping and the XML raise
        raise DatasetError(f"The table {table.name} cannot be read as an Excel table.") from error
    rows = workbook.worksheets[0].iter_rows(values_only=True)
    header = [str(cell).strip().lower() for cell in next(rows, ())]
    if not {"image", "description"} <= set(header):
        raise DatasetError(f"The table {table.name} lacks the columns Image and Description.")
    image, description = header.index("image"), header.index("description")
    return {stem(str(row[image])): str(row[description] or "").strip() for row in rows if row[image]}


def _of_other_splits(directory: Path, split: Split) -> set[str]:
    folders = [_folder(directory, other) / "img" for other in SPLITS if other != split]
    return {stem(path.name) for folder in folders if folder.is_dir() for path in folder.iterdir()}


def read_lvit_rows(directory: Path, split: Split) -> list[Row]:
    """List the rows of a split's table, and after them the images that have no row.

    Raises:
        DatasetError: if a folder or the table is missing.
    """
    folder = _folder(directory, split)
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.name} in {directory}.")
    tables = sorted(path for path in folder.glob("*.xlsx") if not path.name.startswith("~$"))
    if len(tables) != 1:
        raise DatasetError(f"The folder {folder.name} should hold one table of notes (.xlsx), but has {len(tables)}.")
    images, masks, notes = _by_stem(folder / "img"), _by_stem(folder / "labelcol"), _read_notes(tables[0])
    lacking = [name for name in notes if name not in images and name not in masks]
    elsewhere = _of_other_splits(directory, split) if lacking else set()
    rows = [
        Row(name, images.get(name), masks.get(name), mend(note))
        for name, note in notes.items()
        if not (name in elsewhere and name not in images and name not in masks)
    ]
    return rows + [Row(name, image, masks.get(name), "") for name, image in images.items() if name not in notes]
