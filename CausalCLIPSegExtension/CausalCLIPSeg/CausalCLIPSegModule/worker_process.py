"""The worker as a process: started when it is first needed, watched, and stopped with Slicer. Only `stop` blocks."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

import CausalCLIPSegLib
from CausalCLIPSegLib.worker.client import MODULE, WorkerClient
from CausalCLIPSegModule.messages import say
from CausalCLIPSegModule.signals import Signal

Command = tuple[str, list[str], str]
"""Program, arguments, working folder."""

Event = dict[str, Any]
"""An event of the worker, as in worker.protocol."""

_GRACE_MS = 3000
_MAX_LOG_LINES = 500


def workerCommand() -> Command:
    """Return the command that starts the worker: Slicer's Python, in the folder that contains the library."""
    program = shutil.which("PythonSlicer") or sys.executable
    # -m puts the working folder first on the path, whatever the launcher does to the environment
    return program, ["-m", MODULE], str(Path(CausalCLIPSegLib.__file__).parent.parent)


class WorkerProcess:
    """Starts and stops the worker, one at a time. After a crash, the next request starts it again.

    Attributes:
        changed: emitted when the state has changed or the log has a new line.
        reason: why the last worker failed, else "".
        phase: what the worker is doing while it loads its libraries, else "".
        log: the last lines that the worker wrote, without notes and patient data.

    Args:
        command: returns the program to start.
    """

    def __init__(self, command: Callable[[], Command] = workerCommand) -> None:
        self.changed = Signal()
        self.reason = ""
        self.phase = ""
        self.log: list[str] = []
        self._command = command
        self._client: WorkerClient | None = None
        self._process: qt.QProcess | None = None
        self._pid = 0
        self._timer = qt.QTimer()
        self._timer.setInterval(1000)
        self._timer.connect("timeout()", self._tick)

    @property
    def state(self) -> str:
        """State of the worker (worker.client.State), or "off" before the first request."""
        return "off" if self._client is None else self._client.state

    @property
    def pid(self) -> int:
        """Process number of the worker itself, which a launcher may have started; 0 before the worker is ready."""
        return self._pid

    def send(
        self,
        request: dict[str, Any],
        onEvent: Callable[[Event], None],
        timeout: float | None = None,
    ) -> str:
        """Start the worker if it is not running, send it a request, and return the identifier of the request."""
        if self._client is None or not self._client.alive:
            self._start()
        return self._client.send(request, onEvent, timeout)  # type: ignore[union-attr]

    def cancel(self, identifier: str) -> None:
        """Cancel a request."""
        if self._client is not None and self._client.alive:
            self._client.cancel(identifier)

    def stop(self, wait: bool = True) -> None:
        """Stop the worker: ask it to stop, then close its input, then kill it.

        Args:
            wait: block until the process has ended, at most a few seconds. False closes its input and returns.
        """
        self._timer.stop()
        process, self._process = self._process, None
        client, self._client = self._client, None
        if process is None:
            return
        with contextlib.suppress(RuntimeError):
            if client is not None:
                client.shutdown()
        process.closeWriteChannel()
        if not wait or process.waitForFinished(_GRACE_MS):
            return
        # PythonSlicer is a launcher: killing only the launcher would leave the worker on the graphics card
        self._killWorker()
        process.kill()
        process.waitForFinished(_GRACE_MS)

    def restart(self) -> None:
        """Kill a worker that does not answer; the next request starts a new one."""
        self._killWorker()
        if self._process is not None:
            self._process.kill()

    def _killWorker(self) -> None:
        if self._pid:
            with contextlib.suppress(OSError):
                os.kill(self._pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def _start(self) -> None:
        program, arguments, folder = self._command()
        self.reason, self.phase, self._pid = "", "", 0
        process = qt.QProcess()
        process.setWorkingDirectory(folder)
        client = WorkerClient(
            write=lambda data: process.write(qt.QByteArray(data)), on_state=self._onState, on_event=self._onEvent
        )
        # bind process and client, so that a late signal of an earlier process does not affect this one
        process.connect("readyReadStandardOutput()", lambda: self._readOutput(process, client))
        process.connect("readyReadStandardError()", lambda: self._readLog(process))
        process.connect("finished(int,QProcess::ExitStatus)", lambda code: self._onFinished(client, process, code))
        process.connect("errorOccurred(QProcess::ProcessError)", lambda error: self._onProcessError(client, error))
        self._client, self._process = client, process
        self._timer.start()
        process.start(program, arguments)

    def _readOutput(self, process: qt.QProcess, client: WorkerClient) -> None:
        client.feed(process.readAllStandardOutput().data())

    def _readLog(self, process: qt.QProcess) -> None:
        text = process.readAllStandardError().data().decode(errors="replace")
        self._addToLog(*(line for line in text.splitlines() if line.strip()))

    def _onFinished(self, client: WorkerClient, process: qt.QProcess, code: int) -> None:
        self._readOutput(process, client)
        if client is self._client:
            self.phase, self._pid = "", 0
        self._addToLog(f"worker: exit status {code}")
        client.finished(_("The log under Settings says more."))

    def _onProcessError(self, client: WorkerClient, error: qt.QProcess.ProcessError) -> None:
        if error == qt.QProcess.FailedToStart:
            client.finished(_("It does not start; see Settings."))

    def _onState(self, state: str) -> None:
        if self._client is not None:
            self.reason = self._client.reason
            self._addToLog(f"worker: {state}" + (f" ({self.reason})" if self.reason else ""))
        self.changed.emit()

    def _onEvent(self, event: Event) -> None:
        if event["event"] == "ready":
            self._pid = int(event.get("pid", 0))
            self._addToLog(f"worker {event.get('version', '')}, process {self._pid}")
        elif event["event"] == "progress":
            self.phase = "" if event.get("fraction") == 1 else say(event, "phase")
            if self.phase:
                self._addToLog(self.phase)
        elif event["event"] in {"warning", "error"}:
            self._addToLog(say(event, "message"))
        self.changed.emit()

    def _addToLog(self, *lines: str) -> None:
        self.log = [*self.log, *lines][-_MAX_LOG_LINES:]
        self.changed.emit()

    def _tick(self) -> None:
        if self._client is not None:
            self._client.tick()
