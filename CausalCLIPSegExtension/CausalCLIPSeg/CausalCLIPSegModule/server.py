"""The server that runs the network instead of this computer, in Slicer's settings and never in a scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from CausalCLIPSegModule.messages import say
from CausalCLIPSegModule.session import Session
from CausalCLIPSegModule.worker_process import Event

_PREFIX = "CausalCLIPSeg/Server/"
_TEST_TIMEOUT = 90
"""Seconds; the worker's own limits are shorter."""


class Server:
    """The chosen server, and what is known of it.

    Attributes:
        tested: the outcome of the last test in one sentence, else "".

    Args:
        session: sends the requests.
        onKnown: called if what the network can outline may have changed.
    """

    def __init__(self, session: Session, onKnown: Callable[[], None] = lambda: None) -> None:
        self._session = session
        self._onKnown = onKnown
        self.tested = ""

    @property
    def isUsed(self) -> bool:
        """Whether the network runs on the server."""
        return str(self._read("Use", "no")) == "yes"

    @property
    def address(self) -> str:
        """Where the server is; "" if it was not entered yet."""
        return str(self._read("Address", ""))

    @property
    def key(self) -> str:
        """The key of this user."""
        return str(self._read("Key", ""))

    def use(self, used: bool) -> None:
        """Run the network on the server, or on this computer."""
        self._write("Use", "yes" if used else "no")
        if self._read("Findings", ""):
            self._onKnown()

    def setAddress(self, address: str) -> None:
        """Remember the address."""
        if address.strip() != self.address:
            self._write("Address", address.strip())
            self._setFindings("")

    def setKey(self, key: str) -> None:
        """Remember the key, in Slicer's settings on this computer."""
        self._write("Key", key.strip())

    @property
    def isAllowed(self) -> bool:
        """Whether the user has agreed that radiographs are sent to this address."""
        return bool(self.address) and str(self._read("Allowed", "")) == self.address

    def allow(self) -> None:
        """Remember that the user has agreed."""
        self._write("Allowed", self.address)

    def question(self) -> str:
        """Return the question whether radiographs may be sent."""
        return _(
            "The pixels of the radiograph and the text of the note are sent to {address}. Its header, with the name of"
            " the patient, stays on this computer. The server deletes both after the run. Do you agree?"
        ).format(address=self.address)

    def field(self) -> dict[str, Any]:
        """Return the field "server" of a request; nothing if the network runs on this computer."""
        return {"server": self._where()} if self.isUsed else {}

    def noteFields(self) -> dict[str, Any]:
        """Return the field "findings" of the request "note"; nothing before the server has been tested."""
        findings = str(self._read("Findings", ""))
        return {"findings": findings.split(",")} if self.isUsed and findings else {}

    def test(self) -> None:
        """Ask the server what it is; the answer arrives later."""
        self.tested = _("Asking the server...")
        request = {"request": "server", "server": self._where()}
        if self._session.send(request, self._onTested, _TEST_TIMEOUT) is None:
            self.tested = self._session.error
        self._session.changed.emit()

    def _onTested(self, event: Event) -> None:
        if event["event"] == "result":
            self.tested = _("Connected: version {version}, checkpoint {checkpoint}.").format(
                version=event["version"], checkpoint=event["checkpoint"]
            )
            self._setFindings(",".join(event["findings"]))
        elif event["event"] == "error":
            self.tested = say(event, "message")
        self._session.changed.emit()

    def _setFindings(self, findings: str) -> None:
        """Remember what the server can outline, and let the note be read for it."""
        if findings != self._read("Findings", ""):
            qt.QSettings().setValue(_PREFIX + "Findings", findings)
            self._onKnown()

    def _where(self) -> dict[str, Any]:
        return {"address": self.address, "key": self.key}

    def _read(self, name: str, default: str) -> Any:
        return qt.QSettings().value(_PREFIX + name, default)

    def _write(self, name: str, value: str) -> None:
        if self._read(name, "") != value:
            qt.QSettings().setValue(_PREFIX + name, value)
            self.tested = ""
            self._session.changed.emit()
