"""The files of a run, with the segments as they are now."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from CausalCLIPSegLib.serve.keys import LOCAL
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.reports import result_document
from CausalCLIPSegLib.serve.runs import Run
from CausalCLIPSegLib.serve.segments import RunSegment
from CausalCLIPSegLib.serve.settings import Settings
from CausalCLIPSegLib.serve.workers import CanceledError, Job, Workers, refusal_of

DICOM = "segmentation.dcm"
RESULT = "result.json"

FORMATS = {DICOM: "dicom-seg", "segmentation.seg.nrrd": "seg-nrrd", "overlay.png": "picture"}
"""The worker's name for the format of each file."""

TYPES = {
    DICOM: "application/dicom",
    "segmentation.seg.nrrd": "application/octet-stream",
    "overlay.png": "image/png",
    RESULT: "application/json",
}
"""Media type of each file."""


async def export(run: Run, name: str, owner: str, workers: Workers, settings: Settings) -> Path | bytes:
    """Return a file of a run: its path, or its contents.

    Raises:
        Refusal: the run is not done, there is no such file, it cannot be made of this radiograph, or the server is
            busy.
    """
    run.done()
    if name == RESULT:
        return (await run.in_thread(result_document, run)).model_dump_json(indent=2).encode() + b"\n"
    if name not in FORMATS:
        raise Refusal(404, "export.unknown", "There is no such file.")
    async with run.exporting:
        if name == DICOM:
            return (await _dicom_objects(run, owner, workers, settings))[-1]
        revision, path = run.files.get(name, (-1, Path()))
        if revision != run.revision:
            path = await _write(run, name, run.segments.values(), workers, settings)
            run.files[name] = run.revision, path
        return path


async def dicom_objects(run: Run, owner: str, workers: Workers, settings: Settings) -> list[Path]:
    """Return the DICOM-SEG files of a run, oldest first; the last one shows the segments as they are now.

    Raises:
        Refusal: as in `export`.
    """
    run.done()
    async with run.exporting:
        return await _dicom_objects(run, owner, workers, settings)


async def _dicom_objects(run: Run, owner: str, workers: Workers, settings: Settings) -> list[Path]:
    """Write the objects that are missing: first what the network found, then each correction as the next object."""
    if not run.objects:
        found = [segment.as_found() for segment in run.segments.values() if segment.network_mask]
        found = [segment for segment in found if not segment.is_candidate]
        if run.revision and found:
            path = await _write(run, DICOM, found, workers, settings, run.done()["threshold"])
            run.objects.append((0, path))
    if not run.objects or run.objects[-1][0] != run.revision:
        revision = run.revision
        previous = {"previous": str(run.objects[-1][1]), "editor": _editor(owner)} if run.objects else {}
        path = await _write(run, DICOM, run.segments.values(), workers, settings, previous=previous)
        run.objects.append((revision, path))
    return [path for _, path in run.objects]


def _editor(owner: str) -> str:
    return "" if owner == LOCAL else owner


async def _write(
    run: Run,
    name: str,
    segments: Iterable[RunSegment],
    workers: Workers,
    settings: Settings,
    threshold: float | None = None,
    previous: dict[str, str] | None = None,
) -> Path:
    result = run.done()
    folder = run.new_path()
    request = {
        "request": "export",
        "image": {"kind": "file", "path": str(run.radiograph.file)},
        "segments": [each.export_document() for each in segments if each.is_exported and each.mask],
        "formats": [FORMATS[name]],
        "output": str(folder),
        "with_note": settings.with_note,
        "note": run.note,
        "side": run.side,
        "mirrored": run.radiograph.mirrored,
        "prompt": result["understood"]["prompt"],
        "prompt_laterality": result["understood"]["prompt_laterality"],
        "threshold": threshold or run.threshold,
        "provenance": result["provenance"],
        "probability": result["probability"],
        "words": result["words"],
        **(previous or {}),
    }
    job = Job(request)
    await workers.put(job)
    try:
        await job.answer
    except CanceledError:
        raise Refusal(503, "server.busy", "The server stops.") from None
    except Exception as error:
        raise refusal_of(error, "export.failed") from None
    return folder / name
