"""The asking side: lines in pieces, identifiers, timeouts, states; and a real process at the other end."""

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


class Wire:
    """A client whose process is the test."""

    def __init__(self, **options):
        self.now = 0.0
        self.sent, self.states, self.loose, self.events = [], [], [], []
        self.client = WorkerClient(
            write=lambda data: self.sent.extend(json.loads(line) for line in data.splitlines()),
            on_state=self.states.append,
            on_event=self.loose.append,
            clock=lambda: self.now,
            **options,
        )

    def say(self, **event):
        self.client.feed(json.dumps(event).encode() + b"\n")

    def send(self, request="note", timeout=None, **fields):
        return self.client.send({"request": request, **fields}, self.events.append, timeout)


@pytest.fixture
def wire():
    return Wire()


@pytest.fixture
def ready(wire):
    wire.say(**READY)
    return wire


def test_it_knows_the_same_protocol_as_the_worker():
    assert client.PROTOCOL == protocol.PROTOCOL


def test_it_needs_nothing_but_the_standard_library():
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules);"
        "import CausalCLIPSegLib.worker.client;"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(sorted(new - set(sys.stdlib_module_names) - {'CausalCLIPSegLib'}))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code, str(ROOT)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_requests_wait_until_the_process_is_ready(wire):
    identifier = wire.send(text="RLL pneumonia.")
    assert (wire.sent, wire.states) == ([], [])
    wire.say(**READY)
    assert wire.sent == [{"id": identifier, "request": "note", "text": "RLL pneumonia."}]
    assert wire.states == ["ready"]
    assert wire.client.version == "1.2.3"
    assert wire.loose == [READY]


def test_events_find_their_request_until_it_has_ended(ready):
    first, second = ready.send(), ready.send()
    assert first != second
    assert ready.client.pending == (first, second)
    ready.say(id=second, event="progress", phase="x", fraction=0.5)
    ready.say(id=second, event="result", answer=2)
    ready.say(id=second, event="result", answer=3)  # an event too many
    ready.say(id="unknown", event="result")
    assert [event.get("answer") for event in ready.events] == [None, 2]
    assert ready.client.pending == (first,)


@pytest.mark.parametrize("request_name", ["segment", "threshold", "export"])
def test_it_is_busy_while_a_long_request_is_open(ready, request_name):
    ready.send("note")
    assert ready.client.state == "ready"
    identifier = ready.send(request_name)
    assert ready.client.state == "busy"
    ready.say(id=identifier, event="cancelled")
    assert ready.states == ["ready", "busy", "ready"]


def test_cancel_asks_the_worker(ready):
    identifier = ready.send("segment")
    ready.client.cancel(identifier)
    assert ready.sent[-1]["request"] == "cancel"
    assert ready.sent[-1]["target"] == identifier
    assert ready.events == []
    ready.say(id=identifier, event="cancelled")
    assert [event["event"] for event in ready.events] == ["cancelled"]
    count = len(ready.sent)
    ready.client.cancel(identifier)
    assert len(ready.sent) == count


def test_cancel_before_the_start_never_sends(wire):
    identifier = wire.send("segment")
    wire.client.cancel(identifier)
    wire.say(**READY)
    assert wire.sent == []
    assert [event["event"] for event in wire.events] == ["cancelled"]


def test_a_request_that_is_not_answered_is_given_up(ready):
    identifier = ready.send("segment", timeout=10)
    ready.now = 9
    ready.client.tick()
    ready.say(id=identifier, event="progress", phase="x", fraction=0.1)  # a sign of life counts
    ready.now = 18
    ready.client.tick()
    assert [event["event"] for event in ready.events] == ["progress"]
    ready.now = 20
    ready.client.tick()
    assert (ready.events[-1]["event"], ready.events[-1]["kind"]) == ("error", "timeout")
    assert ready.sent[-1]["request"] == "cancel"
    assert ready.client.state == "ready"
    ready.say(id=identifier, event="result")
    assert len(ready.events) == 2


def test_the_time_of_a_request_begins_when_it_is_sent(wire):
    wire.send(timeout=10)
    wire.now = 60
    wire.client.tick()
    wire.say(**READY)
    wire.client.tick()
    assert wire.events == []


