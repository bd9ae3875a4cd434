"""The worker answers every line once, however malformed, and continues."""

import io
import json
import sys
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
VALUES = ["hello", "note", "segment", "cancel", "export", "threshold", "file", "array", "/tmp/x", "a"]
ALMOST_A_REQUEST = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES) | JSON)


@pytest.fixture(scope="module")
def serve():
    """Return a function from lines to events, in this process; no libraries are loaded, so no segmentation runs."""
    events = []

    def describe_error(error):
        raise AssertionError("no unexpected error may happen here") from error

    worker = Worker(events.append, Libraries(events.append, describe_error), describe_error)

    def run(lines: bytes):
        events.clear()
        worker.serve(io.BytesIO(lines))
        return list(events)

    return run


class Events:
    """Collects events from all threads of a worker."""

    def __init__(self):
        self.all = []
        self._changed = threading.Condition()

    def send(self, event):
        with self._changed:
            self.all.append(event)
            self._changed.notify_all()

    def wait_for(self, predicate):
        with self._changed:
            assert self._changed.wait_for(predicate, 60)

    def answers_to(self, identifier):
        return [event for event in self.all if event.id == identifier and event.event != "progress"]


@settings(max_examples=150, deadline=None)
@given(line=st.binary(max_size=200).map(lambda data: data.replace(b"\n", b"")))
def test_any_bytes_give_one_error_or_nothing(serve, line):
    events = serve(line + b"\n" + HELLO + b"\n")
    assert isinstance(events[-1], HelloResult)
    assert len(events) == (2 if line.strip() else 1)
    assert all(isinstance(event, ErrorEvent) and event.kind == "request" for event in events[:-1])


@settings(max_examples=150, deadline=None)
@given(value=ALMOST_A_REQUEST | JSON)
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


@pytest.mark.parametrize(
    ("line", "identifier", "expected"),
    [
        (b"hello", None, "JSON"),
        (b"\xff\xfe{", None, "JSON"),
        (b"[]", None, "not understood"),
        (b"[" * 100_000, None, "JSON"),
        (b'{"id": "a"}', "a", "not understood"),
        (b'{"id": "a", "request": "dance"}', "a", "not understood"),
        (b'{"id": 7, "request": "hello"}', None, "string"),
        (b'{"id": "", "request": "hello"}', None, "at least 1"),
        (b'{"id": "a", "request": "note"}', "a", "note.text"),
        (b'{"id": "a", "request": "note", "text": "b", "txet": "c"}', "a", "txet"),
        (b'{"id": "a", "request": "note", "text": "\\ud800"}', "a", "JSON"),
        (
            b'{"id": "a", "request": "segment", "image": {"kind": "file", "path": "b.dcm"}, "note": "c"}',
            "a",
            "absolute",
        ),
        (
            b'{"id": "a", "request": "threshold", "probability": "/b", "threshold": 1.5, "output": "/c"}',
            "a",
            "less than",
        ),
        (b'{"id": "a", "request": "threshold", "probability": "/b", "threshold": NaN, "output": "/c"}', "a", "finite"),
    ],
)
def test_rejects_an_invalid_line_and_answers_the_next(worker, line, identifier, expected):
    worker.write(line + b"\n")
    error = worker.wait_for(event="error")
    assert (error["kind"], error["id"]) == ("request", identifier)
    assert expected in error["message"]
    assert "\n" not in error["message"]
    assert worker.ask("hello")["event"] == "result"


def test_error_about_an_invalid_line_does_not_quote_it(worker):
    worker.write(b'{"id": "a", "request": "note", "text": ["Jane Doe has pneumonia"]}\n')
    assert "Jane" not in worker.wait_for(event="error")["message"]
    assert "Jane" not in worker.log.read_text()


@pytest.mark.parametrize("extra", [-1, 0, 1, 10_000_000])
def test_reads_lines_up_to_the_limit(serve, extra):
    line = HELLO[:-1] + b" " * (MAX_LINE_BYTES + extra - len(HELLO) - 1) + b"}\n"
    assert len(line) == MAX_LINE_BYTES + extra
    first, second = serve(line + HELLO + b"\n")
    assert isinstance(first, HelloResult if extra <= 0 else ErrorEvent)
    assert isinstance(second, HelloResult)


def test_rejects_a_huge_line_and_answers_the_next(worker):
    worker.write(b'{"id": "a", "request": "note", "text": "' + b"x" * (3 * MAX_LINE_BYTES) + b'"}\n')
    error = worker.wait_for(event="error")
    assert (error["kind"], error["id"]) == ("request", None)
    assert str(MAX_LINE_BYTES) in error["message"]
    assert worker.ask("hello")["event"] == "result"


def test_ignores_blank_lines_and_reads_windows_line_ends(worker):
    worker.write(b"\n\r\n   \n" + json.dumps({"id": "w", "request": "hello"}).encode() + b"\r\n")
    assert worker.next()["id"] == "w"


def test_drops_an_incomplete_last_line(serve):
    assert serve(HELLO) == []
    assert len(serve(b"x" * (MAX_LINE_BYTES + 5))) == 1


def test_reads_nothing_after_shutdown(serve):
    events = serve(b'{"id": "s", "request": "shutdown"}\n' + HELLO + b"\n")
    assert [type(event) for event in events] == [ShutdownResult]


def test_answers_notes_if_the_libraries_cannot_be_loaded(monkeypatch, segment_request):
    """Importing the engine fails, as with a damaged installation."""
    events = Events()
    libraries = Libraries(events.send, lambda error: f"({type(error).__name__})")
    monkeypatch.setitem(sys.modules, "CausalCLIPSegLib.model.engines.onnx_engine", None)
    worker = Worker(events.send, libraries, lambda error: "unexpected")
    libraries.start()
    segment = json.dumps({"id": "s", "request": "segment", **segment_request}).encode()
    note = b'{"id": "n", "request": "note", "text": "RLL pneumonia."}'
    worker.serve(io.BytesIO(segment + b"\n" + note + b"\n"))
    events.wait_for(lambda: events.answers_to("s") and events.answers_to(None) and events.answers_to("n"))
    assert events.answers_to("n")[0].understood.sides == ["right"]
    assert events.answers_to(None)[0].kind == events.answers_to("s")[0].kind == "unexpected"
    assert "libraries" in events.answers_to("s")[0].message
    assert libraries.state == "failed"


def test_segmentation_is_canceled_while_the_libraries_load(segment_request):
    """In this test the libraries never finish loading, because loading is not started."""
    events = Events()
    worker = Worker(events.send, Libraries(events.send, str), str)
    worker.serve(io.BytesIO(json.dumps({"id": "s", "request": "segment", **segment_request}).encode() + b"\n"))
    events.wait_for(lambda: any(getattr(event, "phase", "") == "Loading the libraries" for event in events.all))
    worker.serve(io.BytesIO(b'{"id": "c", "request": "cancel", "target": "s"}\n'))
    events.wait_for(lambda: any(isinstance(event, CancelledEvent) for event in events.all))
    assert any(isinstance(event, CancelResult) and event.found for event in events.all)
