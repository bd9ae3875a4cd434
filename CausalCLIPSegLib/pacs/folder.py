"""Name the files of instances in a folder, and check whether they are complete."""

from __future__ import annotations

import os
import re
from io import BytesIO
from pathlib import Path
from typing import Literal

from pydicom import Dataset, dcmread
from pydicom.pixels.utils import get_expected_length

from CausalCLIPSegLib.errors import OutputError, reason_of
from CausalCLIPSegLib.pacs.archive import MAX_UID_LENGTH, Identity
from CausalCLIPSegLib.radiograph.dicom_stream import inflated
from CausalCLIPSegLib.radiograph.limits import MAX_FILE_BYTES
from CausalCLIPSegLib.regular_files import open_regular

LONGEST_NAME = f"{'X' * 16}.{'1' * MAX_UID_LENGTH}.dcm"
"""As long as the longest file name."""


def file_name(modality: str, instance: str) -> str:
    """Return the name of an instance's file: modality and UID, without anything about the patient."""
    prefix = modality if re.fullmatch(r"[A-Z0-9]{1,16}", modality) else "DICOM"
    return f"{prefix}.{instance}.dcm"


def read_instance(data: bytes) -> Dataset:
    """Return the data set of a file in memory.

    Raises:
        RadiographError: it unpacks to more than any file.
        Exception: whatever pydicom raises for a damaged file.
    """
    return dcmread(inflated(BytesIO(data)))


def is_complete(data: bytes, identity: Identity) -> bool:
    """Return whether `data` is the complete file of that instance."""
    try:
        dataset = read_instance(data)
        uids = dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID
        return uids == (identity.study, identity.series, identity.instance) and has_all_pixels(dataset)
    except Exception:  # whatever pydicom raises for a damaged file
        return False


def has_all_pixels(dataset: Dataset) -> bool:
    """Return whether native pixel data has the length that the header declares, which pydicom does not check."""
    if "PixelData" not in dataset or dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return True
    return len(dataset.PixelData) >= get_expected_length(dataset)


def file_state(path: Path, identity: Identity) -> Literal["absent", "complete", "other"]:
    """Return what is at `path`: nothing, the complete file of that instance, or something else."""
    if not os.path.lexists(path):
        return "absent"
    try:
        with open_regular(path) as file:
            return "complete" if is_complete(file.read(MAX_FILE_BYTES), identity) else "other"
    except OSError:
        return "other"


def make_folder(folder: Path) -> None:
    """Create the folder and its parents.

    Raises:
        OutputError: the path is a file, or the folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be created: {reason_of(error)}.") from error
