"""A result is whole or absent whenever its program is killed or fails, and the next run cleans up."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
from pathlib import Path

import pytest
from interrupted import in_another_process, interruptions

from CausalCLIPSegLib.atomic_files import claimed, staged_files, write_file
from CausalCLIPSegLib.errors import OutputError
from CausalCLIPSegLib.export import write_result

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")

EARLIER = {"mask.npy": "old", "extra.npy": "old", "result.json": "old"}
NEW = {"map.npy": "new", "mask.npy": "new", "result.json": "new"}
OTHER = {"report.txt": "the user's"}
ALL_NAMES = [*NEW, *EARLIER]

STARTS: dict[str, dict[str, str] | None] = {
    "no folder": None,
    "empty folder": {},
    "earlier result": EARLIER,
    "earlier result and other files": EARLIER | OTHER,
    "other files": OTHER,
}


def disk_fails() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def user_stops() -> None:
    raise KeyboardInterrupt


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def put(folder: Path, files: dict[str, str] | None) -> None:
    """Make a folder hold exactly these files."""
    with claimed(folder):
        pass  # removes what a killed run has left
    for path in folder.iterdir() if folder.exists() else ():
        path.unlink()
    if files is None:
        if folder.exists():
            folder.rmdir()
        return
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)


def visible_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name[0] != "."] if folder.exists() else []


def visible(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in visible_names(folder)}


def hidden(folder: Path) -> list[Path]:
    return [path for path in folder.parent.rglob(".*") if path != folder]


def state(folder: Path) -> frozenset[tuple[str, str]]:
    """Return what lies in and beside a folder; the random names of hidden files do not count."""
    paths = [path for path in folder.parent.rglob("*") if path.is_file() or not any(path.iterdir())]
    return frozenset(
        (
            "/".join(part if part[0] != "." else "." for part in path.relative_to(folder.parent).parts),
            path.read_text() if path.name in {*ALL_NAMES, *OTHER} else "",
        )
        for path in paths
    )


def write_new(folder: Path) -> None:
    with staged_files(folder, list(NEW), force=True, earlier=list(EARLIER)) as stage:
        for name, text in NEW.items():
            (stage / name).write_text(text)


def is_one_result(files: dict[str, str], start: dict[str, str], *, whole: bool) -> bool:
    """Return whether files are those of the earlier result or of the new one, and the other files are as they were."""
    others = {name: text for name, text in start.items() if name in OTHER}
    if not others.items() <= files.items():
        return False
    result = {name: text for name, text in files.items() if name not in OTHER}
    earlier = {name: text for name, text in start.items() if name not in OTHER}
    if whole:
        return result in (earlier, NEW)
    return result.items() <= earlier.items() or result.items() <= NEW.items()


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_killed_run_leaves_a_whole_result_or_none(tmp_path, start):
    """Other files in the folder prevent a replacement at once; then a part is visible, but never of two results."""
    folder = tmp_path / "out"
    statuses = []
    for number, status in interruptions(lambda: put(folder, start), lambda: write_new(folder), killed):
        statuses.append(status)
        files = visible(folder)
        alone = not start or "report.txt" not in start
        if alone:
            assert is_one_result(files, start or {}, whole=True) or files == {}, number
        else:
            assert is_one_result(files, start, whole=False), number
            assert "result.json" not in files or is_one_result(files, start, whole=True), number
        with claimed(folder):
            pass  # as the next run does before anything else
        assert is_one_result(visible(folder), start or {}, whole=True), number
        assert hidden(folder) == [], number
    assert statuses[-1] == 0
    assert statuses.count(-signal.SIGKILL) == len(statuses) - 1 >= 10


@pytest.mark.parametrize("start", [EARLIER, EARLIER | OTHER], ids=["earlier result", "earlier result and other files"])
def test_a_rollback_that_is_killed_is_completed_by_the_next_run(tmp_path, start):
    folder = tmp_path / "out"
    seen = set()
    for number, _ in interruptions(lambda: put(folder, start), lambda: write_new(folder), killed):
        if (left := state(folder)) in seen:
            continue
        seen.add(left)
        for _ in interruptions(lambda: None, lambda: claimed(folder).__enter__(), killed):
            pass
        assert is_one_result(visible(folder), start or {}, whole=True), number
        with claimed(folder):
            pass
        assert hidden(folder) == [], number
    assert len(seen) > 5


@pytest.mark.parametrize("how", [disk_fails, user_stops])
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_a_run_that_fails_leaves_a_whole_result_and_nothing_else(tmp_path, start, how):
    folder = tmp_path / "out"
    for number, status in interruptions(lambda: put(folder, start), lambda: write_new(folder), how):
        files = visible(folder)
        assert is_one_result(files, start or {}, whole=True), number
        if status == 1 and how is disk_fails:
            assert files == (start or {}), number
        with claimed(folder):
            pass
        assert hidden(folder) == [], number


@pytest.mark.parametrize("earlier", [None, "old"])
def test_a_file_is_whole_or_as_before(tmp_path, earlier):
    path = tmp_path / "folder" / "segmentation.dcm"
    start = None if earlier is None else {path.name: earlier}

    def run() -> None:
        write_file(path, lambda hidden: hidden.write_text("new"), force=True)

    for number, _ in interruptions(lambda: put(path.parent, start), run, killed):
        assert visible(path.parent) in ({}, start, {path.name: "new"}), number
        with claimed(path):
            pass
        assert list(path.parent.glob(".*")) == [], number


def test_the_next_run_removes_what_a_run_for_another_folder_has_left(tmp_path):
    """A worker is killed; the next worker writes to another folder beside it."""
    for _ in interruptions(lambda: None, lambda: write_new(tmp_path / "first"), killed):
        assert in_another_process(lambda: write_new(tmp_path / "second")) == 0
        assert hidden(tmp_path / "second") == []


def test_a_second_writer_is_rejected_until_the_first_has_ended(tmp_path):
    folder = tmp_path / "out"
    to_child, from_parent = os.pipe(), os.pipe()
    process = os.fork()
    if not process:
        with staged_files(folder, ["a"], force=True) as stage:
            (stage / "a").write_text("first")
            os.write(to_child[1], b"x")
            os.read(from_parent[0], 1)
        os._exit(0)
    os.read(to_child[0], 1)
    with (
        pytest.raises(OutputError, match="Another run is writing"),
        staged_files(folder, ["a"], force=True),
    ):
        pass
    os.write(from_parent[1], b"x")
    os.waitpid(process, 0)
    assert visible(folder) == {"a": "first"}
    with staged_files(folder, ["a"], force=True) as stage:
        (stage / "a").write_text("second")
    assert visible(folder) == {"a": "second"}
    assert hidden(folder) == []


def test_a_folder_in_which_a_program_works_is_not_replaced(tmp_path, monkeypatch):
    put(tmp_path / "out", EARLIER)
    monkeypatch.chdir(tmp_path / "out")
    write_new(Path())
    assert visible(Path()) == NEW
    assert (tmp_path / "out").samefile(".")


def test_a_replaced_folder_keeps_its_permissions(tmp_path):
    put(tmp_path / "out", EARLIER)
    (tmp_path / "out").chmod(0o700)
    write_new(tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert visible(tmp_path / "out") == NEW


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("x" * 300, "file name too long"),
        ("new/" + "x" * 300, "file name too long"),
        ("/".join(["x" * 200] * 30), "file name too long"),
        ("nul\0", "name"),
    ],
    ids=["name", "name in a new folder", "path", "NUL"],
)
def test_a_name_that_the_system_rejects_is_rejected_before_anything_is_written(tmp_path, target, reason):
    with pytest.raises(OutputError, match=reason), claimed(tmp_path / target, ["result.json"]):
        pytest.fail("the claim was granted")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_a_whole_result_or_none(small_result, tmp_path):
    """Only the writing is tried: without the network, a hundred tries take seconds."""
    names = ["overlay.png", "result.json", "segmentation.seg.nrrd"]

    def run() -> None:
        with contextlib.suppress(OutputError):
            write_result(small_result, tmp_path / "out")

    def disk_is_full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    write_result(small_result, tmp_path / "out")  # imports what it needs

    def remove_result() -> None:
        shutil.rmtree(tmp_path / "out", ignore_errors=True)

    for number, status in interruptions(remove_result, run, disk_is_full):
        assert status in (0, 2), number  # no other error than OutputError
        assert sorted(visible_names(tmp_path / "out")) in ([], names), number
        with claimed(tmp_path / "out"):
            pass
        assert hidden(tmp_path / "out") == [], number
