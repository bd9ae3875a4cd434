"""Clients that want another's files, too much memory or time, or to use the server from the page of another site."""

from __future__ import annotations

import gzip
import io
import os
import socket
import zipfile

import numpy as np
import pytest
from running_server import OTHER_TOKEN, TOKEN

from CausalCLIPSegLib.serve.connections import Connection

TRAVERSALS = [
    *("../../etc/passwd", "/etc/passwd", "..\\..\\secret", "study/../../secret", "%2e%2e/secret", "a\0b", "", "."),
    *("/proc/self/environ", "file:///etc/passwd", "~root/.ssh/id_rsa", "link", "folder", "pipe", "x" * 4096),
]


@pytest.mark.parametrize("path", TRAVERSALS)
def test_a_path_leads_nowhere_but_to_files_below_an_allowed_folder(server, allowed, tmp_path, path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    for name, make in (("link", lambda p: p.symlink_to(secret)), ("folder", os.mkdir), ("pipe", os.mkfifo)):
        if not os.path.lexists(allowed / name):
            make(allowed / name)
    session = server.open_session()
    answer = server.ask("POST", f"{session}/radiograph", json={"path": path})
    assert answer.error in {"file.unknown", "request.invalid"}
    assert b"secret" not in answer.content
    (allowed / "link").unlink()


@pytest.mark.parametrize("name", ["../../x.png", "/etc/cron.d/x", "..\\x.png", "\r\nX: y", "a" * 5000, ".", ""])
def test_the_name_of_an_upload_is_never_a_path(server, image, name):
    session = server.open_session()
    root = server.server.root.folder
    ours = {session.rpartition("/")[2], "work"}
    before = {path for path in root.rglob("*") if not ours & set(path.parts)}
    answer = server.ask("POST", f"{session}/radiograph", files={"file": (name, image)})
    after = {path for path in root.rglob("*") if not ours & set(path.parts)}
    assert before == after
    if answer.status == 201:
        assert not set(answer.json["name"]) & set("/\\\r\n")
        assert len(answer.json["name"]) <= 100
    else:
        assert answer.error == "request.invalid"


def test_only_the_server_can_read_what_is_uploaded(server, opened):
    folder = server.server.root.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / opened.rpartition("/")[2]).stat().st_mode & 0o777 == 0o700


def test_pages_of_this_server_do_not_lead_out_of_their_folder(server):
    for path in (
        "/static/../gate.py",
        "/static/%2e%2e/gate.py",
        "/static/..%2fgate.py",
        "//etc/passwd",
        "/static//etc",
    ):
        with socket.create_connection(tuple(_host_and_port(server))) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            head = connection.makefile("rb").readline()
        assert b"404" in head, path


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_a_session_is_invisible_to_another_key(server, opened, method):
    run = server.start_run(opened)
    paths = [opened, f"{opened}/radiograph", f"{opened}/radiograph/pixels", run, f"{run}/events", f"{run}/cancel"]
    paths += [
        f"{run}/masks/infection_right",
        f"{run}/maps/probability",
        f"{run}/export/segmentation.dcm",
        f"{run}/pacs",
    ]
    for path in paths:
        theirs = server.ask(method, path, OTHER_TOKEN, json={"note": "x", "archive": "x"})
        missing = server.ask(
            method, path.replace("sessions/", "sessions/no"), OTHER_TOKEN, json={"note": "x", "archive": "x"}
        )
        assert theirs.status in {404, 405}, path
        assert theirs.content == missing.content, "the answer does not say whether the session exists"
    assert server.wait(run)["state"] == "done"


