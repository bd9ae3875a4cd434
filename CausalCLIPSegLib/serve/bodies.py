"""Limits of the bytes and of the seconds of requests and answers."""

from __future__ import annotations

import asyncio
import time
from typing import NoReturn

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from CausalCLIPSegLib.serve.radiographs import too_large
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.settings import Limits

MAX_DOCUMENT_BYTES = 1 << 18
"""Bytes of a JSON document. The longest note that is read has a tenth."""

_DRAINED = 4
"""Times the limit: so much of a request that is too large is read, so that its client reads why it is refused."""

_FORM_BYTES = 1 << 16
"""Bytes of a multipart request besides its file."""


class Bodies:
    """Stops requests that are too large or too slow while they arrive, and answers that the client does not read.

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
        has_body = length != "0" or "transfer-encoding" in Headers(scope=scope)
        deadline: float | None = None
        size, is_complete = 0, not has_body

        async def receive_in_time() -> Message:
            nonlocal size, is_complete, deadline
            deadline = deadline or time.monotonic() + limits.upload_seconds
            seconds = min(limits.body_seconds, deadline - time.monotonic())
            try:
                message = await asyncio.wait_for(receive(), max(seconds, 0))
            except TimeoutError:
                raise Refusal(408, "request.too_slow", "The request arrives too slowly.") from None
            size += len(message.get("body", b""))
            is_complete = not message.get("more_body", False)
            return message

        async def refuse_size() -> NoReturn:
            """Refuse the request when it has arrived: a client that still sends would not read the answer."""
            while not is_complete and size <= _DRAINED * limit:
                await receive_in_time()
            raise too_large(limit)

        async def receive_limited() -> Message:
            if is_complete:  # what comes now is only that the client goes
                return await receive()
            message = await receive_in_time()
            if size > limit:
                await refuse_size()
            return message

        async def send_limited(message: Message) -> None:
            if message["type"] == "http.response.start" and not is_complete:
                MutableHeaders(scope=message)["Connection"] = "close"  # the rest of the request is not read
            try:
                await asyncio.wait_for(send(message), 3 * limits.body_seconds)
            except TimeoutError:
                raise ClientDisconnect from None

        try:
            if not (length.isascii() and length.isdigit() and len(length) < 20) or int(length) > _DRAINED * limit:
                raise too_large(limit)
            if int(length) > limit:
                await refuse_size()
        except Refusal as refusal:
            await refusal.response()(scope, receive, send_limited)
            return
        await self._app(scope, receive_limited, send_limited)

    def _limit_of(self, path: str) -> int:
        if path.endswith("/radiograph"):
            return self._limits.bytes + _FORM_BYTES
        if "/masks/" in path:
            return self._limits.pixels + _FORM_BYTES
        return MAX_DOCUMENT_BYTES
