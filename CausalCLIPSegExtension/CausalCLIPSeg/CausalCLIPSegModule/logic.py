"""The logic of the module: the scene and the note. It does not depend on the widget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

from CausalCLIPSegLib import scene
from CausalCLIPSegLib.demo import DEMO_NOTE
from CausalCLIPSegLib.errors import NoteError
from CausalCLIPSegLib.notes import MAX_NOTE_LENGTH
from CausalCLIPSegLib.notes.files import read_note_file
from CausalCLIPSegModule import sample
from CausalCLIPSegModule.export import Exporter
from CausalCLIPSegModule.messages import say, sayError
from CausalCLIPSegModule.parameters import Parameters
from CausalCLIPSegModule.result import ShownResult
from CausalCLIPSegModule.run import Runner
from CausalCLIPSegModule.server import Server
from CausalCLIPSegModule.session import Session
from CausalCLIPSegModule.signals import Signal
from CausalCLIPSegModule.worker_process import Event, WorkerProcess

_QUICK_TIMEOUT = 60
"""Seconds for the requests that the worker answers at once."""

_READING_CHOICES = frozenset({"side", "mirrored", "laterality", "checkpoint"})
"""Choices that change how the note is read."""


class CausalCLIPSegLogic(ScriptedLoadableModuleLogic):
    """Connects the open scene and its note with the worker.

        logic = CausalCLIPSegLogic()
        logic.attach()
        logic.setImage(volume)
        logic.setNote("Consolidation in the right lower zone.")
        logic.run()  # the result arrives later, through Qt's event loop; see `changed`

    Attributes:
        session: parameters, worker and status, which all parts of the logic share.
        result: the result in the scene.
        server: that may run the network instead of this computer.
        runner: runs the worker.
        exporter: writes the result to files.
        installed: whether the packages of the network are installed; without them the worker is not started.
        understood: how the worker understood the current note (worker.protocol.Understood); None until it answers.
        checkpoints: the installed checkpoints, the default first (worker.protocol.CheckpointDocument); empty until the
            worker has listed them.
        pendingRun: the user pressed Apply while the note was still being read.

    Args:
        worker: the worker process, which this object owns from now on; None creates one.
    """

    def __init__(self, worker: WorkerProcess | None = None) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        self.session = Session(worker or WorkerProcess())
        self.result = ShownResult(self.session)
        self.server = Server(self.session, self.askNote)
        self.runner = Runner(self.session, self.result, self.server)
        self.exporter = Exporter(self.session, self.result)
        self.installed = True
        self.checkpoints: list[dict[str, Any]] = []
        self._resetNote()

    def _resetNote(self) -> None:
        self.understood: dict[str, Any] | None = None
        self.pendingRun = False
        self._noteRequest = ""

    @property
    def changed(self) -> Signal:
        """Emitted when something that the panel shows has changed."""
        return self.session.changed

    @property
    def worker(self) -> WorkerProcess:
        """The process that does the work."""
        return self.session.worker

    @property
    def isOpen(self) -> bool:
        """Whether a scene is open: after `attach`, until `detach`."""
        return self.session.isOpen

    @property
    def parameters(self) -> Parameters:
        """What is saved with the open scene.

        Raises:
            RuntimeError: no scene is open.
        """
        return self.session.parameters

    @property
    def running(self) -> str | None:
        """Identifier of the run in progress, else None."""
        return self.runner.identifier

    @property
    def exporting(self) -> str | None:
        """Identifier of the export in progress, else None."""
        return self.exporter.identifier

    @property
    def busy(self) -> bool:
        """Whether a run or an export is in progress."""
        return self.running is not None or self.exporting is not None

    @property
    def segments(self) -> list[dict[str, Any]]:
        """The current segments of the result (scene.describe_segments), without their masks."""
        return self.result.segments

    def resultVolume(self) -> slicer.vtkMRMLVolumeNode | None:
        """Return the radiograph that the result lies on; None if there is no result or its radiograph was removed."""
        return self.result.volume()

    def attach(self) -> None:
        """Use the current scene, after it was created, loaded or closed."""
        self.detach()
        self.session.open(self.getParameterNode())
        self.result.attach()
        self.askNote()
        self.changed.emit()

    def detach(self) -> None:
        """Release the scene: cancel what is in progress, and delete the temporary files of its results."""
        self.runner.abandon()
        self.exporter.abandon()
        self.result.detach()
        self._resetNote()
        self.session.close()

    def refresh(self) -> None:
        """Read the scene again, because other modules may have changed or removed what is shown here."""
        if self.isOpen:
            # without this, the wrapper returns cached nodes while the scene reports that they are removed
            self.parameters.parameterNode.Modified()
            self.result.refresh()
            self.changed.emit()

    def cleanup(self) -> None:
        """Release the scene, and stop the worker."""
        self.session.views.close()
        self.detach()
        self.session.stopWorker()

    def enter(self) -> None:
        """Show the radiograph, and select one if there is only one."""
        if self.isOpen and self.parameters.image is not None:
            self.session.views.showRadiograph(self.parameters.image)
        self.chooseImage()

    def leave(self) -> None:
        """Give back the views."""
        self.session.views.giveBack()

    def run(self) -> None:
        """Segment what the note describes; does nothing while a run or an export is in progress."""
        if self.isOpen and not self.busy:
            self.runner.start()

    def export(self, kind: str, path: Path | None) -> None:
        """Write the segments, as `Exporter.start` does; does nothing while a run or an export is in progress."""
        if self.isOpen and not self.busy:
            self.exporter.start(kind, path)

    def setImage(self, volume: slicer.vtkMRMLVolumeNode | None) -> None:
        """Select another radiograph; the result stays on the radiograph that was segmented."""
        if self.isOpen and self.parameters.image is not volume:
            self.parameters.image = volume
            if volume is not None:
                self.session.views.showRadiograph(volume)
            self.changed.emit()

    def setOutput(self, segmentation: slicer.vtkMRMLSegmentationNode | None) -> None:
        """Choose the segmentation that gets the next result; None for a new one."""
        if self.isOpen and self.parameters.output is not segmentation:
            self.parameters.output = segmentation
            self.changed.emit()

    def chooseImage(self) -> None:
        """Select the radiograph of the scene, if none is selected and there is only one."""
        if self.isOpen and self.parameters.image is None:
            volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
            radiographs = [volume for volume in volumes if scene.is_radiograph(volume)]
            if len(radiographs) == 1:
                self.setImage(radiographs[0])

    def loadSample(self) -> None:
        """Load a real chest radiograph, which is installed with the packages, and a note that describes it."""
        try:
            volume = sample.loadSample()
        except RuntimeError as error:
            self.session.error = str(error)
        else:
            self.session.error = ""
            self.setImage(volume)
            self.setNote(DEMO_NOTE)
            self.session.status = sample.whatToExpect(volume)
            self.result.overlay = "probability"  # shown under the outlines of the next result
        self.changed.emit()

    def setNote(self, text: str) -> None:
        """Replace the note, and ask the worker what it means."""
        if self.isOpen and text != self.parameters.note:
            self.parameters.note = text
            self.understood, self.pendingRun = None, False
            self.askNote()
            self.changed.emit()

    def readNote(self, path: str) -> str:
        """Return the note in a text file; if it cannot be read, return "" and set `session.error`."""
        self.session.error = ""
        try:
            return read_note_file(path)
        except NoteError as error:
            self.session.fail(sayError(error))
            return ""

    def setChoice(self, name: str, value: Any) -> None:
        """Set the parameter "side", "mirrored", "laterality", "device", "checkpoint" or "compare"."""
        if not self.isOpen or getattr(self.parameters, name) == value:
            return
        setattr(self.parameters, name, value)
        if name in _READING_CHOICES:
            self.askNote()
        if name == "compare" and not value:
            self.session.views.endComparison()
        self.changed.emit()

    def askNote(self) -> None:
        """Ask the worker what the note means, unless the note is empty."""
        self.understood, self._noteRequest = None, ""
        if not self.isOpen or not self.installed or not self.parameters.note.strip():
            return
        if len(self.parameters.note) > MAX_NOTE_LENGTH:
            self.session.error = _(
                "The note is longer than {limit:,} characters; give the part that describes the lungs."
            ).format(limit=MAX_NOTE_LENGTH)
            return
        request = {
            "request": "note",
            "text": self.parameters.note,
            **self.session.readingFields(),
            "checkpoint": self.session.checkpointField(),
            **self.server.noteFields(),
        }
        self._noteRequest = self.session.send(request, self._onNote, _QUICK_TIMEOUT) or ""

    @property
    def readingNote(self) -> bool:
        """Whether the worker was asked what the note means, and has not answered yet."""
        return bool(self._noteRequest) and self.understood is None

    def _onNote(self, event: Event) -> None:
        if event.get("id") != self._noteRequest:
            return  # the note was changed meanwhile
        if event["event"] == "result":
            self.understood = event["understood"]
            if self.running is None:
                self.session.error = ""
        elif event["event"] == "error":
            self._noteRequest = ""
            self.session.error = say(event, "message")
        self.changed.emit()
        if not self.checkpoints and event["event"] == "result":
            self.session.send({"request": "hello"}, self._onHello, _QUICK_TIMEOUT)

    def _onHello(self, event: Event) -> None:
        if event["event"] == "result":
            self.checkpoints = event["checkpoints"]
            self.changed.emit()
