"""Write files completely or not at all, one program at a time: a stopped program leaves no half of a result.

A result is written into a hidden folder beside its folder, and then appears at once: the hidden folder is renamed. If
the folder holds other files too, or cannot be renamed, the files are moved one by one. A program that is killed leaves
hidden files, from which the next run in the same place restores the earlier state (`_roll_back`):

    .causalclipseg-KEY.lock     locked while a program writes; KEY is a hash of the path of the result
    .causalclipseg-KEY-new      the new files
    .causalclipseg-KEY-old      the files of an earlier result, while the new ones appear
    .causalclipseg-KEY-trash-…  files that are being removed
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from CausalCLIPSegLib.errors import OutputError, reason_of
from CausalCLIPSegLib.locks import FileLock, LockedError

_PREFIX = ".causalclipseg-"
_NEW_NAMES = ".new-names"
"""File in the folder of old files: the names of the new files, if they are moved one by one."""


def write_file(path: Path, write: Callable[[Path], object], *, force: bool = False) -> None:
    """Let `write` create a hidden file beside `path`, and rename it to `path` when it is complete.

    Args:
        path: the file; its folder is created if needed.
        write: takes the path of the hidden file, which has the same extension.
        force: replace an existing file.

    Raises:
        OutputError: the file exists without `force`, is a folder, or cannot be written.
    """
    with claimed(path):
        reject_path(path, force=force)
        _write(path, write)


def reject_path(path: Path, *, force: bool = False) -> None:
    """Check that a file can be written, before anything slow.

    Raises:
        OutputError: as in `write_file`.
    """
    with claimed(path):
        if path.is_dir():
            raise OutputError(f"{path} is a folder; give the name of a file.")
        if os.path.lexists(path) and not force:
            raise OutputError(f"{path} exists already; --force replaces it.")


def write_text(path: Path, text: str) -> None:
    """Write text as UTF-8, without changing its line endings; an existing file is replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    _write(path, lambda hidden: hidden.write_text(text, encoding="utf-8", newline=""))


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes and wait until they are on the disk (fsync); an existing file is replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    _write(path, lambda hidden: hidden.write_bytes(data))


@contextmanager
def staged_files(
    folder: Path, names: Sequence[str], *, force: bool, earlier: Sequence[str] = (), durable: bool = True
) -> Iterator[Path]:
    """Yield a hidden folder to write `names` into, and move them into `folder` when all are complete.

    After an error `folder` is as it was before; if it did not exist, it still does not. Other files in `folder` stay.

    Args:
        folder: destination; created with its parents if needed.
        names: the files to write; if one names the others, the last.
        force: replace existing files.
        earlier: names that an earlier result may have left; those files are removed together with the replaced ones.
        durable: wait until the files are on the disk, so that they survive a power failure.

    Raises:
        OutputError: `folder` is a file, cannot be written, is written by another program, or already holds one of the
            files and `force` is false.
    """
    all_names = list(dict.fromkeys((*names, *earlier)))
    with claimed(folder, all_names) as hidden:
        if not force:
            reject_existing(folder, all_names)
        target = _real(folder)
        try:
            try:
                with _gate:
                    hidden.new.mkdir()  # not mkdtemp, whose folders only this user can open
                yield hidden.new
                for name in names if durable else ():
                    _sync(hidden.new / name)
                with _gate:
                    _publish(hidden, target, names, all_names)
            except BaseException:
                _roll_back(hidden, target)
                raise
        except OSError as error:
            raise OutputError(f"The result cannot be written to {folder}: {reason_of(error)}.") from error


def reject_existing(folder: Path, names: Sequence[str]) -> None:
    """Check that a folder holds none of the files.

    Raises:
        OutputError: the folder holds some of the files.
    """
    if existing := _existing(folder, names):
        raise OutputError(f"{folder} already holds the result of an earlier run: {', '.join(existing)}.")


