"""The layout of LViT's authors, for QaTa-COV19 and MosMedData+.

    DIR/Train_Folder/img/NAME.*   DIR/Train_Folder/labelcol/[mask_]NAME.png   DIR/Train_Folder/Train_text.xlsx

and the same for Val_Folder and Test_Folder. The table has the columns Image (the mask's file name) and Description. A
mask is called mask_NAME.png in QaTa-COV19, and NAME.png like its image in MosMedData+. Some tables of MosMedData+ also
hold the notes of other splits.
"""

from __future__ import annotations

from pathlib import Path

from training.data.sample import SPLITS, DatasetError, Row, Split, stem
from training.data.typos import correct_typos


def read_lvit_rows(directory: Path, split: Split) -> list[Row]:
    """List the rows of a split's table, followed by the images without a row.

    Raises:
        DatasetError: a folder or the table is missing.
    """
    folder = _folder(directory, split)
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.name} in {directory}.")
    tables = sorted(path for path in folder.glob("*.xlsx") if not path.name.startswith("~$"))
    if len(tables) != 1:
        raise DatasetError(f"The folder {folder.name} should hold one table of notes (.xlsx), but has {len(tables)}.")
    images, masks, notes = _by_stem(folder / "img"), _by_stem(folder / "labelcol"), _read_notes(tables[0])
    without_files = {name for name in notes if name not in images and name not in masks}
    of_other_splits = without_files & _other_images(directory, split) if without_files else set()
    rows = [
        Row(name, images.get(name), masks.get(name), correct_typos(note))
        for name, note in notes.items()
        if name not in of_other_splits
    ]
    return rows + [Row(name, image, masks.get(name), "") for name, image in images.items() if name not in notes]


def _folder(directory: Path, split: Split) -> Path:
    return directory / f"{split.capitalize()}_Folder"


def _by_stem(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.parent.name}/{folder.name}.")
    return {stem(path.name): path for path in sorted(folder.iterdir()) if path.is_file()}


def _read_notes(table: Path) -> dict[str, str]:
    """Return the notes of a table by the stems of their images."""
    try:
        import openpyxl
    except ImportError as error:
        raise DatasetError("Reading a table of notes (.xlsx) needs openpyxl: install the extra [training].") from error
    try:
        workbook = openpyxl.load_workbook(table, read_only=True, data_only=True)
    except Exception as error:  # openpyxl passes on all errors of unzipping and of parsing XML
        raise DatasetError(f"The table {table.name} cannot be read as an Excel table.") from error
    rows = workbook.worksheets[0].iter_rows(values_only=True)
    header = [str(cell).strip().lower() for cell in next(rows, ())]
    if not {"image", "description"} <= set(header):
        raise DatasetError(f"The table {table.name} lacks the columns Image and Description.")
    image, description = header.index("image"), header.index("description")
    return {stem(str(row[image])): str(row[description] or "").strip() for row in rows if row[image]}


def _other_images(directory: Path, split: Split) -> set[str]:
    """Return the stems of the images of the other splits."""
    folders = [_folder(directory, other) / "img" for other in SPLITS if other != split]
    return {stem(path.name) for folder in folders if folder.is_dir() for path in folder.iterdir()}
