"""What every archive can do, however it is spoken to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, Self

from CausalCLIPSegLib.errors import PacsError

if TYPE_CHECKING:
    from pydicom import Dataset

Level = Literal["study", "series", "instance"]

RETURNED: Mapping[Level, tuple[str, ...]] = {
    "study": (
        "PatientID",
        "PatientName",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "StudyDescription",
        "ModalitiesInStudy",
        "StudyInstanceUID",
    ),
    "series": ("Modality", "SeriesNumber", "SeriesDescription", "SeriesInstanceUID"),
    "instance": ("SOPClassUID", "SOPInstanceUID", "InstanceNumber"),
}
"""The attributes an archive is asked for at each level, by keyword."""


UID_OF: Mapping[Level, str] = {
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "instance": "SOPInstanceUID",
}
"""The attribute that tells one match of a level from another."""


class UnreachableError(PacsError):
    """No connection, or it was lost; the same question may well be answered a little later.

    Attributes:
        retry_after: seconds after which the archive asks to be tried again; None where it does not say.
    """

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class DeniedError(PacsError):
    """The archive does not let us in, or is not the one it claims to be: no further request has a point."""


@dataclass(frozen=True)
class Identity:
    """One instance in an archive.

    Attributes:
        study, series, instance: its UIDs.
        sop_class: UID of its class, "" where the archive does not tell.
    """

    study: str
    series: str
    instance: str
    sop_class: str = ""


class Answer(NamedTuple):
    """What an archive says to an instance that it was given.

    Attributes:
        status: "unconfirmed" where the archive answers without naming the instance.
        reason: why it was refused, or what it warns of; "" where there is nothing to say.
    """

    status: Literal["stored", "already there", "refused", "unconfirmed"]
    reason: str = ""


class Pacs(Protocol):
    """An archive. Every method raises `PacsError`, or one of the two classes above, with one sentence.

    Finding and fetching are tried again when the connection fails, storing is not: whether a lost instance has arrived
    is to be looked up first.
    """

    def __enter__(self) -> Self:
        """Keep the libraries silent from here on."""

    def __exit__(self, kind: object = None, *_: object) -> None:
        """Close all connections, orderly or not."""

    def check(self) -> None:
        """Ask the archive whether it is there and lets us in."""

    def find(self, level: Level, keys: Mapping[str, str], limit: int | None = None) -> list[Dataset]:
        """Look for studies, the series of a study, or the instances of a series.

        Args:
            level: what to look for.
            keys: attribute keyword: value; a series needs StudyInstanceUID, an instance SeriesInstanceUID too.
            limit: stop at about that many.

        Returns:
            One data set a match, with what the archive tells of `RETURNED[level]`.
        """

    def fetch(self, identity: Identity) -> bytes:
        """Return the whole DICOM file of an instance, in the transfer syntax in which the archive holds it."""

    def store(self, dataset: Dataset) -> Answer:
        """Give the archive one instance, as read from its file, in its own transfer syntax."""


def check_uid(value: str) -> str:
    """Return a UID that can be part of an address and of a file's name.

    Raises:
        PacsError: it is none. Leading zeros, which the standard forbids, occur and are let pass.
    """
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", value) or len(value) > 64:
        raise PacsError("A UID consists of numbers with points between them, at most 64 characters in all.")
    return value
