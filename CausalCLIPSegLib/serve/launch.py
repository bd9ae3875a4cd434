"""Check how the server may be reached, and run it until it is stopped."""

from __future__ import annotations

import logging
import socket
import ssl
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from CausalCLIPSegLib.errors import CausalCLIPSegError, reason_of
from CausalCLIPSegLib.serve.application import create_application
from CausalCLIPSegLib.serve.connections import Connection
from CausalCLIPSegLib.serve.keys import LOCAL, Keys, new_token, read_keys
from CausalCLIPSegLib.serve.observation import JsonLines
from CausalCLIPSegLib.serve.settings import Settings, is_loopback

_MAX_CONNECTIONS = 500
_MAX_HEADER_BYTES = 1 << 15


@dataclass(frozen=True)
class Place:
    """Where to serve.

    Attributes:
        host, port: the address; port 0 takes a free one.
        keys: file with keys; None: only those of the environment.
        certificate, private_key: PEM files for TLS; the key may be in the first.
        behind_proxy: another program receives the requests by TLS and passes them on.
        hostnames: further names by which clients address the server.
    """

    host: str = "127.0.0.1"
    port: int = 0
    keys: Path | None = None
    certificate: Path | None = None
    private_key: Path | None = None
    behind_proxy: bool = False
    hostnames: tuple[str, ...] = ()

    @property
    def is_local(self) -> bool:
        """Whether only programs of this computer reach the server."""
        return is_loopback(self.host) and not self.behind_proxy


def admit(place: Place, settings: Callable[[Keys], Settings]) -> tuple[Settings, str | None]:
    """Return the settings for a place, and the token if the place has no keys of its own.

    Args:
        place: where to serve.
        settings: makes the settings from the keys.

    Raises:
        CausalCLIPSegError: serving there is not safe: without keys, or without encryption.
    """
    keys, token = read_keys(place.keys), None
    if place.private_key is not None and place.certificate is None:
        raise CausalCLIPSegError("Give --certificate together with --private-key.")
    if not keys and not place.is_local:
        raise CausalCLIPSegError(
            "Other computers can reach this address, so the server needs keys: give --keys FILE (docs/serve-it.md)."
        )
    if not place.is_local and place.certificate is None and not place.behind_proxy:
        raise CausalCLIPSegError(
            "Other computers can reach this address, so the server needs TLS: give --certificate and --private-key, "
            "or --behind-proxy if a proxy encrypts (docs/serve-it.md)."
        )
    if not keys:
        token = new_token()
        keys = {LOCAL: token}
    names = {name.lower() for name in place.hostnames}
    if not place.is_local:
        names |= {socket.gethostname().lower(), place.host.lower()}
    made = settings(Keys(keys))
    hosts = made.hosts | names
    return replace(made, hosts=hosts, any_address=not place.is_local, limits_failures=token is None), token


def serve(place: Place, settings: Settings, announce: Callable[[str], None], token: str | None, *, show: bool) -> None:
    """Serve until the process is stopped.

    Args:
        place: see `Place`.
        settings: see `admit`.
        announce: called with the address as soon as it is known.
        token: goes into the address.
        show: open the page in a browser.

    Raises:
        CausalCLIPSegError: the address or the certificate cannot be used.
    """
    _turn_off_core_dumps()
    _check_certificate(place)
    listener = _listen(place)
    port = listener.getsockname()[1]
    scheme = "https" if place.certificate else "http"
    host = f"[{place.host}]" if ":" in place.host else place.host
    address = f"{scheme}://{host}:{port}/" + (f"#token={token}" if token else "")
    application, api = create_application(settings)
    announce(address)
    if show:
        _open_in_browser(address, api.state.server.root.folder)
    uvicorn.Server(configure(application, place)).run(sockets=[listener])


def configure(application: ASGIApp, place: Place) -> uvicorn.Config:
    """Return how uvicorn serves an application at a place."""
    for name in ("uvicorn", "asyncio"):  # their messages may quote requests
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return uvicorn.Config(
        application,
        http=Connection,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=place.behind_proxy,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.private_key,
        limit_concurrency=_MAX_CONNECTIONS,
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
    )


def _turn_off_core_dumps() -> None:
    """Let no process of the server leave its memory, which holds radiographs, on the disk if it crashes."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _open_in_browser(address: str, folder: Path) -> None:
    """Open the page by a file that only this user can read: every user can read the arguments of a browser."""
    file = folder / "open.html"
    file.write_text(f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={escape(address)}">', encoding="utf-8")
    webbrowser.open(file.as_uri())


def _check_certificate(place: Place) -> None:
    if place.certificate is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(place.certificate, place.private_key, password="")
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise CausalCLIPSegError("The certificate or its private key cannot be used; both are PEM files.") from None


def _listen(place: Place) -> socket.socket:
    try:
        family, _, _, _, where = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(where[:2], family=family, backlog=512)
    except OSError as error:
        raise CausalCLIPSegError(
            f"The address {place.host}, port {place.port}, cannot be used: {reason_of(error)}."
        ) from None
    listener.set_inheritable(False)
    return listener


def log_access(*, to_stderr: bool) -> None:
    """Print a line of JSON for each request to standard error, and what goes wrong."""
    logger = logging.getLogger("CausalCLIPSegLib.serve")
    logger.propagate = False
    handler = logging.StreamHandler(sys.stderr) if to_stderr else logging.NullHandler()
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