@contextmanager
def claimed(target: Path, names: Sequence[str] = ()) -> Iterator[_Hidden]:
    """Keep other programs from writing a result while the block runs; first clean up after a run that was killed.

    The block may claim the same result again. The claim ends with the process, however the process ends.

    Args:
        target: the folder or file of the result, which need not exist.
        names: the files that will be written into it, if it is a folder.

    Yields:
        The hidden files of this result.

    Raises:
        OutputError: another program writes this result; a part of the path is a file or too long; or there is no
            permission to write.
    """
    with ExitStack() as claim:
        try:
            real = _real(target)
            place = _nearest_folder(real.parent, target)
            for path in (target, *(target / name for name in names)):
                _check_length(path, place, real)
            if names and real.exists():
                _check_folder(real, target)
            hidden = claim.enter_context(_claim(real, place))
        except LockedError:
            raise OutputError(
                f"Another run is writing {target}; wait until it has ended, or choose another."
            ) from None
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = reason_of(error) if isinstance(error, OSError) else "its name cannot be used"
            raise OutputError(f"The result cannot be written to {target}: {reason}.") from error
        yield hidden


def remove_unfinished() -> None:
    """Remove all unfinished results before the process ends by `os._exit`; wait for one that is just appearing."""
    in_time = _gate.acquire(timeout=10)
    for hidden, lock in list(_claims.values()):
        for path in hidden.unfinished:
            _discard(path)
        lock.release()
    if in_time:
        _gate.release()


@dataclass(frozen=True)
class _Hidden:
    """The paths of the hidden files of a result, see the top of this module."""

    place: Path
    key: str
    owner: int

    @property
    def new(self) -> Path:
        return self.place / f"{_PREFIX}{self.key}-new"

    @property
    def old(self) -> Path:
        return self.place / f"{_PREFIX}{self.key}-old"

    @property
    def lock(self) -> Path:
        return self.place / f"{_PREFIX}{self.key}.lock"

    @property
    def unfinished(self) -> list[Path]:
        """The existing files and folders that hold new files, and trash."""
        return [path for path in self.place.glob(f"{_PREFIX}{self.key}-*") if path != self.old]


_gate = threading.Lock()
"""Held while a result appears, so that the process does not end halfway."""
_claims: dict[str, tuple[_Hidden, FileLock]] = {}
"""The results that this process writes, by key."""
_swept: set[Path] = set()
"""Folders in which this process has cleaned up after other runs."""


@contextmanager
def _claim(target: Path, place: Path) -> Iterator[_Hidden]:
    key = _key(target)
    if key in _claims and _claims[key][0].owner == threading.get_ident():
        yield _claims[key][0]
        return
    hidden = _Hidden(place, key, threading.get_ident())
    try:
        lock = FileLock(hidden.lock, os.fsencode(target))
    except OSError:
        if not target.is_dir():
            raise
        hidden = _Hidden(target, key, threading.get_ident())  # its parent may belong to another user
        lock = FileLock(hidden.lock, os.fsencode(target))
    _claims[key] = hidden, lock
    try:
        _sweep(hidden.place)
        _roll_back(hidden, target)
        yield hidden
    finally:
        del _claims[key]
        lock.release()


def _sweep(place: Path) -> None:
    """Clean up what killed runs have left in a folder, also if they were writing other results."""
    if place in _swept:
        return
    _swept.add(place)
    for path in place.glob(f"{_PREFIX}*.lock"):
        with suppress(OSError, LockedError):
            lock = FileLock(path)
            target = Path(os.fsdecode(lock.content))
            if lock.is_enforced and path.name == f"{_PREFIX}{_key(target)}.lock":
                _roll_back(_Hidden(place, _key(target), 0), target)
            lock.release()


def _key(target: Path) -> str:
    return hashlib.sha256(os.fsencode(target)).hexdigest()[:16]


