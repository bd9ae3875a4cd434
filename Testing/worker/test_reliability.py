"""Kills, signals, other workers, odd lines, pipes and little memory: the worker goes on, and results stay whole."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from CausalCLIPSegLib.atomic_files import claimed

TIMEOUT = 180
ARRAYS = {"probability.npy", "causal_attention.npy", "confounder_attention.npy"}
needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals and pipes")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def is_whole(found: set[str]) -> bool:
    return found >= ARRAYS and all(name in ARRAYS or name.startswith("mask_") for name in found)


@needs_posix
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_a_signal_in_any_phase_leaves_a_whole_result_or_none(start_worker, segment_request, tmp_path, name):
    """The phases are those of the last half of a run; the worker goes on with an earlier result in its folder."""
    output = tmp_path / "out"
    for phase in ("Searching the radiograph", "Writing the result"):
        worker = start_worker()
        assert worker.ask("segment", **segment_request)["event"] == "result"
        running = worker.send("segment", **segment_request)
        worker.wait_for(id=running, event="progress", phase=phase)
        worker.process.send_signal(getattr(signal, name))
        worker.process.wait(TIMEOUT)
        with claimed(output):
            pass  # as the next worker does first
        assert is_whole(names(output))
        assert names(tmp_path) == {"out"}


@needs_posix
def test_a_worker_that_is_killed_while_a_new_folder_appears_leaves_it_whole_or_absent(
    start_worker, segment_request, tmp_path
):
    worker = start_worker()
    worker.ask("segment", **{**segment_request, "output": str(tmp_path / "first")})
    running = worker.send("segment", **segment_request)
    worker.wait_for(id=running, event="progress", phase="Writing the result", fraction=1.0)
    worker.process.kill()
    worker.process.wait(TIMEOUT)
    found = names(tmp_path / "out")
    assert is_whole(found) or not found
    start_worker().ask("segment", **{**segment_request, "output": str(tmp_path / "last")})
    assert names(tmp_path) - {"out"} == {"first", "last"}


def test_the_second_of_two_workers_with_the_same_output_is_rejected(
    worker, start_worker, segment_request, control_folder, tmp_path
):
    other = start_worker()
    (control_folder / "wait").touch()
    running = worker.send("segment", **segment_request)
    worker.wait_until_network_runs(running)
    error = other.ask("segment", **segment_request)
    assert (error["event"], error["kind"]) == ("error", "user")
    assert "Another run is writing" in error["message"]
    (control_folder / "wait").unlink()
    assert worker.end_of(running)["event"] == "result"
    assert is_whole(names(tmp_path / "out"))
    assert other.ask("segment", **segment_request)["event"] == "result"


def test_a_result_replaces_all_files_of_an_earlier_one(worker, segment_request, tmp_path):
    both = worker.ask("segment", **{**segment_request, "note": "Bilateral consolidation.", "threshold": 0.01})
    left = worker.ask("segment", **{**segment_request, "threshold": 0.9999})
    assert len(both["segments"]) > len(left["segments"])
    assert names(tmp_path / "out") == ARRAYS | {Path(each["mask"]).name for each in left["segments"]}


def test_a_canceled_request_ends_while_its_phase_goes_on(worker, segment_request, control_folder, tmp_path):
    (control_folder / "wait").touch()
    running = worker.send("segment", **segment_request)
    worker.wait_until_network_runs(running)
    assert worker.ask("cancel", target=running)["found"] is True
    assert worker.end_of(running)["event"] == "cancelled"  # the network is still waiting
    assert worker.ask("cancel", target=running)["found"] is False
    again = worker.send("segment", **{**segment_request, "output": str(tmp_path / "again")})
    (control_folder / "wait").unlink()
    assert worker.end_of(again)["event"] == "result"
    assert worker.events_about(running)[-1]["event"] == "cancelled"
    assert names(tmp_path) == {"again"}


@needs_posix
@pytest.mark.parametrize("field", ["image", "array", "probability", "checkpoint", "mask", "previous"])
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_only_regular_files_are_read(worker, segment_request, values, tmp_path, field, kind):
    path = tmp_path / "special.npy"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    special, output = str(path), str(tmp_path / "out")
    export = {
        "image": segment_request["image"],
        "segments": [{"id": "a", "name": "a", "color": [1, 0, 0], "mask": str(values)}],
        "formats": ["picture"],
        "output": output,
        "note": "RLL pneumonia.",
        "prompt": "Unilateral pulmonary infection, lower left lung.",
        "prompt_laterality": "viewer",
        "threshold": 0.5,
        "provenance": {
            "checkpoint": {"name": "t", "version": "1", "sha256": "a" * 64},
            "device": "cpu",
            "version": "0",
            "seconds": {},
        },
    }
    requests = {
        "image": ("segment", {**segment_request, "image": {"kind": "file", "path": special}}),
        "array": ("segment", {**segment_request, "image": {**segment_request["image"], "path": special}}),
        "checkpoint": ("segment", {**segment_request, "checkpoint": special}),
        "probability": ("threshold", {"probability": special, "threshold": 0.5, "output": output}),
        "mask": ("export", {**export, "segments": [{**export["segments"][0], "mask": special}]}),
        "previous": ("export", {**export, "formats": ["dicom-seg"], "previous": special}),
    }
    request, fields = requests[field]
    error = worker.ask(request, **fields)
    assert (error["event"], error["kind"]) == ("error", "user")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.5, 1.5])
def test_a_map_with_a_value_that_is_no_probability_is_rejected(worker, tmp_path, value):
    probability = np.full((64, 64), 0.4, np.float32)
    probability[3, 4] = value
    np.save(tmp_path / "map.npy", probability)
    answer = worker.ask(
        "threshold", probability=str(tmp_path / "map.npy"), threshold=0.5, output=str(tmp_path / "out")
    )
    assert answer["kind"] == "user"
    assert "probability map" in answer["message"]


@pytest.mark.parametrize(
    ("line", "identifier"),
    [
        (rb'{"id":"\ud800","request":"hello"}', None),
        (rb'{"id":"a\udfff","request":"note","text":"x"}', None),
        (rb'{"id":"a","request":"note","text":"\ud83d"}', "a"),
        (rb'{"id":"a","request":"\ud800"}', "a"),
        (rb'{"id":"a","\ud800":1,"request":"hello"}', "a"),
        (b'{"id":"a","request":"hello","extra":' + b"[" * 100_000 + b"}", None),
        (b'{"id":"a","request":"hello","extra":' + b"9" * 100_000 + b"}", None),
        (b'{"id":"a","request":"hello","extra":1e999999}', "a"),
        (b'{"id":"a","request":"hello","extra":NaN}', "a"),
        (b'{"id":"a","request":"hello","extra":-Infinity}', "a"),
        (b'{"id":"\xff\xfe","request":"hello"}', None),
        (b'{"id":"a\0","request":"hello"}', None),
        (rb'{"id":"a","request":"segment","note":"RLL pneumonia.","output":"/tmp/\u0000",'
         rb'"image":{"kind":"file","path":"/tmp/x"}}', "a"),
        (rb'{"id":"a","request":"segment","note":"RLL pneumonia.","output":"/tmp/x",'
         rb'"image":{"kind":"file","path":"/tmp/\u0000"}}', "a"),
        (b"\0" * 1000, None),
        (b"7", None),
        (b'"hello"', None),
        (b"null", None),
        (b'["id","a"]', None),
        (b'{"id":["a"],"request":"hello"}', None),
        (b'{"id":"a","request":"cancel","target":"' + b"x" * 101 + b'"}', "a"),
        (b'{"id":"a","id":7,"request":"hello"}', None),
    ],
    ids=range(22),
)  # fmt: skip
def test_an_odd_line_gives_an_error_and_the_next_is_answered(worker, line, identifier):
    worker.write(line + b"\n")
    error = worker.wait_for(event="error")
    assert (error["kind"], error["id"]) == ("request", identifier)
    assert worker.ask("hello")["event"] == "result"


def test_random_lines_never_end_the_worker(worker):
    """Half are changed requests, half are random bytes."""
    generator = random.Random(7)
    request = json.dumps({"id": "a", "request": "note", "text": "RLL pneumonia.", "side": "left"}).encode()
    lines = []
    for _ in range(2000):
        changed = bytearray(request if generator.random() < 0.5 else generator.randbytes(60))
        for _ in range(generator.randint(0, 4)):
            changed[generator.randrange(len(changed))] = generator.randrange(256)
        lines.append(bytes(changed).replace(b"\n", b" ").replace(b"hutdown", b"hutd0wn"))
    worker.write(b"\n".join(lines) + b"\n")
    assert worker.ask("hello")["event"] == "result"


def test_a_line_of_a_hundred_megabytes_is_skipped(worker):
    for _ in range(100):
        worker.write(b"x" * 1_000_000)
    worker.write(b"\n")
    assert worker.wait_for(event="error")["kind"] == "request"
    assert worker.ask("hello")["event"] == "result"


def test_very_many_requests_are_answered_or_rejected(worker, segment_request, control_folder):
    (control_folder / "wait").touch()
    running = worker.send("segment", **segment_request)
    worker.wait_until_network_runs(running)
    waiting = [worker.send("threshold", probability="/none", threshold=0.5, output="/none") for _ in range(1000)]
    worker.send("threshold", probability="/none", threshold=0.5, output="/none")
    error = worker.wait_for(event="error")
    assert (error["id"], error["kind"]) == (None, "request")
    assert "waiting already" in error["message"]
    for _ in range(2000):
        worker.send("hello")
    assert worker.ask("hello")["event"] == "result"
    for each in waiting:
        worker.send("cancel", target=each)
    (control_folder / "wait").unlink()
    assert worker.end_of(running)["event"] == "result"


@pytest.mark.parametrize("output", ["x" * 300, "/".join(["y" * 200] * 30), "file", "file/below"], ids=range(4))
def test_an_impossible_output_is_rejected_before_the_image_is_read(worker, segment_request, tmp_path, output):
    (tmp_path / "file").touch()
    fields = {**segment_request, "output": str(tmp_path / output), "image": {"kind": "file", "path": "/none.dcm"}}
    error = worker.ask("segment", **fields)
    assert error["kind"] == "user"
    assert "cannot be written" in error["message"]
    assert names(tmp_path) == {"file"}
