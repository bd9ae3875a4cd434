"""HTTP requests to one server, and what their errors mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from CausalCLIPSegLib.client.errors import (
    CERTIFICATE,
    CUT,
    NO_ADDRESS,
    NOT_OUR_SERVER,
    UNENCRYPTED,
    UNREACHABLE,
    ServerError,
    error_of,
)

API_VERSION = 1
"""The version of the API that this client knows."""

_CONNECT_SECONDS = 10


class Connection:
    """Requests to one server.

    Attributes:
        name: the server's name for people and for provenance: host and port.

    Args:
        address: https://HOST:PORT, or http:// on this computer; may hold a token, as the server prints it.
        key: goes into each request; "" takes the token of the address.
        authority: PEM file with the certificate to trust; None: those of this computer.
        seconds: to wait for each answer.

    Raises:
        ServerError: the address cannot be used, or the key could be read on the way.
    """

    def __init__(self, address: str, key: str, authority: Path | None, seconds: float) -> None:
        try:
            parts = urlsplit(address.strip())
            host, port = parts.hostname, parts.port
        except ValueError:
            raise ServerError("address", NO_ADDRESS) from None
        if parts.scheme not in {"http", "https"} or not host or parts.username or parts.query:
            raise ServerError("address", NO_ADDRESS)
        if parts.scheme == "http" and not _is_loopback(host):
            raise ServerError("address", UNENCRYPTED)
        self.name = host if port is None else f"{host}:{port}"
        self._base = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}/api/v{API_VERSION}"
        self._timeout = (_CONNECT_SECONDS, seconds)
        self._requests = requests.Session()
        self._requests.auth = _Key(key or parse_qs(parts.fragment).get("token", [""])[0])
        # With each request: requests prefers the environment to the setting of a session.
        self._verify = None if authority is None else str(authority)

    def close(self) -> None:
        """Close the connection."""
        self._requests.close()

    def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Send a request, and return the JSON object of the answer.

        Raises:
            ServerError: the server refuses, cannot be reached, or is another program.
        """
        with self.open(method, path, **options) as response, translated():
            try:
                document = response.json()
            except requests.exceptions.JSONDecodeError:
                document = None
        if not isinstance(document, dict):
            raise ServerError("not_our_server", NOT_OUR_SERVER)
        return document

    def bytes(self, method: str, path: str, **options: Any) -> bytes:
        """Send a request, and return the bytes of the answer.

        Raises:
            ServerError: as in `json`.
        """
        with self.open(method, path, **options) as response, translated():
            return response.content

    @contextmanager
    def open(self, method: str, path: str, **options: Any) -> Iterator[requests.Response]:
        """Send a request, and yield the answer, whose body has not arrived yet.

        Raises:
            ServerError: as in `json`.
        """
        with translated():
            response = self._requests.request(
                method,
                self._base + path,
                timeout=self._timeout,
                verify=self._verify,
                allow_redirects=False,
                stream=True,
                **options,
            )
        with response:
            if response.status_code not in range(200, 300):
                raise _refused(response)
            yield response


class _Key(requests.auth.AuthBase):
    """Adds the key; unlike a header of the session, it is not replaced by an entry in a .netrc file."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


def _refused(response: requests.Response) -> ServerError:
    with translated():
        try:
            document = response.json()
        except requests.exceptions.JSONDecodeError:
            document = None
    return error_of(response.status_code, document, response.headers.get("Retry-After"))


@contextmanager
def translated() -> Iterator[None]:
    """Turn the errors of requests into sentences; their own messages quote addresses."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        is_certificate = "CERTIFICATE" in str(error).upper()
        raise (
            ServerError("certificate", CERTIFICATE)
            if is_certificate
            else ServerError("not_our_server", NOT_OUR_SERVER)
        ) from error
    except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
        raise ServerError("unreachable", UNREACHABLE) from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ReadTimeout) as error:
        raise ServerError("unreachable", CUT) from error
    except requests.exceptions.ConnectionError as error:
        raise ServerError("unreachable", UNREACHABLE) from error
    except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader, UnicodeError) as error:
        raise ServerError("address", NO_ADDRESS) from error
    except requests.exceptions.RequestException as error:
        raise ServerError("not_our_server", NOT_OUR_SERVER) from error
    except OSError as error:  # requests raises it for a missing file with certificates
        raise ServerError("certificate", CERTIFICATE) from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
