"""A broken or hostile DICOMweb archive: every command ends soon, in bounded memory, with one sentence."""

from __future__ import annotations

import gzip
import itertools
import json
import resource
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest
from dicomweb_server import Handler, Response, response, running_dicomweb_server
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from raw_server import raw_server

from CausalCLIPSegLib.cli import app  # noqa: F401  (its consoles must exist before a test captures output)
from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs import connect
from CausalCLIPSegLib.pacs.archive import Identity
from CausalCLIPSegLib.pacs.configuration import TOKEN, DicomWebArchive
from CausalCLIPSegLib.pacs.query import Query, search
from CausalCLIPSegLib.pacs.retry import seconds_to_wait

TIMEOUT = 0.4
"""Seconds to wait for an answer, as configured."""
LONGEST = 60
"""Seconds after which a test decides that a request hangs."""
MAX_MEMORY = 900_000
"""Kilobytes: three times what a file may have, for its pieces and for their sum."""

OK = b"HTTP/1.1 200 OK\r\n"
JSON = b"Content-Type: application/dicom+json\r\n"
FILE = b"Content-Type: application/dicom\r\n"
FOREVER = itertools.repeat(b"[" + b" " * 65535)


def bomb(megabytes: int) -> bytes:
    """Return a gzip file of zeros."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(deflater.compress(bytes(1 << 20)) for _ in range(megabytes)) + deflater.flush()


def slowly(data: Iterable[bytes]) -> Iterator[bytes]:
    for piece in data:
        time.sleep(0.05)
        yield piece


def studies(count: int) -> Iterator[bytes]:
    yield b"["
    for start in range(0, count, 1000):
        numbers = range(start, start + 1000)
        yield b"".join(b'{"0020000D":{"vr":"UI","Value":["1.2.%d"]}},' % number for number in numbers)
    yield b"{}]"


ANSWERS: dict[str, Callable[[], Iterable[bytes]]] = {
    "endless JSON": lambda: itertools.chain([OK, JSON, b"\r\n"], FOREVER),
    "endless file": lambda: itertools.chain([OK, FILE, b"\r\n"], FOREVER),
    "endless error": lambda: itertools.chain([b"HTTP/1.1 400 No\r\n\r\n"], FOREVER),
    "endless redirect": lambda: itertools.chain([b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"], FOREVER),
    "promised size": lambda: [OK, JSON, b"Content-Length: 99999999999999\r\n\r\n", b"["],
    "size that is no number": lambda: [OK, JSON, b"Content-Length: many\r\n\r\n", b"[]"],
    "gzip bomb": lambda: [OK, JSON, b"Content-Encoding: gzip\r\n\r\n", bomb(2000)],
    "gzip bomb as a file": lambda: [OK, FILE, b"Content-Encoding: gzip\r\n\r\n", bomb(2000)],
    "bomb in a bomb": lambda: [OK, JSON, b"Content-Encoding: gzip, gzip\r\n\r\n", gzip.compress(bomb(2000))],
    "damaged gzip": lambda: [OK, JSON, b"Content-Encoding: gzip\r\n\r\n", b"no gzip"],
    "unknown encoding": lambda: [OK, JSON, b"Content-Encoding: zstd\r\n\r\n", b"x"],
    "million studies": lambda: itertools.chain([OK, JSON, b"\r\n"], studies(1_000_000)),
    "trickling body": lambda: itertools.chain([OK, JSON, b"\r\n["], slowly(itertools.repeat(b" "))),
    "trickling headers": lambda: itertools.chain([OK], slowly(itertools.repeat(b"X"))),
    "trickling status": lambda: slowly(itertools.repeat(b"H")),
    "endless continues": lambda: itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "million headers": lambda: itertools.chain([OK], (b"X-%d: y\r\n" % each for each in range(1_000_000))),
    "endless header": lambda: itertools.chain([OK, b"X: "], FOREVER),
    "endless chunk line": lambda: itertools.chain([OK, JSON, b"Transfer-Encoding: chunked\r\n\r\n1;"], FOREVER),
    "endless chunk": lambda: itertools.chain([OK, JSON, b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n"], FOREVER),
    "negative chunk": lambda: [OK, JSON, b"Transfer-Encoding: chunked\r\n\r\n-5\r\n", b"abc"],
    "nothing": lambda: [],
    "no HTTP": lambda: [b"220 mail ready\r\n"],
    "deep JSON": lambda: [OK, JSON, b"\r\n", b"[" * 1_000_000],
    "huge number": lambda: [OK, JSON, b"\r\n", b'[{"00200013":{"vr":"IS","Value":[' + b"9" * 100_000 + b"]}}]"],
    "file without boundary": lambda: [OK, b"Content-Type: multipart/related\r\n\r\n", b"--x\r\n"],
    "wrong type": lambda: [OK, b"Content-Type: text/html\r\n\r\n", b"<html>"],
}


@contextmanager
def hostile_server(answer: Callable[[], Iterable[bytes]]) -> Iterator[str]:
    with raw_server(answer) as port:
        yield f"http://127.0.0.1:{port}"


def archive(url: str) -> DicomWebArchive:
    return DicomWebArchive(url=url, timeout=TIMEOUT, retries=0, retry_wait=0)


def error_of(request: Callable[[], object]) -> str:
    """Return the message of the error that a request raises, "" for none."""
    try:
        request()
    except PacsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("request_", ["find", "fetch", "store"])
def test_every_request_ends_soon_in_one_sentence_and_little_memory(answer, request_, three_instances):
    instance = dcmread(three_instances / "1.dcm")
    requests = {
        "find": lambda pacs: pacs.find("study", {"PatientID": "x"}),
        "fetch": lambda pacs: pacs.fetch(Identity("1.2", "1.3", "1.4")),
        "store": lambda pacs: pacs.store(instance),
    }
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with hostile_server(answer) as url, connect(archive(url)) as pacs:
        message = error_of(lambda: requests[request_](pacs))
        assert message.endswith((".", "?")) if request_ != "store" else message == "" or message.endswith((".", "?"))
    assert time.monotonic() - start < LONGEST
    for thread in threading.enumerate():
        if thread.name == "archive":
            thread.join(LONGEST)
            assert not thread.is_alive(), "the request goes on although its time is over"
    if sys.platform == "linux":  # kilobytes there
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_MEMORY


def test_the_command_says_in_one_sentence_what_is_wrong(pacs, configure):
    with hostile_server(ANSWERS["endless JSON"]) as url:
        configure(f'[archives.a]\nurl = "{url}"\ntimeout = {TIMEOUT}\nretries = 3\nretry_wait = 0\n')
        result = pacs("find", "--patient-id", "x")
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert "larger than any answer" in result.err


def test_more_matches_than_the_limit_on_many_pages_are_refused(server, pacs, monkeypatch):
    monkeypatch.setattr("CausalCLIPSegLib.pacs.dicomweb.MAX_MATCHES", 500)
    numbers = itertools.count()

    def page(_: object) -> Response:
        matches = [{"0020000D": {"vr": "UI", "Value": [f"1.2.{next(numbers)}"]}} for _ in range(200)]
        return Response(200, "application/dicom+json", json.dumps(matches).encode())

    server.faults = [page] * 1000
    result = pacs("pull", "--patient-id", "x")
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert "narrow the query" in result.err
    assert len(server.requests) == 3


def test_a_compressed_answer_is_read(server, pacs):
    study = b'[{"0020000D":{"vr":"UI","Value":["1.2"]}}]'

    def compressed(handler: Handler) -> None:
        body = gzip.compress(study)
        head = OK + JSON + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        handler.wfile.write(head + body)

    server.faults = [compressed]
    result = pacs("find", "--patient-id", "x", "--level", "study", "--json")
    assert [line["study"] for line in result.lines] == ["1.2"]
    assert server.requests[0][2]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 5 ", 5),
        ("1000000000", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
        ("NaN", None),
        ("1e9", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0),
        ("Fri, 99 Dec 1999 23:59:59 GMT", None),
        ("9" * 5000, None),
    ],
)
def test_an_odd_retry_after_is_ignored(value, seconds, server, pacs):
    assert seconds_to_wait(value) == seconds
    if value.isascii() and seconds != 5:
        server.faults = [lambda handler: handler.wfile.write(busy(value))]
        pacs("find", "--patient-id", "x", "--json")


def busy(retry_after: str) -> bytes:
    return b"HTTP/1.1 503 Busy\r\nRetry-After: " + retry_after.encode() + b"\r\nContent-Length: 0\r\n\r\n"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_answer_gives_matches_or_one_sentence(data):
    status = data.draw(st.sampled_from([200, 204, 206, 400, 401, 404, 500]))
    kinds = ["application/dicom+json", "application/dicom", "multipart/related; boundary=edge", "text/html", ""]
    kind = data.draw(st.sampled_from(kinds) | st.text(st.characters(codec="latin-1", exclude_categories=["C"])))
    attribute = st.fixed_dictionaries(
        {"vr": st.sampled_from(["UI", "PN", "LO", "IS", "SQ", "OB", "??"]) | st.text()},
        optional={"Value": st.lists(st.none() | st.integers() | st.text() | st.dictionaries(st.text(), st.text()))},
    )
    tag = st.sampled_from(["0020000D", "00100010", "00100020", "00080061"]) | st.text()
    document = st.lists(st.dictionaries(tag, attribute | st.integers()), max_size=4)
    body = data.draw(document.map(lambda value: json.dumps(value).encode()) | st.binary())
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode("latin-1")
    with hostile_server(lambda: [head + body]) as url, connect(archive(url)) as pacs:
        for request in (
            lambda: search(pacs, Query(patient_id="*x"), "study"),
            lambda: pacs.fetch(Identity("1.2", "1.3", "1.4")),
        ):
            assert "\n" not in error_of(request)


def test_a_password_for_this_computer_does_not_go_to_a_proxy(server, pacs, monkeypatch):
    monkeypatch.setenv(TOKEN, "s3cret-of-the-ward")
    with running_dicomweb_server() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert pacs("check").status == 0
    assert proxy.requests == []
    assert server.requests[0][2]["Authorization"] == "Bearer s3cret-of-the-ward"


@pytest.mark.parametrize("as_json", [True, False])
def test_control_characters_of_the_archive_are_shown_not_sent(server, pacs, as_json):
    name = "Doe\x1b]8;;http://evil\x1b\\^J\u202ene\x9b2J[red]"
    study = [{"0020000D": {"vr": "UI", "Value": ["1.2"]}, "00100010": {"vr": "PN", "Value": [{"Alphabetic": name}]}}]
    server.faults = [response(200, json.dumps(study).encode(), "application/dicom+json")]
    result = pacs("find", "--patient-id", "x", "--level", "study", *(["--json"] if as_json else []))
    assert result.status == 0
    assert not set(result.out) & set("\x1b\x9b\u202e")
    assert "[red]" in result.out
    if as_json:
        assert result.lines[0]["patient_name"] == name
    else:
        assert "\\x1b]8;;http://evil" in result.out
