"""Read and check a split of a data set in either layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.data.lvit import read_lvit_rows
from training.data.sample import LATERALITY, DatasetError, Sample, Split
from training.data.tables import read_csv_rows
from training.data.validation import check_rows

__all__ = ["LATERALITY", "DatasetError", "Sample", "Split", "read_split", "subsample_evenly"]


def read_split(directory: str | Path, split: Split, *, strict: bool = True, notes: bool = True) -> list[Sample]:
    """Return the samples of a split in the order of its table.

    Args:
        directory: a folder that holds LViT's Train_Folder, Val_Folder and Test_Folder, or train.csv, val.csv and
            test.csv with the columns image, mask and note.
        split: "train", "val" or "test".
        strict: reject a split with a fault; otherwise leave the faulty rows out, with a warning in the log.
        notes: count a missing note as a fault.

    Raises:
        DatasetError: a folder or the table is missing, or a row has a fault and `strict` is true. The message counts
            the faults of each kind and names the first.
    """
    table = Path(directory) / f"{split}.csv"
    rows = read_csv_rows(table) if table.is_file() else read_lvit_rows(Path(directory), split)
    return check_rows(rows, split, strict=strict, notes=notes)


def subsample_evenly(samples: list[Sample], limit: int | None) -> list[Sample]:
    """Return `limit` samples spread evenly over the list; all of them if `limit` is None or larger."""
    if limit is None or limit >= len(samples):
        return samples
    return [samples[index] for index in np.linspace(0, len(samples) - 1, limit).astype(int)]
