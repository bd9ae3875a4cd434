"""DICOMweb when things go wrong: a server of the test's own that does, request by request, as it is told."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file

from CausalCLIPSegLib.cli import app  # noqa: F401  (imported before a test captures what is written)
from CausalCLIPSegLib.pacs.configuration import CONFIGURATION, PASSWORD, TOKEN, USERNAME

FILM = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
SECRET = "s3cret-of-the-ward"
QUICK = "timeout = 5\nretries = 2\nretry_wait = 0\n"

Answer = tuple[int, str, bytes]


class Server:
    """A DICOMweb archive in memory; `plan` holds answers that go before what it would say by itself."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.plan: list[Callable[[Handler], Answer | None]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.url = ""

    def answer(self, handler: Handler, body: bytes) -> Answer | None:
        self.requests.append((handler.command, handler.path, dict(handler.headers)))
        if self.plan:
            planned = self.plan.pop(0)(handler)
            if planned is None or planned[0]:
                return planned
        if handler.command == "POST":
            start = body.index(b"\r\n\r\n") + 4
            data = body[start : body.rindex(b"\r\n--")]
            uid = str(read(data).SOPInstanceUID)
            self.held[uid] = data
            return stow(stored=[uid])
        last = handler.path.partition("?")[0].rsplit("/", 1)[1]
        if last in self.held:
            return part(self.held[last])
        return 200, "application/dicom+json", json.dumps([self.describe(data) for data in self.held.values()]).encode()

    @staticmethod
    def describe(data: bytes) -> dict:
        dataset = read(data)
        names = ("PatientID", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "Modality")
        told = Dataset()
        for name in names:
            setattr(told, name, dataset[name].value)
        return told.to_json_dict()


def read(data: bytes) -> Dataset:
    from io import BytesIO

    return dcmread(BytesIO(data))


def part(data: bytes, end: bytes = b"\r\n--edge--") -> Answer:
    head = b"--edge\r\nContent-Type: application/dicom\r\n\r\n"
    return 200, 'multipart/related; type="application/dicom"; boundary=edge', head + data + end


def stow(stored: list[str] = (), failed: dict[str, int] = {}, warned: dict[str, int] = {}) -> Answer:  # noqa: B006
    answer = Dataset()
    answer.ReferencedSOPSequence = []
    for uid in (*stored, *warned):
        item = Dataset()
        item.ReferencedSOPInstanceUID = uid
        if uid in warned:
            item.WarningReason = warned[uid]
        answer.ReferencedSOPSequence.append(item)
    answer.FailedSOPSequence = []
    for uid, reason in failed.items():
        item = Dataset()
        item.ReferencedSOPInstanceUID, item.FailureReason = uid, reason
        answer.FailedSOPSequence.append(item)
    return (
        409 if failed else 202 if warned else 200,
        "application/dicom+json; charset=utf-8",
        answer.to_json().encode(),
    )


class Handler(BaseHTTPRequestHandler):
    """Hands every request to the `Server`."""

    protocol_version = "HTTP/1.1"
    site: Server

    def do_GET(self) -> None:
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.site.answer(self, body)
        if answer is None:  # the plan has seen to it
            self.close_connection = True
            return
        status, kind, content = answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if 300 <= status < 400:
            self.send_header("Location", self.site.url + "/elsewhere")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[Server]:
    site = Server()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"site": site}))
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield site
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def server(configure) -> Iterator[Server]:
    with serving() as site:
        configure(f'[archives.a]\nurl = "{site.url}"\n{QUICK}')
        yield site


def says(status: int, content: bytes = b"", kind: str = "text/plain") -> Callable[[Handler], Answer]:
    return lambda _: (status, kind, content)


def cuts(handler: Handler) -> None:
    """Promise much, send little, and hang up."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: 1000\r\n\r\nDICM")


class Stall:
    """Sends what it is given, and then nothing until `end` is set."""

    def __init__(self, sends: bytes = b"") -> None:
        self.sends = sends
        self.reached, self.end = Event(), Event()

    def __call__(self, handler: Handler) -> None:
        handler.wfile.write(self.sends)
        self.reached.set()
        self.end.wait(60)


def by_itself(_: Handler) -> Answer:
    return 0, "", b""


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with three instances."""
    folder = tmp_path / "three"
    folder.mkdir()
    for number in (1, 2, 3):
        film = dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
        film.SOPInstanceUID = film.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        film.save_as(folder / f"{number}.dcm")
    return folder


def statuses(done) -> list[str]:
    return [line["status"] for line in done.lines]


# -- who we are -------------------------------------------------------------------------------------------------------


