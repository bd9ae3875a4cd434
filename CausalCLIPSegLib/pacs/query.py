"""What to look for in an archive, and the way from studies down to instances."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableSequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.archive import Identity, Level, Pacs, check_uid

if TYPE_CHECKING:
    from pydicom import Dataset

_DATE = r"\d{4}(?:-?\d{2}-?\d{2})"


@dataclass(frozen=True)
class Query:
    """What is asked for; all that is given has to fit.

    Attributes:
        patient_id, patient_name, accession_number: as the archive has them; * and ? stand for any characters.
        study_date: YYYYMMDD or YYYY-MM-DD, or YYYYMMDD-YYYYMMDD where one side may be missing.
        modality: of a series, such as CR, DX or SEG.
        study, series, instance: UIDs.
    """

    patient_id: str | None = None
    patient_name: str | None = None
    accession_number: str | None = None
    study_date: str | None = None
    modality: str | None = None
    study: str | None = None
    series: str | None = None
    instance: str | None = None

    def __post_init__(self) -> None:
        given = {key: value for key, value in asdict(self).items() if value is not None}
        if not given.keys() - {"modality"}:
            raise PacsError("Say what to look for: a patient, a date, an accession number or a UID.")
        for key, value in given.items():
            if not value.strip(" *") or "\\" in value or any(ord(letter) < 32 for letter in value):
                raise PacsError(f"This cannot be looked for as {key.replace('_', ' ')}.")
            if key in ("study", "series", "instance"):
                check_uid(value)
        if self.study_date is not None:
            object.__setattr__(self, "study_date", _date_range(self.study_date))
        if self.modality is not None:
            object.__setattr__(self, "modality", self.modality.upper())


@dataclass(frozen=True)
class Match:
    """What was found, with all that the levels above tell; "" is not told.

    Attributes:
        modality: of the series; at study level all of them, with \\ between.
        study, series, instance: UIDs, as far down as was asked for.
    """

    patient_id: str = ""
    patient_name: str = ""
    study_date: str = ""
    study_time: str = ""
    accession_number: str = ""
    study_description: str = ""
    modality: str = ""
    series_number: str = ""
    series_description: str = ""
    instance_number: str = ""
    study: str = ""
    series: str = ""
    instance: str = ""
    sop_class: str = ""

    @property
    def identity(self) -> Identity:
        """What `Pacs.fetch` wants to know."""
        return Identity(self.study, self.series, self.instance, self.sop_class)

    def to_dict(self) -> dict[str, Any]:
        """As it is written in JSON, without what is not told."""
        return {key: value for key, value in asdict(self).items() if value}


_FIELDS: Mapping[Level, Mapping[str, str]] = {
    "study": {
        "patient_id": "PatientID",
        "patient_name": "PatientName",
        "study_date": "StudyDate",
        "study_time": "StudyTime",
        "accession_number": "AccessionNumber",
        "study_description": "StudyDescription",
        "modality": "ModalitiesInStudy",
        "study": "StudyInstanceUID",
    },
    "series": {
        "modality": "Modality",
        "series_number": "SeriesNumber",
        "series_description": "SeriesDescription",
        "series": "SeriesInstanceUID",
    },
    "instance": {"instance_number": "InstanceNumber", "sop_class": "SOPClassUID", "instance": "SOPInstanceUID"},
}
_KEYS: Mapping[Level, tuple[str, ...]] = {
    "study": ("patient_id", "patient_name", "accession_number", "study_date", "modality", "study"),
    "series": ("modality", "series"),
    "instance": ("instance",),
}
# An archive may ignore a key that it does not know: what it sends then is not what was asked for.
_CHECKED = ("patient_id", "accession_number", "study", "series", "instance")


def search(pacs: Pacs, query: Query, level: Level, limit: int | None = None) -> list[Match]:
    """Look for studies, series or instances, from the study down: few archives can do it otherwise.

    Args:
        pacs: the archive.
        query: what has to fit.
        level: what to return.
        limit: how many at most.

    Raises:
        PacsError: the archive cannot be asked.
    """
    return list(islice(_walk(pacs, query, level, limit), limit))


def _walk(pacs: Pacs, query: Query, level: Level, limit: int | None) -> Iterator[Match]:
    walked = set()
    for study in _matches(pacs, query, "study", Match(), limit if level == "study" else None):
        if level == "study":
            yield study
            continue
        if study.study in walked:  # one study under two patients, as after a merge: both times it holds the same
            continue
        walked.add(study.study)
        for series in _matches(pacs, query, "series", study, limit if level == "series" else None):
            if level == "series":
                yield series
                continue
            yield from _matches(pacs, query, "instance", series, limit)


def _matches(pacs: Pacs, query: Query, level: Level, above: Match, limit: int | None) -> Iterator[Match]:
    fields = _FIELDS[level]
    asked = {key: value for key in _KEYS[level] if (value := getattr(query, key)) is not None}
    keys = {fields[key]: value for key, value in asked.items()}
    if level != "study":
        keys["StudyInstanceUID"] = above.study
    if level == "instance":
        keys["SeriesInstanceUID"] = above.series
    given = set()
    for answer in pacs.find(level, keys, limit):
        told = {field: _text(answer, keyword) for field, keyword in fields.items()}
        match = replace(above, **told)
        if _fits(match, asked, level):
            check_uid(told[level])  # it becomes part of addresses and names of files
            if level == "study" or told[level] not in given:  # else it is the same one, of the other patient
                yield match
            given.add(told[level])


def _fits(match: Match, asked: Mapping[str, str], level: Level) -> bool:
    for key, value in asked.items():
        exact = key in _CHECKED or (key == "modality" and level == "series")
        told = getattr(match, key)
        if exact and told and not set(value) & set("*?") and told.strip().casefold() != value.strip().casefold():
            return False
    return True


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        value = dataset.get(keyword)
    except Exception:  # a value that cannot be converted is not told
        return ""
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, MutableSequence) else str(value)


def _date_range(text: str) -> str:
    match = re.fullmatch(rf"({_DATE})?(-)?({_DATE})?", text.strip())
    if match is None or not (match[1] or match[3]) or (match[1] and match[3] and not match[2]):
        raise PacsError("A study date is YYYYMMDD or YYYY-MM-DD, or two of them with - between.")
    try:
        first, last = (day and date.fromisoformat(day).strftime("%Y%m%d") for day in (match[1], match[3]))
    except ValueError:
        raise PacsError("The study date is no day of the calendar.") from None
    return f"{first or ''}{match[2] or ''}{last or ''}"
