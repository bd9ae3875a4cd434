"""A client of DICOMweb archives (PS3.18: QIDO-RS, WADO-RS and STOW-RS), on top of dicomweb-client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from email.message import Message
from typing import Any, NoReturn, Self
from urllib.parse import urlsplit

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset
from requests.auth import AuthBase, HTTPBasicAuth

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import (
    MAX_MATCHES,
    RETURNED,
    TOO_MANY_MATCHES,
    UID_OF,
    Answer,
    DeniedError,
    Identity,
    Level,
    UnreachableError,
)
from CausalCLIPSegLib.pacs.configuration import DicomWebArchive, is_local
from CausalCLIPSegLib.pacs.connections import CuttableAdapter
from CausalCLIPSegLib.pacs.retry import retrying, seconds_to_wait
from CausalCLIPSegLib.pacs.statuses import store_answer
from CausalCLIPSegLib.pacs.transfer import send
from CausalCLIPSegLib.privacy import silence_libraries

_PAGE_SIZE = 200
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
# Any transfer syntax, so that the archive sends the file as stored instead of transcoding it.
_AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'


class DicomWeb:
    """See `Pacs`."""

    def __init__(self, archive: DicomWebArchive) -> None:
        self._archive = archive
        self._session = _Session(archive.timeout)
        # A proxy must not see what never leaves this computer.
        self._session.trust_env = not is_local(urlsplit(archive.url).hostname or "")
        self._session.auth = _Credentials(archive)
        self._session.headers["Accept"] = "application/dicom+json"  # for stores; other requests set their own
        if archive.ca_bundle:
            self._session.verify = str(archive.ca_bundle)
        if archive.client_certificate:
            key = archive.client_key
            certificate = str(archive.client_certificate)
            self._session.cert = (certificate, str(key) if key else certificate)
        self._client = DICOMwebClient(
            archive.url,
            session=self._session,
            callback=self._on_response,
            permissive_uid=True,
        )
        # The client would retry stores too, but not after a lost connection; `retrying` replaces it.
        self._client.set_http_retry_params(retry=False)
        self._retrying = retrying(archive.retries, archive.retry_wait)
        self._exit = ExitStack()

    def __enter__(self) -> Self:
        """See `Pacs`."""
        self._exit.enter_context(silence_libraries())
        return self

    def __exit__(self, kind: object = None, *_: object) -> None:
        """See `Pacs`."""
        self._session.close()
        self._exit.close()

    def check(self) -> None:
        """Ask for one study."""
        self._retrying(self._page, "study", {}, 1, 0)

    def find(self, level: Level, keys: Mapping[str, str], limit: int | None = None) -> list[Dataset]:
        """See `Pacs`."""
        matches: dict[str, Dataset] = {}
        while limit is None or len(matches) < limit:
            offset = len(matches)
            size = _PAGE_SIZE if limit is None else min(_PAGE_SIZE, limit - offset)
            page = self._retrying(self._page, level, keys, size, offset)
            matches |= {str(match.get(UID_OF[level], "")): match for match in page}
            if len(matches) > MAX_MATCHES:
                raise PacsError(TOO_MANY_MATCHES)
            # An archive that ignores the offset repeats a page; one that ignores the limit returns all at once.
            if len(page) < size or len(matches) == offset:
                break
        return list(matches.values())

    def _page(self, level: Level, keys: Mapping[str, str], limit: int, offset: int) -> list[Dataset]:
        filters = dict(keys)
        options: dict[str, Any] = {"limit": limit, "fields": list(RETURNED[level])}
        if offset:
            options["offset"] = offset
        client = self._client
        with self._translate_errors():
            if level == "study":
                matches = client.search_for_studies(search_filters=filters, **options)
            elif level == "series":
                study = filters.pop("StudyInstanceUID")
                matches = client.search_for_series(study, search_filters=filters, **options)
            else:
                study, series = filters.pop("StudyInstanceUID"), filters.pop("SeriesInstanceUID")
                matches = client.search_for_instances(study, series, search_filters=filters, **options)
            if len(matches) > MAX_MATCHES:
                raise PacsError(TOO_MANY_MATCHES)
            return [Dataset.from_json(match) for match in matches]

    def fetch(self, identity: Identity) -> bytes:
        """See `Pacs`."""
        return self._retrying(self._fetch, identity)

    def _fetch(self, identity: Identity) -> bytes:
        path = f"/studies/{identity.study}/series/{identity.series}/instances/{identity.instance}"
        with self._translate_errors():
            # Not through the client, which would decode the file; the file is to be stored as it is.
            response = self._session.get(self._archive.url + path, headers={"Accept": _AS_STORED})
            self._on_response(response)
            response.raise_for_status()
            media_type, _, parameters = _content_type(response)
            if media_type == "application/dicom":
                return response.content
            if media_type != "multipart/related":
                raise ValueError
            return _only_part(response.content, parameters)

    def store(self, dataset: Dataset) -> Answer:
        """See `Pacs`."""
        uid = str(dataset.SOPInstanceUID)
        try:
            with self._translate_errors():
                return _read_answer(self._client.store_instances([dataset]), uid)
        except _RefusedError as refused:
            return refused.answer(uid)

    def _on_response(self, response: requests.Response, **_: Any) -> None:
        """Check a response before the client reads it."""
        if response.is_redirect or 300 <= response.status_code < 400:
            # If followed, a POST would become a GET, and a query could leave TLS.
            raise DeniedError("The archive answers with another address; put the final one into the configuration.")
        if response.request.method == "POST":
            response.headers["Content-Type"] = _content_type(response)[0]  # the client does not accept parameters

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Translate the libraries' errors into ours, without their cause, which quotes URLs with patient data."""
        seconds = f"{self._archive.timeout:g} seconds"
        try:
            yield
        except (PacsError, _RefusedError):
            raise
        except requests.HTTPError as error:
            _raise_for(error.response)
        except requests.exceptions.SSLError:
            raise DeniedError(
                "The archive cannot be trusted: its certificate does not fit its address, or comes from an "
                "authority that this program does not know (ca_bundle in the configuration), or the archive requires "
                "a client certificate."
            ) from None
        except requests.exceptions.ProxyError:
            raise UnreachableError("The proxy that the environment names does not connect to the archive.") from None
        except requests.Timeout:
            raise UnreachableError(f"The archive did not answer within {seconds}.") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise UnreachableError("The connection to the archive failed or was lost.") from None
        except Exception as error:  # whatever the libraries raise for malformed answers
            raise PacsError(
                f"The archive's answer is not what DICOMweb prescribes ({type(error).__name__}); is the address right?"
            ) from None


