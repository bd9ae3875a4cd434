"""Keys, and where a server may be reached."""

from __future__ import annotations

import asyncio
import os
import re

import pytest
from typer.testing import CliRunner

from CausalCLIPSegLib.cli import app
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.serve.gate import Gate
from CausalCLIPSegLib.serve.keys import ENVIRONMENT, FailureLimit, Keys, read_keys
from CausalCLIPSegLib.serve.launch import Place, _open_in_browser, admit
from CausalCLIPSegLib.serve.settings import Limits, Settings, is_loopback

KEY, OTHER = "0123456789abcdefghij", "abcdefghij0123456789"


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "keys"
    path.write_text(f"# radiology\nradiology: {KEY}\n\nward-3 = {OTHER}\n")
    path.chmod(0o600)
    return path


def test_keys_have_names(key_file):
    keys = Keys(read_keys(key_file))
    assert (keys.name_of(KEY), keys.name_of(OTHER)) == ("radiology", "ward-3")
    assert [keys.name_of(wrong) for wrong in ("", KEY[:-1], KEY + "x", KEY.upper(), "\ud800")] == [None] * 5


def test_keys_come_from_the_environment_too(key_file, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, "pacs: " + "p" * 20)
    assert set(read_keys(key_file)) == {"radiology", "ward-3", "pacs"}


@pytest.mark.parametrize(
    "text", ["no key", "a: short", "a b: " + KEY, f"a: {KEY}\na: {OTHER}", ": " + KEY, "ä: " + KEY]
)
def test_a_line_that_cannot_be_used_is_named_but_not_quoted(key_file, text):
    key_file.write_text(text)
    with pytest.raises(CausalCLIPSegError) as error:
        read_keys(key_file)
    assert KEY not in str(error.value)
    assert str(error.value).endswith(".")


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_keys_that_all_users_can_read_are_refused(key_file):
    key_file.chmod(0o644)
    with pytest.raises(CausalCLIPSegError, match="chmod 600"):
        read_keys(key_file)


def test_wrong_keys_have_to_wait_by_address():
    now = 1000.0
    limit = FailureLimit(3, clock=lambda: now)
    for _ in range(3):
        assert limit.wait_of("a") == 0
        limit.count("a")
    assert limit.wait_of("a") == 60
    assert limit.wait_of("b") == 0
    now += 61
    assert limit.wait_of("a") == 0
    limit.count("a")
    assert limit.wait_of("a") == 0


def test_the_memory_of_wrong_keys_is_bounded():
    limit = FailureLimit(1)
    for address in range(20_000):
        limit.count(str(address))
    assert len(limit._counts) == FailureLimit._ADDRESSES


@pytest.mark.parametrize(
    ("place", "refused"),
    [
        ({}, ""),
        ({"host": "localhost"}, ""),
        ({"host": "::1"}, ""),
        ({"host": "127.8.9.1"}, ""),
        ({"host": "0.0.0.0"}, "keys"),
        ({"host": "::"}, "keys"),
        ({"host": "192.168.1.5"}, "keys"),
        ({"host": "hospital.example"}, "keys"),
        ({"host": "0.0.0.0", "certificate": "c.pem"}, "keys"),
        ({"host": "0.0.0.0", "behind_proxy": True}, "keys"),
        ({"behind_proxy": True}, "keys"),
        ({"host": "0.0.0.0", "keys": True}, "TLS"),
        ({"host": "0.0.0.0", "keys": True, "private_key": "k.pem"}, "--certificate"),
        ({"host": "0.0.0.0", "keys": True, "certificate": "c.pem"}, ""),
        ({"host": "0.0.0.0", "keys": True, "behind_proxy": True}, ""),
        ({"keys": True}, ""),
    ],
)
def test_other_computers_need_a_key_and_encryption(place, refused, key_file, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    place = Place(**{**place, "keys": key_file if place.get("keys") else None})
    if refused:
        with pytest.raises(CausalCLIPSegError, match=re.escape(refused)):
            admit(place, lambda keys: Settings(keys=keys))
        return
    settings, token = admit(place, lambda keys: Settings(keys=keys))
    assert (token is None) is bool(place.keys)
    assert settings.keys.name_of(token or KEY) == ("local" if token else "radiology")
    assert settings.any_address is not place.is_local


def _pass(gate, key="", host="localhost", client="1.2.3.4"):
    """Send a request through a gate, and return the status and the headers of the answer."""
    headers = [(b"host", host.encode()), (b"authorization", f"Bearer {key}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/api/v1/server", "headers": headers, "client": (client, 1)}
    answers = []

    async def send(message):
        answers.append(message)

    async def receive():
        return {"type": "http.request"}

    asyncio.run(gate(scope, receive, send))
    return answers[0]["status"], dict(answers[0]["headers"])


async def _answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def test_an_address_with_too_many_wrong_keys_has_to_wait():
    gate = Gate(_answer, Settings(keys=Keys({"a": KEY}), limits_failures=True, limits=Limits(failures=3)))
    assert [_pass(gate, "wrong")[0] for _ in range(4)] == [401, 401, 401, 429]
    status, headers = _pass(gate, KEY)
    assert (status, 0 < int(headers[b"retry-after"]) <= 60) == (429, True)
    assert _pass(gate, KEY, client="5.6.7.8")[0] == 200


def test_the_token_of_this_computer_is_never_locked_out():
    gate = Gate(_answer, Settings(keys=Keys({"local": KEY}), limits=Limits(failures=1)))
    assert [_pass(gate, "wrong")[0] for _ in range(4)] == [401] * 4
    assert _pass(gate, KEY)[0] == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("radiology.example", 200),
        ("RADIOLOGY.example:8443", 200),
        ("192.168.1.5:8443", 200),
        ("[fe80::1]", 200),
        ("other.example", 421),
        ("radiology.example.evil.example", 421),
        ("", 421),
        ("[::1", 421),
        ("a b", 421),
    ],
)
def test_a_server_for_others_has_names(host, status):
    settings = Settings(keys=Keys({"a": KEY}), hosts=frozenset({"radiology.example"}), any_address=True)
    assert _pass(Gate(_answer, settings), KEY, host)[0] == status


def test_the_token_is_no_argument_of_the_browser(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    _open_in_browser("http://127.0.0.1:1/#token=secret", tmp_path)
    assert "secret" not in opened[0]
    assert "#token=secret" in (tmp_path / "open.html").read_text()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", 1),
        ("127.1.2.3", 1),
        ("::1", 1),
        ("[::1]", 1),
        ("LOCALHOST", 1),
        ("0.0.0.0", 0),
        ("", 0),
        ("a.localhost", 0),
    ],
)
def test_only_this_computer_is_local(host, local):
    assert is_loopback(host) is bool(local)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "0.0.0.0"],
        ["--keys", "/no/such/file"],
        ["--allow", "/no/such/folder"],
        ["--certificate", "/no/such/file"],
        ["--host", "999.1.1.1"],
        ["--checkpoint", "unknown"],
        ["--private-key", "x"],
    ],
)
def test_the_command_refuses_with_one_sentence(arguments, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    run = CliRunner().invoke(app, ["serve", *arguments])
    assert isinstance(run.exception, CausalCLIPSegError)
    assert str(run.exception).endswith(".")
