"""Run a server of `causalclipseg serve` in a thread, with real worker processes, and send it requests."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
import uvicorn

from CausalCLIPSegLib.serve.application import create_application
from CausalCLIPSegLib.serve.keys import LOCAL, Keys
from CausalCLIPSegLib.serve.launch import Place, configure
from CausalCLIPSegLib.serve.settings import Settings

TIMEOUT = 120
TOKEN = "a token of a test, long enough"
OTHER_TOKEN = "another user's token, long enough"


class Answer:
    """What a test needs of an answer."""

    def __init__(self, response: requests.Response) -> None:
        self.status, self.content, self.headers = response.status_code, response.content, response.headers
        self.json = response.json() if "json" in response.headers.get("Content-Type", "") else None

    @property
    def error(self) -> str:
        """The id of the error; "" for another answer."""
        return self.json["error"]["id"] if isinstance(self.json, dict) and "error" in self.json else ""


class RunningServer:
    """A server, and one client of it.

    Attributes:
        address: without a path.
        server: the parts of the server, to look at.
        api: the FastAPI application.
    """

    def __init__(self, address: str, api: Any, verify: str | None) -> None:
        self.address, self.api, self.server = address, api, api.state.server
        self.session = requests.Session()
        self.verify = verify

    def ask(self, method: str, path: str, token: str | None = TOKEN, **options: Any) -> Answer:
        """Send a request; a path without a leading slash lies below /api/v1."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = self.address + (path if path.startswith("/") else f"/api/v1/{path}")
        headers |= options.pop("headers", {})
        options |= {"headers": headers, "timeout": TIMEOUT, "verify": self.verify}
        return Answer(self.session.request(method, url, **options))

    def open_session(self, token: str = TOKEN) -> str:
        """Open a session, and return its path."""
        return f"sessions/{self.ask('POST', 'sessions', token).json['session']}"

    def open_radiograph(self, image: bytes, token: str = TOKEN, **fields: str) -> str:
        """Open a session with a radiograph, and return its path."""
        session = self.open_session(token)
        answer = self.ask("POST", f"{session}/radiograph", token, files={"file": ("a.png", image)}, data=fields)
        assert answer.status == 201, answer.content
        return session

    def start_run(self, session: str, note: str = "Consolidation in the right lower zone.", **fields: Any) -> str:
        """Start a run, and return its path."""
        answer = self.ask("POST", f"{session}/runs", json={"note": note, **fields})
        assert answer.status == 202, answer.content
        return f"{session}/runs/{answer.json['run']}"

    def wait(self, run: str) -> dict[str, Any]:
        """Return a run when it has ended."""
        self.ask("GET", f"{run}/events")
        return self.ask("GET", run).json

    def wait_until(self, condition: Any) -> None:
        """Wait until a condition of the server holds."""
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)


@contextmanager
def running_server(place: Place = Place(), verify: str | None = None, **options: Any) -> Iterator[RunningServer]:  # noqa: B008
    """Run a server with two keys on a free port of this computer.

    Args:
        place: for TLS and proxies.
        verify: PEM file with the certificate to trust.
        options: fields of `Settings`.
    """
    keys = Keys({LOCAL: TOKEN, "other": OTHER_TOKEN})
    application, api = create_application(Settings(**{"keys": keys, **options}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(configure(application, place))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        scheme = "https" if place.certificate else "http"
        running = RunningServer(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}", api, verify)
        try:
            running.wait_until(lambda: running.server.workers.alive)
            yield running
        finally:
            server.should_exit = True
            thread.join(TIMEOUT)


def controlled_worker() -> list[str]:
    """Return the command of the worker that files in CONTROL_FOLDER control; see Testing/worker."""
    import sys

    return [sys.executable, str(Path(__file__).parents[1] / "worker" / "controlled_worker.py")]