def test_a_token_is_sent_as_bearer_and_a_password_as_basic(server, pacs, monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    assert pacs("check").status == 0
    monkeypatch.delenv(TOKEN)
    monkeypatch.setenv(USERNAME, "jürgen")
    monkeypatch.setenv(PASSWORD, SECRET)
    assert pacs("check").status == 0
    import base64

    bearer, basic = (headers["Authorization"] for _, _, headers in server.requests)
    assert bearer == f"Bearer {SECRET}"
    assert base64.b64decode(basic.removeprefix("Basic ")).decode("utf-8") == f"jürgen:{SECRET}"


def test_nothing_of_a_netrc_is_sent(server, pacs, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login someone password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert pacs("check").status == 0
    assert "Authorization" not in server.requests[0][2]


def test_another_address_is_not_followed(server, pacs, monkeypatch, three):
    monkeypatch.setenv(TOKEN, SECRET)
    server.plan = [says(302)]
    done = pacs("find", "--patient-id", "x")
    assert done.status == 2
    assert "another address" in done.err
    server.plan = [by_itself, says(301)]
    assert statuses(pacs("push", three, "--json")) == ["failed", "not tried", "not tried"]
    assert not any("elsewhere" in path for _, path, _ in server.requests)


def test_the_proxy_of_the_environment_is_used(pacs, configure, monkeypatch):
    configure(f'[archives.a]\nurl = "http://archive.invalid/dicom-web"\n{QUICK}')
    with serving() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert pacs("check").status == 0
    assert proxy.requests[0][1].startswith("http://archive.invalid/dicom-web/studies")


# -- asking again -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [says(503), says(429), cuts], ids=["busy", "too many", "cut"])
def test_a_question_is_asked_again(fault, server, pacs):
    server.plan = [fault, fault]
    assert pacs("find", "--patient-id", "x", "--json").status == 0
    assert len(server.requests) == 3


def test_but_not_for_ever(server, pacs):
    server.plan = [says(503)] * 9
    done = pacs("find", "--patient-id", "x")
    assert done.status == 2
    assert "503" in done.err
    assert len(server.requests) == 3


@pytest.mark.parametrize(("status", "words"), [(401, "credentials"), (403, "credentials"), (400, "refuses")])
def test_a_plain_no_is_taken_as_one(status, words, server, pacs):
    server.plan = [says(status)]
    done = pacs("find", "--patient-id", "x")
    assert done.status == 2
    assert words in done.err
    assert len(server.requests) == 1


def test_silence_is_told_after_the_time_that_was_set(server, pacs, configure):
    configure(f'[archives.a]\nurl = "{server.url}"\ntimeout = 0.3\nretries = 1\nretry_wait = 0\n')
    stall = Stall()
    server.plan = [stall] * 2
    done = pacs("check")
    stall.end.set()
    assert done.status == 2
    assert "did not answer within 0.3 seconds" in done.err
    assert len(server.requests) == 2


def test_nobody_there_is_one_line(pacs, configure):
    with serving() as site:
        pass
    configure(f'[archives.a]\nurl = "{site.url}"\n{QUICK}')
    done = pacs("find", "--patient-id", "x")
    assert done.status == 2
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"[1]", b'[{"00100020": 3}]', b'"x"', b"\xff"],
    ids=["html", "number", "tag", "text", "bytes"],
)
def test_an_answer_that_is_no_dicomweb_is_one_line(content, server, pacs):
    server.plan = [says(200, content, "application/dicom+json")]
    done = pacs("find", "--patient-id", "x")
    assert done.status == 2
    assert "not what DICOMweb prescribes" in done.err


# -- storing ----------------------------------------------------------------------------------------------------------


def test_a_store_that_fails_half_way_is_told_by_instance_and_the_rest_is_done_by_running_it_again(server, pacs, three):
    server.plan = [by_itself, by_itself, by_itself, says(503)]  # look, store, look, store
    done = pacs("push", three, "--json")
    assert done.status == 3
    assert statuses(done) == ["stored", "failed", "stored"]
    assert "503" in done.lines[1]["reason"]
    posts = [path for method, path, _ in server.requests if method == "POST"]
    assert len(posts) == 3  # a store is not tried again by itself
    server.requests.clear()
    again = pacs("push", three, "--json")
    assert again.status == 0
    assert statuses(again) == ["already there", "stored", "already there"]
    assert len([method for method, _, _ in server.requests if method == "POST"]) == 1
    assert len(server.held) == 3


def test_refusals_and_warnings_are_told_in_words(server, pacs, three):
    server.plan = [
        *(by_itself, lambda _: stow(warned={"1.2.3.1": 0xB000})),
        *(by_itself, lambda _: stow(failed={"1.2.3.2": 0x0122})),
        *(by_itself, lambda _: stow(failed={"1.2.3.3": 0x0111})),
    ]
    done = pacs("push", three, "--json")
    assert done.status == 3
    assert statuses(done) == ["stored", "refused", "already there"]
    assert "0xB000" in done.lines[0]["reason"]
    assert "does not take its class" in done.lines[1]["reason"]
    server.plan = [by_itself, says(413)]
    done = pacs("push", three / "1.dcm", "--json")
    assert statuses(done) == ["refused"]
    assert "413" in done.lines[0]["reason"]


def test_a_success_that_does_not_name_the_instance_is_looked_up(server, pacs, three):
    server.plan = [by_itself, says(200)]
    done = pacs("push", three / "1.dcm", "--json")
    assert statuses(done) == ["failed"]
    assert "does not say that it has it" in done.lines[0]["reason"]


