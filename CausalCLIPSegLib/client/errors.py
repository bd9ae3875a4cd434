"""What can go wrong with a server, each in one sentence."""

from __future__ import annotations

from typing import Any, Literal

from CausalCLIPSegLib.errors import CausalCLIPSegError

Kind = Literal["address", "unreachable", "certificate", "not_our_server", "version", "key", "busy", "refused", "ended"]
"""What to do about it: another address; start the server; trust its certificate; another address; update; another key;
wait; change the request; open the radiograph again."""

UNREACHABLE = "No server answers at this address; check the address, and whether the server runs."
CERTIFICATE = "The server's certificate is not trusted; ask its administrator for the certificate to trust."
NOT_OUR_SERVER = "Something answers at this address, but it is no CausalCLIPSeg server."
CUT = "The connection to the server was cut; try again."
UNENCRYPTED = "The address begins with http://, so the key and the radiograph could be read on the way; use https://."
NO_ADDRESS = "This is no address of a server; one looks like https://server.example.org:8443."


class ServerError(CausalCLIPSegError):
    """The server cannot be used, or refuses a request.

    Attributes:
        kind: see `Kind`.
        identifier: the error's id, as in docs/serve.md; "" if it does not come from the server.
        arguments: the values in the message.
        retry_after: seconds after which the server asks to be tried again; None if it does not say.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        identifier: str = "",
        arguments: dict[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.identifier = identifier
        self.arguments = arguments or {}
        self.retry_after = retry_after


def error_of(status: int, document: Any, retry_after: str | None) -> ServerError:
    """Return the error in an answer of a server.

    Args:
        status: the HTTP status.
        document: the JSON of the answer; None if it is no JSON.
        retry_after: the header Retry-After.
    """
    error = document.get("error") if isinstance(document, dict) else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        if status in (502, 503, 504):  # of a proxy
            return ServerError("unreachable", UNREACHABLE)
        return ServerError("not_our_server", NOT_OUR_SERVER)
    identifier, arguments = str(error.get("id", "")), error.get("arguments")
    kind: Kind = "refused"
    if status == 401:
        kind = "key"
    elif status in (429, 503):
        kind = "busy"
    elif identifier in {"session.unknown", "run.unknown"}:
        kind = "ended"
    seconds = float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else None
    return ServerError(kind, error["message"], identifier, arguments if isinstance(arguments, dict) else {}, seconds)