@pytest.mark.parametrize("token", [None, "", "x", TOKEN[:-1], TOKEN + " ", "é" * 30])
@pytest.mark.parametrize("path", ["server", "sessions", "no/such/path", "sessions/x/radiograph"])
def test_nothing_of_the_api_is_answered_without_a_key(server, token, path):
    headers = {} if token is None else {"Authorization": f"Bearer {token}".encode("latin-1")}
    answer = server.ask("GET", path, None, headers=headers)
    if token == TOKEN + " ":
        assert answer.status != 401  # HTTP trims spaces
    else:
        assert answer.error in {"auth.missing", "auth.wrong"}
        assert "infection" not in str(answer.json)


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"Host": "evil.example"}, "host.refused"),
        ({"Host": "evil.example:80"}, "host.refused"),
        ({"Host": "127.0.0.1.evil.example"}, "host.refused"),
        ({"Host": "localhost@evil.example"}, "host.refused"),
        ({"Host": "evil.example#localhost"}, "host.refused"),
        ({"Host": "192.168.1.5"}, "host.refused"),
        ({"Host": ""}, "host.refused"),
        ({"Origin": "https://evil.example"}, "origin.refused"),
        ({"Origin": "null"}, "origin.refused"),
        ({"Origin": "http://localhost"}, "origin.refused"),
        ({"Origin": "http://127.0.0.1:1"}, "origin.refused"),
        ({"Sec-Fetch-Site": "cross-site"}, "origin.refused"),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"}, "origin.refused"),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, ""),
        ({"Sec-Fetch-Site": "same-origin"}, ""),
        ({"Host": "LOCALHOST"}, ""),
        ({"Host": "localhost.:99"}, ""),
        ({"Host": "[::1]"}, ""),
    ],
)
def test_pages_of_other_sites_cannot_use_the_server(server, headers, error):
    for path in ("server", "/", "/healthz", "/openapi.json"):
        answer = server.ask("GET", path, headers=headers)
        assert answer.error == error, path
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert (
        server.ask("OPTIONS", "sessions", None, headers={"Origin": "https://evil.example"}).error == "origin.refused"
    )


def test_every_answer_forbids_third_parties_and_frames(server):
    for path in ("/", "server", "/docs", "/no", "/static/no", "/openapi.json"):
        headers = server.ask("GET", path).headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith(
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:;"
        )
        assert "connect-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")
        assert "Set-Cookie" not in headers
        assert "Server" not in headers
    assert server.ask("GET", "server").headers["Cache-Control"] == "no-store"


def _zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(50_000_000))
    return file.getvalue()


def _header_lie() -> bytes:
    """A PNG of some bytes whose header says that it has 20,000 x 20,000 pixels."""
    import struct
    import zlib

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def _nifti_bomb() -> bytes:
    import nibabel

    return gzip.compress(nibabel.Nifti1Image(np.zeros((4000, 4000, 1), np.uint8), np.eye(4)).to_bytes())


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (_zip_bomb, "radiograph."),
        (_header_lie, "radiograph."),
        (_nifti_bomb, "radiograph."),
        (lambda: b"", "r"),
        (lambda: b"<script>alert(1)</script>", "radiograph."),
        (lambda: b"#!/bin/sh\ntouch /tmp/x", "radiograph."),
        (lambda: os.urandom(2000), "radiograph."),
        (lambda: bytes(2 << 20), "request.too_large"),
    ],
    ids=["zip bomb", "header lie", "gzip bomb", "nothing", "script", "program", "noise", "too large"],
)
def test_a_file_that_is_no_radiograph_ends_in_one_sentence(server, make, error):
    session = server.open_session()
    answer = server.ask("POST", f"{session}/radiograph", files={"file": make()})
    assert answer.status in {413, 422}
    assert answer.error.startswith(error)
    assert answer.json["error"]["message"].endswith(".")
    assert "\n" not in answer.json["error"]["message"]
    assert server.ask("GET", f"{session}/radiograph/pixels").error == "radiograph.missing"
    assert not list((server.server.root.folder / session.rpartition("/")[2]).iterdir()), "nothing is kept"


