"""The client for other programs: the same results, and a sentence for everything that can go wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import requests
import trustme
from running_server import OTHER_TOKEN, TOKEN, running_server

from CausalCLIPSegLib.client import Client, ServerError
from CausalCLIPSegLib.client.connection import translated
from CausalCLIPSegLib.errors import OutputError
from CausalCLIPSegLib.segmentation.dicom_reader import read_dicom_seg
from CausalCLIPSegLib.serve.launch import Place


@contextmanager
def _answering(status, body, content_type="application/json", **headers):
    """Run a server that gives the same answer to every request; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            for name, value in {"Content-Type": content_type, "Content-Length": len(body), **headers}.items():
                self.send_header(name.replace("_", "-"), str(value))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _error(status, identifier, **headers):
    document = {"error": {"id": identifier, "arguments": {}, "message": "A sentence."}}
    return _answering(status, json.dumps(document).encode(), **headers)


def _described(**fields):
    return _answering(200, json.dumps({"name": "CausalCLIPSeg", "protocol": 1, "version": "9", **fields}).encode())


def test_the_whole_way(server, dx_image, tmp_path):
    (tmp_path / "Jane Doe.dcm").write_bytes(dx_image)
    events = []
    with Client(f"{server.address}/#token={TOKEN}") as client:
        assert client.check()["limits"]["pixels"] == 100_000
        assert client.understand("RLL pneumonia.")["sides"] == ["right"]
        with client.open_session() as session:
            opened = session.open_file(tmp_path / "Jane Doe.dcm")
            assert opened["name"] == "radiograph", "the name of the file is not sent"
            assert len(session.pixels()) == 2 * opened["rows"] * opened["columns"]
            run = session.run("Consolidation in the right lower zone.", threshold=0.01)
            document = run.wait(lambda name, data: events.append(name))
            assert set(events) == {"queued", "progress"}
            right = document["segments"][0]["id"]
            assert len(run.map("probability")) == len(run.mask(right)) == 48 * 40
            run.put_mask(right, bytes([0, 1] * (24 * 40)), threshold=0.4)
            assert run.mask(right) == bytes([0, 1] * (24 * 40))
            run.leave_out(document["segments"][1]["id"])
            drawn = run.add_segment("Nodule", (1, 2, 3), side="left")
            run.put_mask(drawn, bytes([1]) * (48 * 40))
            run.export("segmentation.dcm", tmp_path / "seg.dcm")
            labels = [each.label for each in read_dicom_seg(tmp_path / "seg.dcm").segments]
            assert labels == ["Consolidation, right lung", "Nodule"]
            with pytest.raises(OutputError, match="exists already"):
                run.export("result.json", tmp_path / "seg.dcm")
            with pytest.raises(ServerError) as unknown:
                run.store("no such archive")
            assert (unknown.value.kind, unknown.value.identifier) == ("refused", "pacs.unknown")
        with pytest.raises(ServerError) as ended:
            run.describe()
        assert ended.value.kind == "ended"
    assert client.name == server.address.removeprefix("http://")


def test_a_run_that_fails_or_is_canceled_ends_in_an_error(server, opened, control):
    with Client(server.address, TOKEN) as client, client.open_session() as session:
        with pytest.raises(ServerError, match="Open a radiograph first"):
            session.run("RLL pneumonia.")
        session._path = f"/{opened}"
        with pytest.raises(ServerError) as failed:
            session.run("No finding.").wait()
        assert str(failed.value).endswith(".")
        (control / "wait").touch()
        run = session.run("RLL pneumonia.")
        run.cancel()
        (control / "wait").unlink()
        with pytest.raises(ServerError) as canceled:
            run.wait()
        assert canceled.value.identifier == "run.cancelled"
        session._path = "/sessions/none"


