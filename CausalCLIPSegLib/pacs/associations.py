"""Open associations with a DIMSE archive (PS3.8), and find out why one cannot be opened."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pynetdicom import AE, Association
from pynetdicom.presentation import PresentationContext

from CausalCLIPSegLib.errors import PacsError, reason_of
from CausalCLIPSegLib.pacs.archive import MAX_MATCHES, TOO_MANY_MATCHES, DeniedError, UnreachableError
from CausalCLIPSegLib.pacs.budget import Budget, bound_connection
from CausalCLIPSegLib.pacs.configuration import DimseArchive
from CausalCLIPSegLib.pacs.tls import client_context
from CausalCLIPSegLib.pacs.transfer import TOO_LARGE

CONNECTION_LOST = "The connection to the archive was lost."
Handlers = Sequence[tuple[Any, Callable[..., Any]]]
"""Events of pynetdicom with the functions that handle them."""
Result = TypeVar("Result")
Answers = TypeVar("Answers")


def make_entity(archive: DimseArchive) -> AE:
    """Return an application entity with this program's AE title and the configured timeout."""
    entity = AE(ae_title=archive.calling_ae_title)
    entity.acse_timeout = archive.timeout
    entity.dimse_timeout = archive.timeout
    entity.network_timeout = archive.timeout
    entity.connection_timeout = archive.timeout
    return entity


class Associations:
    """Associations with an archive, one per purpose. Each is opened when needed, and reopened after it was lost."""

    def __init__(self, archive: DimseArchive) -> None:
        self._archive = archive
        self._entity = make_entity(archive)
        self._tls = client_context(archive) if archive.tls else None
        self._associations: dict[str, Association] = {}
        self._last_purpose = ""
        self._budget = Budget(archive.timeout)

    def open(
        self,
        purpose: str,
        contexts: Sequence[PresentationContext],
        roles: Sequence[Any] = (),
        handlers: Handlers = (),
    ) -> Association:
        """Return the association for a purpose; open it if it is not open.

        Raises:
            DeniedError: the archive rejects this program, or cannot be trusted.
            UnreachableError: no connection can be made.
            PacsError: the archive does not offer the service.
        """
        self._last_purpose = purpose
        association = self._associations.get(purpose)
        if association is not None and association.is_established:
            return association
        archive = self._archive
        association = self._entity.associate(
            archive.host,
            archive.port,
            contexts=list(contexts),
            ae_title=archive.called_ae_title,
            ext_neg=list(roles) or None,
            tls_args=(self._tls, archive.tls_server_name or archive.host) if self._tls else None,
            evt_handlers=[bound_connection(lambda: self._budget), *handlers],
        )
        if association.is_established:
            self._associations[purpose] = association
            return association
        if association.is_rejected:
            raise DeniedError(
                "The archive does not accept the association: either it does not know the AE title "
                f"{archive.calling_ae_title}, or {archive.called_ae_title} is not its own AE title."
            )
        if association.rejected_contexts:
            raise PacsError("The archive does not offer this service to this program.")
        self._probe()
        raise UnreachableError("The archive accepts connections, but does not answer in DIMSE.")

    def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Call a function that uses one association, and drop that association after an error.

        pynetdicom may notice a lost connection late, so a lost association is never used again.

        Raises:
            UnreachableError: the association was lost.
            PacsError: the archive sends more than any answer has, or sends it too slowly.
        """
        self._budget = Budget(self._archive.timeout)
        try:
            return function(*arguments)
        except (RuntimeError, PacsError) as error:  # RuntimeError: pynetdicom's for an association that has ended
            association = self._associations.pop(self._last_purpose, None)
            if association is not None and association.is_established:
                association.abort()
            if self._budget.is_exceeded:
                raise PacsError(TOO_LARGE) from None
            if isinstance(error, RuntimeError):
                raise UnreachableError(CONNECTION_LOST) from None
            raise

    def responses(self, answers: Iterable[Answers]) -> Iterator[Answers]:
        """Yield the responses to a request, as long as they are few enough and come soon enough.

        Raises:
            PacsError: there are more than `MAX_MATCHES`, or the archive takes too long in all.
        """
        for number, answer in enumerate(answers):
            if number > MAX_MATCHES:
                raise PacsError(TOO_MANY_MATCHES)
            self._budget.deadline.add(0)
            yield answer

    def close(self, *, abort: bool) -> None:
        """End all associations: release them, or abort them."""
        for association in self._associations.values():
            if association.is_established and not abort:
                association.release()
            elif association.is_alive():
                association.abort()

    def _probe(self) -> None:
        """Open a probe connection, and raise its error: pynetdicom does not say why an association failed."""
        archive = self._archive
        try:
            with socket.create_connection((archive.host, archive.port), archive.timeout) as connection:
                if self._tls:
                    with self._tls.wrap_socket(connection, server_hostname=archive.tls_server_name or archive.host):
                        pass
        except ssl.SSLCertVerificationError:
            raise DeniedError(
                "The archive cannot be trusted: its certificate does not fit its name (tls_server_name in the "
                "configuration), or comes from an authority that this program does not know (ca_bundle)."
            ) from None
        except ssl.SSLError:
            raise DeniedError("The archive does not use TLS on this port, or requires a client certificate.") from None
        except TimeoutError:
            raise UnreachableError(f"The archive did not answer within {archive.timeout:g} seconds.") from None
        except OSError as error:
            raise UnreachableError(f"No connection to the archive: {reason_of(error)}.") from None