def _publish(hidden: _Hidden, target: Path, names: Sequence[str], all_names: Sequence[str]) -> None:
    """Make the new files appear in `target`, and remove those of an earlier result."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        hidden.new.rename(target)
    elif not (_is_replaceable(target, hidden, all_names) and _swap(hidden, target)):
        _move_one_by_one(hidden, target, names, _existing(target, all_names))
    _discard(hidden.old)
    _discard(hidden.new)


def _is_replaceable(target: Path, hidden: _Hidden, all_names: Sequence[str]) -> bool:
    """Return whether a folder can be replaced as a whole: it holds nothing else, is ours, and is not in use."""
    old, new = target.stat(), hidden.new.stat()
    is_ours = (old.st_uid, old.st_gid, old.st_dev) == (new.st_uid, new.st_gid, new.st_dev)
    in_use = Path(os.path.realpath(".")).is_relative_to(target)
    return is_ours and not in_use and {path.name for path in target.iterdir()} <= set(all_names)


def _swap(hidden: _Hidden, target: Path) -> bool:
    """Replace a folder as a whole; return false if the system does not allow it, for instance for a mount."""
    shutil.copystat(target, hidden.new)
    try:
        target.rename(hidden.old)
    except OSError:
        return False
    hidden.new.rename(target)
    return True


def _move_one_by_one(hidden: _Hidden, target: Path, names: Sequence[str], existing: Sequence[str]) -> None:
    """Move the earlier files out of a folder and the new ones in: the one that names the others out first, in last."""
    hidden.old.mkdir()
    (hidden.old / _NEW_NAMES).write_text(json.dumps(list(names)), encoding="utf-8")
    for name in sorted(existing, key=lambda name: name != names[-1]):
        shutil.move(target / name, hidden.old / name)
    for name in names:
        _place(hidden.new / name, target / name)


def _place(source: Path, path: Path) -> None:
    """Move a file; if `path` is on another file system, copy it first to a hidden name there."""
    try:
        source.replace(path)
    except OSError:
        beside = path.parent / f"{_PREFIX}{uuid4().hex}"
        try:
            shutil.copyfile(source, beside)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        source.unlink()


def _roll_back(hidden: _Hidden, target: Path) -> None:
    """Restore the state before a run that failed or was killed; do nothing if its result was complete.

    This may itself be killed at any moment and be repeated.
    """
    if hidden.old.is_dir():
        journal = hidden.old / _NEW_NAMES
        if journal.exists():
            _restore_one_by_one(hidden, target, journal)
        elif hidden.new.exists():  # otherwise the new folder is in place
            target.mkdir(exist_ok=True)
            shutil.copystat(hidden.old, target)
            _move_missing(hidden.old, target)
    for path in (hidden.old, *hidden.unfinished):
        _discard(path)


def _restore_one_by_one(hidden: _Hidden, target: Path, journal: Path) -> None:
    if hidden.new.is_dir():
        with suppress(ValueError):  # a journal that was cut off: no file was moved yet
            for name in json.loads(journal.read_text(encoding="utf-8")):
                if not os.path.lexists(hidden.new / name):
                    (target / name).unlink(missing_ok=True)
        _discard(hidden.new)
    _move_missing(hidden.old, target)


def _move_missing(source: Path, target: Path) -> None:
    """Move those files of a folder into another that it lacks; the journal stays."""
    for path in list(source.iterdir()):
        if path.name != _NEW_NAMES and not os.path.lexists(target / path.name):
            shutil.move(path, target / path.name)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    with claimed(path) as hidden:
        extension = ".seg.nrrd" if path.name.endswith(".seg.nrrd") else path.suffix[:16]
        new = path.parent / f"{_PREFIX}{hidden.key}-new{extension}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                write(new)
                _sync(new)
                with _gate:
                    new.replace(path)
            finally:
                with suppress(OSError):
                    new.unlink()
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {reason_of(error)}.") from error


def _sync(path: Path) -> None:
    """Wait until a file is on the disk, so that a power failure leaves no empty file under its final name."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _discard(path: Path) -> None:
    """Remove a file or folder; rename it first, so that a half-removed folder is not taken for a whole one."""
    with suppress(OSError):  # the next run tries again
        trash = path
        if "-trash-" not in path.name:
            key = path.name.removeprefix(_PREFIX).partition("-")[0]
            trash = path.with_name(f"{_PREFIX}{key}-trash-{uuid4().hex[:8]}")
            path.rename(trash)
        if trash.is_dir() and not trash.is_symlink():
            shutil.rmtree(trash)
        else:
            trash.unlink()


def _existing(folder: Path, names: Sequence[str]) -> list[str]:
    return [name for name in names if os.path.lexists(folder / name)]


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _nearest_folder(folder: Path, target: Path) -> Path:
    """Return `folder` if it exists, else its nearest existing parent."""
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"The result cannot be written to {target}: {nearest} is a file, not a folder.")
    return nearest


def _check_folder(folder: Path, target: Path) -> None:
    if not folder.is_dir():
        raise OutputError(f"The result cannot be written to {target}: it is a file, not a folder.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _check_length(path: Path, place: Path, real: Path) -> None:
    """Let the file system reject a name that is too long, although the folders above it do not exist yet."""
    with suppress(FileNotFoundError, NotADirectoryError):
        path.lstat()
    for name in {*real.relative_to(place).parts, path.name}:
        with suppress(FileNotFoundError):
            (place / name).lstat()
