"""`write_result` writes all files of a result, or leaves the folder unchanged."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from CausalCLIPSegLib.errors import OutputError
from CausalCLIPSegLib.export import directory as directory_module
from CausalCLIPSegLib.export.directory import OUTPUTS, Output, write_result

NAMES = ["segmentation.seg.nrrd", "overlay.png", "result.json"]


def contents(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def write_to_full_disk(result, path):
    path.write_bytes(b"half")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def disk_runs_full(monkeypatch):
    monkeypatch.setattr(directory_module, "OUTPUTS", (OUTPUTS[0], Output("overlay.png", write_to_full_disk)))


@pytest.mark.parametrize("place", ["new", "some/deep/new", "."])
def test_writes_all_files(small_result, tmp_path, place):
    written = write_result(small_result, tmp_path / place)
    assert list(written) == NAMES
    assert sorted(path.name for path in (tmp_path / place).iterdir()) == sorted(NAMES)
    assert all(path.is_file() and path.stat().st_size for path in written.values())
    assert json.loads(written["result.json"].read_text())["files"] == NAMES


def test_a_relative_path_starts_at_the_current_folder(small_result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_result(small_result, Path("out"))["result.json"] == Path("out/result.json")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(NAMES)


def test_the_folder_has_the_usual_permissions(small_result, tmp_path):
    write_result(small_result, tmp_path / "out")
    (tmp_path / "other").mkdir()
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_keeps_other_files_in_the_folder(small_result, tmp_path):
    (tmp_path / "image.dcm").write_bytes(b"image")
    write_result(small_result, tmp_path)
    assert (tmp_path / "image.dcm").read_bytes() == b"image"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*NAMES, "image.dcm"])


def test_keeps_an_earlier_result_without_force(small_result, empty_result, tmp_path):
    write_result(small_result, tmp_path)
    before = contents(tmp_path)
    with pytest.raises(OutputError, match=r"already holds the result of an earlier run: .*overlay\.png"):
        write_result(empty_result, tmp_path)
    assert contents(tmp_path) == before


def test_force_replaces_an_earlier_result(small_result, empty_result, tmp_path, monkeypatch):
    more = Output("more.bin", lambda result, path: path.write_bytes(b"dcm") and None, lambda r: bool(r.segments))
    monkeypatch.setattr(directory_module, "OUTPUTS", (*OUTPUTS, more))
    assert list(write_result(small_result, tmp_path)) == [*NAMES[:2], "more.bin", "result.json"]
    assert list(write_result(empty_result, tmp_path, force=True)) == NAMES
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES), "a file of the earlier result remains"
    assert json.loads((tmp_path / "result.json").read_text())["area_fraction"] == 0


@pytest.mark.usefixtures("disk_runs_full")
@pytest.mark.parametrize("place", ["new", "some/deep/new", "."])
def test_a_full_disk_leaves_no_files(small_result, tmp_path, place):
    with pytest.raises(OutputError, match="no space left on device") as caught:
        write_result(small_result, tmp_path / place)
    assert isinstance(caught.value.__cause__, OSError)
    assert contents(tmp_path) == {}


def test_an_unexpected_error_leaves_no_files(small_result, tmp_path, monkeypatch):
    def fail(result, path):
        raise ValueError("a bug")

    monkeypatch.setattr(directory_module, "OUTPUTS", (OUTPUTS[0], Output("overlay.png", fail, required=True)))
    with pytest.raises(ValueError, match="a bug"):
        write_result(small_result, tmp_path / "out")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_rejects_a_file_as_the_folder(small_result, tmp_path, place):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        write_result(small_result, tmp_path / place)
    assert contents(tmp_path) == {"file": b""}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_rejects_a_read_only_folder(small_result, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(OutputError, match="permission denied"):
        write_result(small_result, tmp_path / "closed" / "out")


def test_missing_permissions_leave_no_files(small_result, tmp_path, monkeypatch):
    def deny(self, *args, **kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", deny)
    with pytest.raises(OutputError, match="permission denied"):
        write_result(small_result, tmp_path / "out")
    assert contents(tmp_path) == {}
