"""Store files in the archive one by one; instances that the archive already has are not sent again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset

from CausalCLIPSegLib.errors import CausalCLIPSegError, PacsError, reason_of
from CausalCLIPSegLib.pacs.archive import Answer, Pacs, UnreachableError, check_uid
from CausalCLIPSegLib.pacs.folder import has_all_pixels
from CausalCLIPSegLib.pacs.retry import GiveUpRule
from CausalCLIPSegLib.regular_files import check_regular, open_regular

PushStatus = Literal["stored", "already there", "refused", "failed", "not tried"]
_REPEAT = "the same command sends it again"


@dataclass(frozen=True)
class Pushed:
    """The outcome for one file.

    Attributes:
        file: the file.
        instance: UID of the instance in the file, "" if the file could not be read.
        status: "refused" by the archive; "failed" before or during the transfer; "not tried" after the connection was
            lost twice in a row or access was denied.
        reason: why the file was not stored, or what the archive warns of; else "".
    """

    file: Path
    instance: str
    status: PushStatus
    reason: str = ""

    @property
    def is_in_archive(self) -> bool:
        """Whether the archive has the instance."""
        return self.status in ("stored", "already there")


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Return the given files and the DICOM files in the given folders, each once and sorted by path within a folder.

    Raises:
        CausalCLIPSegError: a path does not exist or cannot be read, or a folder holds no DICOM file.
    """
    files: dict[Path, None] = {}
    for path in paths:
        if os.path.lexists(path) and path.is_dir():
            inside = [file for file in sorted(path.rglob("*")) if file.is_file() and _is_dicom(file)]
            if not inside:
                raise CausalCLIPSegError(f"The folder {path} holds no DICOM file.")
            files |= dict.fromkeys(inside)
        else:
            try:
                check_regular(path)
            except OSError as error:
                raise CausalCLIPSegError(f"{path} cannot be sent: {reason_of(error)}.") from error
            files[path] = None
    return list(files)


def _is_dicom(path: Path) -> bool:
    """Return whether a file in a folder is a DICOM file to send; hidden files and the DICOMDIR are not sent."""
    if path.name.startswith(".") or path.name.upper() == "DICOMDIR":
        return False
    try:
        with open_regular(path) as file:
            return file.read(132)[128:] == b"DICM"
    except OSError as error:
        raise CausalCLIPSegError(f"The file {path} cannot be read: {reason_of(error)}.") from error


def push(pacs: Pacs, files: Sequence[Path], progress: Callable[[str], None] = lambda _: None) -> Iterator[Pushed]:
    """Store files in the archive, and yield the outcome of each as soon as it is known.

    Instances that the archive already has are not sent, so a repeated call completes a transfer that failed halfway.

    Args:
        pacs: the archive.
        files: see `find_files`.
        progress: receives a message before each file.
    """
    rule = GiveUpRule()
    for number, path in enumerate(files, 1):
        progress(f"Storing {number} of {len(files)}")
        yield _push_one(pacs, path, rule)


def _push_one(pacs: Pacs, path: Path, rule: GiveUpRule) -> Pushed:
    try:
        dataset = _read(path)
    except CausalCLIPSegError as error:
        return Pushed(path, "", "failed", str(error))
    outcome = partial(Pushed, path, str(dataset.SOPInstanceUID))
    if rule.reason:
        return outcome("not tried", rule.reason)
    try:
        with rule.watch():
            answer = _store(pacs, dataset)
    except UnreachableError as error:
        return outcome("failed", f"{error} The instance may or may not have arrived; {_REPEAT}.")
    except PacsError as error:
        return outcome("failed", str(error))
    if answer.status == "unconfirmed":
        return outcome("failed", f"The archive does not confirm that it has the instance; {_REPEAT}.")
    return outcome(answer.status, answer.reason)


def _store(pacs: Pacs, dataset: Dataset) -> Answer:
    if _is_in_archive(pacs, dataset):
        return Answer("already there")
    answer = pacs.store(dataset)
    if answer.status == "unconfirmed" and _is_in_archive(pacs, dataset):
        return Answer("stored")
    return answer


def _is_in_archive(pacs: Pacs, dataset: Dataset) -> bool:
    uid = str(dataset.SOPInstanceUID)
    keys = {
        "StudyInstanceUID": str(dataset.StudyInstanceUID),
        "SeriesInstanceUID": str(dataset.SeriesInstanceUID),
        "SOPInstanceUID": uid,
    }
    # An archive may ignore the last key and return all instances of the series.
    return any(str(match.get("SOPInstanceUID", "")) == uid for match in pacs.find("instance", keys))


def _read(path: Path) -> Dataset:
    """Return the data set of a file that is complete and consistent.

    Raises:
        CausalCLIPSegError: the file must not be sent; the message says why.
    """
    try:
        dataset = dcmread(path)
        uids = [str(dataset[name].value) for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")]
        sop_class, syntax = str(dataset.SOPClassUID), dataset.file_meta.TransferSyntaxUID
        complete = has_all_pixels(dataset)
    except OSError as error:
        raise CausalCLIPSegError(f"The file cannot be read: {reason_of(error)}.") from error
    except Exception as error:  # whatever pydicom raises for damaged files and for files that are not DICOM
        raise CausalCLIPSegError("This is not a complete DICOM file.") from error
    for uid in (*uids, sop_class, str(syntax)):
        check_uid(uid)
    if not complete:
        raise CausalCLIPSegError("The file is damaged: its pixels do not fit its header.")
    meta = dataset.file_meta
    if not isinstance(meta, FileMetaDataset) or str(meta.get("MediaStorageSOPInstanceUID", uids[2])) != uids[2]:
        raise CausalCLIPSegError("The file is damaged: it names two different instances.")
    return dataset
