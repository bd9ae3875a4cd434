"""A client of DIMSE archives (PS3.7: C-ECHO, C-FIND, C-GET or C-MOVE, and C-STORE), on top of pynetdicom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any, Self

from pydicom import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, SegmentationStorage
from pynetdicom import ALL_TRANSFER_SYNTAXES, build_context, build_role
from pynetdicom.sop_class import (  # type: ignore[attr-defined]
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import RETURNED, Answer, Identity, Level, UnreachableError
from CausalCLIPSegLib.pacs.associations import CONNECTION_LOST, Associations, Result
from CausalCLIPSegLib.pacs.configuration import DimseArchive
from CausalCLIPSegLib.pacs.receiver import Receiver
from CausalCLIPSegLib.pacs.retry import retrying
from CausalCLIPSegLib.pacs.statuses import failure_message, store_answer
from CausalCLIPSegLib.privacy import silence_libraries
from CausalCLIPSegLib.radiograph import sop_classes

_LEVELS: Mapping[Level, str] = {"study": "STUDY", "series": "SERIES", "instance": "IMAGE"}
_PENDING = (0xFF00, 0xFF01)
_COMPLETE = (0, 0xB000)
_UNCOMPRESSED: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
# Requested if the archive does not return the class of an instance.
_COMMON_CLASSES = (*sorted(sop_classes.READABLE), SegmentationStorage)
_MAX_CONTEXTS = 128


class Dimse:
    """See `Pacs`.

    Transfer syntaxes: a file is offered only in its own syntax, and counts as refused if the archive does not accept
    that. When fetching, each syntax gets its own presentation context, so that the archive can send every instance as
    stored. If one context listed several syntaxes, the archive would choose one of them for all instances.
    """

    def __init__(self, archive: DimseArchive) -> None:
        self._archive = archive
        self._retrying = retrying(archive.retries, archive.retry_wait)
        self._associations = Associations(archive)
        self._receiver = Receiver(archive.timeout)
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """See `Pacs`."""
        self._exit.enter_context(silence_libraries())
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        """See `Pacs`; after an error, associations are aborted instead of released."""
        self._associations.close(abort=kind is not None)
        self._receiver.close()
        self._exit.close()

    def check(self) -> None:
        """Send a C-ECHO."""
        self._retry(self._echo)

    def find(self, level: Level, keys: Mapping[str, str], limit: int | None = None) -> list[Dataset]:
        """See `Pacs`."""
        return self._retry(self._find, level, keys, limit)

    def fetch(self, identity: Identity) -> bytes:
        """See `Pacs`."""
        return self._retry(self._fetch, identity)

    def store(self, dataset: Dataset) -> Answer:
        """See `Pacs`."""
        sop_class, syntax = dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID
        contexts = [build_context(sop_class, [syntax]), build_context(Verification, _UNCOMPRESSED)]
        # Associating can be retried, since it does not send the instance yet.
        association = self._retry(self._associations.open, f"store {sop_class} {syntax}", contexts)
        if not any(context.abstract_syntax == sop_class for context in association.accepted_contexts):
            return Answer("refused", f"the archive does not accept {sop_class.name} in {syntax.name}")
        try:
            return store_answer(self._associations.call(lambda: _status_code(association.send_c_store(dataset))))
        except (ValueError, AttributeError) as error:
            raise PacsError(f"The file cannot be sent as it is ({type(error).__name__}).") from None

    def _retry(self, call: Callable[..., Result], *arguments: Any) -> Result:
        """Make an idempotent request, and repeat it if the connection was lost."""
        return self._retrying(self._associations.call, call, *arguments)

    def _echo(self) -> None:
        association = self._associations.open("echo", [build_context(Verification)])
        _check_status(association.send_c_echo())

    def _find(self, level: Level, keys: Mapping[str, str], limit: int | None) -> list[Dataset]:
        model = StudyRootQueryRetrieveInformationModelFind
        association = self._associations.open("find", [build_context(model, _UNCOMPRESSED)])
        query = Dataset()
        query.QueryRetrieveLevel = _LEVELS[level]
        if not all(value.isascii() for value in keys.values()):
            query.SpecificCharacterSet = "ISO_IR 192"
        for keyword in RETURNED[level]:
            setattr(query, keyword, "")
        for keyword, value in keys.items():
            setattr(query, keyword, value)
        matches: list[Dataset] = []
        canceled = False
        for status, match in self._associations.responses(association.send_c_find(query, model)):
            if canceled:
                _status_code(status)  # the archive may still send some matches, which are dropped
                continue
            if _check_status(status, _PENDING) in _PENDING and match is not None:
                matches.append(match)
            if limit is not None and len(matches) >= limit and association.is_established:
                association.send_c_cancel(1, query_model=model)
                canceled = True
        return matches

    def _fetch(self, identity: Identity) -> bytes:
        query = Dataset()
        query.QueryRetrieveLevel = "IMAGE"
        query.StudyInstanceUID = identity.study
        query.SeriesInstanceUID = identity.series
        query.SOPInstanceUID = identity.instance
        with self._receiver.expecting(identity.instance):
            status = self._get(query, identity) if self._archive.retrieve == "get" else self._move(query)
        data = self._receiver.take()
        if data is not None:
            return data
        if status in _COMPLETE:
            raise PacsError(
                "The archive did not send the instance: it does not have it, cannot send it in its transfer syntax, "
                "or (C-MOVE) sends it to another address."
            )
        raise PacsError(f"The archive did not send the instance: {failure_message(status)}.")

    def _get(self, query: Dataset, identity: Identity) -> int:
        """Send a C-GET, and return its last status."""
        model = StudyRootQueryRetrieveInformationModelGet
        classes = [identity.sop_class] if identity.sop_class else [str(uid) for uid in _COMMON_CLASSES]
        # Uncompressed syntaxes come first, in case not all contexts fit.
        contexts = [build_context(uid, [syntax]) for syntax in ALL_TRANSFER_SYNTAXES for uid in classes]
        association = self._associations.open(
            f"get {identity.sop_class}",
            [build_context(model, _UNCOMPRESSED), *contexts[: _MAX_CONTEXTS - 1]],
            roles=[build_role(uid, scp_role=True) for uid in classes],
            handlers=self._receiver.handlers,
        )
        return _last_status(self._associations.responses(association.send_c_get(query, model)))

    def _move(self, query: Dataset) -> int:
        """Send a C-MOVE to this program's own port, and return its last status."""
        self._receiver.listen(self._archive)
        model = StudyRootQueryRetrieveInformationModelMove
        association = self._associations.open("move", [build_context(model, _UNCOMPRESSED)])
        answers = association.send_c_move(query, self._archive.calling_ae_title, model)
        return _last_status(self._associations.responses(answers))


def _status_code(status: Dataset) -> int:
    """Return the status of a response.

    Raises:
        UnreachableError: there was no response.
    """
    if "Status" not in status:
        raise UnreachableError(CONNECTION_LOST)
    return int(status.Status)


def _last_status(responses: Iterable[tuple[Dataset, Dataset | None]]) -> int:
    """Return the final status of a C-GET or C-MOVE.

    Raises:
        UnreachableError: the connection was lost before the final status.
    """
    code = 0
    for status, _ in responses:
        code = _status_code(status)
    return code


def _check_status(status: Dataset, accepted: tuple[int, ...] = ()) -> int:
    """Return the status of a response if it is success (0) or in `accepted`.

    Raises:
        UnreachableError: there was no response.
        PacsError: any other status.
    """
    code = _status_code(status)
    if code != 0 and code not in accepted:
        raise PacsError(f"The archive does not answer the query: {failure_message(code)}.")
    return code
