"""Load the segmenter's libraries in a background thread, so that the worker can already answer notes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.channel import Send

_PHASE = "Loading the libraries"


class LibrariesError(Exception):
    """The libraries cannot be loaded; the message is one sentence."""


class Libraries:
    """Loads the segmenter's libraries in a background thread.

    Attributes:
        state: "loading", "loaded" or "failed".
        devices: where the network can run; None while the libraries load.

    Args:
        send: called with each event to send.
        describe_error: turns an unexpected error into one sentence.
    """

    def __init__(self, send: Send, describe_error: Callable[[BaseException], str]) -> None:
        self.state: Literal["loading", "loaded", "failed"] = "loading"
        self.devices: list[Literal["cpu", "cuda"]] | None = None
        self._send = send
        self._describe_error = describe_error
        self._ended = threading.Event()
        self._message = ""

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._load, name="libraries", daemon=True).start()

    def wait(self, check: Callable[[], None]) -> None:
        """Return when the libraries are loaded; call `check`, which may raise, ten times a second until then.

        Raises:
            LibrariesError: the libraries cannot be loaded.
        """
        while not self._ended.wait(0.1):
            check()
        if self.state == "failed":
            raise LibrariesError(self._message)

    def _load(self) -> None:
        self._send(protocol.ProgressEvent(id=None, phase=_PHASE, fraction=0))
        try:
            import CausalCLIPSegLib.model.engines.onnx_engine
            import CausalCLIPSegLib.segmenter  # noqa: F401 - imports everything that it needs
            from CausalCLIPSegLib.model.engines.choice import has_cuda

            self.devices = ["cpu", "cuda"] if has_cuda() else ["cpu"]
            self.state = "loaded"
        except BaseException as error:  # a damaged installation can raise any exception
            self._message = f"The libraries that the network needs cannot be loaded. {self._describe_error(error)}"
            self.state = "failed"
            self._send(protocol.ErrorEvent(id=None, kind="unexpected", message=self._message))
        self._ended.set()
        self._send(protocol.ProgressEvent(id=None, phase=_PHASE, fraction=1))
