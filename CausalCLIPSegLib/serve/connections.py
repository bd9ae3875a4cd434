"""A connection that does not wait for ever for the first request."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 20
"""Seconds within which the headers of the first request have to arrive; later ones within the keep-alive time."""


class Connection(H11Protocol):
    """uvicorn's connection, which is closed if its client sends no complete headers in time."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait."""
        super().connection_made(transport)
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._close_if_silent)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._waiting.cancel()
        super().connection_lost(exc)

    def _close_if_silent(self, *_: Any) -> None:
        if self.cycle is None:
            self.transport.close()
