"""From the archive to a folder: images, and the segmentations that refer to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from pydicom import Dataset, dcmread

from CausalCLIPSegLib.atomic_files import write_bytes
from CausalCLIPSegLib.errors import CausalCLIPSegError, PacsError
from CausalCLIPSegLib.pacs.archive import DeniedError, Pacs, UnreachableError
from CausalCLIPSegLib.pacs.folder import file_name, is_whole, make_folder, state_of
from CausalCLIPSegLib.pacs.query import Match, Query, search

PullStatus = Literal["fetched", "already there", "failed", "not tried"]
_UNREACHABLE_IN_A_ROW = 2


@dataclass(frozen=True)
class Pulled:
    """What became of one instance.

    Attributes:
        instance: its UID.
        status: "already there" where the folder holds it; the file is not touched then. "not tried" after the archive
            was lost twice in a row or has denied access.
        file: where it lies, or was to lie.
        reason: why it failed or was not tried, else "".
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
    """Fetch instances into a folder, and tell of each when it is done.

    Args:
        pacs: the archive.
        matches: the instances.
        folder: made where it does not exist.
        force: replace a file that is damaged or holds something else.
        verify: fetch also what the folder holds, and compare it byte by byte.
        progress: is told in words what happens.

    Raises:
        OutputError: the folder cannot be made.
    """
    make_folder(folder)
    lost, given_up = 0, ""
    for number, match in enumerate(matches, 1):
        progress(f"Fetching {number} of {len(matches)}")
        path = folder / file_name(match.modality, match.instance)
        if given_up:
            yield Pulled(match.instance, "not tried", path, given_up)
            continue
        try:
            pulled = _pull_one(pacs, match, path, force=force, verify=verify)
            lost = 0
        except CausalCLIPSegError as error:
            pulled = Pulled(match.instance, "failed", path, str(error))
            lost = lost + 1 if isinstance(error, UnreachableError) else 0
            if isinstance(error, DeniedError) or lost == _UNREACHABLE_IN_A_ROW:
                given_up = str(error)
        yield pulled


def _pull_one(pacs: Pacs, match: Match, path: Path, *, force: bool, verify: bool) -> Pulled:
    state = state_of(path, match.identity)
    if state == "whole" and not verify:
        return Pulled(match.instance, "already there", path)
    if state == "other" and not force:
        return Pulled(match.instance, "failed", path, "another or a damaged file has this name; --force replaces it")
    return _keep(_fetch_whole(pacs, match), match, path, force=force)


def _fetch_whole(pacs: Pacs, match: Match) -> bytes:
    data = pacs.fetch(match.identity)
    if not is_whole(data, match.identity):
        raise PacsError("The archive sent a damaged file, or another than was asked for.")
    return data


def _keep(data: bytes, match: Match, path: Path, *, force: bool) -> Pulled:
    """Write what was fetched, unless the same lies there."""
    state = state_of(path, match.identity)
    if state != "absent" and path.is_file() and path.read_bytes() == data:
        return Pulled(match.instance, "already there", path)
    if state != "absent" and not force:
        return Pulled(match.instance, "failed", path, "the file differs from that in the archive; --force replaces it")
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
    """Fetch the segmentations that refer to one of these images; those of other images are not kept.

    What a segmentation refers to stands in the file alone: no archive can be asked for it, so all segmentations of
    the images' studies are looked at.
    """
    make_folder(folder)
    wanted = {image.instance for image in images}
    for study in sorted({image.study for image in images}):
        candidates = search(pacs, Query(study=study, modality="SEG"), "instance")
        for number, match in enumerate(candidates, 1):
            progress(f"Looking at segmentation {number} of {len(candidates)}")
            path = folder / file_name(match.modality, match.instance)
            try:
                there = state_of(path, match.identity) == "whole"
                data = path.read_bytes() if there else _fetch_whole(pacs, match)
                if not wanted & referred_to(dcmread(BytesIO(data), stop_before_pixels=True)):
                    continue
                yield _keep(data, match, path, force=force)
            except CausalCLIPSegError as error:
                yield Pulled(match.instance, "failed", path, str(error))


def referred_to(dataset: Dataset) -> set[str]:
    """Return the UIDs of all instances that a data set refers to, at any depth."""
    return {str(element.value) for element in dataset.iterall() if element.keyword == "ReferencedSOPInstanceUID"}
