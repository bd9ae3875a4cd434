"""The DICOM file behind a film of the scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

_HEADER_ATTRIBUTE = "CausalCLIPSeg.HeaderFile"


def rememberHeader(volume: Any, path: str) -> None:  # noqa: N802
    """Remember which DICOM file a film was loaded from, where Slicer's database does not know it."""
    volume.SetAttribute(_HEADER_ATTRIBUTE, path)


def dicomFile(volume: Any) -> str | None:  # noqa: N802
    """Return the DICOM file that a film was loaded from, None where there is none or it is gone."""
    remembered = volume.GetAttribute(_HEADER_ATTRIBUTE)
    return _present(remembered) if remembered else databaseFile(volume)


def databaseFile(volume: Any) -> str | None:  # noqa: N802
    """Return the file in Slicer's DICOM database that a film was loaded from; None as above."""
    uids = (volume.GetAttribute("DICOM.instanceUIDs") or "").split()
    database = dicomDatabase()
    return _present(database.fileForInstance(uids[0])) if len(uids) == 1 and database is not None else None


def dicomDatabase() -> Any:  # noqa: N802
    """Return Slicer's DICOM database, None where the module DICOM is disabled."""
    return getattr(slicer, "dicomDatabase", None)


def _present(path: str) -> str | None:
    return path if path and Path(path).is_file() else None
