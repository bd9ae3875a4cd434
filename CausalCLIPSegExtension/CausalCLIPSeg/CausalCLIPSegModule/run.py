"""Run the worker on a radiograph and a note, and follow its events until the result."""

from __future__ import annotations

import time

from slicer.i18n import tr as _

from CausalCLIPSegModule.messages import say, sayError
from CausalCLIPSegModule.result import ResultRequest, ShownResult
from CausalCLIPSegModule.server import Server
from CausalCLIPSegModule.session import Session
from CausalCLIPSegModule.worker_process import Event


class Runner:
    """Runs the worker, one run at a time.

    Attributes:
        identifier: of the run in progress, else None.
        canceling: the run was canceled, and ends when its current phase does.
        phase: the current phase of the run, for the user.
        fraction: how much of the run is done, in [0, 1].

    Args:
        session: with an open scene while a run is in progress.
        result: shows what the run returns.
        server: where the network runs.
    """

    def __init__(self, session: Session, result: ShownResult, server: Server) -> None:
        self._session = session
        self._server = server
        self._result = result
        self._reset()

    def _reset(self) -> None:
        self.identifier: str | None = None
        self.canceling = False
        self.phase, self.fraction = "", 0.0
        self._startTime = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._startTime

    def start(self) -> None:
        """Segment what the note describes; the result arrives later, through Qt's event loop."""
        session, parameters = self._session, self._session.parameters
        volume = parameters.image
        try:
            output = session.newFolder()
            image = session.imageField(volume, output)
        except (OSError, ValueError) as error:
            session.fail(sayError(error))
            return
        reading = {"note": parameters.note, **session.readingFields()}
        request = {
            "request": "segment",
            "image": image,
            **reading,
            "checkpoint": session.checkpointField(),
            "device": parameters.device,
            "output": str(output),
            **self._server.field(),
        }
        self._result.clearWarnings()
        session.error, self.canceling = "", False
        self.phase, self.fraction, self._startTime = _("Waiting for the worker"), 0.0, time.monotonic()
        origin = ResultRequest(volume.GetID(), reading)
        self.identifier = session.send(request, lambda event: self._onEvent(event, origin))
        session.changed.emit()

    def cancel(self) -> None:
        """Cancel the run; a second call kills the worker."""
        if self.identifier is None:
            return
        if self.canceling:
            self._session.worker.restart()
        else:
            self.canceling = True
            self._session.worker.cancel(self.identifier)
        self._session.changed.emit()

    def abandon(self) -> None:
        """Cancel the run because its scene is closed."""
        if self.identifier is not None:
            self._session.worker.cancel(self.identifier)
        self._reset()

    def _onEvent(self, event: Event, origin: ResultRequest) -> None:
        if event["event"] == "progress":
            self.phase, self.fraction = say(event, "phase"), event["fraction"]
        elif event["event"] == "warning":
            self._result.addWarning(event)
        else:
            self._end(event, origin)
        self._session.changed.emit()

    def _end(self, event: Event, origin: ResultRequest) -> None:
        canceled, self.identifier, self.canceling, self.fraction = self.canceling, None, False, 0.0
        if event["event"] == "cancelled" or (event["event"] == "error" and canceled):
            self._session.status = _("Canceled; nothing was changed.")
        elif event["event"] == "error":
            self._session.explainFailure(event)
        else:
            self._result.show(event, origin, self.seconds)