def test_every_problem_of_a_server_has_its_own_sentence(server):
    problems = {
        "key": _error(401, "auth.wrong"),
        "busy": _error(429, "queue.full", Retry_After=7),
        "version": _described(protocol=2),
        "not_our_server": _answering(200, b"<html>", "text/html"),
    }
    sentences = {}
    for kind, answering in problems.items():
        with answering as address, pytest.raises(ServerError) as problem:
            Client(address, "k").check()
        assert problem.value.kind == kind
        sentences[kind] = str(problem.value)
        if kind == "busy":
            assert problem.value.retry_after == 7
    with pytest.raises(ServerError) as problem:
        Client("http://127.0.0.1:9", "k").check()
    sentences["unreachable"] = str(problem.value)
    with pytest.raises(ServerError) as problem:
        Client(server.address, OTHER_TOKEN + "x").check()
    assert problem.value.kind == "key"
    sentences["key"] = str(problem.value)
    assert len(set(sentences.values())) == len(sentences) == 5


@pytest.mark.parametrize(
    ("answering", "kind"),
    [
        (_answering(404, b"", "text/plain"), "not_our_server"),
        (_answering(302, b"", Location="https://evil.example/"), "not_our_server"),
        (_answering(200, b"[1]"), "not_our_server"),
        (_answering(200, b"{"), "not_our_server"),
        (_answering(200, b'{"name": "other"}'), "not_our_server"),
        (_answering(502, b"", "text/html"), "unreachable"),
        (_error(404, "not_found"), "version"),
        (_error(503, "worker.starting", Retry_After="soon"), "busy"),
        (_answering(500, b'{"error": 7}'), "not_our_server"),
        (_answering(200, b"{}", Content_Encoding="gzip"), "not_our_server"),
    ],
    ids=range(10),
)
def test_an_unexpected_answer_is_a_sentence(answering, kind):
    with answering as address, pytest.raises(ServerError) as problem:
        Client(address, "k").check()
    assert problem.value.kind == kind


@pytest.mark.parametrize(
    "address", ["", "x", "ftp://a", "http://", "https://u:p@a", "https://a?b", "http://a:b", "http://[::1"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_sent(address):
    with pytest.raises(ServerError) as problem:
        Client(address, "k")
    assert problem.value.kind == "address"


def test_a_key_is_never_sent_without_encryption():
    with pytest.raises(ServerError, match="https://"):
        Client("http://hospital.example", "k")


def test_a_netrc_file_does_not_replace_the_key(server, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Client(server.address, TOKEN) as client:
        assert client.check()["name"] == "CausalCLIPSeg"


def test_tls_with_a_certificate_that_is_trusted_or_not(tiny_checkpoint_to_read, tmp_path, monkeypatch):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = Place(certificate=tmp_path / "server.pem")
    with running_server(place, str(tmp_path / "ca.pem"), checkpoint=str(tiny_checkpoint_to_read)) as server:
        assert Client(server.address, TOKEN, authority=tmp_path / "ca.pem").check()["name"] == "CausalCLIPSeg"
        for options in ({}, {"authority": tmp_path / "missing.pem"}):
            with pytest.raises(ServerError) as problem:
                Client(server.address, TOKEN, **options).check()
            assert problem.value.kind == "certificate"
        with pytest.raises(ServerError) as problem:
            Client(server.address.replace("https", "http"), TOKEN).check()
        assert problem.value.kind in {"unreachable", "not_our_server"}
    assert not list(tmp_path.glob("causalclipseg-serve-*"))


def test_the_events_go_on_after_a_cut(server, opened, monkeypatch):
    with Client(server.address, TOKEN) as client, client.open_session() as session:
        session._path = f"/{opened}"
        run = session.run("RLL pneumonia.")
        whole, cuts = run._events, ExitStack()

        def cut_after_two():
            with cuts, translated():
                for number, event in enumerate(whole()):
                    if number == 2 and not cut:
                        cut.append(True)
                        raise requests.exceptions.ChunkedEncodingError
                    yield event

        cut: list[bool] = []
        monkeypatch.setattr(run, "_events", cut_after_two)
        events = list(run.events())
        assert events == list(whole())
        assert cut
        session._path = "/sessions/none"


def test_the_client_needs_no_numpy_and_no_server():
    code = "import sys, CausalCLIPSegLib.client; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "fastapi", "pydicom", "pydantic", "typer"} & set(run.stdout.split())
