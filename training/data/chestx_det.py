"""ChestX-Det: polygons of 13 findings on radiographs of NIH ChestX-ray14, as notes and masks in the CSV layout.

An annotation file is a list of {"file_name": "36199.png", "syms": [finding, ...], "boxes": [[left, top, right,
bottom], ...], "polygons": [[[x, y], ...], ...]}, with one entry of each list for each area. The images are downloaded
by the user (https://github.com/Deepwise-AILab/ChestX-Det-Dataset). Left is the patient's in the notes that are made.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.mask.description import describe
from CausalCLIPSegLib.mask.lung_extent import LungExtent, lung_extent
from CausalCLIPSegLib.notes import ZONES
from training.data.sample import SPLITS, DatasetError, Sample, Split

Point = Annotated[list[float], Field(min_length=2, max_length=2)]


class Annotation(BaseModel):
    """The areas of one image; the three lists have one entry for each area."""

    file_name: str = Field(pattern=r"^[^/\\]+$")
    syms: list[str]
    boxes: list[list[float]]
    polygons: list[list[Point]]

    @model_validator(mode="after")
    def _check(self) -> Annotation:
        if not len(self.syms) == len(self.boxes) == len(self.polygons):
            raise ValueError("an area needs a finding, a box and a polygon")
        return self

    def findings(self) -> list[str]:
        """Return the findings of the image, each once, in their order."""
        return list(dict.fromkeys(self.syms))

    def mask(self, finding: str, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Return all areas of a finding, bool, rows x columns; `size` has columns and rows."""
        picture = Image.new("1", size)
        draw = ImageDraw.Draw(picture)
        for name, polygon in zip(self.syms, self.polygons, strict=True):
            if name == finding and len(polygon) > 2:
                draw.polygon([(x, y) for x, y in polygon], fill=1)
        return np.asarray(picture)


_ANNOTATIONS = TypeAdapter(list[Annotation])


def read_annotations(path: Path) -> list[Annotation]:
    """Read an annotation file.

    Raises:
        DatasetError: the file cannot be read, or has another layout.
    """
    try:
        return _ANNOTATIONS.validate_json(path.read_bytes())
    except (OSError, ValidationError, json.JSONDecodeError) as error:
        raise DatasetError(f"The file {path.name} is no annotation file of ChestX-Det.") from error


def write_note(finding: str, mask: npt.NDArray[np.bool_], extent: LungExtent) -> str | None:
    """Return a note that names a finding with its sides and zones, as a radiologist would; None for an empty mask.

    For instance "Effusion, right lower zone, left lower and middle zones." or "Mass, whole left lung.".
    """
    expression = describe(mask, extent)
    if not expression.sides:
        return None
    places = [_place(side, expression.zones[side]) for side in expression.sides]
    return f"{finding.capitalize()}, {', '.join(places)}."


def _place(side: Side, zones: tuple[str, ...]) -> str:
    if zones == ZONES:
        return f"whole {side} lung"
    return f"{side} {' and '.join(zones)} zone{'s' if len(zones) > 1 else ''}"


def import_split(
    annotations: Path, images: Path, output: Path, split: Split, advance: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Write masks and a table for `read_split`, with one row for each finding of each image.

    Args:
        annotations: the annotation file of the split.
        images: folder of the images.
        output: destination of `SPLIT.csv` and the folder `masks/SPLIT`.
        split: name of the split.
        advance: called after each image.

    Returns:
        The number of rows of each finding; findings on images without a file, or too small to describe, have none.

    Raises:
        DatasetError: the annotations cannot be used, an image cannot be read, or no image is found.
    """
    if split not in SPLITS:
        raise DatasetError(f"There is no split “{split}”.")
    folder = output / "masks" / split
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["name", "image", "mask", "note", "laterality"])
    numbers: dict[str, int] = {}
    for annotation in read_annotations(annotations):
        for finding, mask, note in _cases(annotation, images):
            name = f"{Path(annotation.file_name).stem}-{finding.lower().replace(' ', '-')}"
            path = folder / f"{name}.png"
            Image.fromarray(mask).convert("L").save(path)
            image = (images / annotation.file_name).resolve()
            writer.writerow([name, image, path.relative_to(output), note, "patient"])
            numbers[finding] = numbers.get(finding, 0) + 1
        advance()
    if not numbers:
        raise DatasetError(f"The folder {images.name} holds no image with a finding of {annotations.name}.")
    write_text(output / f"{split}.csv", table.getvalue())
    return dict(sorted(numbers.items()))


def _cases(annotation: Annotation, images: Path) -> Iterator[tuple[str, npt.NDArray[np.bool_], str]]:
    image = images / annotation.file_name
    if not annotation.syms or not image.is_file():
        return
    pixels = Sample(image.stem, image, image, "").load_radiograph().pixels
    extent = lung_extent(pixels)
    for finding in annotation.findings():
        mask = annotation.mask(finding, pixels.shape[::-1])
        note = write_note(finding, mask, extent)
        if note is not None:
            yield finding, mask, note
