"""The addresses of the API. Each function checks what it is given, and leaves the work to the other modules."""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, StreamingResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError

from CausalCLIPSegLib.about import RESEARCH_ONLY, __version__
from CausalCLIPSegLib.demo import DEMO_NOTE
from CausalCLIPSegLib.serve import documents, exports, pacs
from CausalCLIPSegLib.serve.radiographs import FILE, OpenRadiograph, copy_allowed, sample_file
from CausalCLIPSegLib.serve.refusals import Refusal, server_full
from CausalCLIPSegLib.serve.reports import result_document
from CausalCLIPSegLib.serve.runs import ENDS, RUN_BYTES_PER_PIXEL, Run
from CausalCLIPSegLib.serve.server import Server
from CausalCLIPSegLib.serve.sessions import Session
from CausalCLIPSegLib.serve.settings import API_VERSION
from CausalCLIPSegLib.serve.texts import text_of
from CausalCLIPSegLib.serve.uploads import receive_body, receive_upload
from CausalCLIPSegLib.serve.workers import WorkerError, refusal_of

BYTES = "application/octet-stream"
_BYTES_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
}
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["queued", "progress", "warning", *sorted(ENDS)]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
_UPLOAD = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "mirrored": {"type": "string", "enum": ["true", "false"]},
                        "file": {"type": "string", "contentMediaType": BYTES},
                    },
                    "required": ["file"],
                }
            },
            "application/json": {"schema": {"$ref": "#/components/schemas/RadiographRequest"}},
        },
    }
}
_MASK = {
    "requestBody": {"required": True, "content": {BYTES: {"schema": {"type": "string", "contentMediaType": BYTES}}}}
}


def _server(request: Request) -> Server:
    return request.app.state.server


def _session(request: Request, session: str) -> Session:
    return _server(request).sessions.get(session, request.state.owner)


def _run(session: Annotated[Session, Depends(_session)], run: str) -> Run:
    return session.run(run)


ServerOf = Annotated[Server, Depends(_server)]
SessionOf = Annotated[Session, Depends(_session)]
RunOf = Annotated[Run, Depends(_run)]


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": documents.ErrorAnswer} for status in statuses}


api = APIRouter(
    prefix=f"/api/v{API_VERSION}",
    responses=_errors(400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 429, 500, 502, 503, 507),
)
public = APIRouter()


@public.get("/healthz")
def health(server: ServerOf, response: Response) -> documents.HealthDocument:
    """Say whether the server can segment now; the status is 503 while it starts."""
    is_ready = server.workers.alive > 0
    response.status_code = 200 if is_ready else 503
    return documents.HealthDocument(status="ok" if is_ready else "starting")


