"""Load torch and the network in a thread while notes are already read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from CausalCLIPSegLib.worker import protocol
from CausalCLIPSegLib.worker.channel import Send

_LOADING = "Loading the libraries"


class LibrariesError(Exception):
    """Torch or the network cannot be loaded; the message is one sentence."""


class Libraries:
    """Torch and the network, loaded in a thread of their own while notes are read already."""

    def __init__(self, send: Send, told: Callable[[BaseException], str]) -> None:
        """Load nothing yet.

        Args:
            send: takes events.
            told: makes a sentence of what nobody expected.
        """
        self.state: Literal["loading", "loaded", "failed"] = "loading"
        self.devices: list[Literal["cpu", "cuda"]] | None = None
        self._send = send
        self._told = told
        self._ended = threading.Event()
        self._message = ""

    def start(self) -> None:
        """Begin to load."""
        threading.Thread(target=self._load, name="libraries", daemon=True).start()

    def wait(self, check: Callable[[], None]) -> None:
        """Return when they are loaded; meanwhile call `check` now and then, which may raise.

        Raises:
            LibrariesError: they cannot be loaded.
        """
        while not self._ended.wait(0.1):
            check()
        if self.state == "failed":
            raise LibrariesError(self._message)

    def _load(self) -> None:
        self._send(protocol.ProgressEvent(id=None, phase=_LOADING, fraction=0))
        try:
            import torch

            import CausalCLIPSegLib.segmenter  # noqa: F401 - the network with all that it needs

            self.devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
            self.state = "loaded"
        except BaseException as error:  # a damaged installation raises anything
            self._message = f"The libraries that the network needs cannot be loaded. {self._told(error)}"
            self.state = "failed"
            self._send(protocol.ErrorEvent(id=None, kind="unexpected", message=self._message))
        self._ended.set()
        self._send(protocol.ProgressEvent(id=None, phase=_LOADING, fraction=1))
