"""DIMSE with an in-memory archive, built with pynetdicom, that fails when a test tells it to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from orthanc import free_port
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless
from pynetdicom import AE, AllStoragePresentationContexts, Association, build_context, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from CausalCLIPSegLib.cli import app  # noqa: F401  (its consoles must exist before a test captures output)
from CausalCLIPSegLib.pacs.configuration import DimseArchive
from CausalCLIPSegLib.pacs.receiver import Receiver

CT = Path(str(get_testdata_file("CT_small.dcm", download=False)))
STUDY = str(dcmread(CT, stop_before_pixels=True).StudyInstanceUID)
NOT_AUTHORIZED = 0x0124
Matches = Iterator[tuple[int, Dataset | None]]


class DimseServer:
    """An archive in memory; it does not send what C-GET asks for.

    Attributes:
        instances: UID to file.
        faults: for each of the next stores, the status, or a function that returns it.
        on_find: answers queries.
        number_of_stores: how many instances were received.
    """

    def __init__(self) -> None:
        self.instances: dict[str, bytes] = {}
        self.faults: list[int | Callable[[evt.Event], int]] = []
        self.on_find: Callable[[Dataset], Matches] = self.find
        self.number_of_stores = 0

    def store(self, event: evt.Event) -> int:
        self.number_of_stores += 1
        fault = self.faults.pop(0) if self.faults else 0
        status = fault(event) if callable(fault) else fault
        if status == 0 or status >> 12 == 0xB:
            self.instances[str(event.request.AffectedSOPInstanceUID)] = event.encoded_dataset()
        return status

    def find(self, query: Dataset) -> Matches:
        """Return all instances for any query; at series level one match per series, at study level one match."""
        seen = set()
        for data in self.instances.values():
            dataset = dcmread(BytesIO(data), stop_before_pixels=True)
            match = Dataset()
            for element in query:
                if element.keyword in dataset:
                    match[element.tag] = dataset[element.tag]
            uid = str(match.get("SOPInstanceUID", match.get("SeriesInstanceUID", "")))
            if uid not in seen:
                seen.add(uid)
                yield 0xFF00, match


@pytest.fixture
def server(configure) -> Iterator[DimseServer]:
    archive = DimseServer()
    entity = AE(ae_title="PACS")
    entity.supported_contexts = [
        context for context in AllStoragePresentationContexts if context.abstract_syntax is not None
    ][:120]
    for context in entity.supported_contexts:
        context.transfer_syntax = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
    entity.add_supported_context(Verification)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelGet)

    def on_get(event: evt.Event) -> Iterator[Any]:
        yield 1
        yield 0xFE00, None

    scp = entity.start_server(
        ("127.0.0.1", 0),
        block=False,
        evt_handlers=[
            (evt.EVT_C_ECHO, lambda _: 0),
            (evt.EVT_C_STORE, archive.store),
            (evt.EVT_C_FIND, lambda event: archive.on_find(event.identifier)),
            (evt.EVT_C_GET, on_get),
        ],
    )
    assert scp is not None
    configure(
        f'[archives.a]\nhost = "127.0.0.1"\nport = {scp.server_address[1]}\ncalled_ae_title = "PACS"\n'
        "timeout = 5\nretries = 1\nretry_wait = 0\n"
    )
    yield archive
    scp.shutdown()


def abort(event: evt.Event) -> int:
    event.assoc.abort()
    return 0xC000


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (0xB000, "stored", "changed some of its attributes (warning 0xB000)"),
        (0xA700, "refused", "out of resources (status 0xA700)"),
        (0x0111, "already there", ""),
    ],
    ids=["warning", "failure", "duplicate"],
)
def test_push_explains_the_status_of_the_archive(answer, status, reason, server, pacs, three_instances):
    server.faults = [answer]
    result = pacs("push", three_instances / "1.dcm", "--json")
    assert result.status == (3 if status == "refused" else 0)
    assert result.statuses == [status]
    assert reason in result.lines[0].get("reason", "")


def test_push_continues_after_a_lost_connection_and_completes_when_repeated(server, pacs, three_instances):
    server.faults = [0, abort]
    result = pacs("push", three_instances, "--json")
    assert result.status == 3
    assert result.statuses == ["stored", "failed", "stored"]
    assert "may or may not have arrived" in result.lines[1]["reason"]
    assert server.number_of_stores == 3, "a store is not retried"
    again = pacs("push", three_instances, "--json")
    assert again.status == 0
    assert again.statuses == ["already there", "stored", "already there"]
    assert server.number_of_stores == 4
    assert sorted(server.instances) == ["1.2.3.1", "1.2.3.2", "1.2.3.3"]


def test_push_gives_up_after_two_lost_connections(server, pacs, three_instances):
    server.faults = [abort] * 9
    assert pacs("push", three_instances, "--json").statuses == ["failed", "failed", "not tried"]


def test_push_does_not_convert_a_transfer_syntax_that_the_archive_does_not_accept(server, pacs):
    image = Path(str(get_testdata_file("RG1_J2KR.dcm", download=False)))
    assert dcmread(image).file_meta.TransferSyntaxUID == JPEG2000Lossless
    result = pacs("push", image, "--json")
    assert result.statuses == ["refused"]
    assert "JPEG 2000" in result.lines[0]["reason"]
    assert server.number_of_stores == 0


def test_pull_reports_an_instance_that_is_not_sent(server, pacs, three_instances, tmp_path):
    assert pacs("push", three_instances / "1.dcm").status == 0
    result = pacs("pull", "--study", STUDY, "--output", tmp_path / "pulled", "--json")
    assert result.status == 3
    assert result.statuses == ["failed"]
    assert list((tmp_path / "pulled").iterdir()) == []


def test_find_explains_a_refused_query(server, pacs):
    server.on_find = lambda _: iter([(0xA700, None)])
    result = pacs("find", "--patient-id", "x")
    assert result.status == 2
    assert "out of resources" in result.err


def test_find_repeats_a_query_after_a_lost_connection(server, pacs, three_instances):
    assert pacs("push", three_instances / "1.dcm").status == 0
    levels = []

    def abort_the_first(query: Dataset) -> Matches:
        levels.append(query.QueryRetrieveLevel)
        if len(levels) == 1:
            for thread in threading.enumerate():
                if isinstance(thread, Association) and thread.is_acceptor:
                    thread.abort()
        return server.find(query)

    server.on_find = abort_the_first
    result = pacs("find", "--study", STUDY, "--level", "study", "--json")
    assert result.status == 0, result.err
    assert len(result.lines) == 1
    assert levels == ["STUDY", "STUDY"]


def test_check_reports_a_closed_port_and_a_port_without_dimse_in_one_line(pacs, configure):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        configure(
            f'[archives.a]\nhost = "127.0.0.1"\nport = {port}\ncalled_ae_title = "P"\ntimeout = 1\nretries = 0\n'
        )
        closed = pacs("check")
        listener.listen()
        without_dimse = pacs("check")
    assert closed.status == without_dimse.status == 2
    assert "refused" in closed.err
    assert without_dimse.err.count("\n") == 1


def test_receiver_refuses_instances_and_senders_that_were_not_requested():
    archive = DimseArchive(
        host="127.0.0.1", called_ae_title="P", retrieve="move", listen_host="127.0.0.1", listen_port=free_port()
    )
    image = dcmread(CT)
    contexts = [build_context(image.SOPClassUID, image.file_meta.TransferSyntaxUID)]
    address = (archive.listen_host, archive.listen_port, contexts)
    receiver = Receiver()
    receiver.listen(archive)
    try:
        association = AE().associate(*address, ae_title=archive.calling_ae_title)
        with receiver.expecting("1.2.3"):
            assert association.send_c_store(image).Status == NOT_AUTHORIZED
        assert receiver.take() is None
        with receiver.expecting(image.SOPInstanceUID):
            assert association.send_c_store(image).Status == 0
        assert receiver.take() is not None
        assert association.send_c_store(image).Status == NOT_AUTHORIZED
        association.release()
        assert not AE().associate(*address, ae_title="OTHER").is_established
    finally:
        receiver.close()
