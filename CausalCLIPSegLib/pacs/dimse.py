"""An archive that speaks DIMSE (PS3.7): C-ECHO, C-FIND, C-GET or C-MOVE, and C-STORE, through pynetdicom."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self, TypeVar

from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, SegmentationStorage
from pynetdicom import (
    AE,
    ALL_TRANSFER_SYNTAXES,
    AllStoragePresentationContexts,
    Association,
    build_context,
    build_role,
    evt,
)
from pynetdicom.presentation import PresentationContext
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import RETURNED, Answer, DeniedError, Identity, Level, UnreachableError
from CausalCLIPSegLib.pacs.configuration import DimseArchive
from CausalCLIPSegLib.pacs.retry import retrying
from CausalCLIPSegLib.pacs.statuses import failure, stored
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph import sop_classes

_LEVELS: Mapping[Level, str] = {"study": "STUDY", "series": "SERIES", "instance": "IMAGE"}
_PENDING = (0xFF00, 0xFF01)
_UNCOMPRESSED: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
# Asked for where an archive does not tell the class of an instance.
_USUAL_CLASSES = (*sorted(sop_classes.READABLE), SegmentationStorage)
_MOST_CONTEXTS = 128
_NOT_WANTED = 0x0124
_LOST = "The connection to the archive was lost."
Answered = TypeVar("Answered")


class Dimse:
    """See `Pacs`.

    Transfer syntaxes: a file is offered in its own only, and refused where the archive does not take that. To fetch,
    each syntax gets a presentation context of its own, so that the archive can send what it holds as it holds it;
    of several syntaxes in one context it would choose one for all.
    """

    def __init__(self, archive: DimseArchive) -> None:
        self._archive = archive
        self._entity = AE(ae_title=archive.calling_ae_title)
        self._entity.acse_timeout = archive.timeout
        self._entity.dimse_timeout = archive.timeout
        self._entity.network_timeout = archive.timeout
        self._entity.connection_timeout = archive.timeout
        self._tls = _client_context(archive) if archive.tls else None
        self._retrying = retrying(archive.retries, archive.retry_wait)
        self._associations: dict[str, Association] = {}
        self._purpose = ""  # of the association that was used last
        self._expected: str | None = None
        self._arrived: dict[str, bytes] = {}
        self._listening = False
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """See `Pacs`."""
        self._exit.enter_context(silence_libraries())
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        """See `Pacs`."""
        for association in self._associations.values():
            if association.is_established and kind is None:
                association.release()
            elif association.is_alive():
                association.abort()
        self._exit.close()

    def check(self) -> None:
        """Send a C-ECHO."""
        self._patiently(self._echo)

    def _echo(self) -> None:
        association = self._associate("echo", [build_context(Verification)])
        _read_status(association.send_c_echo())

    # -- find -------------------------------------------------------------------------------------------------------

    def find(self, level: Level, keys: Mapping[str, str], limit: int | None = None) -> list[Dataset]:
        """See `Pacs`."""
        return self._patiently(self._find, level, keys, limit)

    def _find(self, level: Level, keys: Mapping[str, str], limit: int | None) -> list[Dataset]:
        model = StudyRootQueryRetrieveInformationModelFind
        association = self._associate("find", [build_context(model, _UNCOMPRESSED)])
        query = Dataset()
        query.QueryRetrieveLevel = _LEVELS[level]
        if not all(value.isascii() for value in keys.values()):
            query.SpecificCharacterSet = "ISO_IR 192"
        for keyword in RETURNED[level]:
            setattr(query, keyword, "")
        for keyword, value in keys.items():
            setattr(query, keyword, value)
        found: list[Dataset] = []
        cancelled = False
        for status, match in association.send_c_find(query, model):
            if not cancelled or "Status" not in status:
                code = _read_status(status, _PENDING)
                if code in _PENDING and match is not None:
                    found.append(match)
            if limit is not None and len(found) >= limit and not cancelled and association.is_established:
                association.send_c_cancel(1, query_model=model)  # it may still send some, which are read and dropped
                cancelled = True
        return found

    # -- fetch ------------------------------------------------------------------------------------------------------

    def fetch(self, identity: Identity) -> bytes:
        """See `Pacs`."""
        return self._patiently(self._fetch, identity)

    def _fetch(self, identity: Identity) -> bytes:
        query = Dataset()
        query.QueryRetrieveLevel = "IMAGE"
        query.StudyInstanceUID = identity.study
        query.SeriesInstanceUID = identity.series
        query.SOPInstanceUID = identity.instance
        self._arrived.clear()
        self._expected = identity.instance
        try:
            code = self._get(query, identity) if self._archive.retrieve == "get" else self._move(query)
        finally:
            self._expected = None
        if identity.instance in self._arrived:
            return self._arrived.pop(identity.instance)
        if code in (0, 0xB000):
            raise PacsError(
                "The archive did not send the instance: it does not have it, cannot send it in its transfer syntax, "
                "or (C-MOVE) sends it to another address."
            )
        raise PacsError(f"The archive did not send the instance: {failure(code)}.")

    def _get(self, query: Dataset, identity: Identity) -> int:
        model = StudyRootQueryRetrieveInformationModelGet
        classes = [identity.sop_class] if identity.sop_class else [str(uid) for uid in _USUAL_CLASSES]
        # Uncompressed first, should there be more than fit.
        contexts = [build_context(uid, [syntax]) for syntax in ALL_TRANSFER_SYNTAXES for uid in classes]
        association = self._associate(
            f"get {identity.sop_class}",
            [build_context(model, _UNCOMPRESSED), *contexts[: _MOST_CONTEXTS - 1]],
            roles=[build_role(uid, scp_role=True) for uid in classes],
            handlers=[(evt.EVT_C_STORE, self._take)],
        )
        code = 0
        for status, _ in association.send_c_get(query, model):
            code = _read_status(status, None)
        return code

    def _move(self, query: Dataset) -> int:
        self._listen()
        model = StudyRootQueryRetrieveInformationModelMove
        association = self._associate("move", [build_context(model, _UNCOMPRESSED)])
        code = 0
        for status, _ in association.send_c_move(query, self._archive.calling_ae_title, model):
            code = _read_status(status, None)
        return code

    def _listen(self) -> None:
        """Open the port to which the archive sends what C-MOVE asks for; it takes nothing but that."""
        if self._listening:
            return
        for context in AllStoragePresentationContexts:
            self._entity.add_supported_context(context.abstract_syntax or "", ALL_TRANSFER_SYNTAXES)
        self._entity.add_supported_context(Verification)
        self._entity.require_called_aet = True
        address = (self._archive.listen_host, self._archive.listen_port)
        try:
            server = self._entity.start_server(
                address,
                block=False,
                ssl_context=_server_context(self._archive) if self._archive.tls else None,
                evt_handlers=[(evt.EVT_C_STORE, self._take)],
            )
        except OSError as error:
            raise DeniedError(f"C-MOVE needs port {address[1]}, which cannot be opened: {error.strerror}.") from None
        if server is not None:
            self._exit.callback(server.shutdown)
        self._listening = True

    def _take(self, event: evt.Event) -> int:
        """Keep an instance that was asked for, byte by byte as it came."""
        uid = str(getattr(event.request, "AffectedSOPInstanceUID", ""))
        if uid != self._expected:
            return _NOT_WANTED
        self._arrived[uid] = event.encoded_dataset()
        return 0

    # -- store ------------------------------------------------------------------------------------------------------

    def store(self, dataset: Dataset) -> Answer:
        """See `Pacs`."""
        kind, syntax = dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID
        offered = build_context(kind, [syntax])
        # Nothing has been sent while there is no association: trying that again does no harm.
        association = self._patiently(
            self._associate, f"store {kind} {syntax}", [offered, build_context(Verification, _UNCOMPRESSED)]
        )
        if not any(context.abstract_syntax == kind for context in association.accepted_contexts):
            return Answer("refused", f"the archive does not take {kind.name} in {syntax.name}")
        try:
            return stored(self._once(lambda: _read_status(association.send_c_store(dataset), None)))
        except (ValueError, AttributeError) as error:
            raise PacsError(f"The file cannot be sent as it is ({type(error).__name__}).") from None

    # -- connections ------------------------------------------------------------------------------------------------

    def _patiently(self, call: Callable[..., Answered], *arguments: Any) -> Answered:
        """Call what can be asked twice without harm, again where the connection was lost."""
        return self._retrying(self._once, call, *arguments)

    def _once(self, call: Callable[..., Answered], *arguments: Any) -> Answered:
        """Call; what was lost is not used again, for pynetdicom may notice only later that it is."""
        try:
            return call(*arguments)
        except RuntimeError:  # pynetdicom's, for an association that has ended meanwhile
            self._associations.pop(self._purpose, None)
            raise UnreachableError(_LOST) from None
        except UnreachableError:
            self._associations.pop(self._purpose, None)
            raise

    def _associate(
        self,
        purpose: str,
        contexts: Sequence[PresentationContext],
        roles: Sequence[Any] = (),
        handlers: Sequence[tuple[Any, Callable[..., Any]]] = (),
    ) -> Association:
        """Return the association for a purpose, a new one where there is none or it was lost."""
        self._purpose = purpose
        known = self._associations.get(purpose)
        if known is not None and known.is_established:
            return known
        archive = self._archive
        association = self._entity.associate(
            archive.host,
            archive.port,
            contexts=list(contexts),
            ae_title=archive.called_ae_title,
            ext_neg=list(roles) or None,
            tls_args=(self._tls, archive.tls_server_name or archive.host) if self._tls else None,
            evt_handlers=list(handlers) or None,
        )
        if association.is_established:
            self._associations[purpose] = association
            return association
        if association.is_rejected:
            raise DeniedError(
                "The archive does not accept the association: it has to know the AE title "
                f"{archive.calling_ae_title}, and has to be called by its own."
            )
        if association.rejected_contexts:
            raise PacsError("The archive does not offer this service to us.")
        self._say_why()
        raise UnreachableError("The archive takes connections, but does not answer as one that speaks DIMSE.")

    def _say_why(self) -> None:
        """Raise what a connection of our own runs into: pynetdicom tells only that there is none."""
        archive = self._archive
        try:
            with socket.create_connection((archive.host, archive.port), archive.timeout) as plain:
                if self._tls:
                    with self._tls.wrap_socket(plain, server_hostname=archive.tls_server_name or archive.host):
                        pass
        except ssl.SSLCertVerificationError:
            raise DeniedError(
                "The archive cannot be trusted: its certificate does not fit its name (tls_server_name in the "
                "configuration), or nobody that this program knows vouches for it (ca_bundle)."
            ) from None
        except ssl.SSLError:
            raise DeniedError("The archive does not speak TLS on this port, or wants a certificate of ours.") from None
        except TimeoutError:
            raise UnreachableError(f"The archive did not answer within {archive.timeout:g} seconds.") from None
        except OSError as error:
            reason = error.strerror or "no such host"
            raise UnreachableError(f"No connection to the archive: {reason.lower()}.") from None


def _read_status(status: Dataset, good: tuple[int, ...] | None = ()) -> int:
    """Return the status of a response; raise for a lost connection, and unless it is 0 or `good` (None: anything)."""
    if "Status" not in status:
        raise UnreachableError(_LOST)
    code = int(status.Status)
    if good is not None and code != 0 and code not in good:
        raise PacsError(f"The archive does not answer the question: {failure(code)}.")
    return code


def _client_context(archive: DimseArchive) -> ssl.SSLContext:
    return _identified(ssl.create_default_context(cafile=archive.ca_bundle), archive)


def _server_context(archive: DimseArchive) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=archive.ca_bundle)
    context.verify_mode = ssl.CERT_REQUIRED
    return _identified(context, archive)


def _identified(context: ssl.SSLContext, archive: DimseArchive) -> ssl.SSLContext:
    if archive.client_certificate:
        try:
            context.load_cert_chain(archive.client_certificate, archive.client_key)
        except (ssl.SSLError, OSError):
            raise PacsError("client_certificate and client_key are no PEM files that fit together.") from None
    return context
