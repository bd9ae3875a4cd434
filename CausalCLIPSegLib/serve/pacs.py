"""Radiographs from an archive of the configuration, and segmentations into it. Call these functions in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.serve.refusals import Refusal

_MODALITIES = frozenset({"CR", "DX", "RG", "OT", "SC"})
"""Modalities of series that may hold chest radiographs."""
_MAX_IMAGES = 200


def archive_names() -> list[str]:
    """Return the names of the archives in the configuration; none if it cannot be read."""
    from CausalCLIPSegLib.pacs.configuration import archive_names as configured

    try:
        return configured()
    except CausalCLIPSegError:
        return []


def find_images(
    archive: str, patient: str | None, accession: str | None, date: str | None, study: str | None
) -> tuple[list[dict[str, Any]], bool]:
    """Return the radiographs that match, and whether there are more.

    Raises:
        Refusal: there is no such archive, it does not answer, or nothing is asked for.
    """
    from CausalCLIPSegLib.pacs.query import Query, search

    images: list[dict[str, Any]] = []
    try:
        with _connect(archive) as pacs:
            found = search(pacs, Query(patient, None, accession, date, None, study), "series", 5 * _MAX_IMAGES)
            for series in (each for each in found if each.modality in _MODALITIES):
                query = Query(study=series.study, series=series.series)
                instances = search(pacs, query, "instance", _MAX_IMAGES + 1 - len(images))
                images += [_describe(each) for each in instances]
                if len(images) > _MAX_IMAGES:
                    break
    except CausalCLIPSegError as error:
        raise _failed(error) from None
    return images[:_MAX_IMAGES], len(images) > _MAX_IMAGES


def _describe(match: Any) -> dict[str, Any]:
    return {
        "study": match.study,
        "series": match.series,
        "instance": match.instance,
        "patient_id": match.patient_id,
        "patient": match.patient_name,
        "date": match.study_date,
        "time": match.study_time,
        "accession": match.accession_number,
        "modality": match.modality,
        "description": match.series_description or match.study_description,
    }


def fetch_image(archive: str, study: str, series: str, instance: str, folder: Path, target: Path) -> None:
    """Fetch an instance into a file.

    Raises:
        Refusal: there is no such archive or instance, or it cannot be fetched.
    """
    from CausalCLIPSegLib.pacs.pull import pull
    from CausalCLIPSegLib.pacs.query import Query, search

    try:
        with _connect(archive) as pacs:
            matches = search(pacs, Query(study=study, series=series, instance=instance), "instance", 1)
            if not matches:
                raise Refusal(404, "pacs.failed", "The archive does not have this image.")
            pulled = next(iter(pull(pacs, matches, folder)))
    except CausalCLIPSegError as error:
        raise _failed(error) from None
    if pulled.status == "failed":
        raise Refusal(502, "pacs.failed", f"The archive cannot send this image: {pulled.reason}")
    pulled.file.replace(target)


def store(archive: str, files: list[Path]) -> list[dict[str, str]]:
    """Store files, and return the outcome of each.

    Raises:
        Refusal: there is no such archive, or it does not answer.
    """
    from CausalCLIPSegLib.pacs.push import push

    try:
        with _connect(archive) as pacs:
            return [
                {"instance": pushed.instance, "status": pushed.status, "reason": pushed.reason}
                for pushed in push(pacs, files)
            ]
    except CausalCLIPSegError as error:
        raise _failed(error) from None


def _connect(archive: str) -> Any:
    """Connect with an archive of the configuration; an address is refused, because a client could name any."""
    from CausalCLIPSegLib.pacs import connect
    from CausalCLIPSegLib.pacs.configuration import find_archive

    if archive not in archive_names():
        raise Refusal(404, "pacs.unknown", "The server knows no such archive.")
    return connect(find_archive(archive)[0])


def _failed(error: CausalCLIPSegError) -> Refusal:
    return Refusal(502, "pacs.failed", str(error))
