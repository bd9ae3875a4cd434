"""An archive that speaks DICOMweb (PS3.18): QIDO-RS, WADO-RS and STOW-RS, through dicomweb-client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from email.message import Message
from typing import Any, NoReturn, Self

import requests
from dicomweb_client import DICOMwebClient
from pydicom import Dataset
from requests.auth import AuthBase, HTTPBasicAuth

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import RETURNED, UID_OF, Answer, DeniedError, Identity, Level, UnreachableError
from CausalCLIPSegLib.pacs.configuration import DicomWebArchive
from CausalCLIPSegLib.pacs.retry import retrying
from CausalCLIPSegLib.pacs.statuses import stored
from CausalCLIPSegLib.privacy import silence_libraries

_PAGE = 200
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
# As stored, whatever that is: an archive must not decode what it would then have to encode again.
_AS_STORED = (("application/dicom", "*"),)


class DicomWeb:
    """See `Pacs`."""

    def __init__(self, archive: DicomWebArchive) -> None:
        self._archive = archive
        self._session = _Session()
        self._session.auth = _Credentials(archive)
        self._session.headers["Accept"] = "application/dicom+json"  # of stores; other requests say what they want
        if archive.ca_bundle:
            self._session.verify = str(archive.ca_bundle)
        if archive.client_certificate:
            key = archive.client_key
            certificate = str(archive.client_certificate)
            self._session.cert = (certificate, str(key) if key else certificate)
        self._client = DICOMwebClient(
            archive.url,
            session=self._session,
            timeout=archive.timeout,
            callback=self._on_response,
            permissive_uid=True,
        )
        # It would try stores again too, and not after a lost connection: `retrying` does it.
        self._client.set_http_retry_params(retry=False)
        self._patiently = retrying(archive.retries, archive.retry_wait)
        self._body = b""
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
        self._patiently(self._page, "study", {}, 1, 0)

    def find(self, level: Level, keys: Mapping[str, str], limit: int | None = None) -> list[Dataset]:
        """See `Pacs`."""
        found: dict[str, Dataset] = {}
        while limit is None or len(found) < limit:
            size = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = self._patiently(self._page, level, keys, size, len(found))
            known = len(found)
            found |= {str(one.get(UID_OF[level], "")): one for one in page}
            # An archive that ignores the offset sends the same again; one that ignores the limit sends all at once.
            if len(page) < size or len(found) == known:
                break
        return list(found.values())

    def _page(self, level: Level, keys: Mapping[str, str], limit: int, offset: int) -> list[Dataset]:
        filters = dict(keys)
        said: dict[str, Any] = {"limit": limit, "fields": list(RETURNED[level])}
        if offset:
            said["offset"] = offset
        client = self._client
        with self._plainly():
            if level == "study":
                answer = client.search_for_studies(search_filters=filters, **said)
            elif level == "series":
                study = filters.pop("StudyInstanceUID")
                answer = client.search_for_series(study, search_filters=filters, **said)
            else:
                study, series = filters.pop("StudyInstanceUID"), filters.pop("SeriesInstanceUID")
                answer = client.search_for_instances(study, series, search_filters=filters, **said)
            return [Dataset.from_json(one) for one in answer]

    def fetch(self, identity: Identity) -> bytes:
        """See `Pacs`."""
        return self._patiently(self._fetch, identity)

    def _fetch(self, identity: Identity) -> bytes:
        with self._plainly():
            self._client.retrieve_instance(identity.study, identity.series, identity.instance, media_types=_AS_STORED)
        # The client decodes the file, and would write it anew; the archive's own bytes are what was asked for.
        body, self._body = self._body, b""
        return body

    def store(self, dataset: Dataset) -> Answer:
        """See `Pacs`."""
        uid = str(dataset.SOPInstanceUID)
        try:
            with self._plainly():
                return _read_answer(self._client.store_instances([dataset]), uid)
        except _RefusedError as refused:
            return refused.answer(uid)

    def _on_response(self, response: requests.Response, **_: Any) -> None:
        """Look at an answer before the client does."""
        if response.is_redirect or 300 <= response.status_code < 400:
            # Followed, a store would become a question, and a query could leave TLS.
            raise DeniedError("The archive answers with another address; put the final one into the configuration.")
        kind, _semicolon, parameters = response.headers.get("Content-Type", "").partition(";")
        kind = kind.strip().lower()
        if response.request.method == "POST":
            response.headers["Content-Type"] = kind  # the client knows the bare names only
        elif response.ok and kind == "multipart/related":
            self._body = _only_part(response.content, parameters)
        elif response.ok and kind == "application/dicom":
            self._body = response.content

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Turn what the libraries raise into a sentence, without the cause: it quotes addresses with patient data."""
        seconds = f"{self._archive.timeout:g} seconds"
        try:
            yield
        except (PacsError, _RefusedError):
            raise
        except requests.HTTPError as error:
            _raise_for(error.response)
        except requests.exceptions.SSLError:
            raise DeniedError(
                "The archive cannot be trusted: its certificate does not fit its address, or nobody that this program "
                "knows vouches for it (ca_bundle in the configuration), or it wants a certificate of ours."
            ) from None
        except requests.exceptions.ProxyError:
            raise UnreachableError("The proxy that the environment names does not connect to the archive.") from None
        except requests.Timeout:
            raise UnreachableError(f"The archive did not answer within {seconds}.") from None
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            raise UnreachableError("The connection to the archive failed or was lost.") from None
        except Exception as error:  # whatever reading an answer of any shape raises
            raise PacsError(
                f"The archive's answer is not what DICOMweb prescribes ({type(error).__name__}); is the address right?"
            ) from None


