"""Receive the instance that an archive sends in answer to C-GET or C-MOVE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pynetdicom import ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import Verification  # type: ignore[attr-defined]
from pynetdicom.transport import ThreadedAssociationServer

from CausalCLIPSegLib.errors import reason_of
from CausalCLIPSegLib.pacs.archive import DeniedError
from CausalCLIPSegLib.pacs.associations import Handlers, make_entity
from CausalCLIPSegLib.pacs.budget import Budget, bound_connection
from CausalCLIPSegLib.pacs.configuration import DimseArchive
from CausalCLIPSegLib.pacs.tls import server_context

_NOT_AUTHORIZED = 0x0124
"""Status of an instance that was not requested (PS3.7 C.4.2)."""


class Receiver:
    """Receives the one instance that was requested, stores its bytes unchanged, and refuses all others.

    Args:
        timeout: as in the configuration of the archive.
    """

    def __init__(self, timeout: float = 30.0) -> None:
        self._timeout = timeout
        self._budget = Budget(timeout)
        self._expected: str | None = None
        self._data: bytes | None = None
        self._server: ThreadedAssociationServer | None = None

    @property
    def handlers(self) -> Handlers:
        """The event handlers of an association through which the archive sends instances."""
        return [(evt.EVT_C_STORE, self._on_store)]

    @contextmanager
    def expecting(self, instance: str) -> Iterator[None]:
        """Accept the instance of this UID while the block runs."""
        self._expected, self._data, self._budget = instance, None, Budget(self._timeout)
        try:
            yield
        finally:
            self._expected = None

    def take(self) -> bytes | None:
        """Return the file that was received last and forget it; None if the expected instance did not arrive."""
        data, self._data = self._data, None
        return data

    def listen(self, archive: DimseArchive) -> None:
        """Open the port to which the archive sends instances in answer to C-MOVE, unless it is open already.

        Raises:
            DeniedError: the port cannot be opened.
            PacsError: the certificate files cannot be used.
        """
        if self._server is not None:
            return
        entity = make_entity(archive)
        entity.require_called_aet = True
        for context in AllStoragePresentationContexts:
            entity.add_supported_context(context.abstract_syntax or "", ALL_TRANSFER_SYNTAXES)
        entity.add_supported_context(Verification)
        try:
            self._server = entity.start_server(
                (archive.listen_host, archive.listen_port),
                block=False,
                ssl_context=server_context(archive) if archive.tls else None,
                evt_handlers=[*self.handlers, bound_connection(lambda: self._budget)],
            )
        except OSError as error:
            raise DeniedError(
                f"C-MOVE needs port {archive.listen_port}, which cannot be opened: {reason_of(error)}."
            ) from None

    def close(self) -> None:
        """Close the port."""
        if self._server is not None:
            self._server.shutdown()

    def _on_store(self, event: evt.Event) -> int:
        if str(getattr(event.request, "AffectedSOPInstanceUID", "")) != self._expected:
            return _NOT_AUTHORIZED
        self._data = event.encoded_dataset()
        return 0
