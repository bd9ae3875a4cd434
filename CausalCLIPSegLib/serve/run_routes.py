"""The addresses of runs: start, follow, look at, correct, export."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse

from CausalCLIPSegLib.serve import documents, exports, pacs
from CausalCLIPSegLib.serve.dependencies import BYTES, BYTES_ANSWER, ERRORS, PREFIX, RunOf, ServerOf, SessionOf
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.reports import result_document
from CausalCLIPSegLib.serve.runs import ENDS, RUN_BYTES_PER_PIXEL, Run
from CausalCLIPSegLib.serve.uploads import receive_body

_EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["queued", "progress", "warning", *sorted(ENDS)]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
_FROM_WORKER = ("understood", "places", "warnings", "disagreements", "texts", "words", "heard")
_MASK = {
    "requestBody": {"required": True, "content": {BYTES: {"schema": {"type": "string", "contentMediaType": BYTES}}}}
}

runs = APIRouter(prefix=f"{PREFIX}/sessions/{{session}}/runs", responses=ERRORS)


@runs.post("", status_code=202)
async def start_run(session: SessionOf, asked: documents.RunRequest, server: ServerOf) -> documents.QueuedRun:
    """Queue a run."""
    radiograph = session.opened()
    if not asked.note.strip():
        raise Refusal(422, "note.empty", "The note is empty.")
    session.check_room(server.settings.limits.open_runs)
    server.root.check_room(RUN_BYTES_PER_PIXEL * radiograph.rows * radiograph.columns)
    run = Run(radiograph, asked.note, asked.side, asked.threshold, server.find_checkpoint(asked.checkpoint))
    await run.start(server.workers, server.settings)
    session.add(run, server.workers, server.settings.limits.runs)
    server.metrics.runs.inc()
    return documents.QueuedRun(run=run.identifier, position=run.position)


@runs.get(
    "/{run}/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": _EVENT}}}},
)
async def events(run: RunOf) -> StreamingResponse:
    """Return the events of a run as server-sent events: queued, progress, warning, then done, failed or cancelled."""
    return StreamingResponse(_event_lines(run), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _event_lines(run: Run) -> AsyncIterator[str]:
    async for event in run.follow():
        yield ": still running\n\n" if event is None else f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n"


@runs.get("/{run}")
async def describe_run(run: RunOf) -> documents.RunDocument:
    """Describe a run."""
    document: dict[str, Any] = {"state": run.state, "position": run.position, "error": run.error}
    if run.result is not None:
        result = run.result
        document |= {
            "result": await run.in_thread(result_document, run),
            "segments": [segment.document() for segment in run.segments.values()],
            "possible": run.possible(),
            "maps": run.maps(),
            "threshold": run.threshold,
            **{name: result[name] for name in _FROM_WORKER},
        }
    return documents.RunDocument.model_validate(document)


@runs.post("/{run}/cancel", status_code=202, response_class=Response)
async def cancel_run(run: RunOf, server: ServerOf) -> Response:
    """Cancel a run, unless it has ended."""
    run.cancel(server.workers)
    return Response(status_code=202)


@runs.get("/{run}/maps/{name}", response_class=Response, responses=BYTES_ANSWER)
async def get_map(run: RunOf, name: str) -> FileResponse:
    """Return a map: uint8, rows x columns."""
    return FileResponse(await run.map(name), media_type=BYTES)


@runs.get("/{run}/masks/{segment}", response_class=Response, responses=BYTES_ANSWER)
async def get_mask(run: RunOf, segment: str) -> FileResponse:
    """Return the present mask of a segment: uint8, 0 or 1, rows x columns."""
    return FileResponse(await run.mask(segment), media_type=BYTES)


@runs.put(
    "/{run}/masks/{segment}",
    status_code=204,
    response_class=Response,
    openapi_extra=_MASK,
)
async def put_mask(
    run: RunOf,
    segment: str,
    request: Request,
    corrected: bool = True,
    threshold: Annotated[float | None, Query(gt=0, lt=1)] = None,
) -> Response:
    """Take a mask that a person has made: uint8, 0 or 1, rows x columns; gzip is allowed."""
    run.segment(segment)
    content_type = request.headers.get("content-type", BYTES).partition(";")[0].strip().lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if content_type != BYTES or encoding not in {"identity", "gzip"}:
        raise Refusal(415, "request.type", f"Send the mask as {BYTES}, as it is or with gzip.")
    data = run.new_path()
    try:
        await receive_body(request, data)
        await run.correct(segment, data, compressed=encoding == "gzip", corrected=corrected, threshold=threshold)
    finally:
        data.unlink(missing_ok=True)
    return Response(status_code=204)


@runs.delete("/{run}/masks/{segment}", status_code=204, response_class=Response)
async def leave_out_mask(run: RunOf, segment: str) -> Response:
    """Leave a segment out of the files, until it gets a mask again."""
    run.leave_out(segment)
    return Response(status_code=204)


@runs.post("/{run}/segments", status_code=201)
async def add_segment(run: RunOf, asked: documents.NewSegment) -> documents.SegmentDocument:
    """Add a segment that a person draws; then put its mask."""
    red, green, blue = asked.color
    segment = run.add(asked.name, (red, green, blue), asked.kind, asked.side)
    return documents.SegmentDocument.model_validate(segment.document())


@runs.get("/{run}/export/{name}", response_class=Response, responses=BYTES_ANSWER)
async def export_file(run: RunOf, name: str, request: Request, server: ServerOf) -> Response:
    """Return a file of a run with the segments as they are now: segmentation.dcm, segmentation.seg.nrrd,
    overlay.png or result.json."""
    content = await exports.export(run, name, request.state.owner, server.workers, server.settings)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if isinstance(content, bytes):
        return Response(content, media_type=exports.TYPES[name], headers=headers)
    return FileResponse(content, media_type=exports.TYPES[name], headers=headers)


@runs.post("/{run}/pacs")
async def store_in_archive(
    run: RunOf, asked: documents.StoreRequest, request: Request, server: ServerOf
) -> documents.StoredDocument:
    """Store the DICOM-SEG, and the earlier ones that it corrects, in an archive."""
    files = await exports.dicom_objects(run, request.state.owner, server.workers, server.settings)
    return documents.StoredDocument(stored=await asyncio.to_thread(pacs.store, asked.archive, files))