@pytest.mark.parametrize(
    ("headers", "body", "error"),
    [
        ({"Content-Type": "text/plain"}, b"x", "request.type"),
        ({}, b"x", "request.type"),
        ({"Content-Type": "image/png"}, b"x", "request.type"),
        ({"Content-Type": "multipart/form-data"}, b"x", "request.invalid"),
        ({"Content-Type": "multipart/form-data; boundary=a"}, b"x", "request.invalid"),
        ({"Content-Type": "multipart/form-data; boundary=a"}, b"--a\r\n\r\n", "request.invalid"),
        (
            {"Content-Type": "multipart/form-data; boundary=a"},
            b'--a\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf of a file',
            "request.invalid",
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=a"},
            b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\n' + bytes(1000) + b"\r\n--a--",
            "request.invalid",
        ),
        (
            {"Content-Type": "multipart/form-data; boundary=a"},
            b'--a\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n' * 20 + b"--a--",
            "request.invalid",
        ),
        ({"Content-Type": "multipart/form-data; boundary=a"}, b"--a\r\nX: " + bytes(9000), "request.invalid"),
        ({"Content-Type": "application/json"}, b"{", "request.invalid"),
        ({"Content-Type": "application/json"}, b"[" * 100_000, "request.invalid"),
        ({"Content-Type": "application/json"}, b'{"path": "a", "sample": true}', "request.invalid"),
        ({"Content-Type": "application/json"}, b'{"path": 1}', "request.invalid"),
        ({"Content-Type": "application/json"}, b'{"unknown": 1, "sample": true}', "request.invalid"),
        ({"Content-Type": "application/json"}, b"\xff\xfe", "request.invalid"),
        ({"Content-Type": "application/json"}, b'{"path": "\\ud800"}', "request.invalid"),
    ],
)
def test_a_request_of_the_wrong_form_ends_in_one_sentence(server, headers, body, error):
    session = server.open_session()
    answer = server.ask("POST", f"{session}/radiograph", headers=headers, data=body)
    assert (answer.error, answer.status in {415, 422}) == (error, True)


@pytest.mark.parametrize("note", ["", " \n", "\ud800", "\U0010ffff" * 20_000, "x" * 20_001, "a\0b", "\u202e" * 100])
def test_any_note_is_answered_at_once(server, opened, note):
    answer = server.ask("POST", "notes", json={"note": note})
    assert answer.status in {200, 422}
    run = server.ask("POST", f"{opened}/runs", json={"note": note})
    if run.status == 202:
        document = server.wait(f"{opened}/runs/{run.json['run']}")
        assert (document["state"], document["error"]["id"]) in {("failed", "user"), ("failed", "request.invalid")}
    else:
        assert run.status == 422


def test_errors_do_not_quote_the_request(server):
    for note in ({"note": 7, "name": "Jane Doe"}, {"note": ["Jane Doe"]}, {"Jane Doe": 1}):
        answer = server.ask("POST", "notes", json=note)
        assert (answer.status, b"Jane" in answer.content and "Jane Doe" not in note) == (422, False)


@pytest.mark.parametrize(
    ("data", "headers", "error"),
    [
        (b"", {}, "mask.size"),
        (bytes(48 * 40 - 1), {}, "mask.size"),
        (bytes(48 * 40 + 1), {}, "mask.size"),
        (b"\2" * (48 * 40), {}, "mask.values"),
        (bytes(200_000), {}, "request.too_large"),
        (gzip.compress(bytes(50_000_000)), {"Content-Encoding": "gzip"}, "mask.size"),
        (b"no gzip", {"Content-Encoding": "gzip"}, "request.invalid"),
        (bytes(48 * 40), {"Content-Encoding": "br"}, "request.type"),
        (bytes(48 * 40), {"Content-Type": "application/json"}, "request.type"),
    ],
    ids=range(9),
)
def test_a_mask_that_does_not_fit_changes_nothing(server, done, data, headers, error):
    before = server.ask("GET", done).json
    headers = {"Content-Type": "application/octet-stream"} | headers
    answer = server.ask("PUT", f"{done}/masks/infection_right", data=data, headers=headers)
    assert answer.error == error
    assert server.ask("GET", done).json == before


