"""Files are written completely or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from CausalCLIPSegLib.atomic_files import remove_unfinished, staged_files, write_bytes, write_file, write_text
from CausalCLIPSegLib.errors import OutputError


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("write", "content"),
    [
        (lambda path: write_file(path, lambda hidden: hidden.write_bytes(b"new"), force=True), b"new"),
        (lambda path: write_text(path, "größer\r\n"), "größer\r\n".encode()),
        (lambda path: write_bytes(path, b"new"), b"new"),
    ],
    ids=["write_file", "write_text", "write_bytes"],
)
@pytest.mark.parametrize("earlier", [None, b"earlier"], ids=["new file", "existing file"])
def test_writes_the_whole_file_and_nothing_else(tmp_path, write, content, earlier):
    path = tmp_path / "folder" / "file.txt"
    if earlier is not None:
        path.parent.mkdir()
        path.write_bytes(earlier)
    write(path)
    assert path.read_bytes() == content
    assert names(path.parent) == ["file.txt"]


def test_the_hidden_file_has_the_same_extension(tmp_path):
    hidden_paths: list[Path] = []
    write_file(tmp_path / "a.seg.nrrd", lambda hidden: hidden_paths.append(hidden) or hidden.write_bytes(b""))
    assert hidden_paths[0].parent == tmp_path
    assert hidden_paths[0].name.startswith(".")
    assert hidden_paths[0].name.endswith(".seg.nrrd")


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ValueError("a bug")])
def test_an_error_while_writing_keeps_the_existing_file(tmp_path, error):
    def fail(hidden: Path) -> None:
        hidden.write_bytes(b"half")
        raise error

    (tmp_path / "file.txt").write_bytes(b"earlier")
    with pytest.raises(OutputError if isinstance(error, OSError) else ValueError):
        write_file(tmp_path / "file.txt", fail, force=True)
    assert names(tmp_path) == ["file.txt"]
    assert (tmp_path / "file.txt").read_bytes() == b"earlier"


@pytest.mark.parametrize(
    ("name", "reason"), [("file", "exists already"), ("folder", "is a folder"), ("file/below", "cannot be written")]
)
def test_write_file_rejects_without_writing(tmp_path, name, reason):
    (tmp_path / "file").write_bytes(b"earlier")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=reason):
        write_file(tmp_path / name, lambda hidden: hidden.write_bytes(b"new"))
    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "file").read_bytes() == b"earlier"


def test_unfinished_results_can_be_removed_before_the_process_exits(tmp_path):
    def stop_before_the_end() -> None:
        with staged_files(tmp_path / "out", ["a"], force=False) as stage:
            (stage / "a").write_bytes(b"half")
            remove_unfinished()
            assert names(tmp_path) == []

    with pytest.raises(OutputError):
        stop_before_the_end()
    assert names(tmp_path) == []
