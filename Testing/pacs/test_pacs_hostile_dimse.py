"""A broken or hostile DIMSE archive: every request ends soon, in bounded memory, with one sentence."""

from __future__ import annotations

import itertools
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)
from raw_server import raw_server

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs import connect
from CausalCLIPSegLib.pacs.archive import Identity
from CausalCLIPSegLib.pacs.configuration import DimseArchive
from CausalCLIPSegLib.pacs.folder import is_complete

TIMEOUT = 0.5
LONGEST = 60
"""Seconds after which a test decides that a request hangs."""
MAX_MEMORY = 900_000
"""Kilobytes."""
PENDING = 0xFF00

FIND = {"find": lambda pacs: pacs.find("study", {"PatientID": "x"})}
REQUESTS = {
    **FIND,
    "fetch": lambda pacs: pacs.fetch(Identity("1.2", "1.3", "1.4", "1.2.840.10008.5.1.4.1.1.7")),
    "check": lambda pacs: pacs.check(),
}


def match(number: int) -> Dataset:
    dataset = Dataset()
    dataset.StudyInstanceUID = f"1.2.{number}"
    return dataset


def endless_matches(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
    for number in itertools.count():
        yield PENDING, match(number)


def slow_matches(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
    for number in itertools.count():
        time.sleep(0.2)
        yield PENDING, match(number)


def endless_unit(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
    """Send the head of a unit of four gigabytes, and then its bytes."""
    with suppress(OSError):
        event.assoc.dul.socket.socket.sendall(b"\x04\0\xff\xff\xff\xff")
        while True:
            event.assoc.dul.socket.socket.sendall(bytes(1 << 16))
    yield 0, Dataset()


def trickling_unit(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
    with suppress(OSError):
        event.assoc.dul.socket.socket.sendall(b"\x04\0\0\0\xff\xff")
        while True:
            time.sleep(0.1)
            event.assoc.dul.socket.socket.sendall(b"\0")
    yield 0, Dataset()


def endless_message(event: evt.Event) -> Iterator[tuple[int, Dataset]]:
    """Send fragments of a data set that never ends, each in a unit of its own."""
    fragment = struct.pack(">IBB", 16002, event.context.context_id, 0) + bytes(16000)
    with suppress(OSError):
        while True:
            event.assoc.dul.socket.socket.sendall(b"\x04\0" + struct.pack(">I", len(fragment)) + fragment)
    yield 0, Dataset()


HANDLERS = {
    each.__name__: each for each in (endless_matches, slow_matches, endless_unit, trickling_unit, endless_message)
}


@contextmanager
def archive_with(handler: Callable) -> Iterator[DimseArchive]:
    entity = AE(ae_title="ARCHIVE")
    for context in (
        StudyRootQueryRetrieveInformationModelFind,
        StudyRootQueryRetrieveInformationModelGet,
        Verification,
    ):
        entity.add_supported_context(context)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, handler)])
    yield settings(server.server_address[1])
    server.shutdown()


def settings(port: int) -> DimseArchive:
    return DimseArchive(host="127.0.0.1", port=port, called_ae_title="ARCHIVE", timeout=TIMEOUT, retries=0)


def slowly(piece: bytes) -> Iterator[bytes]:
    while True:
        time.sleep(0.1)
        yield piece


RAW: dict[str, Callable[[], Iterable[bytes]]] = {
    "nothing": lambda: [],
    "HTTP": lambda: [b"HTTP/1.1 400 Bad Request\r\n\r\n"],
    "trickling": lambda: slowly(b"\x02"),
    "acceptance that trickles": lambda: itertools.chain([b"\x02\0\0\0\xff\xff"], slowly(b"\0")),
    "acceptance of four gigabytes": lambda: itertools.chain(
        [b"\x02\0\xff\xff\xff\xff"], itertools.repeat(bytes(65536))
    ),
    "unknown units": lambda: itertools.repeat(b"\x99\0\0\0\0\0" * 1000),
    "aborts": lambda: itertools.repeat(b"\x07\0\0\0\0\4\0\0\0\0"),
}


def check_request(archive: DimseArchive, request: Callable) -> None:
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(PacsError) as caught, connect(archive) as pacs:
        request(pacs)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - start < LONGEST
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_MEMORY


@pytest.mark.parametrize("handler", HANDLERS.values(), ids=HANDLERS)
def test_a_query_ends_soon_in_one_sentence_and_little_memory(handler):
    with archive_with(handler) as archive:
        check_request(archive, REQUESTS["find"])


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
@pytest.mark.parametrize("answer", RAW.values(), ids=RAW)
def test_a_server_that_is_no_archive_gives_one_sentence(answer, request_):
    with raw_server(answer) as port:
        check_request(settings(port), request_)


def test_a_deflated_file_that_unpacks_to_more_than_any_file_is_not_complete():
    dataset = dcmread(get_testdata_file("CT_small.dcm", download=False))
    identity = Identity(dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    head = Path(str(get_testdata_file("image_dfl.dcm", download=False))).read_bytes()
    start = 144 + struct.unpack("<I", head[140:144])[0]
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    body = b"".join(deflater.compress(bytes(1 << 20)) for _ in range(400)) + deflater.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert not is_complete(head[:start] + body, identity)
    if sys.platform == "linux":
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MAX_MEMORY
