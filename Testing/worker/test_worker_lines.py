"""Whatever comes in on the line, the worker answers each line once and goes on."""

import io
import json
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.worker.libraries import Libraries
from CausalCLIPSegLib.worker.protocol import (
    MAX_LINE_BYTES,
    CancelledEvent,
    CancelResult,
    ErrorEvent,
    HelloResult,
    ShutdownResult,
)
from CausalCLIPSegLib.worker.server import Worker

HELLO = b'{"id": "last", "request": "hello"}'
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
NAMES = ["id", "request", "text", "note", "image", "kind", "path", "output", "threshold", "target", "side"]
WORDS = ["hello", "note", "segment", "cancel", "export", "threshold", "file", "array", "/tmp/x", "a"]
ALMOST = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(WORDS) | JSON)


@pytest.fixture(scope="module")
def serve():
    """Lines in, events out, by the real worker; its libraries are never loaded, so no segmentation runs."""
    events = []

    def told(error):
        raise AssertionError("nothing unexpected may happen here") from error

    worker = Worker(events.append, Libraries(events.append, told), told)

    def run(lines: bytes):
        events.clear()
        worker.serve(io.BytesIO(lines))
        return list(events)

    return run


@settings(max_examples=150, deadline=None)
@given(line=st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"")))
def test_any_bytes_give_one_error_or_nothing(serve, line):
    events = serve(line + b"\n" + HELLO + b"\n")
    assert isinstance(events[-1], HelloResult)
    assert len(events) == (2 if line.strip() else 1)
    assert all(isinstance(event, ErrorEvent) and event.kind == "request" for event in events[:-1])


@settings(max_examples=150, deadline=None)
@given(value=ALMOST | JSON)
def test_any_json_gives_one_answer_in_one_line(serve, value):
    line = json.dumps(value).encode()
    (answer, hello) = serve(line + b"\n" + HELLO + b"\n")
    assert isinstance(hello, HelloResult)
    assert b"\n" not in answer.model_dump_json().encode()
    identifier = value.get("id") if isinstance(value, dict) else None
    if isinstance(identifier, str) and 0 < len(identifier) <= 100:
        assert answer.id == identifier
    else:
        assert answer.id is None


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_any_note_is_answered(serve, text):
    line = json.dumps({"id": "n", "request": "note", "text": text}).encode()
    (answer,) = serve(line + b"\n")
    assert answer.id == "n"
    assert answer.event == "result" or answer.kind == "user"
    answer.model_dump_json().encode()


@pytest.mark.parametrize("extra", [-1, 0, 1, 10_000_000])
def test_the_longest_line_is_read_and_a_longer_one_is_not(serve, extra):
    line = HELLO[:-1] + b" " * (MAX_LINE_BYTES + extra - len(HELLO) - 1) + b"}\n"
    assert len(line) == MAX_LINE_BYTES + extra
    first, second = serve(line + HELLO + b"\n")
    assert isinstance(first, HelloResult if extra <= 0 else ErrorEvent)
    assert isinstance(second, HelloResult)


def test_a_line_that_the_end_cuts_off_is_none(serve):
    assert serve(HELLO) == []
    assert len(serve(b"x" * (MAX_LINE_BYTES + 5))) == 1


def test_nothing_is_read_behind_shutdown(serve):
    events = serve(b'{"id": "s", "request": "shutdown"}\n' + HELLO + b"\n")
    assert [type(event) for event in events] == [ShutdownResult]


def test_libraries_that_do_not_load_are_told_and_notes_are_read_all_the_same(monkeypatch, request_of):
    """As on a machine where torch is damaged."""
    events, ended = [], threading.Condition()

    def send(event):
        with ended:
            events.append(event)
            ended.notify_all()

    libraries = Libraries(send, lambda error: f"({type(error).__name__})")
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    worker = Worker(send, libraries, lambda error: "unexpected")
    libraries.start()
    segment = json.dumps({"id": "s", "request": "segment", **request_of}).encode()
    note = b'{"id": "n", "request": "note", "text": "RLL pneumonia."}'
    worker.serve(io.BytesIO(segment + b"\n" + note + b"\n"))

    def about(identifier):
        return [event for event in events if event.id == identifier and event.event != "progress"]

    with ended:
        assert ended.wait_for(lambda: about("s") and about(None) and about("n"), 60)
    assert about("n")[0].understood.sides == ["right"]
    assert about(None)[0].kind == about("s")[0].kind == "unexpected"
    assert "libraries" in about("s")[0].message
    assert libraries.state == "failed"


def test_a_segmentation_is_cancelled_while_the_libraries_load(serve, request_of):
    """They never load here."""
    events, ended = [], threading.Condition()

    def send(event):
        with ended:
            events.append(event)
            ended.notify_all()

    worker = Worker(send, Libraries(send, str), str)
    worker.serve(io.BytesIO(json.dumps({"id": "s", "request": "segment", **request_of}).encode() + b"\n"))
    with ended:
        assert ended.wait_for(lambda: any(getattr(e, "phase", "") == "Loading the libraries" for e in events), 60)
    worker.serve(io.BytesIO(b'{"id": "c", "request": "cancel", "target": "s"}\n'))
    with ended:
        assert ended.wait_for(lambda: any(isinstance(event, CancelledEvent) for event in events), 60)
    assert any(isinstance(event, CancelResult) and event.found for event in events)
