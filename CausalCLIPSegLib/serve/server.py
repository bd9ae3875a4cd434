"""The parts of a running server, from start to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from CausalCLIPSegLib.errors import CheckpointError
from CausalCLIPSegLib.model.card import Card, find_checkpoint, installed_checkpoints, read_card, titles
from CausalCLIPSegLib.privacy import safe_traceback
from CausalCLIPSegLib.serve.documents import CheckpointDocument
from CausalCLIPSegLib.serve.observation import Metrics
from CausalCLIPSegLib.serve.radiographs import Reader
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.sessions import Root, Sessions
from CausalCLIPSegLib.serve.settings import Settings
from CausalCLIPSegLib.serve.workers import Workers

log = logging.getLogger(__name__)

_MAX_SWEEP_SECONDS = 60


class Server:
    """The parts of a running server.

    Attributes:
        settings: what the person who started it decided.
        checkpoints: what can segment, the one of `settings` first.
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
        self.settings = settings
        self.checkpoints = _checkpoints(settings.checkpoint)
        self.root = Root()
        self.workers = Workers(
            settings.workers, limits.waiting, limits.seconds, self.root.work, settings.worker_command
        )
        self.sessions = Sessions(self.root, self.workers, limits)
        self.reader = Reader(max(2, settings.workers), limits, self.root.work)
        self.metrics = Metrics(self.workers, self.sessions)

    def find_checkpoint(self, name: str | None) -> str:
        """Return the checkpoint that a client has chosen, as a worker finds it; None is that of the settings.

        Raises:
            Refusal: the server offers no checkpoint with this name.
        """
        if name is None or name == self.checkpoints[0].name:
            return self.settings.checkpoint
        if name not in {each.name for each in self.checkpoints}:  # a client must not name a path of the server
            raise Refusal(404, "checkpoint.unknown", "This server has no such checkpoint.")
        return name

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


def _checkpoints(used: str) -> list[CheckpointDocument]:
    """Return the checkpoint that is used, and then the other installed ones whose cards can be read.

    Raises:
        CheckpointError: there is no such checkpoint.
    """
    folder = find_checkpoint(used)
    card = read_card(folder)
    cards = {card.name: card}
    for name, other in installed_checkpoints().items():
        if name not in (folder.name, card.name):
            with suppress(CheckpointError):
                cards[name] = read_card(other)
    shown = titles(cards)
    return [_describe(name, shown[name], card) for name, card in cards.items()]


def _describe(name: str, title: str, card: Card) -> CheckpointDocument:
    fields = card.model_dump(include=set(CheckpointDocument.model_fields))
    return CheckpointDocument.model_validate(fields | {"name": name, "title": title})
