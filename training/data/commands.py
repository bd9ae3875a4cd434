"""The commands about data sets: check the splits by study, and import ChestX-Det."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Annotated

import typer

from CausalCLIPSegLib.atomic_files import write_text
from CausalCLIPSegLib.cli.console import out
from training.data.chestx_det import import_split, read_annotations
from training.data.sample import SPLITS, DatasetError, Sample, Split
from training.data.splits import read_split
from training.data.studies import leaks, split_by_study


def check_splits(
    data: Annotated[Path, typer.Option(help="Folder of the data set; its notes may be missing.")],
    output: Annotated[
        Path | None, typer.Option(help="Write train.csv, val.csv and test.csv of a split by study into this folder.")
    ] = None,
) -> None:
    """Count the images of one study or patient in several splits, and offer splits without any."""
    splits: dict[Split, list[Sample]] = {}
    for split in SPLITS:
        try:
            splits[split] = read_split(data, split, strict=False, notes=False)
        except DatasetError as error:
            out.print(str(error))
    _report(splits)
    if output is None:
        return
    splits = split_by_study(splits)
    output.mkdir(parents=True, exist_ok=True)
    for split, samples in splits.items():
        write_text(output / f"{split}.csv", _table(samples))
    out.print(f"Splits by study, in {output}:")
    _report(splits)


def _report(splits: dict[Split, list[Sample]]) -> None:
    for leak in leaks(splits):
        share = 100 * leak.images / max(leak.total, 1)
        out.print(
            f"{leak.first} and {leak.second} share {leak.studies} studies; {leak.images} of {leak.total} images of "
            f"{leak.second} ({share:.0f} %) belong to one of them."
        )


def _table(samples: list[Sample]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["name", "image", "mask", "note", "laterality"])
    for sample in samples:
        writer.writerow([sample.name, sample.image.resolve(), sample.mask.resolve(), sample.note, sample.laterality])
    return text.getvalue()


def import_chestx_det(
    annotations: Annotated[Path, typer.Option(help="ChestX_Det_train.json or ChestX_Det_test.json.")],
    images: Annotated[Path, typer.Option(help="Folder of the images.")],
    output: Annotated[Path, typer.Option(help="Folder for the table and the masks.")],
    split: Annotated[Split, typer.Option(help="The split to write.")] = "train",
) -> None:
    """Turn the polygons of ChestX-Det into masks, and into notes that name finding, side and zones."""
    from training.console import progress_bar

    with progress_bar("Importing", len(read_annotations(annotations))) as advance:
        numbers = import_split(annotations, images, output, split, advance)
    out.print(f"{split}.csv has {sum(numbers.values())} rows:")
    for finding, number in numbers.items():
        out.print(f"{finding}: {number}")
