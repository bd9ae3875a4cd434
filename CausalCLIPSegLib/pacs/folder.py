"""Files of instances in a folder: each complete or absent."""

from __future__ import annotations

import os
import re
from io import BytesIO
from pathlib import Path
from typing import Literal

from pydicom import Dataset, dcmread
from pydicom.pixels.utils import get_expected_length

from CausalCLIPSegLib.errors import OutputError
from CausalCLIPSegLib.pacs.archive import Identity


def file_name(modality: str, instance: str) -> str:
    """Return the name of an instance's file: modality and UID, nothing of the patient."""
    kind = modality if re.fullmatch(r"[A-Z0-9]{1,16}", modality) else "DICOM"
    return f"{kind}.{instance}.dcm"


def is_whole(data: bytes, identity: Identity) -> bool:
    """Whether these bytes are the complete file of that instance."""
    try:
        dataset = dcmread(BytesIO(data))
        same = (dataset.SOPInstanceUID, dataset.SeriesInstanceUID, dataset.StudyInstanceUID) == (
            identity.instance,
            identity.series,
            identity.study,
        )
        return same and has_all_pixels(dataset)
    except Exception:  # whatever pydicom raises for a damaged file
        return False


def has_all_pixels(dataset: Dataset) -> bool:
    """Whether native pixel data is as long as the header says; that of a file cut short is read without complaint."""
    if "PixelData" not in dataset or dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        return True
    return len(dataset.PixelData) >= get_expected_length(dataset)


def state_of(path: Path, identity: Identity) -> Literal["absent", "whole", "other"]:
    """Say what lies at `path`: nothing, the whole file of that instance, or something else."""
    if not os.path.lexists(path):
        return "absent"
    try:
        return "whole" if is_whole(path.read_bytes(), identity) else "other"
    except OSError:
        return "other"


def make_folder(folder: Path) -> None:
    """Make the folder with its parents.

    Raises:
        OutputError: it cannot be made, or is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"The folder {folder} cannot be made: {(error.strerror or 'disk error').lower()}."
        ) from error
