"""Limits of the bytes and of the seconds of requests and answers."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from CausalCLIPSegLib.serve.radiographs import too_large
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.settings import Limits

MAX_DOCUMENT_BYTES = 1 << 18
"""Bytes of a JSON document. The longest note that is read has a tenth."""

_FORM_BYTES = 1 << 16
"""Bytes of a multipart request besides its file."""


class Bodies:
    """Stops requests that are too large or too slow while they arrive, and answers that nobody reads.

    Args:
        app: receives the requests.
        limits: see `Limits`.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request, with its limits."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit, limits = self._limit_of(scope["path"]), self._limits
        length = Headers(scope=scope).get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > limit:
            await too_large(limit).response()(scope, receive, send)
            return
        deadline = time.monotonic() + limits.upload_seconds
        size, is_complete = 0, False

        async def receive_limited() -> Message:
            nonlocal size, is_complete
            if is_complete:  # what comes now is only that the client goes
                return await receive()
            seconds = min(limits.body_seconds, deadline - time.monotonic())
            try:
                message = await asyncio.wait_for(receive(), max(seconds, 0))
            except TimeoutError:
                raise Refusal(408, "request.too_slow", "The request arrives too slowly.") from None
            size += len(message.get("body", b""))
            if size > limit:
                raise too_large(limit)
            is_complete = not message.get("more_body", False)
            return message

        async def send_limited(message: Message) -> None:
            await asyncio.wait_for(send(message), 3 * limits.body_seconds)

        await self._app(scope, receive_limited, send_limited)

    def _limit_of(self, path: str) -> int:
        if path.endswith("/radiograph"):
            return self._limits.bytes + _FORM_BYTES
        if "/masks/" in path:
            return self._limits.pixels + _FORM_BYTES
        return MAX_DOCUMENT_BYTES
