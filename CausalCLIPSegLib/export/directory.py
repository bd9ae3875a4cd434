"""All files of a result in one folder: all of them, or none."""

import os
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from CausalCLIPSegLib.errors import OutputError
from CausalCLIPSegLib.export.overlay import write_overlay
from CausalCLIPSegLib.export.report import write_result_json
from CausalCLIPSegLib.export.segmentation_files import (
    missing_dicom_seg_reason,
    write_dicom_probability,
    write_dicom_seg,
    write_seg_nrrd,
)
from CausalCLIPSegLib.result import SegmentationResult
from CausalCLIPSegLib.segmentation.source_image import unsupported_reason


def _always(result: SegmentationResult) -> bool:
    return True


def _has_dicom_seg(result: SegmentationResult) -> bool:
    return missing_dicom_seg_reason(result) is None


def _is_dicom(result: SegmentationResult) -> bool:
    return unsupported_reason(result.radiograph.header) is None


class Output(NamedTuple):
    """One file of a result.

    Attributes:
        name: of the file.
        write: takes the result and the path; with `carries_note` also the keyword `with_note`.
        applies: for which results it is written.
        carries_note: the user's words go along with the file, unless they are not to.
        on_request: it is only written where it is asked for.
    """

    name: str
    write: Callable[..., None]
    applies: Callable[[SegmentationResult], bool] = _always
    carries_note: bool = False
    on_request: bool = False


PROBABILITY = "probability.dcm"

OUTPUTS: tuple[Output, ...] = (
    Output("segmentation.seg.nrrd", write_seg_nrrd),
    Output("segmentation.dcm", write_dicom_seg, _has_dicom_seg, carries_note=True),
    Output(PROBABILITY, write_dicom_probability, _is_dicom, carries_note=True, on_request=True),
    Output("overlay.png", write_overlay),
)
"""The files of a result in the order in which they are written; result.json follows, because it names the others."""

RESULT_JSON = "result.json"


def reject_earlier_result(directory: Path) -> None:
    """Refuse a folder that holds files of a result already.

    Raises:
        OutputError: it does.
    """
    if earlier := _earlier(directory):
        raise OutputError(f"{directory} already holds the result of an earlier run: {', '.join(earlier)}.")


def write_result(
    result: SegmentationResult,
    directory: Path,
    *,
    force: bool = False,
    with_note: bool = True,
    extra: Collection[str] = (),
) -> dict[str, Path]:
    """Write the files of `result` into `directory`.

    They are written into a hidden folder on the same disk first and moved into place when all are complete: a failure
    leaves `directory` as it was. Other files in `directory` are not touched.

    Args:
        result: what the segmenter gave.
        directory: a folder, which is made with its parents where it does not exist.
        force: replace the result of an earlier run, also those of its files that this result does not have.
        with_note: let the user's words go along with the DICOM files; result.json and the picture have them always.
        extra: names of files that are written on request only, which is `PROBABILITY`.

    Returns:
        The path of each file by its name, result.json last.

    Raises:
        OutputError: `directory` is a file, cannot be written, or holds the result of an earlier run without `force`.
    """
    wanted = [output for output in OUTPUTS if not output.on_request or output.name in extra]
    outputs = [output for output in wanted if output.applies(result)]
    names = [*(output.name for output in outputs), RESULT_JSON]
    try:
        if not force:
            reject_earlier_result(directory)
        earlier = _earlier(directory)
        with _staging_folder(_nearest_folder(directory)) as stage:
            for output in outputs:
                choice = {"with_note": with_note} if output.carries_note else {}
                output.write(result, stage / output.name, **choice)
            write_result_json(result, stage / RESULT_JSON, names)
            if directory.exists():
                _replace(earlier, names, stage, directory)
            else:
                directory.parent.mkdir(parents=True, exist_ok=True)
                stage.rename(directory)
    except OSError as error:
        reason = error.strerror or "the disk reports an error"
        raise OutputError(f"The result cannot be written to {directory}: {reason}.") from error
    return {name: directory / name for name in names}


def _earlier(directory: Path) -> list[str]:
    """Return the names of the files of a result that are there, whichever result it was."""
    return [name for name in (*(output.name for output in OUTPUTS), RESULT_JSON) if os.path.lexists(directory / name)]


def _nearest_folder(directory: Path) -> Path:
    """Return `directory` where it exists, else the nearest of its parents that does."""
    nearest = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not nearest.is_dir():
        raise OutputError(f"The result cannot be written to {directory}: {nearest} is a file, not a folder.")
    return nearest


@contextmanager
def _staging_folder(parent: Path) -> Iterator[Path]:
    """Give a new hidden folder in `parent`, and remove at the end what is left of it."""
    stage = parent / f".causalclipseg-{uuid4().hex}"  # not mkdtemp: its folders are closed to everybody else
    stage.mkdir()
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _replace(earlier: Sequence[str], names: Sequence[str], stage: Path, directory: Path) -> None:
    """Move the `earlier` files out of `directory` and the new ones in; on an error put everything back."""
    replaced = stage / "replaced"
    replaced.mkdir()
    with ExitStack() as undo:
        for name in earlier:
            (directory / name).replace(replaced / name)
            undo.callback((replaced / name).replace, directory / name)
        for name in names:
            (stage / name).replace(directory / name)
            undo.callback((directory / name).unlink)
        undo.pop_all()
