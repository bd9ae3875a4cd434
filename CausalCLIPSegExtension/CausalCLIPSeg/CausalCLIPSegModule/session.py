"""What the parts of the logic share while a scene is open: parameters, worker, status, temporary files."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.locks import FileLock, LockedError
from CausalCLIPSegModule.dicom_files import dicomFile
from CausalCLIPSegModule.messages import say, sayError
from CausalCLIPSegModule.parameters import Parameters
from CausalCLIPSegModule.signals import Signal
from CausalCLIPSegModule.views import Views
from CausalCLIPSegModule.worker_process import Event, WorkerProcess

_PREFIX, _LOCK = "CausalCLIPSeg-", "in-use"
"""Beginning of the name of a temporary folder, and the file in it that is locked while its Slicer runs."""


def removeLeftovers() -> None:
    """Delete the temporary folders, with copies of radiographs, that a Slicer left which has crashed."""
    for folder in Path(slicer.app.temporaryPath).glob(f"{_PREFIX}*"):
        try:
            lock = FileLock(folder / _LOCK)
        except (LockedError, OSError):  # of another Slicer that is running, or not readable
            continue
        unused = lock.is_enforced
        lock.release()
        if unused:
            logging.info("Removing temporary files of a session that has not ended properly")
            shutil.rmtree(folder, ignore_errors=True)


class Session:
    """The shared state of the logic. It outlives the scene; `open` and `close` follow the scene.

    Attributes:
        changed: emitted when something that the panel shows has changed.
        worker: the process that does the work.
        views: the layout of Slicer's views.
        status: the last thing that happened, in one sentence.
        error: why the last request failed, in one sentence, else "".

    Args:
        worker: the worker process, which the session owns from now on.
    """

    def __init__(self, worker: WorkerProcess) -> None:
        self.changed = Signal()
        self.worker = worker
        self.worker.changed.connect(self.changed.emit)
        self.views = Views()
        self._parameters: Parameters | None = None
        self.status, self.error = "", ""
        self._folder: Path | None = None
        self._lock: FileLock | None = None
        self._folderCount = 0

    @property
    def isOpen(self) -> bool:
        """Whether a scene is open."""
        return self._parameters is not None

    @property
    def parameters(self) -> Parameters:
        """What is saved with the open scene.

        Raises:
            RuntimeError: no scene is open.
        """
        if self._parameters is None:
            raise RuntimeError("No scene is open")
        return self._parameters

    def open(self, parameterNode: slicer.vtkMRMLScriptedModuleNode) -> None:
        """Use the parameters of a scene."""
        self._parameters = Parameters(parameterNode)

    def close(self) -> None:
        """Forget the scene, and delete the temporary files of its results."""
        self._parameters = None
        self.status, self.error = "", ""
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def stopWorker(self) -> None:
        """Stop the worker for good."""
        self.worker.changed.disconnect(self.changed.emit)
        self.worker.stop()

    def fail(self, reason: str) -> None:
        """Show why a request of the user cannot be fulfilled.

        Args:
            reason: one sentence.
        """
        self.error = reason
        self.changed.emit()

    def explainFailure(self, event: Event) -> None:
        """Set `error` to the message of an "error" event, followed by what the user can do about it."""
        self.status = ""
        self.error = say(event, "message")
        if event.get("kind") == "mirrored":
            self.error += " " + _("Say under Settings whether the radiograph is mirrored, then press Apply again.")
        elif event.get("kind") == "side":
            self.error += " " + _("Choose the side below the note, then press Apply again.")
        elif event.get("kind") == "ended":
            self.error += " " + _("Press Apply to start it again.")

    def send(
        self, request: dict[str, Any], onAnswer: Callable[[Event], None], timeout: float | None = None
    ) -> str | None:
        """Send a request to the worker. Events that arrive after the scene was closed are dropped.

        Args:
            request: as in worker.protocol, without "id".
            onAnswer: called with each event about the request.
            timeout: seconds without an event after which the request is given up; None waits forever.

        Returns:
            the identifier of the request; None if it cannot be sent (`error` then says why).
        """
        parameters = self._parameters

        def onEvent(event: Event) -> None:
            if self._parameters is parameters:
                onAnswer(event)

        try:
            return self.worker.send(request, onEvent, timeout)
        except RuntimeError as error:
            self.error = sayError(error)
            return None

    def newFolder(self) -> Path:
        """Create a temporary folder, which is deleted when the scene is closed."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=slicer.app.temporaryPath))
            self._lock = FileLock(self._folder / _LOCK)
        self._folderCount += 1
        folder = self._folder / str(self._folderCount)
        folder.mkdir()
        return folder

    def imageField(self, volume: slicer.vtkMRMLVolumeNode, folder: Path) -> dict[str, Any]:
        """Return the field "image" of a request: the voxel values in the scene, and their DICOM file if known.

        Raises:
            ValueError: the volume has several slices.
            OSError: the values cannot be written into the folder.
        """
        image = scene.save_radiograph(volume, folder / "radiograph.npy")
        header = dicomFile(volume)
        return {**image, "header": header} if header else image

    def readingFields(self) -> dict[str, Any]:
        """Return the fields of the requests "note", "segment" and "export" that say how the note is read."""
        return {
            "laterality": self.parameters.laterality,
            "side": self.parameters.side or None,
            "mirrored": {"no": False, "yes": True}.get(self.parameters.mirrored),
        }

    def checkpointField(self) -> str:
        """Return the field "checkpoint" of a request."""
        return self.parameters.checkpoint or "default"
