"""A small data set in LViT's layout, made on the spot: a bright square on the side that the note names."""

from pathlib import Path

import numpy as np
import openpyxl
import pytest
from PIL import Image


@pytest.fixture
def lvit_folder(tmp_path: Path) -> Path:
    """Train_Folder and Val_Folder of 8 films of 64 x 64; the lesion lies on the side of the picture that is named."""
    rng = np.random.default_rng(0)
    for split in ("Train", "Val"):
        folder = tmp_path / "data" / f"{split}_Folder"
        (folder / "img").mkdir(parents=True)
        (folder / "labelcol").mkdir()
        book = openpyxl.Workbook()
        book.active.append(["Image", "Description"])
        for index in range(8):
            side = ("left", "right")[index % 2]
            image = rng.integers(20, 60, (64, 64), dtype=np.uint8)
            mask = np.zeros((64, 64), np.uint8)
            start = 8 if side == "left" else 40
            mask[20:44, start : start + 16] = 255
            image[mask > 0] += 120
            Image.fromarray(image).save(folder / "img" / f"film_{index}.png")
            Image.fromarray(mask).save(folder / "labelcol" / f"mask_film_{index}.png")
            note = f"Unilateral pulmonary infection, one infected area, middle {side} lung."
            book.active.append([f"mask_film_{index}.png ", note])
        book.save(folder / f"{split}_text.xlsx")
    return tmp_path / "data"
