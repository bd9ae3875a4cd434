"""The DICOM series that a segmentation of the scene came from, or was written into."""

from __future__ import annotations

from typing import Any

import slicer

from CausalCLIPSegModule.film import dicomDatabase, dicomFile

_INSTANCE_ATTRIBUTE = "DICOM.instanceUIDs"
_SERIES, _NUMBER = "0020,000E", "0020,0013"


def remember(segmentation: Any, instance: str) -> None:
    """Remember which DICOM instance holds what a segmentation shows."""
    segmentation.SetAttribute(_INSTANCE_ATTRIBUTE, instance)


def earlierFile(segmentation: Any) -> str | None:  # noqa: N802
    """Return the file that a segmentation came from or was last written as; None where there is none any more."""
    return dicomFile(segmentation)


def nextNumber(path: str) -> int:  # noqa: N802
    """Return the number that the next instance in the series of a file has, as far as the database knows it."""
    database = dicomDatabase()
    files = database.filesForSeries(database.fileValue(path, _SERIES))
    numbers = [database.fileValue(one, _NUMBER) for one in files]
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)


def editorName() -> str:  # noqa: N802
    """Return who corrects: the name in Slicer's settings, section User, or "Anonymous"."""
    return slicer.app.applicationLogic().GetUserInformation().GetName().strip() or "Anonymous"
