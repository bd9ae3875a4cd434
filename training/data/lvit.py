"""The layout of LViT's authors, for QaTa-COV19 and MosMedData+.

    DIR/Train_Folder/img/NAME.*   DIR/Train_Folder/labelcol/[mask_]NAME.png   DIR/Train_Folder/Train_text.xlsx

and the same for Val_Folder and Test_Folder. The table has the columns Image (the mask's file name) and Description. A
mask is called mask_NAME.png in QaTa-COV19, and NAME.png like its image in MosMedData+. Some tables of MosMedData+ also
hold the notes of other splits. Names may differ in capitals, because some systems do not tell them apart.
"""

from __future__ import annotations

from pathlib import Path

from training.data.image_files import files_by_key, key_of
from training.data.sample import SPLITS, DatasetError, Row, Split, stem
from training.data.typos import correct_typos


def read_lvit_rows(directory: Path, split: Split) -> list[Row]:
    """List the rows of a split's table, followed by the images without a row.

    Raises:
        DatasetError: a folder or the table is missing, or two files have the name of one image.
    """
    folder = _folder(directory, split)
    if not folder.is_dir():
        raise DatasetError(f"The data set has no folder {folder.name} in {directory}.")
    tables = sorted(path for path in folder.glob("*.xlsx") if not path.name.startswith("~$"))
    if len(tables) != 1:
        raise DatasetError(f"The folder {folder.name} should hold one table of notes (.xlsx), but has {len(tables)}.")
    images, masks, notes = files_by_key(folder / "img"), files_by_key(folder / "labelcol"), _read_notes(tables[0])
    keys = [key_of(name) for name, _ in notes]
    without_files = {key for key in keys if key not in images and key not in masks}
    of_other_splits = without_files & _other_images(directory, split) if without_files else set()
    rows = [
        Row(stem(images[key].name) if key in images else name, images.get(key), masks.get(key), correct_typos(note))
        for key, (name, note) in zip(keys, notes, strict=True)
        if key not in of_other_splits
    ]
    without_row = [key for key in images if key not in set(keys)]
    return rows + [Row(stem(images[key].name), images[key], masks.get(key), "") for key in without_row]


def _folder(directory: Path, split: Split) -> Path:
    return directory / f"{split.capitalize()}_Folder"


def _read_notes(table: Path) -> list[tuple[str, str]]:
    """Return the stem of the image, and the note, of each row that is not a repetition."""
    try:
        import openpyxl
        from openpyxl.utils.escape import unescape
    except ImportError as error:
        raise DatasetError("Reading a table of notes (.xlsx) needs openpyxl: install the extra [training].") from error
    try:
        sheet = openpyxl.load_workbook(table, read_only=True, data_only=True).worksheets[0]
        sheet.reset_dimensions()  # some programs state a wrong size
        rows = list(sheet.iter_rows(values_only=True))
    except Exception as error:  # openpyxl passes on all errors of unzipping and of parsing XML
        raise DatasetError(f"The table {table.name} cannot be read as an Excel table.") from error
    header = [str(cell).strip().lower() for cell in rows[0]] if rows else []
    if not {"image", "description"} <= set(header):
        raise DatasetError(f"The table {table.name} lacks the columns Image and Description.")
    image, description = header.index("image"), header.index("description")
    filled = [[*row, *[None] * (len(header) - len(row))] for row in rows[1:]]  # rows may be short
    notes = [(row[image], unescape(str(row[description] or "")).strip()) for row in filled if row[image]]
    return list(dict.fromkeys((stem(str(name)), note) for name, note in notes))


def _other_images(directory: Path, split: Split) -> set[str]:
    """Return the stems of the images of the other splits."""
    folders = [_folder(directory, other) / "img" for other in SPLITS if other != split]
    return {key_of(path.name) for folder in folders if folder.is_dir() for path in folder.iterdir()}
