"""Write the files of a result into one folder: all that are required, or none."""

import logging
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from CausalCLIPSegLib.atomic_files import reject_existing, staged_files
from CausalCLIPSegLib.errors import CausalCLIPSegError
from CausalCLIPSegLib.export.maps import write_map_pictures, write_map_values
from CausalCLIPSegLib.export.overlay import write_overlay
from CausalCLIPSegLib.export.report import ResultDocument, describe_result, write_report
from CausalCLIPSegLib.export.segmentation_files import (
    missing_dicom_seg_reason,
    write_dicom_probability,
    write_dicom_seg,
    write_seg_nrrd,
)
from CausalCLIPSegLib.privacy import public_message, safe_traceback
from CausalCLIPSegLib.result import SegmentationResult
from CausalCLIPSegLib.segmentation.source_image import unsupported_reason

log = logging.getLogger(__name__)


def _always(result: SegmentationResult) -> bool:
    return True


def _has_dicom_seg(result: SegmentationResult) -> bool:
    return missing_dicom_seg_reason(result) is None


def _is_dicom(result: SegmentationResult) -> bool:
    return unsupported_reason(result.radiograph.header) is None


class Output(NamedTuple):
    """One file of a result.

    Attributes:
        name: name of the file.
        write: takes the result and the path; also `with_note` if `carries_note`, and `report` if `needs_report`.
        applies: returns whether a result has this file.
        carries_note: the file holds the note, unless the user leaves it out.
        on_request: the file is written only if the user asks for it.
        needs_report: the file shows contents of result.json.
        required: without this file there is no result. If another file cannot be written, for example because of an
            odd header, only this file is missing, and the report says why.
    """

    name: str
    write: Callable[..., None]
    applies: Callable[[SegmentationResult], bool] = _always
    carries_note: bool = False
    on_request: bool = False
    needs_report: bool = False
    required: bool = False


PROBABILITY = "probability.dcm"
"""The probability map as a FRACTIONAL DICOM-SEG, written only on request."""

MAPS = ("maps.npz", "maps.png")
"""The values of all maps, and a picture of each, written only on request."""

PICTURE = "overlay.png"
"""The picture for people, which takes much of the time of writing."""

OUTPUTS: tuple[Output, ...] = (
    Output("segmentation.seg.nrrd", write_seg_nrrd, required=True),
    Output("segmentation.dcm", write_dicom_seg, _has_dicom_seg, carries_note=True),
    Output(PROBABILITY, write_dicom_probability, _is_dicom, carries_note=True, on_request=True),
    Output(PICTURE, write_overlay, needs_report=True),
    Output(MAPS[0], write_map_values, on_request=True),
    Output(MAPS[1], write_map_pictures, on_request=True),
)
"""The files of a result except result.json, in the order of writing."""

_FILES_AT_ONCE = 2
"""Compressing and resampling run beside Python; each file takes some 100 MB while it is written."""

RESULT_JSON = "result.json"
"""Written last, because it names the other files."""


def reject_earlier_result(directory: Path) -> None:
    """Check that a folder holds no files of an earlier result.

    Raises:
        OutputError: the folder holds such files.
    """
    reject_existing(directory, _all_names())


def write_result(
    result: SegmentationResult,
    directory: str | Path,
    *,
    report: ResultDocument | None = None,
    force: bool = False,
    with_note: bool = True,
    extra: Collection[str] = (),
    without: Collection[str] = (),
) -> dict[str, Path]:
    """Write the files of `result` into `directory`: all that are required, or none.

    An output that cannot be written costs only itself, unless the disk is at fault: its name is not in `files` of
    result.json, and a sentence in `warnings` says why.

    Args:
        result: what the segmenter returned.
        directory: a folder; it is created with its parents if needed, and other files in it stay.
        report: what `describe_result` returned for this result; None: describe it here. Sentences about files that
            could not be written are added to its `warnings`.
        force: replace an earlier result, including files that this result does not have.
        with_note: include the note in the DICOM files; result.json and the picture always include it.
        extra: names of files that are written only on request: `PROBABILITY`, `MAPS`.
        without: names of files to leave out: `PICTURE`.

    Returns:
        The path of each file by name, result.json last.

    Raises:
        OutputError: `directory` is a file, cannot be written, or holds the result of an earlier run without `force`.
    """
    directory = Path(directory)
    requested = [output for output in OUTPUTS if not output.on_request or output.name in extra]
    outputs = [output for output in requested if output.name not in without and output.applies(result)]
    names = [*(output.name for output in outputs), RESULT_JSON]
    report = (report or describe_result(result)).model_copy(update={"files": names})
    with (
        staged_files(directory, names, force=force, earlier=_all_names()) as stage,
        ThreadPoolExecutor(_FILES_AT_ONCE) as threads,
    ):
        writing = []
        for output in outputs:
            options: dict[str, Any] = {"with_note": with_note} if output.carries_note else {}
            if output.needs_report:
                options["report"] = report
            writing.append(threads.submit(output.write, result, stage / output.name, **options))
        for output, written in zip(outputs, writing, strict=True):
            try:
                written.result()
            except Exception as error:
                if output.required or isinstance(error, OSError):
                    raise
                log.debug(safe_traceback(error))
                (stage / output.name).unlink(missing_ok=True)
                names.remove(output.name)
                report.warnings.append(f"{output.name} is missing: {_reason(error)}")
        write_report(report, stage / RESULT_JSON)
    return {name: directory / name for name in names}


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, CausalCLIPSegError) else public_message(error)


def _all_names() -> list[str]:
    return [*(output.name for output in OUTPUTS), RESULT_JSON]