@public.get("/metrics", response_class=Response)
def metrics(server: ServerOf) -> Response:
    """Return the metrics in Prometheus' text format."""
    return Response(generate_latest(server.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


@api.get("/server")
async def describe_server(server: ServerOf) -> documents.ServerDocument:
    """Describe the server."""
    limits = server.settings.limits
    names = documents.LimitsDocument.model_fields
    return documents.ServerDocument(
        name="CausalCLIPSeg",
        version=__version__,
        protocol=API_VERSION,
        checkpoint=server.checkpoint,
        limits=documents.LimitsDocument(**{name: getattr(limits, name) for name in names}),
        pacs=await asyncio.to_thread(pacs.archive_names),
        engine=server.settings.engine,
        research_only=RESEARCH_ONLY,
    )


@api.post("/sessions", status_code=201)
def open_session(request: Request, server: ServerOf) -> documents.SessionDocument:
    """Open a session."""
    session = server.sessions.new(request.state.owner)
    return documents.SessionDocument(session=session.identifier, expires_in=server.settings.limits.idle_seconds)


@api.delete("/sessions/{session}", status_code=204, response_class=Response)
async def close_session(session: SessionOf, server: ServerOf) -> Response:
    """End a session, and delete everything of it."""
    await server.sessions.close(session)
    return Response(status_code=204)


@api.post("/sessions/{session}/radiograph", status_code=201, openapi_extra=_UPLOAD)
async def open_radiograph(session: SessionOf, server: ServerOf, request: Request) -> documents.RadiographDocument:
    """Open a radiograph, in place of an earlier one and its runs."""
    if session.opening.locked():
        raise Refusal(409, "request.invalid", "This session is opening another radiograph.")
    limits = server.settings.limits
    server.root.check_room(limits.bytes + 2 * limits.pixels)
    async with session.opening:
        folder = session.new_folder()
        try:
            radiograph, note = await _receive(folder, server, request)
        except BaseException as error:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise server_full() from error
            raise
        await session.replace(radiograph, server.workers)
    return _describe_radiograph(radiograph, note)


async def _receive(folder: Path, server: Server, request: Request) -> tuple[OpenRadiograph, str | None]:
    """Bring the file of a request into a folder, and read it; return the radiograph and the note of the sample."""
    target, limits = folder / FILE, server.settings.limits
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        upload = await receive_upload(request, target, limits.bytes)
        mirrored = {"true": True, "false": False}.get(upload.fields.get("mirrored", ""))
        return await server.reader.read(folder, upload.name, mirrored), None
    if content_type != "application/json":
        message = "Send the radiograph as multipart/form-data, or say where it is as application/json."
        raise Refusal(415, "request.type", message)
    asked = await _json(request)
    if sum([asked.path is not None, asked.sample, asked.pacs is not None]) != 1:
        raise Refusal(422, "request.invalid", "Give one of path, sample and pacs.")
    name, note = "radiograph", None
    if asked.path is not None:
        allowed = server.settings.allowed
        name = await asyncio.to_thread(copy_allowed, asked.path, allowed, target, limits.bytes)
    elif asked.sample:
        await asyncio.to_thread(lambda: shutil.copyfile(sample_file(), target))
        name, note = sample_file().name, DEMO_NOTE
    elif (image := asked.pacs) is not None:
        await asyncio.to_thread(
            pacs.fetch_image, image.archive, image.study, image.series, image.instance, folder, target
        )
    return await server.reader.read(folder, name, asked.mirrored), note


async def _json(request: Request) -> documents.RadiographRequest:
    try:
        return documents.RadiographRequest.model_validate_json(await request.body())
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in details]) from None


def _describe_radiograph(radiograph: OpenRadiograph, note: str | None) -> documents.RadiographDocument:
    left = {True: "viewer_left", False: "viewer_right", None: "unknown"}[radiograph.mirrored]
    return documents.RadiographDocument.model_validate(
        {
            "name": radiograph.name,
            "rows": radiograph.rows,
            "columns": radiograph.columns,
            "calibrated": radiograph.spacing is not None,
            "spacing_mm": radiograph.spacing,
            "patient_left": left,
            "window": {"center": 0.5, "width": 1.0},
            "range": {"low": 0.0, "high": 1.0},
            "pixels": {"dtype": "uint16"},
            "warnings": list(radiograph.warnings),
            "note": note,
            "texts": {"warnings": [text_of(warning) for warning in radiograph.warnings]},
        }
    )


@api.get("/sessions/{session}/radiograph/pixels", response_class=Response, responses=_BYTES_ANSWER)
def pixels(session: SessionOf) -> FileResponse:
    """Return the pixels: uint16, little endian, rows x columns."""
    return FileResponse(session.opened().pixels, media_type=BYTES)


@api.post("/notes")
async def understand(note: documents.NoteRequest, server: ServerOf) -> dict[str, Any]:
    """Return what is understood of a note, as the worker's field `understood`."""
    if not note.note.strip():
        raise Refusal(422, "note.empty", "The note is empty.")
    request = {"request": "note", "text": note.note, "side": note.side, "mirrored": note.mirrored}
    request["checkpoint"] = server.settings.checkpoint
    try:
        answer = await server.workers.note(request)
    except WorkerError as error:
        raise refusal_of(error, "note.refused") from None
    return dict(answer["understood"])


@api.post("/sessions/{session}/runs", status_code=202)
async def start_run(session: SessionOf, asked: documents.RunRequest, server: ServerOf) -> documents.QueuedRun:
    """Queue a run."""
    radiograph = session.opened()
    if not asked.note.strip():
        raise Refusal(422, "note.empty", "The note is empty.")
    session.check_room(server.settings.limits.open_runs)
    server.root.check_room(RUN_BYTES_PER_PIXEL * radiograph.rows * radiograph.columns)
    run = Run(radiograph, asked.note, asked.side, asked.threshold)
    await run.start(server.workers, server.settings)
    session.add(run, server.workers, server.settings.limits.runs)
    server.metrics.runs.inc()
    return documents.QueuedRun(run=run.identifier, position=run.position)


