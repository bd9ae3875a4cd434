"""Workers that are slow, end, or have too much to do."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path

import pytest

from CausalCLIPSegLib.serve import children
from CausalCLIPSegLib.serve.workers import Workers


@pytest.fixture
def waiting(server, control, opened):
    """The path of a run that waits in the network until the file `wait` is removed."""
    (control / "wait").touch()
    run = server.start_run(opened)
    server.wait_until(lambda: server.server.workers.busy)
    yield run
    (control / "wait").unlink(missing_ok=True)
    server.ask("POST", f"{run}/cancel")
    server.wait_until(lambda: not server.server.workers.busy and not server.server.workers.waiting)


def _last_event(server, run):
    return server.ask("GET", f"{run}/events").content.decode().strip().split("\n\n")[-1].split("\n")[0]


def test_a_run_is_canceled_while_it_waits_and_while_it_runs(server, opened, waiting):
    queued = server.start_run(opened)
    assert server.ask("GET", queued).json["position"] == 1
    for run in (queued, waiting):
        assert server.ask("POST", f"{run}/cancel").status == 202
        assert _last_event(server, run) == "event: cancelled"
        assert server.ask("GET", run).json["state"] == "cancelled"
        assert server.ask("GET", f"{run}/maps/probability").error == "run.not_done"


def test_the_queue_is_bounded_and_says_when_to_try_again(server, opened, opened_png, waiting):
    runs = [server.start_run(opened_png) for _ in range(3)]
    assert [server.ask("GET", run).json["position"] for run in runs] == [1, 2, 3]
    refused = server.ask("POST", f"{opened}/runs", json={"note": "RLL pneumonia."})
    assert (refused.status, refused.error) == (429, "queue.full")
    assert int(refused.headers["Retry-After"]) > 0
    server.ask("POST", f"{runs[0]}/cancel")
    assert [server.ask("GET", run).json["position"] for run in runs[1:]] == [1, 2]
    for run in runs:
        server.ask("POST", f"{run}/cancel")


def test_one_session_cannot_fill_the_queue(server, opened, waiting, monkeypatch):
    limits = server.server.settings.limits
    monkeypatch.setattr(server.server.workers, "_limit", 100)
    runs = [server.start_run(opened) for _ in range(limits.open_runs - 1)]
    assert server.ask("POST", f"{opened}/runs", json={"note": "RLL pneumonia."}).error == "run.too_many"
    for run in runs:
        server.ask("POST", f"{run}/cancel")


def test_a_note_is_answered_while_a_run_goes_on(server, waiting):
    assert server.ask("POST", "notes", json={"note": "RLL pneumonia."}).json["sides"] == ["right"]


def test_a_worker_that_is_killed_fails_its_run_and_is_started_again(server, control, opened, waiting):
    queued = server.start_run(opened)
    workers = server.server.workers
    restarts = workers.restarts
    (process,) = workers._processes.values()
    os.kill(process._process.pid, signal.SIGKILL)
    document = server.wait(waiting)
    assert (document["state"], document["error"]["id"]) == ("failed", "worker.ended")
    (control / "wait").unlink()
    assert server.wait(queued)["state"] == "done", "the next run goes on with a new process"
    assert workers.restarts == restarts + 1


def test_a_run_that_takes_too_long_is_stopped(server, opened, monkeypatch, waiting, control):
    (control / "wait").unlink()
    server.wait(waiting)
    (control / "wait").touch()
    monkeypatch.setattr(server.server.workers, "_seconds", 0.2)
    document = server.wait(server.start_run(opened))
    (control / "wait").unlink()
    assert (document["state"], document["error"]["id"]) == ("failed", "run.too_slow")
    monkeypatch.undo()
    server.wait_until(lambda: server.server.workers.alive)


def test_a_session_may_end_during_a_run(server, control, image):
    session = server.open_radiograph(image)
    (control / "wait").touch()
    run = server.start_run(session)
    server.wait_until(lambda: server.server.workers.busy)
    events = []
    following = threading.Thread(target=lambda: events.append(_last_event(server, run)))
    assert server.ask("DELETE", session).status == 204
    following.start()
    following.join()
    (control / "wait").unlink()
    assert server.ask("GET", run).error == "session.unknown"


def _children() -> set[str]:
    """Return the processes that this one has started and that have not ended."""
    return {child for task in Path("/proc/self/task").iterdir() for child in (task / "children").read_text().split()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux lists the children of a process")
def test_a_server_that_stops_while_a_worker_starts_leaves_no_process(tmp_path):
    async def start_and_stop():
        workers = Workers(1, 1, 1, tmp_path, [sys.executable, "-c", "import time; time.sleep(60)"])
        workers.start()
        while _children() <= before:
            await asyncio.sleep(0.01)
        await workers.stop()

    before = _children()
    asyncio.run(start_and_stop())
    assert _children() <= before


def test_children_know_no_key_and_no_password(monkeypatch, tmp_path):
    monkeypatch.setenv("CAUSALCLIPSEG_SERVE_KEYS", "a: secret")
    monkeypatch.setenv("CAUSALCLIPSEG_PACS_PASSWORD", "secret")
    environment = children.child_environment(tmp_path)
    assert "secret" not in str(environment)
    assert (environment["TMPDIR"], Path(environment["PATH"].split(":")[0]).is_absolute()) == (str(tmp_path), True)