class _Session(requests.Session):
    """A session that never follows redirects, uses the configured CA bundle, and reads bounded answers.

    Args:
        timeout: seconds to wait for a connection, and for each part of an answer.
    """

    def __init__(self, timeout: float) -> None:
        super().__init__()
        self._timeout = timeout
        self.headers["Accept-Encoding"] = "identity"
        for scheme in ("http://", "https://"):
            self.mount(scheme, CuttableAdapter())

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]
        options["allow_redirects"] = False
        # REQUESTS_CA_BUNDLE of the environment overrides `self.verify`, but not an argument.
        options.setdefault("verify", self.verify)
        # The client sets Host without the port, which a server with several virtual hosts does not recognize.
        options["headers"] = {key: value for key, value in (options.get("headers") or {}).items() if key != "Host"}
        # Wildcards are valid unescaped (RFC 3986), and some archives accept them only so; "+" means a space only in
        # HTML forms.
        path, mark, query = url.partition("?")
        query = query.replace("%2A", "*").replace("%3F", "?").replace("+", "%20")
        options |= {"stream": True, "timeout": self._timeout}
        # Twice the time: connecting, and the first bytes of the answer
        return send(lambda: super(_Session, self).request(method, path + mark + query, **options), 2 * self._timeout)


class _Credentials(AuthBase):
    """Basic, bearer or no authentication. Setting it keeps requests from reading credentials from .netrc."""

    def __init__(self, archive: DicomWebArchive) -> None:
        self._archive = archive

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        archive = self._archive
        if archive.token:
            request.headers["Authorization"] = f"Bearer {archive.token.get_secret_value()}"
        elif archive.username is not None and archive.password:
            # as bytes, since requests encodes text as Latin-1, not UTF-8
            HTTPBasicAuth(archive.username.encode(), archive.password.get_secret_value().encode())(request)
        return request


class _RefusedError(Exception):
    """The archive refused a store request; its response may give a reason for each instance."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self._response = response

    def answer(self, uid: str) -> Answer:
        try:
            answer = _read_answer(Dataset.from_json(self._response.json()), uid)
        except Exception:  # not the JSON that PS3.18 prescribes, so only the HTTP status is known
            answer = Answer("unconfirmed")
        if answer.status != "unconfirmed":
            return answer
        return Answer("refused", f"the archive refuses it (HTTP status {self._response.status_code})")


def _content_type(response: requests.Response) -> tuple[str, str, str]:
    """Return the media type of a response in lower case, a semicolon, and its parameters."""
    media_type, semicolon, parameters = response.headers.get("Content-Type", "").partition(";")
    return media_type.strip().lower(), semicolon, parameters


def _only_part(body: bytes, parameters: str) -> bytes:
    """Return the only part of a multipart body (RFC 2046).

    Raises:
        UnreachableError: the body ends before its closing delimiter.
        ValueError: there is no boundary or no part.
    """
    message = Message()
    message["Content-Type"] = f"multipart/related;{parameters}"
    boundary = message.get_boundary()
    if boundary is None:
        raise ValueError
    delimiter = b"--" + boundary.encode("ascii")
    end = body.rfind(b"\r\n" + delimiter + b"--")
    if end < 0:
        raise UnreachableError("The archive's answer ended too early.")
    start = body.index(b"\r\n\r\n", body.index(delimiter)) + 4
    return body[start:end]


def _read_answer(answer: Dataset, uid: str) -> Answer:
    """Return what the answer to a store says about the instance `uid` (PS3.18 table I.2-1)."""
    for item in answer.get("FailedSOPSequence") or ():
        if item.get("ReferencedSOPInstanceUID", uid) == uid:
            return store_answer(int(item.get("FailureReason") or 0x0110))
    for item in answer.get("ReferencedSOPSequence") or ():
        if item.get("ReferencedSOPInstanceUID") == uid:
            return store_answer(int(item.get("WarningReason") or 0))
    return Answer("unconfirmed")


def _raise_for(response: requests.Response) -> NoReturn:
    """Raise our error for an HTTP error status."""
    status = response.status_code
    if status in (401, 403):
        raise DeniedError(f"The archive does not accept the credentials (HTTP status {status}).") from None
    if status == 407:
        raise DeniedError("The proxy requires credentials (HTTP status 407).") from None
    if status in _BUSY:
        raise UnreachableError(
            f"The archive cannot answer at present (HTTP status {status}).",
            seconds_to_wait(response.headers.get("Retry-After", "")),
        ) from None
    if response.request.method == "POST":
        raise _RefusedError(response) from None
    if status == 404:
        raise PacsError("The archive does not know this study, series or instance, or the address is wrong.") from None
    raise PacsError(f"The archive refuses the request (HTTP status {status}).") from None
