"""Errors of the API: a status, an identifier for programs, and one sentence for people."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from CausalCLIPSegLib.serve.texts import text_of


class Refusal(HTTPException):
    """The server does not do what the client asks for.

    Args:
        status: the HTTP status.
        identifier: names the error for programs; docs/serve.md lists all.
        message: one sentence for people.
        retry_after: seconds after which the client may try again.
        arguments: the values in the message, for a page that says it in another language.
    """

    def __init__(
        self, status: int, identifier: str, message: str, retry_after: float | None = None, **arguments: Any
    ) -> None:
        headers = None if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
        super().__init__(status, message, headers)
        self.document = {"id": identifier, "arguments": arguments, "message": message, "text": text_of(message)}

    def response(self) -> JSONResponse:
        """Return the refusal as a response."""
        return JSONResponse({"error": self.document}, self.status_code, self.headers)


def server_full() -> Refusal:
    """Return the refusal if the disk of the server is full."""
    return Refusal(507, "server.full", "The server has no room for this now; try again later.")


def unexpected() -> Refusal:
    """Return the refusal for an error that the program did not foresee."""
    return Refusal(500, "unexpected", "Something unexpected went wrong on the server.")


def answer_refusal(_: Request, error: Exception) -> JSONResponse:
    """Answer a refusal, or an error of the framework, such as an unknown address."""
    if isinstance(error, Refusal):
        return error.response()
    assert isinstance(error, HTTPException)
    status = error.status_code
    known = {404: ("not_found", "There is nothing at this address."), 405: ("request.method", "This is not possible.")}
    default = "request.invalid", f"{HTTPStatus(status).phrase}."
    refusal = Refusal(status, *known.get(status, default))
    refusal.headers = error.headers
    return refusal.response()


def answer_unexpected(_: Request, __: Exception) -> JSONResponse:
    """Answer an error that the program did not foresee, without its message; `observation` logs it."""
    return unexpected().response()


def answer_invalid(_: Request, error: Exception) -> JSONResponse:
    """Answer a request that does not have the form of the API, without its values, which may quote the patient."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:] if isinstance(part, str))
    message = f"The request is not understood{f': {field} cannot be used' if field else ''}."
    return Refusal(422, "request.invalid", message, field=field).response()
