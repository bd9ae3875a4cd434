"""Queries to an archive, from studies down to instances."""

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
    """Conditions that a match must fulfill; None leaves an attribute open.

    Attributes:
        patient_id, patient_name, accession_number: as stored in the archive; * and ? are wildcards.
        study_date: YYYYMMDD or YYYY-MM-DD, or a range of two dates with "-" between, one of which may be missing.
        modality: modality of a series, such as CR, DX or SEG.
        study, series, instance: UIDs.

    Raises:
        PacsError: there is no condition besides the modality, or a value cannot be part of a query.
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
        conditions = {key: value for key, value in asdict(self).items() if value is not None}
        if not conditions.keys() - {"modality"}:
            raise PacsError("Say what to look for: a patient, a date, an accession number or a UID.")
        for key, value in conditions.items():
            if not value.strip(" *") or "\\" in value or any(ord(character) < 32 for character in value):
                raise PacsError(f"This is not a valid {key.replace('_', ' ')}.")
            if key in ("study", "series", "instance"):
                check_uid(value)
        if self.study_date is not None:
            object.__setattr__(self, "study_date", _date_range(self.study_date))
        if self.modality is not None:
            object.__setattr__(self, "modality", self.modality.upper())


@dataclass(frozen=True)
class Match:
    """A study, series or instance in the archive, with the attributes of the levels above it.

    An attribute is "" if the archive did not return it.

    Attributes:
        modality: modality of the series; at study level, modalities of all series, separated by \\.
        study, series, instance: UIDs, down to the level of the search.
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
        """The argument of `Pacs.fetch`."""
        return Identity(self.study, self.series, self.instance, self.sop_class)

    def to_dict(self) -> dict[str, Any]:
        """Return the attributes that are not empty, for JSON."""
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
# An archive may ignore keys that it does not support, so we check these attributes of every match.
_CHECKED = ("patient_id", "accession_number", "study", "series", "instance")


def search(pacs: Pacs, query: Query, level: Level, limit: int | None = None) -> list[Match]:
    """Find studies, series or instances, going from the study down, because few archives support other searches.

    Args:
        pacs: the archive.
        query: conditions that all matches fulfill.
        level: what to return.
        limit: maximum number of matches.

    Raises:
        PacsError: the archive cannot be queried.
    """
    return list(islice(_walk(pacs, query, level, limit), limit))


def _walk(pacs: Pacs, query: Query, level: Level, limit: int | None) -> Iterator[Match]:
    seen = set()
    for study in _matches(pacs, query, "study", Match(), limit if level == "study" else None):
        if level == "study":
            yield study
            continue
        if study.study in seen:  # an archive may list a study under two patients, for instance after a merge
            continue
        seen.add(study.study)
        for series in _matches(pacs, query, "series", study, limit if level == "series" else None):
            if level == "series":
                yield series
                continue
            yield from _matches(pacs, query, "instance", series, limit)


def _matches(pacs: Pacs, query: Query, level: Level, above: Match, limit: int | None) -> Iterator[Match]:
    fields = _FIELDS[level]
    conditions = {key: value for key in _KEYS[level] if (value := getattr(query, key)) is not None}
    keys = {fields[key]: value for key, value in conditions.items()}
    if level != "study":
        keys["StudyInstanceUID"] = above.study
    if level == "instance":
        keys["SeriesInstanceUID"] = above.series
    seen = set()
    for dataset in pacs.find(level, keys, limit):
        values = {field: _text(dataset, keyword) for field, keyword in fields.items()}
        match = replace(above, **values)
        if _fulfills(match, conditions, level):
            check_uid(values[level])  # it becomes part of URLs and file names
            if (
                level == "study" or values[level] not in seen
            ):  # an archive may list a series or instance under two patients
                yield match
            seen.add(values[level])


def _fulfills(match: Match, conditions: Mapping[str, str], level: Level) -> bool:
    for key, wanted in conditions.items():
        is_checked = key in _CHECKED or (key == "modality" and level == "series")
        has_wildcard = bool(set(wanted) & set("*?"))
        value = getattr(match, key)
        if is_checked and value and not has_wildcard and value.strip().casefold() != wanted.strip().casefold():
            return False
    return True


def _text(dataset: Dataset, keyword: str) -> str:
    """Return an attribute as text, "" if it is missing or cannot be decoded."""
    try:
        value = dataset.get(keyword)
    except Exception:  # whatever pydicom raises for a value that does not fit its VR
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
        raise PacsError("The study date is not a day of the calendar.") from None
    return f"{first or ''}{match[2] or ''}{last or ''}"
