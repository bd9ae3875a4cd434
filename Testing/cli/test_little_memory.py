"""With too little memory, commands and the worker say so in one sentence, whichever library notices it first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from CausalCLIPSegLib.memory import TOO_LITTLE_MEMORY, is_out_of_memory

ROOT = Path(__file__).parents[2]
LIMITS = [256, 350, 500, 700, 1000, 1500]
"""Megabytes of address space: from too little for any library to enough for a small image."""
SENTENCE = "too little memory"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the address space")


@pytest.fixture
def images(tmp_path: Path) -> dict[str, str]:
    """A small image, and one of 36 megapixels with 16 bits."""
    noise = np.random.default_rng(3).integers(0, 60_000, (60, 60)).astype(np.uint16)
    for name, scale in (("small", 10), ("large", 100)):
        Image.fromarray(np.kron(noise, np.ones((scale, scale), np.uint16))).save(tmp_path / f"{name}.png")
    return {name: str(tmp_path / f"{name}.png") for name in ("small", "large")}


def start(megabytes: int, folder: Path, *command: str) -> subprocess.Popen[str]:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))

    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


@pytest.mark.parametrize("megabytes", LIMITS)
def test_a_command_says_that_there_is_too_little_memory(images, tmp_path, megabytes):
    for image in images.values():
        command = ("segment", image, "--note", "left opacity", "--output", "out", "--force")
        process = start(megabytes, tmp_path, "-m", "CausalCLIPSegLib.cli", *command)
        _, error = process.communicate(timeout=120)
        assert process.returncode == 0 or (process.returncode == 2 and SENTENCE in error), error
        assert error.count("\n") <= 1
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("megabytes", LIMITS)
def test_the_worker_says_so_and_answers_the_next_request(images, tmp_path, megabytes):
    worker = start(megabytes, tmp_path, "-m", "CausalCLIPSegLib.worker")
    lines = [
        {"id": str(number), "request": "segment", "note": "left opacity", "output": str(tmp_path / "out")}
        | {"image": {"kind": "file", "path": images[name]}}
        for number, name in enumerate(["small", "large", "small", "large"])
    ]
    for line in lines:
        worker.stdin.write(json.dumps(line) + "\n")
    worker.stdin.flush()
    answers = {}
    for line in worker.stdout:
        event = json.loads(line)
        if event["event"] in ("result", "error"):
            answers[event["id"]] = event
        if len(answers.keys() - {None}) == len(lines):
            break
    worker.stdin.close()
    worker.kill()
    worker.wait()
    assert answers, "the worker ended without a word"
    assert all(each["event"] == "result" or SENTENCE in each["message"] for each in answers.values()), answers


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (np._core._exceptions._ArrayMemoryError((9,), np.dtype(float)), True),
        (OSError(12, "Cannot allocate memory"), True),
        (ImportError("libx.so: failed to map segment from shared object"), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"), True),
        (RuntimeError("can't start new thread"), True),
        (RuntimeError("std::bad_alloc"), True),
        (ImportError("libx.so: cannot allocate memory in static TLS block"), False),
        (ValueError("unable to allocate a side"), False),
        (OSError(28, "No space left on device"), False),
        (RuntimeError("a bug"), False),
    ],
    ids=str,
)
def test_errors_of_all_libraries_are_recognized(error, expected, monkeypatch):
    monkeypatch.setattr("CausalCLIPSegLib.memory._failed_imports", False)
    assert is_out_of_memory(error) == expected
    assert SENTENCE in TOO_LITTLE_MEMORY


def test_the_cause_of_an_error_counts():
    error = ValueError("damaged")
    error.__cause__ = MemoryError()
    assert is_out_of_memory(error)


def test_after_a_failed_import_every_other_failure_of_an_import_counts():
    code = (
        "from CausalCLIPSegLib.memory import is_out_of_memory as f;"
        "print(f(ImportError('x')), f(ImportError('failed to map segment')), f(ImportError('x')), f(ValueError('x')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    printed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert printed.stdout.split() == ["False", "True", "True", "False"]