class _Session(requests.Session):
    """Requests that follow nobody elsewhere, and keep to the CA bundle that was configured."""

    def request(self, method: str, url: str, **said: Any) -> requests.Response:  # type: ignore[override]
        said["allow_redirects"] = False
        # Said with the session alone, the environment's REQUESTS_CA_BUNDLE would take its place.
        said.setdefault("verify", self.verify)
        # The client names the host without its port, which a server of many names does not know.
        said["headers"] = {key: value for key, value in (said.get("headers") or {}).items() if key != "Host"}
        # Wildcards may stand as they are (RFC 3986), and there are archives that do not know them otherwise; a + is
        # a space to forms only.
        place, mark, question = url.partition("?")
        question = question.replace("%2A", "*").replace("%3F", "?").replace("+", "%20")
        return super().request(method, place + mark + question, **said)


class _Credentials(AuthBase):
    """Name and password, a token, or nothing; never what lies in a .netrc, which requests would add by itself."""

    def __init__(self, archive: DicomWebArchive) -> None:
        self._archive = archive

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        archive = self._archive
        if archive.token:
            request.headers["Authorization"] = f"Bearer {archive.token.get_secret_value()}"
        elif archive.username is not None and archive.password:
            pair = (archive.username.encode(), archive.password.get_secret_value().encode())  # UTF-8, not Latin-1
            HTTPBasicAuth(*pair)(request)
        return request


class _RefusedError(Exception):
    """A store that the archive refuses as a whole, perhaps with a reason for each instance."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self._response = response

    def answer(self, uid: str) -> Answer:
        try:
            answer = _read_answer(Dataset.from_json(self._response.json()), uid)
        except Exception:  # no JSON, or not what is expected there: the status of HTTP has to do
            answer = Answer("unconfirmed")
        if answer.status != "unconfirmed":
            return answer
        return Answer("refused", f"the archive refuses it (HTTP status {self._response.status_code})")


def _only_part(body: bytes, parameters: str) -> bytes:
    """Return the one part of a multipart body (RFC 2046).

    Raises:
        UnreachableError: the body ends before its last delimiter.
        ValueError: no boundary, or no part.
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
    """Find in the answer to a store what it says of the instance `uid` (PS3.18 table I.2-1)."""
    for item in answer.get("FailedSOPSequence") or ():
        if item.get("ReferencedSOPInstanceUID", uid) == uid:
            return stored(int(item.get("FailureReason") or 0x0110))
    for item in answer.get("ReferencedSOPSequence") or ():
        if item.get("ReferencedSOPInstanceUID") == uid:
            return stored(int(item.get("WarningReason") or 0))
    return Answer("unconfirmed")


def _raise_for(response: requests.Response) -> NoReturn:
    status = response.status_code
    if status in (401, 403):
        raise DeniedError(f"The archive does not accept the credentials (HTTP status {status}).") from None
    if status == 407:
        raise DeniedError("The proxy wants credentials (HTTP status 407).") from None
    if status in _BUSY:
        seconds = response.headers.get("Retry-After", "")
        raise UnreachableError(
            f"The archive cannot answer at present (HTTP status {status}).",
            float(seconds) if seconds.isdigit() else None,
        ) from None
    if response.request.method == "POST":
        raise _RefusedError(response) from None
    if status == 404:
        raise PacsError("The archive does not know this study, series or instance, or the address is wrong.") from None
    raise PacsError(f"The archive refuses the request (HTTP status {status}).") from None
