"""The addresses of the server: itself, sessions, radiographs, notes, archives."""

from __future__ import annotations

import asyncio
import errno
import shutil
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import ValidationError

from CausalCLIPSegLib.about import RESEARCH_ONLY, __version__
from CausalCLIPSegLib.demo import DEMO_NOTE
from CausalCLIPSegLib.serve import documents, pacs
from CausalCLIPSegLib.serve.dependencies import BYTES, BYTES_ANSWER, ERRORS, PREFIX, ServerOf, SessionOf
from CausalCLIPSegLib.serve.radiographs import FILE, OpenRadiograph, copy_allowed, sample_file
from CausalCLIPSegLib.serve.refusals import Refusal, server_full
from CausalCLIPSegLib.serve.server import Server
from CausalCLIPSegLib.serve.settings import API_VERSION
from CausalCLIPSegLib.serve.texts import text_of
from CausalCLIPSegLib.serve.uploads import receive_upload
from CausalCLIPSegLib.serve.workers import WorkerError, refusal_of

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

api = APIRouter(prefix=PREFIX, responses=ERRORS)
public = APIRouter()


@public.get("/healthz")
async def health(server: ServerOf, response: Response) -> documents.HealthDocument:
    """Say whether the server can segment now; the status is 503 while it starts."""
    is_ready = server.workers.alive > 0
    response.status_code = 200 if is_ready else 503
    return documents.HealthDocument(status="ok" if is_ready else "starting")


@public.get("/metrics", response_class=Response)
async def metrics(server: ServerOf) -> Response:
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
        checkpoint=server.checkpoints[0],
        checkpoints=server.checkpoints,
        limits=documents.LimitsDocument(**{name: getattr(limits, name) for name in names}),
        pacs=await asyncio.to_thread(pacs.archive_names),
        engine=server.settings.engine,
        research_only=RESEARCH_ONLY,
    )


@api.post("/sessions", status_code=201)
async def open_session(request: Request, server: ServerOf) -> documents.SessionDocument:
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


@api.get("/sessions/{session}/radiograph/pixels", response_class=Response, responses=BYTES_ANSWER)
async def pixels(session: SessionOf) -> FileResponse:
    """Return the pixels: uint16, little endian, rows x columns."""
    return FileResponse(session.opened().pixels, media_type=BYTES)


@api.post("/notes")
async def understand(note: documents.NoteRequest, server: ServerOf) -> dict[str, Any]:
    """Return what is understood of a note, as the worker's field `understood`."""
    if not note.note.strip():
        raise Refusal(422, "note.empty", "The note is empty.")
    request = {"request": "note", "text": note.note, "side": note.side, "mirrored": note.mirrored}
    request["checkpoint"] = server.find_checkpoint(note.checkpoint)
    try:
        answer = await server.workers.note(request)
    except WorkerError as error:
        raise refusal_of(error, "note.refused") from None
    return dict(answer["understood"])


@api.post("/pacs/{archive}/images")
async def find_images(archive: str, asked: documents.ImagesRequest) -> documents.ImagesDocument:
    """Find radiographs in an archive. This is no GET, because an address must not name a patient."""
    images, more = await asyncio.to_thread(
        pacs.find_images, archive, asked.patient, asked.accession, asked.date, asked.study
    )
    return documents.ImagesDocument(images=images, more=more)
