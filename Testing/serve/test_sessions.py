"""What a server keeps, and when it deletes it."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from CausalCLIPSegLib.locks import FileLock
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.sessions import Root, Sessions
from CausalCLIPSegLib.serve.settings import Limits
from CausalCLIPSegLib.serve.workers import Workers


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """The folder for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def sessions(place):
    root = Root()
    workers = Workers(1, 1, 1, root.work)
    yield Sessions(root, workers, Limits(idle_seconds=0.05, sessions=2))
    root.remove()


def test_a_session_that_ends_leaves_nothing(server, image):
    session = server.open_radiograph(image)
    folder = server.server.root.folder / session.rpartition("/")[2]
    run = server.start_run(session)
    server.wait(run)
    assert list(folder.rglob("probability.npy"))
    assert server.ask("DELETE", session).status == 204
    assert not folder.exists()
    for path in (session, f"{session}/radiograph/pixels", run):
        assert server.ask("DELETE" if path == session else "GET", path).error == "session.unknown"


def test_another_radiograph_replaces_the_first_one_and_its_runs(server, image, other_image):
    session = server.open_radiograph(image)
    run = server.start_run(session)
    server.wait(run)
    answer = server.ask("POST", f"{session}/radiograph", files={"file": other_image})
    assert (answer.json["rows"], answer.json["columns"]) == (64, 80)
    assert server.ask("GET", run).error == "run.unknown"
    folder = server.server.root.folder / session.rpartition("/")[2]
    assert [path.name for path in folder.iterdir()] == ["radiograph-2"]


def test_an_idle_session_is_deleted_and_one_in_use_is_not(sessions):
    idle, used = sessions.new("a"), sessions.new("a")

    async def wait():
        for _ in range(4):
            await asyncio.sleep(0.02)
            sessions.get(used.identifier, "a")
        await sessions.sweep()

    asyncio.run(wait())
    assert (idle.folder.exists(), used.folder.exists()) == (False, True)
    with pytest.raises(Refusal, match="has ended"):
        sessions.get(idle.identifier, "a")


def test_files_that_a_canceled_job_writes_after_its_session_are_deleted(sessions):
    session = sessions.new("a")
    asyncio.run(sessions.close(session))
    (session.folder / "radiograph-1").mkdir(parents=True)
    asyncio.run(sessions.sweep())
    assert not session.folder.exists()


def test_the_number_of_sessions_is_bounded(sessions):
    sessions.new("a"), sessions.new("b")
    with pytest.raises(Refusal) as refused:
        sessions.new("c")
    assert (refused.value.status_code, refused.value.headers["Retry-After"]) == (429, "60")


def test_a_full_disk_is_one_sentence(server, opened, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: shutil._ntuple_diskusage(1 << 40, 1 << 40, 1 << 20))
    run = server.ask("POST", f"{opened}/runs", json={"note": "RLL pneumonia."})
    upload = server.ask("POST", f"{opened}/radiograph", json={"sample": True})
    assert (run.status, run.error, upload.error) == (507, "server.full", "server.full")
    assert server.ask("GET", f"{opened}/radiograph/pixels").status == 200, "the earlier radiograph stays"


def test_a_server_removes_its_own_folder_and_those_of_killed_ones(place):
    killed, running = place / "causalclipseg-serve-killed", place / "causalclipseg-serve-running"
    for folder in (killed, running, place / "another-program"):
        folder.mkdir()
        (folder / "image").write_bytes(b"x")
    (place / "causalclipseg-serve-link").symlink_to(place / "another-program")
    lock = FileLock(running / "lock")
    root = Root()
    assert not killed.exists()
    assert (running / "image").exists()
    assert (place / "another-program" / "image").exists()
    assert root.folder.stat().st_mode & 0o777 == 0o700
    root.remove()
    lock.release()
    assert not root.folder.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of another user")
def test_the_folder_of_another_user_is_left_alone(place):
    folder = place / "causalclipseg-serve-theirs"
    folder.mkdir()
    os.chown(folder, 12345, 12345)
    Root().remove()
    assert folder.exists()
