"""What the functions behind the addresses share: the server, the session and the run of a request."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from CausalCLIPSegLib.serve.documents import ErrorAnswer
from CausalCLIPSegLib.serve.runs import Run
from CausalCLIPSegLib.serve.server import Server
from CausalCLIPSegLib.serve.sessions import Session
from CausalCLIPSegLib.serve.settings import API_VERSION

PREFIX = f"/api/v{API_VERSION}"
BYTES = "application/octet-stream"
BYTES_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {BYTES: {"schema": {"type": "string", "format": "binary"}}}}
}
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer}
    for status in (400, 401, 403, 404, 408, 409, 413, 415, 421, 422, 429, 500, 502, 503, 507)
}
"""Statuses that every address below the prefix may answer with."""


async def _server(request: Request) -> Server:
    server: Server = request.app.state.server
    return server


ServerOf = Annotated[Server, Depends(_server)]


async def _session(request: Request, session: str, server: ServerOf) -> Session:
    return server.sessions.get(session, request.state.owner)


SessionOf = Annotated[Session, Depends(_session)]


async def _run(session: SessionOf, run: str) -> Run:
    return session.run(run)


RunOf = Annotated[Run, Depends(_run)]
