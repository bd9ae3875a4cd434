"""ChestX-Det: polygons of 13 findings on radiographs of NIH ChestX-ray14, as notes and masks in the CSV layout.

An annotation file is a list of {"file_name": "36199.png", "syms": [category, ...], "boxes": [[left, top, right,
bottom], ...], "polygons": [[[x, y], ...], ...]}, with one entry of each list for each area. The images are downloaded
by the user (https://github.com/Deepwise-AILab/ChestX-Det-Dataset). Left is the patient's in the notes that are made.
"""

from __future__ import annotations

import codecs
import csv
import io
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from pydantic import BaseModel, Field, FiniteFloat, TypeAdapter, model_validator

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.laterality import Side
from CausalCLIPSegLib.mask.description import describe
from CausalCLIPSegLib.mask.lung_extent import LungExtent, lung_extent
from CausalCLIPSegLib.notes import FINDING_WORDS, ZONES, parse_note
from training.data.image_files import files_by_key, key_of
from training.data.sample import SPLITS, DatasetError, Sample, Split

log = logging.getLogger(__name__)

_BEYOND = 0.02
"""How far an area may reach beyond its image, as a share of the image's size."""

Point = Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)]


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

    def areas(self) -> dict[str | None, list[list[Point]]]:
        """Return the polygons of each finding, in the order of the file; None has those that prompts cannot name."""
        areas: dict[str | None, list[list[Point]]] = {}
        for category, polygon in zip(self.syms, self.polygons, strict=True):
            areas.setdefault(finding_of_category(category), []).append(polygon)
        return areas


_ANNOTATIONS = TypeAdapter(list[Annotation])


@cache
def finding_of_category(category: str) -> str | None:
    """Return the finding, a key of `FINDING_WORDS`, that a category of the data set is; None if it is none of them."""
    try:
        expression = parse_note(f"{category.replace('_', ' ')}.", language="en", findings=tuple(FINDING_WORDS))
    except NoteError:
        return None
    return expression.finding if expression.findings else None


def read_annotations(path: Path) -> list[Annotation]:
    """Read an annotation file; several entries about one image become one.

    Raises:
        DatasetError: the file cannot be read, or has another layout.
    """
    try:
        entries = _ANNOTATIONS.validate_json(path.read_bytes().removeprefix(codecs.BOM_UTF8))
    except (OSError, ValueError) as error:
        raise DatasetError(f"The file {path.name} is no annotation file of ChestX-Det.") from error
    images: dict[str, Annotation] = {}
    for entry in entries:
        image = images.setdefault(key_of(entry.file_name), entry)
        if image is not entry:
            image.syms += entry.syms
            image.boxes += entry.boxes
            image.polygons += entry.polygons
    return list(images.values())


def draw(polygons: Iterable[list[Point]], size: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """Return all areas, bool, rows x columns; a polygon of fewer than three points has none.

    Args:
        polygons: points (x, y) in pixels.
        size: columns and rows.
    """
    picture = Image.new("1", size)
    pen = ImageDraw.Draw(picture)
    for polygon in polygons:
        if len(polygon) > 2:
            pen.polygon([(x, y) for x, y in polygon], fill=1)
    return np.asarray(picture)


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
        The number of rows of each finding. Images without a file, categories that prompts cannot name, and areas too
        small to describe have none; the log counts the first two.

    Raises:
        DatasetError: the annotations cannot be used, an image cannot be read or has another size, or no image is
            found.
    """
    if split not in SPLITS:
        raise DatasetError(f"There is no split “{split}”.")
    folder = output / "masks" / split
    folder.mkdir(parents=True, exist_ok=True)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["name", "image", "mask", "note", "laterality"])
    files = files_by_key(images)
    numbers: Counter[str] = Counter()
    missing: list[str] = []
    unknown: Counter[str] = Counter()
    for annotation in read_annotations(annotations):
        image = files.get(key_of(annotation.file_name))
        unknown.update(category for category in annotation.syms if finding_of_category(category) is None)
        if image is None:
            missing.append(annotation.file_name)
        elif annotation.syms:
            for finding, mask, note in _cases(annotation, image):
                name = f"{image.stem}-{finding.replace(' ', '-')}"
                path = folder / f"{name}.png"
                Image.fromarray(mask).convert("L").save(path)
                writer.writerow([name, image.resolve(), path.relative_to(output), note, "patient"])
                numbers[finding] += 1
        advance()
    if missing:
        log.warning("Images without a file: %d (first %s).", len(missing), missing[0])
    for category, number in unknown.items():
        log.warning("Areas of “%s” that are left out, because prompts have no words for it: %d.", category, number)
    if not numbers:
        raise DatasetError(f"The folder {images.name} holds no image with a finding of {annotations.name}.")
    write_text(output / f"{split}.csv", table.getvalue())
    return dict(sorted(numbers.items()))


def _cases(annotation: Annotation, image: Path) -> Iterator[tuple[str, npt.NDArray[np.bool_], str]]:
    """Yield each finding of an image with its mask and its note.

    Raises:
        DatasetError: the image cannot be read, or has another size than the published one.
    """
    pixels = Sample(image.stem, image, image, "").load_radiograph().pixels
    size = pixels.shape[::-1]
    points = np.array([point for polygon in annotation.polygons for point in polygon]).reshape(-1, 2)
    if (points > np.multiply(size, 1 + _BEYOND)).any() or (points < np.multiply(size, -_BEYOND)).any():
        raise DatasetError(f"The areas of {image.name} reach beyond it; use the images in their published size.")
    extent = lung_extent(pixels)
    for finding, polygons in annotation.areas().items():
        mask = draw(polygons, size)
        note = None if finding is None else write_note(finding, mask, extent)
        if finding is not None and note is not None:
            yield finding, mask, note