def test_a_process_that_does_not_start_is_told():
    wire = Wire(start_timeout=30)
    wire.send()
    wire.now = 31
    wire.client.tick()
    assert wire.client.state == "failed"
    assert "does not start" in wire.client.reason
    assert (wire.events[0]["event"], wire.events[0]["kind"]) == ("error", "ended")


def test_a_process_that_ends_by_itself_fails_its_requests(ready):
    ready.send("segment")
    ready.client.finished("The exit status is 9.")
    assert ready.client.state == "failed"
    assert ready.client.reason.endswith("The exit status is 9.")
    assert ready.events[0]["message"] == ready.client.reason
    with pytest.raises(RuntimeError):
        ready.send()
    ready.client.feed(b'{"id": null, "event": "ready"}\n')
    assert ready.client.state == "failed"


def test_a_process_that_was_asked_to_end_has_ended(ready):
    ready.client.shutdown()
    ready.say(id=ready.sent[-1]["id"], event="result")
    ready.client.finished()
    assert (ready.client.state, ready.client.reason) == ("ended", "")


def test_an_older_worker_is_not_used(wire):
    wire.send()
    wire.say(**{**READY, "protocol": 0})
    assert wire.client.state == "failed"
    assert "older" in wire.client.reason
    assert wire.sent == []


def test_a_newer_worker_and_its_unknown_events_are_fine(wire):
    wire.say(**{**READY, "protocol": client.PROTOCOL + 1, "news": 1})
    identifier = wire.send()
    wire.say(id=identifier, event="applause")
    wire.say(id=identifier, event="result")
    assert [event["event"] for event in wire.events] == ["applause", "result"]


@pytest.mark.parametrize("line", [b"Hello", b"\xff\xfe", b"[]", b"3", b'{"event": 3}', b"{}", b""])
def test_lines_that_are_no_events_are_passed_over(ready, line):
    ready.client.feed(line + b"\n")
    assert ready.client.state == "ready"
    ready.say(id=ready.send(), event="result")
    assert len(ready.events) == 1


def test_output_without_an_end_is_no_protocol(ready, monkeypatch):
    monkeypatch.setattr(client, "MAX_LINE_BYTES", 1000)
    for _ in range(11):
        ready.client.feed(b"x" * 100)
    assert ready.client.state == "failed"


def test_a_callback_may_send_and_may_fail(ready):
    def fail(event):
        ready.send("hello")
        raise ValueError("a mistake of the front end")

    first = ready.client.send({"request": "note"}, fail)
    second = ready.send()
    lines = b"".join(json.dumps({"id": each, "event": "result"}).encode() + b"\n" for each in (first, second))
    with pytest.raises(ValueError, match="front end"):
        ready.client.feed(lines)
    ready.client.feed(b"")  # nothing is lost
    assert [event["id"] for event in ready.events] == [second]
    assert ready.sent[-1]["request"] == "hello"


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_pieces_of_any_size_make_the_same_events(data):
    texts = data.draw(st.lists(st.text(max_size=20), max_size=6))
    wire = Wire()
    wire.say(**READY)
    identifier = wire.send()
    events = [{"id": identifier, "event": "warning", "message": text} for text in texts]
    stream = b"".join(json.dumps(event, ensure_ascii=False).encode() + b"\n" for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        wire.client.feed(stream[start:stop])
    assert wire.events == events


def test_a_worker_that_is_killed_in_the_middle_of_a_run_fails_it(start_worker, request_of, tmp_path):
    worker = start_worker()
    events, states = [], []
    client = WorkerClient(write=worker.write, on_state=states.append)
    client.send({"request": "segment", **request_of}, events.append)
    while not events:  # the first phase has begun
        client.feed(json.dumps(worker.next()).encode() + b"\n")
    worker.process.kill()
    client.finished(f"The exit status is {worker.process.wait()}.")
    assert states == ["ready", "busy", "failed"]
    assert (events[-1]["event"], events[-1]["kind"]) == ("error", "ended")
    assert list((tmp_path / "out").glob("*.npy")) == []

    again = start_worker()  # and a new one takes the place
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
