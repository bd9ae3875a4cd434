"""DIMSE when things go wrong: an archive of the test's own (pynetdicom) that answers as it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEG2000Lossless
from pynetdicom import AE, AllStoragePresentationContexts, evt
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    Verification,
)

from CausalCLIPSegLib.cli import app  # noqa: F401  (imported before a test captures what is written)
from CausalCLIPSegLib.pacs import connect
from CausalCLIPSegLib.pacs.configuration import DimseArchive

STUDY = str(dcmread(str(get_testdata_file("CT_small.dcm", download=False))).StudyInstanceUID)


class Scp:
    """An archive in memory; `plan` holds what it does with the next instances: a status, or something to call."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.plan: list[int | Callable[[evt.Event], int]] = []
        self.stores = 0
        self.port = 0
        self.found: Callable[[Dataset], Iterator[tuple[int, Dataset | None]]] = self.find

    def store(self, event: evt.Event) -> int:
        self.stores += 1
        planned = self.plan.pop(0) if self.plan else 0
        status = planned(event) if callable(planned) else planned
        if status == 0 or status >> 12 == 0xB:
            self.held[str(event.request.AffectedSOPInstanceUID)] = event.encoded_dataset()
        return status

    def find(self, query: Dataset) -> Iterator[tuple[int, Dataset | None]]:
        told = set()
        for data in self.held.values():
            dataset = dcmread(BytesIO(data), stop_before_pixels=True)
            match = Dataset()
            for element in query:
                if element.keyword in dataset:
                    match[element.tag] = dataset[element.tag]
            key = str(match.get("SOPInstanceUID", match.get("SeriesInstanceUID", "")))
            if key not in told:
                told.add(key)
                yield 0xFF00, match


@pytest.fixture
def scp(configure) -> Iterator[Scp]:
    archive = Scp()
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

    server = entity.start_server(
        ("127.0.0.1", 0),
        block=False,
        evt_handlers=[
            (evt.EVT_C_ECHO, lambda _: 0),
            (evt.EVT_C_STORE, archive.store),
            (evt.EVT_C_FIND, lambda event: archive.found(event.identifier)),
            (evt.EVT_C_GET, on_get),
        ],
    )
    assert server is not None
    archive.port = server.server_address[1]
    configure(
        f'[archives.a]\nhost = "127.0.0.1"\nport = {archive.port}\ncalled_ae_title = "PACS"\n'
        "timeout = 5\nretries = 1\nretry_wait = 0\n"
    )
    yield archive
    server.shutdown()


@pytest.fixture
def three(tmp_path: Path) -> Path:
    folder = tmp_path / "three"
    folder.mkdir()
    for number in (1, 2, 3):
        film = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        film.save_as(folder / f"{number}.dcm")
    return folder


def hangs_up(event: evt.Event) -> int:
    event.assoc.abort()
    return 0xC000


def statuses(done) -> list[str]:
    return [line["status"] for line in done.lines]


def test_refusals_warnings_and_duplicates_are_told_in_words(scp, pacs, three):
    scp.plan = [0xB000, 0xA700, 0x0111]
    done = pacs("push", three, "--json")
    assert done.status == 3
    assert statuses(done) == ["stored", "refused", "already there"]
    assert "changed some of its attributes (warning 0xB000)" in done.lines[0]["reason"]
    assert "out of resources (status 0xA700)" in done.lines[1]["reason"]


def test_a_connection_lost_half_way_is_told_and_the_rest_is_done_by_running_it_again(scp, pacs, three):
    scp.plan = [0, hangs_up]
    done = pacs("push", three, "--json")
    assert done.status == 3
    assert statuses(done) == ["stored", "failed", "stored"]
    assert "Whether it arrived is not known" in done.lines[1]["reason"]
    assert scp.stores == 3  # the one that was lost was not sent again by itself
    again = pacs("push", three, "--json")
    assert again.status == 0
    assert statuses(again) == ["already there", "stored", "already there"]
    assert scp.stores == 4
    assert sorted(scp.held) == ["1.2.3.1", "1.2.3.2", "1.2.3.3"]


