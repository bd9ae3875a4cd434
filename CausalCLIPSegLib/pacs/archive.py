"""The interface of the clients of an archive, and what the clients of both protocols share."""

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
"""Keywords of the attributes that a query at each level asks the archive to return."""


UID_OF: Mapping[Level, str] = {
    "study": "StudyInstanceUID",
    "series": "SeriesInstanceUID",
    "instance": "SOPInstanceUID",
}
"""Keyword of the attribute that identifies a match at each level."""

MAX_MATCHES = 10_000
"""Maximum number of matches of a query, at each level."""
TOO_MANY_MATCHES = f"More than {MAX_MATCHES:,} studies, series or instances match; narrow the query."

MAX_UID_LENGTH = 64
"""Characters in a UID (PS3.5 section 9)."""


class UnreachableError(PacsError):
    """The connection could not be made or was lost; the same request may succeed a little later.

    Attributes:
        retry_after: seconds after which the archive asks to be tried again; None if it does not say.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeniedError(PacsError):
    """The archive denies access, or cannot prove its identity; further requests are pointless."""


@dataclass(frozen=True)
class Identity:
    """Identifies one instance in an archive.

    Attributes:
        study, series, instance: UIDs of the instance and of its study and series.
        sop_class: UID of its SOP class, "" if the archive did not return it.
    """

    study: str
    series: str
    instance: str
    sop_class: str = ""


class Answer(NamedTuple):
    """The archive's answer to storing an instance.

    Attributes:
        status: "unconfirmed" if the answer does not name the instance.
        reason: why the archive refused it, or what it warns of; "" if it gave neither.
    """

    status: Literal["stored", "already there", "refused", "unconfirmed"]
    reason: str = ""


class Pacs(Protocol):
    """A client of an archive. Every method raises `PacsError`, or one of its two subclasses above.

    `find` and `fetch` are retried after a lost connection. `store` is not: the archive may have received the instance,
    so the caller must look it up first.
    """

    def __enter__(self) -> Self:
        """Silence the logs of the libraries, which quote patient data."""

    def __exit__(self, kind: object = None, *_: object) -> None:
        """Close all connections."""

    def check(self) -> None:
        """Check that the archive answers and grants access."""

    def find(self, level: Level, keys: Mapping[str, str], limit: int | None = None) -> list[Dataset]:
        """Find studies, the series of a study, or the instances of a series.

        Args:
            level: what to find.
            keys: attribute keyword to value; a series needs StudyInstanceUID, an instance also SeriesInstanceUID.
            limit: stop after about this many matches.

        Returns:
            One data set per match, with those attributes of `RETURNED[level]` that the archive returned.

        Raises:
            PacsError: there are more than `MAX_MATCHES`.
        """

    def fetch(self, identity: Identity) -> bytes:
        """Return the complete DICOM file of an instance, in the transfer syntax that the archive stores."""

    def store(self, dataset: Dataset) -> Answer:
        """Send an instance that was read from a file, in its own transfer syntax."""


def check_uid(value: str) -> str:
    """Return `value` if it is a UID and so is safe in a URL and in a file name.

    Leading zeros, which the standard forbids (PS3.5 section 9), occur in practice and are accepted.

    Raises:
        PacsError: `value` is not a UID.
    """
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)*", value) or len(value) > MAX_UID_LENGTH:
        raise PacsError("A UID consists of numbers with points between them, at most 64 characters in all.")
    return value
