"""Fetch images from the archive into a folder, and the segmentations that refer to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from pydicom import Dataset

from CausalCLIPSegLib.atomic_files import write_bytes
from CausalCLIPSegLib.errors import CausalCLIPSegError, PacsError
from CausalCLIPSegLib.pacs.archive import Pacs
from CausalCLIPSegLib.pacs.folder import file_name, file_state, is_complete, make_folder, read_instance
from CausalCLIPSegLib.pacs.query import Match, Query, search
from CausalCLIPSegLib.pacs.retry import GiveUpRule

PullStatus = Literal["fetched", "already there", "failed", "not tried"]


@dataclass(frozen=True)
class Pulled:
    """The outcome for one instance.

    Attributes:
        instance: UID of the instance.
        status: "already there" if the folder already holds the file, which is not changed; "not tried" after the
            connection was lost twice in a row or access was denied.
        file: path of the file, whether or not it could be written.
        reason: why the instance failed or was not tried, else "".
    """

    instance: str
    status: PullStatus
    file: Path
    reason: str = ""


def pull(
    pacs: Pacs,
    matches: Collection[Match],
    folder: Path,
    *,
    force: bool = False,
    verify: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Pulled]:
    """Fetch instances into a folder, and yield the outcome of each as soon as it is known.

    Args:
        pacs: the archive.
        matches: the instances.
        folder: created if it does not exist.
        force: replace a file that is damaged or holds something else.
        verify: also fetch instances that the folder already holds, and compare them byte by byte.
        progress: receives a message before each instance.

    Raises:
        OutputError: the folder cannot be created.
    """
    make_folder(folder)
    rule = GiveUpRule()
    for number, match in enumerate(matches, 1):
        progress(f"Fetching {number} of {len(matches)}")
        path = folder / file_name(match.modality, match.instance)
        pull_it = partial(_pull_one, pacs, match, path, force=force, verify=verify)
        if pulled := _outcome(match, path, rule, pull_it):
            yield pulled


def _outcome(match: Match, path: Path, rule: GiveUpRule, pull_it: Callable[[], Pulled | None]) -> Pulled | None:
    """Return what `pull_it` returns, its error as an outcome, or that the instance is not tried."""
    if rule.reason:
        return Pulled(match.instance, "not tried", path, rule.reason)
    try:
        with rule.watch():
            return pull_it()
    except CausalCLIPSegError as error:
        return Pulled(match.instance, "failed", path, str(error))


def _pull_one(pacs: Pacs, match: Match, path: Path, *, force: bool, verify: bool) -> Pulled:
    state = file_state(path, match.identity)
    if state == "complete" and not verify:
        return Pulled(match.instance, "already there", path)
    if state == "other" and not force:
        return Pulled(match.instance, "failed", path, "a damaged or another file has this name; --force replaces it")
    return _save(_fetch_complete(pacs, match), match, path, force=force)


def _fetch_complete(pacs: Pacs, match: Match) -> bytes:
    data = pacs.fetch(match.identity)
    if not is_complete(data, match.identity):
        raise PacsError("The archive sent a damaged file, or one that was not requested.")
    return data


def _save(data: bytes, match: Match, path: Path, *, force: bool) -> Pulled:
    """Write a fetched file, unless `path` holds the same bytes already."""
    state = file_state(path, match.identity)
    if state != "absent" and path.is_file() and path.read_bytes() == data:
        return Pulled(match.instance, "already there", path)
    if state != "absent" and not force:
        return Pulled(
            match.instance, "failed", path, "the archive has another version of it; --force replaces the file"
        )
    write_bytes(path, data)
    return Pulled(match.instance, "fetched", path)


def pull_segmentations(
    pacs: Pacs,
    images: Collection[Match],
    folder: Path,
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Iterator[Pulled]:
    """Fetch the segmentations that refer to one of these images, and yield the outcome of each.

    Only the file states which image a segmentation refers to, and an archive cannot be queried for that. So this reads
    all segmentations of the images' studies, and skips segmentations of other images.

    Raises:
        OutputError: the folder cannot be created.
        PacsError: the archive cannot be queried.
    """
    make_folder(folder)
    wanted = {image.instance for image in images}
    rule = GiveUpRule()
    for study in sorted({image.study for image in images}):
        candidates = search(pacs, Query(study=study, modality="SEG"), "instance")
        for number, match in enumerate(candidates, 1):
            progress(f"Looking at segmentation {number} of {len(candidates)}")
            path = folder / file_name(match.modality, match.instance)
            pull_it = partial(_pull_segmentation, pacs, match, path, wanted, force=force)
            if pulled := _outcome(match, path, rule, pull_it):
                yield pulled


def _pull_segmentation(pacs: Pacs, match: Match, path: Path, images: Set[str], *, force: bool) -> Pulled | None:
    """Pull a segmentation; return None if it refers to none of the images."""
    is_complete_already = file_state(path, match.identity) == "complete"
    data = path.read_bytes() if is_complete_already else _fetch_complete(pacs, match)
    if not images & referenced_instances(read_instance(data)):
        return None
    return _save(data, match, path, force=force)


def referenced_instances(dataset: Dataset) -> set[str]:
    """Return the UIDs of all instances that a data set refers to, at any depth."""
    return {str(element.value) for element in dataset.iterall() if element.keyword == "ReferencedSOPInstanceUID"}