def test_an_archive_that_keeps_hanging_up_is_left_alone(scp, pacs, three):
    scp.plan = [hangs_up] * 9
    assert statuses(pacs("push", three, "--json")) == ["failed", "failed", "not tried"]


def test_what_an_archive_would_have_to_decode_is_refused_not_sent_otherwise(scp, pacs, tmp_path):
    film = Path(str(get_testdata_file("RG1_J2KR.dcm", download=False)))
    assert dcmread(film).file_meta.TransferSyntaxUID == JPEG2000Lossless
    done = pacs("push", film, "--json")
    assert statuses(done) == ["refused"]
    assert "JPEG 2000" in done.lines[0]["reason"]
    assert scp.stores == 0


def test_an_instance_that_does_not_come_is_told_and_leaves_nothing(scp, pacs, three, tmp_path):
    assert pacs("push", three / "1.dcm").status == 0
    done = pacs("pull", "--study", STUDY, "--output", tmp_path / "pulled", "--json")
    assert done.status == 3
    assert statuses(done) == ["failed"]
    assert list((tmp_path / "pulled").iterdir()) == []


def test_a_question_that_is_refused_is_told(scp, pacs):
    scp.found = lambda _: iter([(0xA700, None)])
    done = pacs("find", "--patient-id", "x")
    assert done.status == 2
    assert "out of resources" in done.err


def test_a_lost_question_is_asked_again(scp, pacs, three):
    assert pacs("push", three / "1.dcm").status == 0
    asked = []

    def first_fails(query: Dataset) -> Iterator[tuple[int, Dataset | None]]:
        asked.append(query.QueryRetrieveLevel)
        if len(asked) == 1:
            raise_abort()
        return Scp.find(scp, query)

    def raise_abort() -> None:
        for association in server_associations():
            association.abort()

    def server_associations() -> list[Any]:
        import threading

        from pynetdicom import Association

        return [thread for thread in threading.enumerate() if isinstance(thread, Association) and thread.is_acceptor]

    scp.found = first_fails
    done = pacs("find", "--study", STUDY, "--level", "study", "--json")
    assert done.status == 0, done.err
    assert len(done.lines) == 1
    assert asked == ["STUDY", "STUDY"]


def test_nobody_there_and_no_dimse_there_are_one_line(pacs, configure):
    import socket

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        configure(
            f'[archives.a]\nhost = "127.0.0.1"\nport = {port}\ncalled_ae_title = "P"\ntimeout = 1\nretries = 0\n'
        )
        done = pacs("check")
        assert done.status == 2
        assert "refused" in done.err
        unused.listen()
        done = pacs("check")
    assert done.status == 2
    assert done.err.count("\n") == 1


def test_only_what_was_asked_for_is_taken_through_the_port_of_c_move():
    """Whoever sends something else to the open port gets a refusal, and it is not kept."""
    import socket

    from pynetdicom import build_context

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    archive = DimseArchive(
        host="127.0.0.1", called_ae_title="P", retrieve="move", listen_host="127.0.0.1", listen_port=port
    )
    film = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    with connect(archive) as ours:
        ours._listen()  # type: ignore[attr-defined]
        ours._expected = "1.2.3"  # type: ignore[attr-defined]
        sender = AE()
        contexts = [build_context(film.SOPClassUID, film.file_meta.TransferSyntaxUID)]
        association = sender.associate("127.0.0.1", port, contexts, ae_title="CAUSALCLIPSEG")
        assert association.send_c_store(film).Status == 0x0124
        association.release()
        assert ours._arrived == {}  # type: ignore[attr-defined]
        assert not sender.associate("127.0.0.1", port, contexts, ae_title="OTHER").is_established