@pytest.mark.parametrize("name", ["../../lock", "result.json.bak", "%2e%2e", "segmentation", "image"])
def test_only_the_named_files_maps_and_segments_exist(server, done, name):
    for folder in ("export", "maps", "masks"):
        assert server.ask("GET", f"{done}/{folder}/{name}").status == 404


def _host_and_port(server):
    host, _, port = server.address.removeprefix("http://").partition(":")
    return host, int(port)


def _raw(server, *parts: bytes) -> bytes:
    """Send a request in pieces, each when the server has read the one before, and return what it answers."""
    with socket.create_connection(tuple(_host_and_port(server)), timeout=60) as connection:
        for part in parts:
            connection.sendall(part)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return answer


def test_a_body_that_never_ends_is_given_up(server):
    session = server.open_session()
    head = f"POST /api/v1/{session}/radiograph HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += "Content-Type: multipart/form-data; boundary=a\r\nContent-Length: 1000\r\n\r\n"
    answer = _raw(server, head.encode(), b"--a\r\n")
    assert b"408" in answer.split(b"\r\n")[0]
    assert b"request.too_slow" in answer


@pytest.mark.parametrize("is_second", [False, True], ids=["first request", "second request"])
def test_headers_that_never_end_are_given_up(server, monkeypatch, is_second):
    monkeypatch.setattr(Connection, "header_seconds", 0.2)
    with socket.create_connection(tuple(_host_and_port(server)), timeout=20) as connection:
        if is_second:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answer = b""
            while b'"ok"' not in answer:
                answer += connection.recv(65536)
        connection.sendall(b"GET / HT")
        assert connection.recv(65536) == b"", "the server has closed the connection"


def test_a_client_that_goes_during_an_upload_leaves_nothing(server, image, caplog):
    session = server.open_session()
    folder = server.server.root.folder / session.rpartition("/")[2]
    head = f"POST /api/v1/{session}/radiograph HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    head += "Content-Type: multipart/form-data; boundary=a\r\nContent-Length: 1000\r\n\r\n--a\r\n"
    with socket.create_connection(tuple(_host_and_port(server))) as connection:
        connection.sendall(head.encode())
        server.wait_until(lambda: list(folder.iterdir()))
    server.wait_until(lambda: not list(folder.iterdir()))
    assert server.ask("POST", f"{session}/radiograph", files={"file": image}).status == 201
    assert "unexpected" not in caplog.text


def test_a_length_that_is_too_large_is_refused_before_anything_is_read(server):
    for path, length in (("sessions", 1 << 40), ("notes", 1 << 21), ("sessions/x/radiograph", 1 << 30)):
        head = f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        answer = _raw(server, f"{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n".encode())
        assert b"413" in answer.split(b"\r\n")[0]


def test_a_chunked_body_that_is_too_large_is_stopped(server):
    def endless():
        yield b'{"note": "'
        for _ in range(50):
            yield b"x" * 10_000

    answer = server.ask("POST", "notes", data=endless(), headers={"Content-Type": "application/json"})
    assert answer.error == "request.too_large"


@pytest.mark.parametrize("archive", ["https://evil.example/", "dicom://127.0.0.1:104/X", "unknown", ".."])
def test_an_archive_is_named_by_the_configuration_only(server, done, archive, monkeypatch, tmp_path):
    monkeypatch.setenv("CAUSALCLIPSEG_PACS_CONFIG", str(tmp_path / "none.toml"))
    from urllib.parse import quote

    path = f"pacs/{quote(archive, safe='')}/images"
    assert server.ask("POST", path, json={"patient": "1"}).status == 404
    image = {"archive": archive, "study": "1.2", "series": "1.3", "instance": "1.4"}
    assert server.ask("POST", f"{server.open_session()}/radiograph", json={"pacs": image}).error == "pacs.unknown"