@api.get(
    "/sessions/{session}/runs/{run}/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {"schema": _EVENT}}}},
)
async def events(run: RunOf) -> StreamingResponse:
    """Return the events of a run as server-sent events: queued, progress, warning, then done, failed or cancelled."""
    return StreamingResponse(_event_lines(run), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _event_lines(run: Run) -> AsyncIterator[str]:
    async for event in run.follow():
        yield ": still running\n\n" if event is None else f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n"


@api.get("/sessions/{session}/runs/{run}")
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
            **{name: result[name] for name in ("understood", "places", "warnings", "disagreements", "texts", "words")},
        }
    return documents.RunDocument.model_validate(document)


@api.post("/sessions/{session}/runs/{run}/cancel", status_code=202, response_class=Response)
async def cancel_run(run: RunOf, server: ServerOf) -> Response:
    """Cancel a run, unless it has ended."""
    run.cancel(server.workers)
    return Response(status_code=202)


@api.get("/sessions/{session}/runs/{run}/maps/{name}", response_class=Response, responses=_BYTES_ANSWER)
async def get_map(run: RunOf, name: str) -> FileResponse:
    """Return a map: uint8, rows x columns."""
    return FileResponse(await run.map(name), media_type=BYTES)


@api.get("/sessions/{session}/runs/{run}/masks/{segment}", response_class=Response, responses=_BYTES_ANSWER)
async def get_mask(run: RunOf, segment: str) -> FileResponse:
    """Return the present mask of a segment: uint8, 0 or 1, rows x columns."""
    return FileResponse(await run.mask(segment), media_type=BYTES)


@api.put(
    "/sessions/{session}/runs/{run}/masks/{segment}",
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


@api.delete("/sessions/{session}/runs/{run}/masks/{segment}", status_code=204, response_class=Response)
async def leave_out_mask(run: RunOf, segment: str) -> Response:
    """Leave a segment out of the files, until it gets a mask again."""
    run.leave_out(segment)
    return Response(status_code=204)


@api.post("/sessions/{session}/runs/{run}/segments", status_code=201)
async def add_segment(run: RunOf, asked: documents.NewSegment) -> documents.SegmentDocument:
    """Add a segment that a person draws; then put its mask."""
    red, green, blue = asked.color
    segment = run.add(asked.name, (red, green, blue), asked.kind, asked.side)
    return documents.SegmentDocument.model_validate(segment.document())


@api.get("/sessions/{session}/runs/{run}/export/{name}", response_class=Response, responses=_BYTES_ANSWER)
async def export_file(run: RunOf, name: str, request: Request, server: ServerOf) -> Response:
    """Return a file of a run with the segments as they are now: segmentation.dcm, segmentation.seg.nrrd,
    overlay.png or result.json."""
    content = await exports.export(run, name, request.state.owner, server.workers, server.settings)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if isinstance(content, bytes):
        return Response(content, media_type=exports.TYPES[name], headers=headers)
    return FileResponse(content, media_type=exports.TYPES[name], headers=headers)


@api.post("/sessions/{session}/runs/{run}/pacs")
async def store_in_archive(
    run: RunOf, asked: documents.StoreRequest, request: Request, server: ServerOf
) -> documents.StoredDocument:
    """Store the DICOM-SEG, and the earlier ones that it corrects, in an archive."""
    files = await exports.dicom_objects(run, request.state.owner, server.workers, server.settings)
    return documents.StoredDocument(stored=await asyncio.to_thread(pacs.store, asked.archive, files))


@api.post("/pacs/{archive}/images")
async def find_images(archive: str, asked: documents.ImagesRequest) -> documents.ImagesDocument:
    """Find radiographs in an archive. This is no GET, because an address must not name a patient."""
    images, more = await asyncio.to_thread(
        pacs.find_images, archive, asked.patient, asked.accession, asked.date, asked.study
    )
    return documents.ImagesDocument(images=images, more=more)
