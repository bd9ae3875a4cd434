"""Many clients at once on one server: nothing is lost or mixed up, and the memory stays bounded.

    .venv/bin/python Testing/benchmarks/serve_load.py [--clients 50] [--requests 1000] [--write]

starts `causalclipseg serve` with two workers, and prints a table; --write puts it into docs/serve-it.md. Each client
has a radiograph of its own size and a note of its own, and checks that every answer is about them.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import requests
from measuring import describe_machine, table
from PIL import Image

from CausalCLIPSegLib.client import Client, RemoteSession, ServerError

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "serve-it.md"
BEGIN, END = "<!-- load: begin -->", "<!-- load: end -->"
WORKERS = 2
COLUMNS = 256
SENT_ONCE = 7
"""Requests of a client beside those that it repeats: session, radiograph, run, events, run, probability, deletion."""


class Memory:
    """The memory of a process and its children, looked at ten times a second: megabytes at the start and at most."""

    def __init__(self, process: int) -> None:
        self._process = process
        self.server_start, self.server_most, self.all_most = self._resident(process), 0.0, 0.0
        self._stopped = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        while not self._stopped.wait(0.1):
            server = self._resident(self._process)
            children = Path(f"/proc/{self._process}/task/{self._process}/children").read_text().split()
            self.server_most = max(self.server_most, server)
            self.all_most = max(self.all_most, server + sum(self._resident(int(child)) for child in children))

    @staticmethod
    def _resident(process: int) -> float:
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            return 0
        match = re.search(r"VmRSS:\s+(\d+)", status)
        return int(match[1]) / 1024 if match else 0


@contextmanager
def running_command() -> Iterator[tuple[str, int]]:
    """Run the command; yield the address with the token, and the process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "CausalCLIPSegLib.cli", "serve", "--workers", str(WORKERS)]
        environment = {**os.environ, "TMPDIR": folder, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT) as process:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            while requests.get(address.partition("#")[0] + "healthz", timeout=60).status_code != 200:
                time.sleep(0.1)
            yield address, process.pid
            process.terminate()
            process.wait()
        left = list(Path(folder).iterdir())
        assert not left, f"the server leaves {left}"


def use(address: str, number: int, count: int) -> int:
    """Send `count` requests about a radiograph and a note of one client; return how often the server was busy."""
    rows, note = 128 + number, f"Consolidation in the right lower zone. Client {number}."
    values = np.random.default_rng(number).integers(0, 256, (rows, COLUMNS)).astype(np.uint8)
    busy = 0
    with Client(address, seconds=600) as client, client.open_session() as session:
        path = Path(tempfile.gettempdir()) / f"load-{os.getpid()}-{number}.png"
        file = io.BytesIO()
        Image.fromarray(values).save(file, "PNG")
        path.write_bytes(file.getvalue())
        try:
            opened = session.open_file(path)
        finally:
            path.unlink()
        assert (opened["rows"], opened["columns"]) == (rows, COLUMNS), "another client's radiograph"
        expected = np.rint(values.astype(np.float32) / np.float32(255) * 65535).astype("<u2")
        while True:
            try:
                run = session.run(note)
                break
            except ServerError as error:
                if error.kind != "busy":
                    raise
                busy += 1
                time.sleep(error.retry_after or 1)
        document = run.wait()
        assert document["result"]["note"] == note, "another client's run"
        assert len(run.map("probability")) == rows * COLUMNS
        for repetition in range(count - SENT_ONCE):
            if repetition % 2:
                assert client.understand(note)["sides"] == ["right"]
            else:
                _check_pixels(session, expected)
    return busy


def _check_pixels(session: RemoteSession, expected: np.ndarray) -> None:
    pixels = np.frombuffer(session.pixels(), "<u2").reshape(expected.shape)
    assert np.abs(pixels.astype(int) - expected).max() <= 1, "another client's pixels"


def measure(clients: int, count: int) -> str:
    """Return the table."""
    with running_command() as (address, process):
        memory = Memory(process)
        start, used = time.perf_counter(), _processor_seconds(process)
        with ThreadPoolExecutor(clients) as threads:
            busy = sum(threads.map(lambda number: use(address, number, count // clients), range(clients)))
        seconds = time.perf_counter() - start
        memory.stop()
        used = _processor_seconds(process) - used
        metrics = requests.get(address.partition("#")[0] + "metrics", timeout=60).text
    answered = {
        status: int(
            sum(
                float(n)
                for n in re.findall(rf'_requests_total{{.*route="/api/v1/.*status="{status}"}} (\S+)', metrics)
            )
        )
        for status in sorted(set(re.findall(r'status="(\d+)"', metrics)))
    }
    done = sum(number for status, number in answered.items() if status.startswith("2"))
    other = sum(answered.values()) - done - answered.get("429", 0)
    assert (done, other, answered.get("429", 0)) == (count // clients * clients, 0, busy), answered
    rows = [
        ["requests that were answered", f"{done}"],
        ["lost, mixed up or failed", f"{other}"],
        ["answers “busy, try again” (429)", f"{busy}"],
        ["seconds", f"{seconds:.0f}"],
        ["processor seconds of the server's own process", f"{used:.1f}"],
        ["its memory at the start, at most (MB)", f"{memory.server_start:.0f}, {memory.server_most:.0f}"],
        ["memory of all processes at most (MB)", f"{memory.all_most:.0f}"],
    ]
    return table([f"{clients} clients, {WORKERS} workers", ""], rows)


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="put the table into docs/serve-it.md")
    options = parser.parse_args()
    text = f"{measure(options.clients, options.requests)}\n\n{textwrap.fill(describe_machine(), 120)}"
    print(text)
    if options.write:
        page = PAGE.read_text()
        before, _, rest = page.partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
