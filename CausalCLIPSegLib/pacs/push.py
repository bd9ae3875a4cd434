"""From files to the archive, one by one, with a report of each; what is there already is not sent again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset

from CausalCLIPSegLib.errors import CausalCLIPSegError, PacsError
from CausalCLIPSegLib.pacs.archive import Answer, DeniedError, Pacs, UnreachableError, check_uid
from CausalCLIPSegLib.pacs.folder import has_all_pixels

PushStatus = Literal["stored", "already there", "refused", "failed", "not tried"]
_UNREACHABLE_IN_A_ROW = 2
_AGAIN = "the same command sends it again"


@dataclass(frozen=True)
class Pushed:
    """What became of one file.

    Attributes:
        file: the file.
        instance: its UID, "" where it could not be read.
        status: "refused" by the archive; "failed" on the way or before; "not tried" after the archive was lost.
        reason: why, or what the archive warns of; "" where there is nothing to say.
    """

    file: Path
    instance: str
    status: PushStatus
    reason: str = ""

    @property
    def is_well(self) -> bool:
        """Whether the archive has it."""
        return self.status in ("stored", "already there")


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files named, and the DICOM files in the folders named, each once and in order of their names.

    Raises:
        CausalCLIPSegError: a path does not exist, cannot be read, or a folder holds no DICOM file.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if file.is_file() and _is_dicom(file)]
            if not inside:
                raise CausalCLIPSegError(f"The folder {path} holds no DICOM file.")
            found |= dict.fromkeys(inside)
        elif path.is_file():
            found[path] = None
        else:
            raise CausalCLIPSegError(f"There is no file {path}.")
    return list(found)


def _is_dicom(path: Path) -> bool:
    """Whether a file in a folder is to be sent: hidden ones and the DICOMDIR are not."""
    if path.name.startswith(".") or path.name.upper() == "DICOMDIR":
        return False
    try:
        with path.open("rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError as error:
        raise CausalCLIPSegError(f"The file {path} cannot be read: {error.strerror}.") from error


def push(pacs: Pacs, files: Sequence[Path], progress: Callable[[str], None] = lambda _: None) -> Iterator[Pushed]:
    """Store files in the archive, and tell of each when it is done.

    An instance that the archive has is left alone, so that after a failure half-way the same call does the rest.

    Args:
        pacs: the archive.
        files: see `find_files`.
        progress: is told in words what happens.
    """
    lost, given_up = 0, ""
    for number, path in enumerate(files, 1):
        progress(f"Storing {number} of {len(files)}")
        try:
            dataset = _read(path)
        except CausalCLIPSegError as error:
            yield Pushed(path, "", "failed", str(error))
            continue
        uid = str(dataset.SOPInstanceUID)
        if given_up:
            yield Pushed(path, uid, "not tried", given_up)
            continue
        try:
            answer = _store(pacs, dataset)
        except UnreachableError as error:
            lost += 1
            given_up = str(error) if lost == _UNREACHABLE_IN_A_ROW else ""
            yield Pushed(path, uid, "failed", f"{error} Whether it arrived is not known; {_AGAIN}.")
        except DeniedError as error:
            given_up = str(error)
            yield Pushed(path, uid, "failed", str(error))
        except PacsError as error:
            lost = 0
            yield Pushed(path, uid, "failed", str(error))
        else:
            lost = 0
            if answer.status == "unconfirmed":
                yield Pushed(path, uid, "failed", f"The archive does not say that it has it; {_AGAIN}.")
            else:
                yield Pushed(path, uid, answer.status, answer.reason)


def _store(pacs: Pacs, dataset: Dataset) -> Answer:
    if _is_there(pacs, dataset):
        return Answer("already there")
    answer = pacs.store(dataset)
    if answer.status == "unconfirmed" and _is_there(pacs, dataset):
        return Answer("stored")
    return answer


def _is_there(pacs: Pacs, dataset: Dataset) -> bool:
    uid = str(dataset.SOPInstanceUID)
    keys = {
        "StudyInstanceUID": str(dataset.StudyInstanceUID),
        "SeriesInstanceUID": str(dataset.SeriesInstanceUID),
        "SOPInstanceUID": uid,
    }
    # An archive may ignore the last key and send all instances of the series.
    return any(str(match.get("SOPInstanceUID", "")) == uid for match in pacs.find("instance", keys))


def _read(path: Path) -> Dataset:
    """Read a file that is fit to be sent.

    Raises:
        CausalCLIPSegError: it is not, and why.
    """
    try:
        dataset = dcmread(path)
        uids = [str(dataset[name].value) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
        kind, syntax = str(dataset.SOPClassUID), dataset.file_meta.TransferSyntaxUID
        whole = has_all_pixels(dataset)
    except OSError as error:
        raise CausalCLIPSegError(f"The file cannot be read: {error.strerror}.") from error
    except Exception as error:  # whatever pydicom raises for other and for damaged files
        raise CausalCLIPSegError("This is no complete DICOM file.") from error
    for uid in (*uids, kind, str(syntax)):
        check_uid(uid)
    if not whole:
        raise CausalCLIPSegError("The file is damaged: its pixels do not fit its header.")
    meta = dataset.file_meta
    if not isinstance(meta, FileMetaDataset) or str(meta.get("MediaStorageSOPInstanceUID", uids[2])) != uids[2]:
        raise CausalCLIPSegError("The file is damaged: it names two different instances.")
    return dataset
