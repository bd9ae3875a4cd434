"""What the server tells its administrator: a line for each request, and metrics; nothing about patients or users."""

from __future__ import annotations

import json
import logging
import time
from datetime import UTC, datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from CausalCLIPSegLib.privacy import safe_traceback
from CausalCLIPSegLib.serve.sessions import Sessions
from CausalCLIPSegLib.serve.workers import Workers

access = logging.getLogger("CausalCLIPSegLib.serve.access")
log = logging.getLogger(__name__)

_PREFIX = "causalclipseg"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class JsonLines(logging.Formatter):
    """Writes each record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: the time, and the fields of the record or its message."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields = getattr(record, "fields", None) or {"level": record.levelname, "message": record.getMessage()}
        return json.dumps({"time": time, **fields})


class Metrics:
    """The metrics of one server.

    Attributes:
        registry: holds them.

    Args:
        workers, sessions: their states are read when somebody asks.
    """

    def __init__(self, workers: Workers, sessions: Sessions) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            f"{_PREFIX}_http_requests_total", "Requests.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            f"{_PREFIX}_http_request_seconds", "Seconds from request to answer.", ("route",), registry=self.registry
        )
        self.received = Counter(f"{_PREFIX}_http_received_bytes_total", "Bytes of requests.", registry=self.registry)
        self.runs = Counter(f"{_PREFIX}_runs_total", "Runs that were queued.", registry=self.registry)
        for name, description, read in (
            ("queue_waiting", "Runs and exports that wait.", lambda: workers.waiting),
            ("workers_alive", "Worker processes that can take a request.", lambda: workers.alive),
            ("workers_busy", "Worker processes that run a request.", lambda: workers.busy),
            ("worker_restarts", "Worker processes that have ended unexpectedly.", lambda: workers.restarts),
            ("sessions_open", "Open sessions.", lambda: len(sessions)),
        ):
            Gauge(f"{_PREFIX}_{name}", description, registry=self.registry).set_function(read)


class Observation:
    """Counts and logs each request by the template of its route, never by its address, which holds identifiers.

    Args:
        app: receives the requests.
        metrics: see `Metrics`.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request, and note how it ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start = time.perf_counter()
        status = received = sent = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            return message

        async def counting_send(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
            sent += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, counting_receive, counting_send)
        except ClientDisconnect:
            pass  # the client has gone, or does not read the answer
        except Exception as error:
            log.error("An unexpected error:\n%s", safe_traceback(error))
        finally:
            self._note(scope, status, time.perf_counter() - start, received, sent)

    def _note(self, scope: Scope, status: int, seconds: float, received: int, sent: int) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        unmatched = "/static" if scope["path"].startswith("/static/") else "unmatched"
        route = getattr(scope.get("route"), "path", unmatched)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        self._metrics.received.inc(received)
        if access.isEnabledFor(logging.INFO):
            fields = {
                "method": method,
                "route": route,
                "status": status,
                "seconds": round(seconds, 3),
                "received": received,
                "sent": sent,
            }
            access.info("request", extra={"fields": fields})
