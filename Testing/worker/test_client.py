"""`WorkerClient`: lines in pieces, identifiers, timeouts and states; and a real process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CausalCLIPSegLib.worker import client, protocol
from CausalCLIPSegLib.worker.client import WorkerClient

ROOT = Path(__file__).parents[2]
READY = {"id": None, "event": "ready", "protocol": client.PROTOCOL, "version": "1.2.3", "pid": 1}


class Connection:
    """A client, and methods by which a test plays the part of its process."""

    def __init__(self, **options):
        self.now = 0.0
        self.sent, self.states, self.other_events, self.events = [], [], [], []
        self.client = WorkerClient(
            write=lambda data: self.sent.extend(json.loads(line) for line in data.splitlines()),
            on_state=self.states.append,
            on_event=self.other_events.append,
            clock=lambda: self.now,
            **options,
        )

    def receive(self, **event):
        self.client.feed(json.dumps(event).encode() + b"\n")

    def send(self, request="note", timeout=None, **fields):
        return self.client.send({"request": request, **fields}, self.events.append, timeout)


@pytest.fixture
def connection():
    return Connection()


@pytest.fixture
def ready(connection):
    connection.receive(**READY)
    return connection


def test_protocol_version_equals_that_of_the_worker():
    assert client.PROTOCOL == protocol.PROTOCOL


def test_imports_only_the_standard_library():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules);"
        "import CausalCLIPSegLib.worker.client;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'CausalCLIPSegLib'}))"
    )
    run = subprocess.run([sys.executable, "-I", "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_sends_requests_when_the_process_is_ready(connection):
    identifier = connection.send(text="RLL pneumonia.")
    assert (connection.sent, connection.states) == ([], [])
    connection.receive(**READY)
    assert connection.sent == [{"id": identifier, "request": "note", "text": "RLL pneumonia."}]
    assert connection.states == ["ready"]
    assert connection.client.version == "1.2.3"
    assert connection.other_events == [READY]


def test_passes_events_to_their_request_until_it_ends(ready):
    first, second = ready.send(), ready.send()
    assert first != second
    assert ready.client.pending == (first, second)
    ready.receive(id=second, event="progress", phase="x", fraction=0.5)
    ready.receive(id=second, event="result", answer=2)
    ready.receive(id=second, event="result", answer=3)  # ignored: the request has ended
    ready.receive(id="unknown", event="result")
    assert [event.get("answer") for event in ready.events] == [None, 2]
    assert ready.client.pending == (first,)


@pytest.mark.parametrize("request_name", ["segment", "threshold", "export"])
def test_is_busy_while_a_long_request_is_open(ready, request_name):
    ready.send("note")
    assert ready.client.state == "ready"
    identifier = ready.send(request_name)
    assert ready.client.state == "busy"
    ready.receive(id=identifier, event="cancelled")
    assert ready.states == ["ready", "busy", "ready"]


def test_cancel_is_sent_to_the_worker(ready):
    identifier = ready.send("segment")
    ready.client.cancel(identifier)
    assert ready.sent[-1]["request"] == "cancel"
    assert ready.sent[-1]["target"] == identifier
    assert ready.events == []
    ready.receive(id=identifier, event="cancelled")
    assert [event["event"] for event in ready.events] == ["cancelled"]
    count = len(ready.sent)
    ready.client.cancel(identifier)
    assert len(ready.sent) == count


def test_request_canceled_before_the_start_is_never_sent(connection):
    identifier = connection.send("segment")
    connection.client.cancel(identifier)
    connection.receive(**READY)
    assert connection.sent == []
    assert [event["event"] for event in connection.events] == ["cancelled"]


def test_unanswered_request_ends_in_a_timeout(ready):
    identifier = ready.send("segment", timeout=10)
    ready.now = 9
    ready.client.tick()
    ready.receive(id=identifier, event="progress", phase="x", fraction=0.1)  # restarts the timeout
    ready.now = 18
    ready.client.tick()
    assert [event["event"] for event in ready.events] == ["progress"]
    ready.now = 20
    ready.client.tick()
    assert (ready.events[-1]["event"], ready.events[-1]["kind"]) == ("error", "timeout")
    assert ready.sent[-1]["request"] == "cancel"
    assert ready.client.state == "ready"
    ready.receive(id=identifier, event="result")
    assert len(ready.events) == 2


def test_timeout_begins_when_the_request_is_sent(connection):
    connection.send(timeout=10)
    connection.now = 60
    connection.client.tick()
    connection.receive(**READY)
    connection.client.tick()
    assert connection.events == []


def test_fails_if_the_process_does_not_start():
    connection = Connection(start_timeout=30)
    connection.send()
    connection.now = 31
    connection.client.tick()
    assert connection.client.state == "failed"
    assert "does not start" in connection.client.reason
    assert (connection.events[0]["event"], connection.events[0]["kind"]) == ("error", "ended")


def test_requests_fail_if_the_process_ends_unexpectedly(ready):
    ready.send("segment")
    ready.client.finished("The exit status is 9.")
    assert ready.client.state == "failed"
    assert ready.client.reason.endswith("The exit status is 9.")
    assert ready.events[0]["message"] == ready.client.reason
    with pytest.raises(RuntimeError):
        ready.send()
    ready.client.feed(b'{"id": null, "event": "ready"}\n')
    assert ready.client.state == "failed"


def test_process_ends_without_failure_after_shutdown(ready):
    ready.client.shutdown()
    ready.receive(id=ready.sent[-1]["id"], event="result")
    ready.client.finished()
    assert (ready.client.state, ready.client.reason) == ("ended", "")


def test_rejects_an_older_worker(connection):
    connection.send()
    connection.receive(**{**READY, "protocol": 0})
    assert connection.client.state == "failed"
    assert "older" in connection.client.reason
    assert connection.sent == []


def test_accepts_a_newer_worker_and_its_unknown_events(connection):
    connection.receive(**{**READY, "protocol": client.PROTOCOL + 1, "news": 1})
    identifier = connection.send()
    connection.receive(id=identifier, event="applause")
    connection.receive(id=identifier, event="result")
    assert [event["event"] for event in connection.events] == ["applause", "result"]


@pytest.mark.parametrize("line", [b"Hello", b"\xff\xfe", b"[]", b"3", b'{"event": 3}', b"{}", b""])
def test_ignores_lines_that_are_not_events(ready, line):
    ready.client.feed(line + b"\n")
    assert ready.client.state == "ready"
    ready.receive(id=ready.send(), event="result")
    assert len(ready.events) == 1


def test_fails_on_long_output_without_line_ends(ready, monkeypatch):
    monkeypatch.setattr(client, "MAX_LINE_BYTES", 1000)
    for _ in range(11):
        ready.client.feed(b"x" * 100)
    assert ready.client.state == "failed"


def test_callbacks_may_send_and_raise(ready):
    def fail(event):
        ready.send("hello")
        raise ValueError("a bug in the front end")

    first = ready.client.send({"request": "note"}, fail)
    second = ready.send()
    lines = b"".join(json.dumps({"id": each, "event": "result"}).encode() + b"\n" for each in (first, second))
    with pytest.raises(ValueError, match="front end"):
        ready.client.feed(lines)
    ready.client.feed(b"")  # the second event was not lost
    assert [event["id"] for event in ready.events] == [second]
    assert ready.sent[-1]["request"] == "hello"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pieces_of_any_size_give_the_same_events(data):
    texts = data.draw(st.lists(st.text(max_size=20), max_size=6))
    connection = Connection()
    connection.receive(**READY)
    identifier = connection.send()
    events = [{"id": identifier, "event": "warning", "message": text} for text in texts]
    stream = b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        connection.client.feed(stream[start:stop])
    assert connection.events == events


def test_request_fails_if_the_worker_is_killed_and_a_new_worker_answers(start_worker, segment_request, tmp_path):
    worker = start_worker()
    events, states = [], []
    client = WorkerClient(write=worker.write, on_state=states.append)
    client.send({"request": "segment", **segment_request}, events.append)
    while not events:  # the first phase has begun
        client.feed(json.dumps(worker.next()).encode() + b"\n")
    worker.process.kill()
    client.finished(f"The exit status is {worker.process.wait()}.")
    assert states == ["ready", "busy", "failed"]
    assert (events[-1]["event"], events[-1]["kind"]) == ("error", "ended")
    assert list((tmp_path / "out").glob("*.npy")) == []

    again = start_worker()
    client = WorkerClient(write=again.write)
    answers = []
    client.send({"request": "note", "text": "RLL pneumonia."}, answers.append)
    while not answers:
        client.feed(json.dumps(again.next()).encode() + b"\n")
    assert answers[0]["understood"]["sides"] == ["right"]
    client.shutdown()
    assert again.process.wait(180) == 0
    client.finished()
    assert client.state == "ended"
