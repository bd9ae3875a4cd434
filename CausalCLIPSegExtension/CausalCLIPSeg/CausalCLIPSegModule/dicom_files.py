"""The DICOM files that volumes and segmentations of the scene come from."""

from __future__ import annotations

from pathlib import Path

import slicer

_HEADER_ATTRIBUTE = "CausalCLIPSeg.HeaderFile"
_INSTANCE_ATTRIBUTE = "DICOM.instanceUIDs"
_SERIES_UID, _INSTANCE_NUMBER = "0020,000E", "0020,0013"


def rememberHeader(volume: slicer.vtkMRMLVolumeNode, path: str) -> None:
    """Remember the DICOM file of a radiograph that was not loaded from Slicer's database."""
    volume.SetAttribute(_HEADER_ATTRIBUTE, path)


def dicomFile(node: slicer.vtkMRMLNode) -> str | None:
    """Return the DICOM file that a node was read from or last written to; None if it is unknown or was deleted."""
    remembered = node.GetAttribute(_HEADER_ATTRIBUTE)
    return _existing(remembered) if remembered else databaseFile(node)


def databaseFile(node: slicer.vtkMRMLNode) -> str | None:
    """Return the file of a node in Slicer's DICOM database; None if it is unknown or was deleted."""
    uids = (node.GetAttribute(_INSTANCE_ATTRIBUTE) or "").split()
    database = dicomDatabase()
    return _existing(database.fileForInstance(uids[0])) if len(uids) == 1 and database is not None else None


def dicomDatabase() -> slicer.ctkDICOMDatabase | None:
    """Return Slicer's DICOM database; None if the module DICOM is disabled."""
    return getattr(slicer, "dicomDatabase", None)


def remember(segmentation: slicer.vtkMRMLSegmentationNode, instance: str) -> None:
    """Remember which DICOM instance (SOP Instance UID) a segmentation was read from or written to."""
    segmentation.SetAttribute(_INSTANCE_ATTRIBUTE, instance)


def nextNumber(path: str) -> int:
    """Return the next free Instance Number in the series of a file, among the files in the database."""
    database = dicomDatabase()
    files = database.filesForSeries(database.fileValue(path, _SERIES_UID))
    numbers = [database.fileValue(file, _INSTANCE_NUMBER) for file in files]
    return 1 + max((int(number) for number in numbers if number.isdigit()), default=0)


def editorName() -> str:
    """Return the name of the user in Slicer's settings, who corrects the segmentation, or "Anonymous"."""
    return slicer.app.applicationLogic().GetUserInformation().GetName().strip() or "Anonymous"


def _existing(path: str) -> str | None:
    return path if path and Path(path).is_file() else None
