"""The parts of a running server, from start to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from CausalCLIPSegLib.model.card import find_checkpoint, read_card
from CausalCLIPSegLib.privacy import safe_traceback
from CausalCLIPSegLib.serve.documents import CheckpointDocument
from CausalCLIPSegLib.serve.observation import Metrics
from CausalCLIPSegLib.serve.radiographs import Reader
from CausalCLIPSegLib.serve.sessions import Root, Sessions
from CausalCLIPSegLib.serve.settings import Settings
from CausalCLIPSegLib.serve.workers import Workers

log = logging.getLogger(__name__)

_MAX_SWEEP_SECONDS = 60


class Server:
    """The parts of a running server.

    Attributes:
        settings: what the person who started it decided.
        checkpoint: what segments.
        root: the folder of all sessions.
        workers: the worker processes and their queue.
        sessions: the open sessions.
        reader: reads radiographs.
        metrics: for the administrator.

    Raises:
        CheckpointError: there is no such checkpoint.
    """

    def __init__(self, settings: Settings) -> None:
        limits = settings.limits
        card = read_card(find_checkpoint(settings.checkpoint))
        self.settings = settings
        self.checkpoint = CheckpointDocument(**card.model_dump(include=set(CheckpointDocument.model_fields)))
        self.root = Root()
        self.workers = Workers(
            settings.workers, limits.waiting, limits.seconds, self.root.work, settings.worker_command
        )
        self.sessions = Sessions(self.root, self.workers, limits)
        self.reader = Reader(max(2, settings.workers), limits, self.root.work)
        self.metrics = Metrics(self.workers, self.sessions)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the workers, and delete idle sessions; at the end delete all sessions."""
        self.workers.start()
        await self.reader.prepare()
        sweeping = asyncio.create_task(self._sweep())
        try:
            yield
        finally:
            sweeping.cancel()
            await self.sessions.close_all()
            await self.workers.stop()
            await self.reader.stop()
            await asyncio.to_thread(self.root.remove)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_MAX_SWEEP_SECONDS, self.settings.limits.idle_seconds / 4))
            try:
                await self.sessions.sweep()
            except Exception as error:
                log.error("Deleting idle sessions failed:\n%s", safe_traceback(error))
