"""Export the current segments of the scene to files and to Slicer's DICOM database."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CausalCLIPSegLib import scene
from CausalCLIPSegModule import dicom_files, parameters
from CausalCLIPSegModule.dicom_files import dicomDatabase
from CausalCLIPSegModule.messages import say, sayError
from CausalCLIPSegModule.result import ShownResult
from CausalCLIPSegModule.session import Session
from CausalCLIPSegModule.worker_process import Event


class Exporter:
    """Exports the result, one file at a time.

    Attributes:
        identifier: of the export in progress, else None.

    Args:
        session: with an open scene while an export is in progress.
        result: what is exported.
    """

    def __init__(self, session: Session, result: ShownResult) -> None:
        self._session = session
        self._result = result
        self.identifier: str | None = None

    def start(self, kind: str, path: Path | None) -> None:
        """Write the current segments; the file is written later, when the worker answers.

        Args:
            kind: "dicom-seg", "seg-nrrd" or "picture".
            path: of the file; None adds a DICOM-SEG to Slicer's database, where a second export of the same result
                becomes the next instance of the same series.
        """
        session, volume = self._session, self._result.volume()
        result = parameters.storedResult(session.parameters)
        if result is None or volume is None:
            return
        if path is None and not getattr(dicomDatabase(), "isOpen", False):
            session.fail(_("There is no DICOM database yet; open the module DICOM once."))
            return
        segmentation = session.parameters.segmentation
        try:
            folder = session.newFolder()
            request = {
                "request": "export",
                "image": session.imageField(volume, folder),
                "segments": scene.save_segments(segmentation, volume, folder),
                "formats": [kind],
                "output": str(folder / "out"),
                **result["asked"],
                "prompt": result["understood"]["prompt"],
                "prompt_laterality": result["understood"]["prompt_laterality"],
                "threshold": session.parameters.threshold,
                "provenance": result["provenance"],
                "words": result.get("words", []),
                **(_revisionFields(segmentation) if path is None else {}),
            }
        except (OSError, ValueError) as error:
            session.fail(sayError(error))
            return
        session.error, session.status = "", _("Exporting")
        self.identifier = session.send(request, lambda event: self._onEvent(event, kind, path, segmentation))
        session.changed.emit()

    def abandon(self) -> None:
        """Cancel the export because its scene is closed."""
        if self.identifier is not None:
            self._session.worker.cancel(self.identifier)
        self.identifier = None

    def _onEvent(
        self, event: Event, kind: str, path: Path | None, segmentation: slicer.vtkMRMLSegmentationNode
    ) -> None:
        if event["event"] in {"progress", "warning"}:
            return
        self.identifier, self._session.status = None, ""
        if event["event"] == "error":
            self._session.explainFailure(event)
        elif event["event"] == "result" and kind in event["missing"]:
            self._session.error = say(event, "missing")[kind]
        elif event["event"] == "result":
            written = Path(event["files"][kind])
            try:
                self._session.status = (
                    _addToDatabase(written, segmentation) if path is None else _copyTo(path, written)
                )
            except OSError as error:
                self._session.error = _("The file cannot be written: {reason}.").format(reason=error.strerror)
        self._session.changed.emit()


def _revisionFields(segmentation: slicer.vtkMRMLSegmentationNode) -> dict[str, Any]:
    """Return the fields of an "export" request that describe the correction of an earlier DICOM-SEG, if any."""
    earlier = dicom_files.dicomFile(segmentation)
    if earlier is None:
        return {}
    return {
        "previous": earlier,
        "instance_number": dicom_files.nextNumber(earlier),
        "editor": dicom_files.editorName(),
    }


def _copyTo(path: Path, written: Path) -> str:
    """Copy a file that the worker has written to `path`; return the status."""
    shutil.copyfile(written, path)
    return _("Written: {path}").format(path=path)


def _addToDatabase(written: Path, segmentation: slicer.vtkMRMLSegmentationNode) -> str:
    """Add a DICOM-SEG that the worker has written to Slicer's database; return the status."""
    database = dicomDatabase()
    database.insert(str(written))
    is_revision = dicom_files.dicomFile(segmentation) is not None
    dicom_files.remember(segmentation, database.fileValue(str(written), "0008,0018"))
    if is_revision:
        return _("The changed segmentation is in the DICOM database, in the series of the earlier one.")
    return _("The segmentation is in the DICOM database, in the study of its radiograph.")
