"""What the administrator sees: nothing about patients, users and sessions."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

from CausalCLIPSegLib.serve.observation import JsonLines

ROOT = Path(__file__).parents[2]


def test_a_line_for_each_request_names_only_the_route(server, opened, dx_image, caplog):
    logger = logging.getLogger("CausalCLIPSegLib.serve")
    logger.addHandler(caplog.handler)
    with caplog.at_level(logging.INFO, "CausalCLIPSegLib.serve"):
        session = server.open_session()
        server.ask("POST", f"{session}/radiograph", files={"file": ("Jane Doe.dcm", dx_image)})
        run = server.start_run(session, "Jane Doe has RLL pneumonia.")
        server.wait(run)
        server.ask("GET", f"{run}/maps/Jane?patient=Doe")
        server.ask("GET", "/Jane/Doe?x=Doe")
        server.ask("JANE", "/Doe")
        server.ask("GET", "server", "Doe")
    logger.removeHandler(caplog.handler)
    lines = [record.fields for record in caplog.records if record.name.endswith("access")]
    printed = "".join(JsonLines().format(record) for record in caplog.records)
    routes = {line["route"] for line in lines}
    assert "/api/v1/sessions/{session}/runs/{run}/maps/{name}" in routes
    assert set(lines[0]) == {"method", "route", "status", "seconds", "received", "sent"}
    for secret in ("Doe", "Jane", "Doe^Jane", "2.25", session.rpartition("/")[2], run.rpartition("/")[2]):
        assert secret not in printed
        assert secret not in server.ask("GET", "/metrics", None).content.decode()


def test_an_unexpected_error_is_answered_and_logged_without_its_message(server, caplog, monkeypatch):
    patient = "Jane Doe"
    logger = logging.getLogger("CausalCLIPSegLib.serve")
    logger.addHandler(caplog.handler)
    monkeypatch.setattr(server.server.sessions, "new", lambda owner: [][len(patient)] if owner else None)
    with caplog.at_level(logging.INFO, "CausalCLIPSegLib.serve"):
        answer = server.ask("POST", "sessions")
    logger.removeHandler(caplog.handler)
    assert (answer.status, answer.error) == (500, "unexpected")
    assert "IndexError" in caplog.text
    assert patient not in caplog.text


def test_metrics_count_requests_and_workers(server):
    def value(name):
        text = server.ask("GET", "/metrics", None).content.decode()
        return float(re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)[1])

    name = 'causalclipseg_http_requests_total{method="POST",route="/api/v1/sessions",status="201"}'
    server.open_session()
    before = value(name)
    server.open_session()
    assert value(name) == before + 1
    assert value("causalclipseg_workers_alive") == 1
    assert value("causalclipseg_sessions_open") == len(server.server.sessions)
    assert server.ask("GET", "/healthz", None).json == {"status": "ok"}


def test_the_command_serves_until_it_is_stopped_and_leaves_nothing(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    (tmp_path / "causalclipseg-serve-killed").mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "CausalCLIPSegLib.cli", "serve", "--access-log"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    ) as process:
        address, _, token = process.stdout.readline().strip().partition("#token=")
        headers = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{address}api/v1/server", timeout=60).status_code == 401
        session = requests.post(f"{address}api/v1/sessions", headers=headers, timeout=60).json()["session"]
        (root,) = tmp_path.glob("causalclipseg-serve-*")
        assert (root / session).is_dir()
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)
    assert (process.returncode, output.strip()) == (0, "Stopped; all sessions were deleted.")
    assert not list(tmp_path.iterdir())
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["status"] for line in lines if "status" in line] == [401, 201]
    assert lines[0]["message"] == "The folder of an earlier server was removed."
