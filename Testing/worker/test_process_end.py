"""The end of the worker process: shutdown, invalid options, closed standard input."""

import json
import os
import subprocess
import sys
from pathlib import Path

TIMEOUT = 180


def test_shutdown_is_answered_and_ends_the_process(start_worker):
    worker = start_worker()
    answer = worker.ask("shutdown")
    assert (answer["event"], answer["request"]) == ("result", "shutdown")
    assert worker.next() is None
    assert worker.process.wait(TIMEOUT) == 0


def test_shutdown_during_a_run_leaves_no_files(start_worker, segment_request, tmp_path):
    worker = start_worker()
    running = worker.send("segment", **segment_request)
    worker.wait_for(id=running, event="progress")
    assert worker.ask("shutdown")["event"] == "result"
    assert worker.process.wait(TIMEOUT) == 0
    assert not (tmp_path / "out").exists()


def test_rejects_unknown_options(start_worker):
    worker = start_worker("--color")
    assert worker.next() is None
    assert worker.process.wait(TIMEOUT) == 2
    assert "--color" in worker.log.read_text()


def test_ends_when_standard_input_closes_even_if_its_output_is_not_read(tmp_path):
    """The answers are many times larger than the buffer of the pipe."""
    worker = subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    try:
        for number in range(300):
            request = {"id": str(number), "request": "note", "text": "RLL pneumonia."}
            worker.stdin.write(json.dumps(request).encode() + b"\n")
        worker.stdin.close()
        assert worker.wait(TIMEOUT) == 0
    finally:
        worker.kill()
        worker.stdout.close()
