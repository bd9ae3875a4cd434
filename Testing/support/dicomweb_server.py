"""A DICOMweb archive in memory; a test can plan a fault for each request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Event, Thread
from typing import NamedTuple

from pydicom import Dataset, dcmread


class Response(NamedTuple):
    """Status, content type and body of an HTTP response."""

    status: int
    content_type: str
    body: bytes


Fault = Callable[["Handler"], Response | None]
"""Answers a request: returns the response, or None if the fault has handled the connection itself."""


class DicomWebServer:
    """The archive.

    Attributes:
        url: base URL of the archive.
        instances: the stored files, by SOP Instance UID.
        faults: one fault for each of the next requests; after them the archive answers correctly.
        requests: method, path and headers of the requests so far.
    """

    def __init__(self) -> None:
        self.url = ""
        self.instances: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []

    def respond(self, handler: Handler) -> Response | None:
        self.requests.append((handler.command, handler.path, dict(handler.headers)))
        fault = self.faults.pop(0) if self.faults else correct
        return fault(handler)

    @property
    def number_of_posts(self) -> int:
        return [method for method, _, _ in self.requests].count("POST")


def correct(handler: Handler) -> Response:
    """Answer as an archive should: store, retrieve, or return all instances, whatever the query asks for."""
    instances = handler.archive.instances
    if handler.command == "POST":
        data = handler.body[handler.body.index(b"\r\n\r\n") + 4 : handler.body.rindex(b"\r\n--")]
        uid = str(dcmread(BytesIO(data)).SOPInstanceUID)
        instances[uid] = data
        return stow_response(stored=[uid])
    if handler.last_path_segment in instances:
        return multipart(instances[handler.last_path_segment])
    matches = json.dumps([_match(data) for data in instances.values()])
    return Response(200, "application/dicom+json", matches.encode())


def _match(data: bytes) -> dict:
    dataset, match = dcmread(BytesIO(data)), Dataset()
    for name in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality"):
        setattr(match, name, dataset[name].value)
    return match.to_json_dict()


def response(status: int, body: bytes = b"", content_type: str = "text/plain") -> Fault:
    """Return a fault that sends this response."""
    return lambda _: Response(status, content_type, body)


def multipart(data: bytes, end: bytes = b"\r\n--edge--") -> Response:
    """Return a WADO-RS response with one file."""
    start = b"--edge\r\nContent-Type: application/dicom\r\n\r\n"
    return Response(200, 'multipart/related; type="application/dicom"; boundary=edge', start + data + end)


def stow_response(
    stored: Sequence[str] = (), failed: Mapping[str, int] | None = None, warned: Mapping[str, int] | None = None
) -> Response:
    """Return a STOW-RS response about instances by their UIDs; the numbers are failure and warning reasons."""
    answer = Dataset()
    answer.ReferencedSOPSequence = []
    for uid, reason in {**dict.fromkeys(stored), **(warned or {})}.items():
        item = Dataset()
        item.ReferencedSOPInstanceUID = uid
        if reason is not None:
            item.WarningReason = reason
        answer.ReferencedSOPSequence.append(item)
    answer.FailedSOPSequence = []
    for uid, reason in (failed or {}).items():
        item = Dataset()
        item.ReferencedSOPInstanceUID, item.FailureReason = uid, reason
        answer.FailedSOPSequence.append(item)
    status = 409 if failed else 202 if warned else 200
    return Response(status, "application/dicom+json; charset=utf-8", answer.to_json().encode())


class Truncated:
    """A fault that sends part of a response, and then closes the connection or stalls.

    Attributes:
        sent: set when the part has been sent.
        resume: ends the stall; already set if `stalls` is false.
    """

    def __init__(self, data: bytes = b"", *, stalls: bool) -> None:
        self.data = data
        self.sent, self.resume = Event(), Event()
        if not stalls:
            self.resume.set()

    def __call__(self, handler: Handler) -> None:
        handler.wfile.write(self.data)
        self.sent.set()
        self.resume.wait(60)


class Handler(BaseHTTPRequestHandler):
    """Passes every request on to the `DicomWebServer`."""

    protocol_version = "HTTP/1.1"
    archive: DicomWebServer
    body: bytes

    @property
    def last_path_segment(self) -> str:
        return self.path.partition("?")[0].rsplit("/", 1)[1]

    def do_GET(self) -> None:
        self.body = self._read_body()
        response = self.archive.respond(self)
        if response is None:
            self.close_connection = True
            return
        self.send_response(response.status)
        self.send_header("Content-Type", response.content_type)
        if 300 <= response.status < 400:
            self.send_header("Location", self.archive.url + "/elsewhere")
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    do_POST = do_GET  # noqa: N815

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def running_dicomweb_server() -> Iterator[DicomWebServer]:
    archive = DicomWebServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"archive": archive}))
    server.daemon_threads = True
    archive.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield archive
    server.shutdown()
    server.server_close()
    thread.join()
