"""What every request passes: the names of the server, the origin of a page, the key, and the headers of answers.

A page of another site cannot use the server: its browser sends the site's Origin, or, if the site's name points to
this server (DNS rebinding), the site's Host. There are no cookies, so a browser adds no key by itself.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from CausalCLIPSegLib.serve.keys import FailureLimit
from CausalCLIPSegLib.serve.refusals import Refusal
from CausalCLIPSegLib.serve.settings import Settings, is_loopback

API = "/api/"

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Gate:
    """Refuses requests from other sites and without a key; sets the headers of every answer.

    The name of the key is in `scope["state"]["owner"]`.

    Args:
        app: receives the requests that pass.
        settings: names and keys.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._settings = app, settings
        self._failures = FailureLimit(settings.limits.failures)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass or refuse a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_api = scope["path"].startswith(API)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store" if is_api else "no-cache")
            await send(message)

        try:
            headers = Headers(scope=scope)
            self._check_host(headers)
            if is_api:
                scope.setdefault("state", {})["owner"] = self._owner(headers, scope)
        except Refusal as refusal:
            await refusal.response()(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)

    def _check_host(self, headers: Headers) -> None:
        """Check Host and Origin.

        Raises:
            Refusal: the request was sent to another server, or by the page of one.
        """
        host = headers.get("host", "")
        if not self._is_ours(_name(host)):
            message = "This server does not have the name that was used; see --hostname in docs/serve-it.md."
            raise Refusal(421, "host.refused", message)
        origins = headers.getlist("origin")
        is_cross_site = headers.get("sec-fetch-site") in {"cross-site", "same-site"}
        is_navigation = headers.get("sec-fetch-mode") == "navigate"
        if any(urlsplit(origin).netloc.lower() != host.lower() for origin in origins) or (
            is_cross_site and not is_navigation
        ):
            raise Refusal(403, "origin.refused", "Pages of other sites may not use this server.")

    def _is_ours(self, name: str) -> bool:
        if name in self._settings.hosts or is_loopback(name):
            return True
        # A site can make its name point to this server, but an address that a client writes is that of the server.
        return self._settings.any_address and _is_address(name)

    def _owner(self, headers: Headers, scope: Scope) -> str:
        """Return the name of the key of a request.

        Raises:
            Refusal: the key is missing or wrong, or too many were wrong.
        """
        address = scope["client"][0] if scope.get("client") else ""
        if self._settings.limits_failures and (wait := self._failures.wait_of(address)):
            raise Refusal(429, "auth.too_many", "There were too many wrong keys; wait a minute.", retry_after=wait)
        scheme, _, key = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise _unauthorized("auth.missing", "This server needs a key.")
        owner = self._settings.keys.name_of(key.strip())
        if owner is None:
            self._failures.count(address)
            raise _unauthorized("auth.wrong", "This is not a key of this server, or the server was started again.")
        return owner


def _unauthorized(identifier: str, message: str) -> Refusal:
    refusal = Refusal(401, identifier, message)
    refusal.headers = {"WWW-Authenticate": "Bearer"}
    return refusal


def _name(host: str) -> str:
    """Return a host without its port, in lower case; "" if it is no host."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".") if host and not set(host) & set("/?#@\\") else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(name)
    except ValueError:
        return False
    return True
