"""The application: routes, page and description, behind what every request passes."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.staticfiles import StaticFiles
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from CausalCLIPSegLib.about import RESEARCH_ONLY, __version__
from CausalCLIPSegLib.serve.bodies import Bodies
from CausalCLIPSegLib.serve.description import describe_api
from CausalCLIPSegLib.serve.documents import RadiographRequest
from CausalCLIPSegLib.serve.gate import API, Gate
from CausalCLIPSegLib.serve.observation import Observation
from CausalCLIPSegLib.serve.refusals import answer_invalid, answer_refusal, answer_unexpected
from CausalCLIPSegLib.serve.routes import api, public
from CausalCLIPSegLib.serve.run_routes import runs
from CausalCLIPSegLib.serve.server import Server
from CausalCLIPSegLib.serve.settings import Settings

PAGE = Path(__file__).parent / "page"
_STYLE = Path(__file__).with_name("description.css")

for _suffix, _type in ((".js", "text/javascript"), (".css", "text/css"), (".svg", "image/svg+xml")):
    mimetypes.add_type(_type, _suffix)  # some systems know other types, with which a browser runs no script


def create_application(settings: Settings) -> tuple[ASGIApp, FastAPI]:
    """Return the application to serve, and the API inside it, which describes itself.

    Raises:
        CheckpointError: there is no such checkpoint.
    """
    server = Server(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with server.running():
            yield

    app = FastAPI(
        title="CausalCLIPSeg",
        version=__version__,
        summary=f"Outline on a chest radiograph what a radiology note refers to. {RESEARCH_ONLY}",
        lifespan=lifespan,
        docs_url=None,  # FastAPI's page loads scripts of another site
        redoc_url=None,
    )
    app.state.server = server
    app.add_exception_handler(HTTPException, answer_refusal)
    app.add_exception_handler(RequestValidationError, answer_invalid)
    app.add_exception_handler(Exception, answer_unexpected)
    app.include_router(api)
    app.include_router(runs)
    app.include_router(public)
    _add_pages(app)
    _complete_schema(app)
    return Observation(Gate(Bodies(app, settings.limits), settings), server.metrics), app


def _add_pages(app: FastAPI) -> None:
    @app.get("/", include_in_schema=False)
    def page() -> FileResponse:
        return FileResponse(PAGE / "index.html", media_type="text/html")

    @app.get("/docs", include_in_schema=False)
    def description() -> HTMLResponse:
        return HTMLResponse(describe_api(app.openapi()))

    @app.get("/docs/style.css", include_in_schema=False)
    def style() -> FileResponse:
        return FileResponse(_STYLE, media_type="text/css")

    app.mount("/static", StaticFiles(directory=PAGE, check_dir=False))


def _complete_schema(app: FastAPI) -> None:
    """Add the documents that the server reads itself to the description, and the key."""
    document = app.openapi()
    _, definitions = models_json_schema(
        [(RadiographRequest, "validation")], ref_template="#/components/schemas/{model}"
    )
    components = document["components"]
    components["schemas"] |= definitions["$defs"]
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        if path.startswith(API):
            for operation in operations.values():
                operation["security"] = [{"key": []}]
