"""DICOMweb requests: credentials, redirects, proxies, retries, malformed answers."""

import base64

import pytest
from dicomweb_server import Truncated, correct, response, running_dicomweb_server

from CausalCLIPSegLib.cli import app  # noqa: F401  (its consoles must exist before a test captures output)
from CausalCLIPSegLib.pacs.configuration import PASSWORD, TOKEN, USERNAME

SECRET = "s3cret-of-the-ward"
PROMISES_1000_BYTES = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom\r\nContent-Length: 1000\r\n\r\nDICM"


def test_sends_a_token_as_bearer_authentication(server, pacs, monkeypatch):
    monkeypatch.setenv(TOKEN, SECRET)
    assert pacs("check").status == 0
    assert server.requests[0][2]["Authorization"] == f"Bearer {SECRET}"


def test_sends_a_password_as_basic_authentication_in_utf_8(server, pacs, monkeypatch):
    monkeypatch.setenv(USERNAME, "jürgen")
    monkeypatch.setenv(PASSWORD, SECRET)
    assert pacs("check").status == 0
    encoded = server.requests[0][2]["Authorization"].removeprefix("Basic ")
    assert base64.b64decode(encoded).decode("utf-8") == f"jürgen:{SECRET}"


def test_ignores_netrc(server, pacs, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login someone password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert pacs("check").status == 0
    assert "Authorization" not in server.requests[0][2]


def test_does_not_follow_redirects(server, pacs, monkeypatch, three_instances):
    monkeypatch.setenv(TOKEN, SECRET)
    server.faults = [response(302)]
    result = pacs("find", "--patient-id", "x")
    assert result.status == 2
    assert "another address" in result.err
    server.faults = [correct, response(301)]
    assert pacs("push", three_instances, "--json").statuses == ["failed", "not tried", "not tried"]
    assert not any("elsewhere" in path for _, path, _ in server.requests)


def test_uses_the_proxy_of_the_environment(pacs, configure, monkeypatch):
    configure('[archives.a]\nurl = "http://archive.invalid/dicom-web"\ntimeout = 5\nretries = 0\n')
    with running_dicomweb_server() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        assert pacs("check").status == 0
    assert proxy.requests[0][1].startswith("http://archive.invalid/dicom-web/studies")


@pytest.mark.parametrize(
    "fault",
    [response(503), response(429), Truncated(PROMISES_1000_BYTES, stalls=False)],
    ids=["unavailable", "too many requests", "connection closed"],
)
def test_retries_a_failed_query(fault, server, pacs):
    server.faults = [fault, fault]
    assert pacs("find", "--patient-id", "x", "--json").status == 0
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("status", "requests", "message"),
    [(503, 3, "503"), (401, 1, "credentials"), (403, 1, "credentials"), (400, 1, "refuses")],
)
def test_reports_an_http_error_in_one_line_and_retries_only_temporary_errors(status, requests, message, server, pacs):
    server.faults = [response(status)] * 9
    result = pacs("find", "--patient-id", "x")
    assert result.status == 2
    assert message in result.err
    assert result.err.count("\n") == 1
    assert len(server.requests) == requests


def test_reports_a_timeout(server, pacs, configure):
    configure(f'[archives.a]\nurl = "{server.url}"\ntimeout = 0.3\nretries = 1\nretry_wait = 0\n')
    stall = Truncated(stalls=True)
    server.faults = [stall] * 2
    result = pacs("check")
    stall.resume.set()
    assert result.status == 2
    assert "did not answer within 0.3 seconds" in result.err
    assert len(server.requests) == 2


def test_reports_a_closed_port_in_one_line(pacs, configure):
    with running_dicomweb_server() as stopped:
        pass
    configure(f'[archives.a]\nurl = "{stopped.url}"\ntimeout = 5\nretries = 2\nretry_wait = 0\n')
    result = pacs("find", "--patient-id", "x")
    assert result.status == 2
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[1]", b'[{"00100020": 3}]', b'"x"', b"\xff"],
    ids=["html", "number", "tag", "text", "bytes"],
)
def test_reports_an_answer_that_is_not_dicomweb(body, server, pacs):
    server.faults = [response(200, body, "application/dicom+json")]
    result = pacs("find", "--patient-id", "x")
    assert result.status == 2
    assert "not what DICOMweb prescribes" in result.err