def test_an_archive_that_is_gone_is_not_asked_for_each_file(server, pacs, three):
    server.plan = [says(503)] * 99
    assert statuses(pacs("push", three, "--json")) == ["failed", "failed", "not tried"]


def test_files_that_are_none_are_told_and_the_others_go(server, pacs, three, tmp_path):
    whole = (three / "1.dcm").read_bytes()
    (three / "2.dcm").write_bytes(whole[:-2000])
    (tmp_path / "text.txt").write_text("no DICOM")
    done = pacs("push", three, tmp_path / "text.txt", "--json")
    assert done.status == 3
    assert statuses(done) == ["stored", "failed", "stored", "failed"]
    assert pacs("push", tmp_path / "missing.dcm").status == 2
    (tmp_path / "empty").mkdir()
    assert "no DICOM file" in pacs("push", tmp_path / "empty").err


# -- fetching ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: part(data[:-2000]),
        lambda data: part(data, end=b""),
        lambda data: part(data.replace(b"1.2.3.1", b"1.2.3.9")),
        lambda data: (200, "application/dicom", b""),
        lambda data: (200, "text/html", b"<html>"),
        lambda data: (404, "text/plain", b""),
    ],
    ids=["short pixels", "no end", "another instance", "empty", "html", "gone"],
)
def test_what_does_not_come_whole_is_not_kept(spoil, server, pacs, three, tmp_path):
    assert pacs("push", three / "1.dcm").status == 0
    spoiled = spoil(server.held["1.2.3.1"])

    def fault(handler: Handler) -> Answer:
        return spoiled if handler.path.partition("?")[0].endswith("1.2.3.1") else by_itself(handler)

    server.plan = [fault] * 20
    folder = tmp_path / "pulled"
    done = pacs("pull", "--study", str(FILM.StudyInstanceUID), "--output", folder, "--json")
    assert statuses(done) == ["failed"], done.err
    assert done.status == 3
    assert list(folder.iterdir()) == []
    server.plan = []
    assert statuses(pacs("pull", "--study", str(FILM.StudyInstanceUID), "--output", folder, "--json")) == ["fetched"]
    assert (folder / "CT.1.2.3.1.dcm").read_bytes() == server.held["1.2.3.1"]


def test_an_archive_that_ignores_the_question_does_not_decide_what_is_fetched(server, pacs, three):
    """This server sends all that it holds, whatever it is asked: another patient's images are not taken for these."""
    assert pacs("push", three).status == 0
    found = pacs("find", "--patient-id", "someone else", "--level", "instance", "--json")
    assert found.status == 0
    assert found.lines == []
    arguments = ("--patient-id", str(FILM.PatientID), "--instance", "1.2.3.2", "--level", "instance", "--json")
    assert [line["instance"] for line in pacs("find", *arguments).lines] == ["1.2.3.2"]


def test_stopping_leaves_whole_files_and_nothing_else(server, pacs, three, tmp_path, configure):
    assert pacs("push", three).status == 0
    path = configure(f'[archives.a]\nurl = "{server.url}"\n{QUICK}')
    data = server.held["1.2.3.2"]
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: {len(data)}\r\n\r\n"
    stall = Stall(head.encode() + data[:5000])

    def second_stalls(handler: Handler) -> Answer | None:
        return stall(handler) if handler.path.partition("?")[0].endswith("1.2.3.2") else by_itself(handler)

    server.plan = [second_stalls] * 20
    folder = tmp_path / "pulled"
    command = [sys.executable, "-m", "CausalCLIPSegLib.cli", "pacs", "pull", "--study", str(FILM.StudyInstanceUID)]
    environment = {**os.environ, CONFIGURATION: str(path), "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [*command, "--output", folder],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        # Tests that a shell runs in the background are started with the signal ignored, and would pass that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert stall.reached.wait(60)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    stall.end.set()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "1 fetched" in said
    assert [file.name for file in folder.iterdir()] == ["CT.1.2.3.1.dcm"]
    assert (folder / "CT.1.2.3.1.dcm").read_bytes() == server.held["1.2.3.1"]


# -- what is logged ---------------------------------------------------------------------------------------------------


def test_neither_secrets_nor_patients_reach_the_log(server, pacs, three, caplog, monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    caplog.set_level(logging.DEBUG)
    said = [
        pacs("push", three),
        pacs("find", "--patient-id", str(FILM.PatientID), "--json"),
        pacs("find", "--patient-name", "Vertraulich^Vera"),
    ]
    for fault in (says(401), says(400), says(200, b"<html>"), cuts):
        server.plan = [fault] * 9
        said.append(pacs("find", "--patient-name", "Vertraulich^Vera"))
    log = caplog.text + "".join(done.err for done in said)
    assert SECRET not in log
    assert "Vertraulich" not in log
    assert str(FILM.PatientID) not in log
    assert server.url not in caplog.text


def test_help_loads_nothing_heavy():
    code = "import sys, CausalCLIPSegLib.cli; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for name in ("pynetdicom", "dicomweb_client", "requests", "pydicom", "torch"):
        assert f"'{name}'" not in loaded
