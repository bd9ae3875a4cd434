"""The DICOM file behind a film of the scene."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

_HEADER_ATTRIBUTE = "CausalCLIPSeg.HeaderFile"


def rememberHeader(volume: Any, path: str) -> None:
    """Remember which DICOM file a film was loaded from, where Slicer's database does not know it."""
    volume.SetAttribute(_HEADER_ATTRIBUTE, path)


def dicomFile(volume: Any) -> str | None:
    """Return the DICOM file that a film was loaded from, None where there is none or it is gone."""
    remembered = volume.GetAttribute(_HEADER_ATTRIBUTE)
    return _present(remembered) if remembered else databaseFile(volume)


def databaseFile(volume: Any) -> str | None:
    """Return the file in Slicer's DICOM database that a film was loaded from; None as above."""
    uids = (volume.GetAttribute("DICOM.instanceUIDs") or "").split()
    database = dicomDatabase()
    return _present(database.fileForInstance(uids[0])) if len(uids) == 1 and database is not None else None


def dicomDatabase() -> Any:
    """Return Slicer's DICOM database, None where the module DICOM is disabled."""
    return getattr(slicer, "dicomDatabase", None)


def _present(path: str) -> str | None:
    return path if path and Path(path).is_file() else None


_INSTANCE_ATTRIBUTE = "DICOM.instanceUIDs"
_SERIES, _NUMBER = "0020,000E", "0020,0013"


def remember(segmentation: Any, instance: str) -> None:
    """Remember which DICOM instance holds what a segmentation shows."""
    segmentation.SetAttribute(_INSTANCE_ATTRIBUTE, instance)


def earlierFile(segmentation: Any) -> str | None:
    """Return the file that a segmentation came from or was last written as; None where there is none any more."""
    return dicomFile(segmentation)


def nextNumber(path: str) -> int:
    """Return the number that the next instance in the series of a file has, as far as the database knows it."""
    database = dicomDatabase()
    files = database.filesForSeries(database.fileValue(path, _SERIES))
    numbers = [database.fileValue(one, _NUMBER) for one in files]
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)


def editorName() -> str:
    """Return who corrects: the name in Slicer's settings, section User, or "Anonymous"."""
    return slicer.app.applicationLogic().GetUserInformation().GetName().strip() or "Anonymous"
