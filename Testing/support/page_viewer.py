"""The page in a real browser, and a server of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from playwright.sync_api import BrowserContext, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
KEY = "a-key-that-only-these-tests-know-0123456789"
PICTURE = ".viewport:not([hidden])"


class Server:
    """A running server; `restart` starts it again at the same address."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self._arguments = arguments
        self._environment = {**os.environ, "CAUSALCLIPSEG_SERVE_KEYS": f"tests: {KEY}", **(environment or {})}
        self.address = ""
        self._start("0")

    def _start(self, port: str) -> None:
        command = [sys.executable, "-m", "CausalCLIPSegLib.cli", "serve", "--port", port, *self._arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self._environment
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://"), "the server does not start"

    @property
    def port(self) -> str:
        return self.address.split("#")[0].rstrip("/").rsplit(":", 1)[1]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def restart(self) -> None:
        self._start(self.port)

    def workers(self) -> list[int]:
        """Return the process ids of the workers."""
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
                command = (status.parent / "cmdline").read_bytes()
            except OSError:  # a process that has just ended
                continue
            if parent == self.process.pid and b"CausalCLIPSegLib.worker" in command:
                found.append(int(status.parent.name))
        return found

    @contextmanager
    def paused_workers(self) -> Iterator[list[int]]:
        """Keep the workers from going on, so that a run is still going on inside of the block."""
        workers = self.workers()
        assert workers
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        try:
            yield workers
        finally:
            for worker in workers:
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGCONT)


class Viewer:
    """A person at the page.

    Attributes:
        page: playwright's page.
        problems: what the browser's console reports, and requests to other servers.
    """

    def __init__(self, context: BrowserContext, server: Server, screenshots: Path) -> None:
        self.page: Page = context.new_page()
        self.problems: list[str] = []
        self._server = server
        self._screenshots = screenshots
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("request", lambda request: self._check_request(request.url))

    def _note(self, kind: str, text: str) -> None:
        # Chromium reports refusals of the server, and that the tests read pixels.
        if kind in {"error", "warning"} and not text.startswith(("Failed to load resource", "Canvas2D: Multiple")):
            self.problems.append(text)

    def _check_request(self, url: str) -> None:
        if not url.startswith((self._server.address.split("#")[0], "blob:", "data:")):
            self.problems.append(f"request to {url}")

    def open(self) -> Viewer:
        self.page.goto(f"{self._server.address}#token={KEY}")
        self.page.wait_for_selector("#about:not(:empty)", state="attached")
        return self

    def open_sample(self) -> None:
        self.page.click("#sample")
        self.page.wait_for_selector(PICTURE)

    def open_file(self, path: Path) -> None:
        self.page.set_input_files("#file", path)
        self.wait(f"app.radiograph?.name === '{path.name}' && document.querySelector('#busy').hidden")

    def drop(self, path: Path) -> None:
        """Drop a file on the page."""
        files = self.page.evaluate_handle(
            """async ({ name, bytes }) => {
                const transfer = new DataTransfer();
                const content = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
                transfer.items.add(new File([content], name));
                return transfer;
            }""",
            {"name": path.name, "bytes": b64encode(path.read_bytes()).decode()},
        )
        for event in ("dragover", "drop"):
            self.page.dispatch_event("#stage", event, {"dataTransfer": files})

    def write(self, note: str) -> None:
        self.page.fill("#note", note)

    def run(self, note: str | None = None) -> None:
        """Write a note, run, and wait for the result."""
        if note is not None:
            self.write(note)
        before = self.app("app.result?.run.id ?? ''")
        self.page.click("#run")
        self.wait(f"Boolean(app.result && app.result.run.id !== '{before}' && !app.progress)")

    def wait(self, condition: str) -> None:
        """Wait for a condition on `app`. (The page's policy forbids playwright's own `wait_for_function`.)"""
        for _ in range(3000):
            if self.app(condition):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"not reached: {condition}")

    def app(self, expression: str) -> Any:
        """Return a value of the page's state, `app`."""
        return self.page.evaluate(
            f"async () => {{ const {{ app }} = await import('/static/main.js'); return {expression}; }}"
        )

    def segments(self) -> dict[str, npt.NDArray[np.bool_]]:
        """Return the masks that the page would export, by identifier."""
        script = """async () => {
            const { app } = await import('/static/main.js');
            const { runsWhere } = await import('/static/runs.js');
            const { plane, grid, accepted } = app.segmentation;
            return { grid: [grid.rows, grid.columns], runs: Object.fromEntries(accepted.map(({ id, bit }) =>
                [id, Array.from(runsWhere(plane, bit, bit, grid.columns))])) };
        }"""
        answer = self.page.evaluate(script)
        masks = {}
        for identifier, runs in answer["runs"].items():
            mask = np.zeros(answer["grid"], dtype=bool)
            for start, end in zip(runs[::2], runs[1::2], strict=True):
                mask.reshape(-1)[start:end] = True
            masks[identifier] = mask
        return masks

    def point(self, across: float, down: float) -> tuple[float, float]:
        """Return a point of the page: shares of the last picture."""
        box = self.page.locator(PICTURE).last.bounding_box()
        assert box is not None
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def drag(self, *points: tuple[float, float], button: str = "left") -> None:
        """Press at the first point, move over the others, and release; points are shares of the last picture."""
        mouse = self.page.mouse
        mouse.move(*self.point(*points[0]))
        mouse.down(button=button)  # type: ignore[arg-type]
        for point in points[1:]:
            mouse.move(*self.point(*point), steps=4)
        mouse.up(button=button)  # type: ignore[arg-type]

    def download(self, action: Callable[[], object]) -> Path:
        """Return the file that an action downloads."""
        with self.page.expect_download() as download:
            action()
        return download.value.path()

    def message(self) -> str:
        """Wait for the message line, and return its sentence."""
        self.page.wait_for_selector("#message:not([hidden])")
        return self.page.inner_text("#message-text")

    def screenshot(self, name: str) -> None:
        self.page.wait_for_timeout(200)  # outlines are drawn finely when nothing moves
        self.page.screenshot(path=self._screenshots / f"{name}.png")
