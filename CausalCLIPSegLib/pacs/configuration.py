"""Find out from pacs.toml, the environment or an address which archive to use and how to reach it.

Credentials come from the file or the environment, never from the command line, because every process of the machine
can read command lines.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import typer
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from CausalCLIPSegLib.errors import PacsError, reason_of
from CausalCLIPSegLib.regular_files import open_regular

CONFIGURATION = "CAUSALCLIPSEG_PACS_CONFIG"
USERNAME = "CAUSALCLIPSEG_PACS_USERNAME"
PASSWORD = "CAUSALCLIPSEG_PACS_PASSWORD"
TOKEN = "CAUSALCLIPSEG_PACS_TOKEN"

MAX_BYTES = 1 << 20
"""Bytes of a configuration that are read."""

_SECRETS = ("password", "token")
_FILES = ("ca_bundle", "client_certificate", "client_key")
_AE_TITLE = r"[ -\[\]-~]{1,16}"


class _Connection(BaseModel):
    """Settings of both protocols.

    Attributes:
        timeout: seconds to wait for a connection, and for each answer on it.
        retries: how often to retry finding and fetching.
        retry_wait: seconds before the first retry.
        ca_bundle: PEM file with the certificate authorities to trust; the system's if None.
        client_certificate, client_key: PEM files that identify this program; the first may include the key.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    timeout: float = Field(default=30.0, gt=0, le=3600)
    retries: int = Field(default=3, ge=0, le=10)
    retry_wait: float = Field(default=1.0, ge=0, le=60)
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None


class DicomWebArchive(_Connection):
    """How to reach an archive by DICOMweb.

    Attributes:
        url: the base URL, without /studies.
        username, password: for basic authentication.
        token: for bearer authentication.
        allow_unencrypted: send credentials over http:// to another machine.
    """

    url: str
    username: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    allow_unencrypted: bool = False


class DimseArchive(_Connection):
    """How to reach an archive by DIMSE.

    Attributes:
        host, port, called_ae_title: address and AE title of the archive.
        calling_ae_title: AE title of this program, as the archive knows it.
        tls: connect through TLS.
        tls_server_name: the name in the archive's certificate, if it is not `host`.
        retrieve: fetch by C-GET, or by C-MOVE, for which the archive must know this program's address.
        listen_host, listen_port: where this program receives what C-MOVE sends; "" listens on all interfaces.
    """

    host: str = Field(min_length=1)
    port: int = Field(default=104, ge=1, le=65535)
    called_ae_title: str = Field(pattern=f"^{_AE_TITLE}$")
    calling_ae_title: str = Field(default="CAUSALCLIPSEG", pattern=f"^{_AE_TITLE}$")
    tls: bool = False
    tls_server_name: str | None = None
    retrieve: Literal["get", "move"] = "get"
    listen_host: str = ""
    listen_port: int = Field(default=11112, ge=1, le=65535)


Archive = DicomWebArchive | DimseArchive


def configuration_file() -> Path:
    """Return the path of the configuration: CAUSALCLIPSEG_PACS_CONFIG, else pacs.toml in the user's own folder."""
    path = os.environ.get(CONFIGURATION)
    return Path(path).expanduser() if path else Path(typer.get_app_dir("causalclipseg")) / "pacs.toml"


def find_archive(name: str | None) -> tuple[Archive, list[str]]:
    """Return an archive by its name in the configuration or by its address, else the default archive.

    Args:
        name: a name; https://host/path or http://host/path; dicom://host:port/AETITLE; or None.

    Returns:
        The archive with its credentials, and warnings for the user.

    Raises:
        PacsError: there is no archive of that name, or its entry or the file is invalid.
    """
    if name and "://" in name:
        return _complete(_from_address(name), name), []
    path = configuration_file()
    if not path.exists():
        if name is None:
            raise PacsError(f"Say which archive by --archive ADDRESS, or describe it in {path} (see docs/pacs.md).")
        raise PacsError(f"{_no_such_archive(name)} There is no configuration {path} either.")
    entries, warnings = _read(path)
    if name is None:
        name = _default(entries, path)
    archives = entries["archives"]
    if name not in archives:
        known = ", ".join(sorted(archives)) or "none"
        raise PacsError(f"{_no_such_archive(name)} {path} knows: {known}.")
    return _complete(_from_entry(name, archives[name], path), name), warnings


def archive_names() -> list[str]:
    """Return the names of the archives in the configuration; none without a configuration.

    Raises:
        PacsError: the configuration is invalid.
    """
    path = configuration_file()
    return sorted(_read(path)[0]["archives"]) if path.exists() else []


def _no_such_archive(name: str) -> str:
    if re.search(r"[./:@]", name):
        return "An address begins with https:// or http:// (DICOMweb) or dicom:// (DIMSE)."
    return f"There is no archive named “{name}”."


def _read(path: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        with open_regular(path) as file:
            entries = tomllib.loads(file.read(MAX_BYTES).decode())
    except OSError as error:
        raise PacsError(f"The configuration {path} cannot be read: {reason_of(error)}.") from None
    except (
        ValueError,
        RecursionError,
    ) as error:  # its message quotes the file, which may hold a secret; the line number is enough
        line = re.search(r"line (\d+)", str(error))
        place = f", line {line[1]}" if line else ""
        raise PacsError(f"The configuration {path} is not valid TOML{place}.") from None
    archives = entries.get("archives")
    if not isinstance(archives, dict) or not all(isinstance(entry, dict) for entry in archives.values()):
        raise PacsError(f"The configuration {path} has no table [archives.NAME].")
    unknown = sorted(set(entries) - {"archives", "default"})
    if unknown:
        raise PacsError(f"The configuration {path} has an unknown entry: {', '.join(unknown)}.")
    return entries, _check_permissions(path, archives)


def _check_permissions(path: Path, archives: dict[str, dict[str, Any]]) -> list[str]:
    """Reject a file with a secret that every user of the machine can read, and warn if its group can.

    Windows has no such permission bits; there the user's folder is private.
    """
    has_secret = any(key in entry for entry in archives.values() for key in _SECRETS)
    if os.name != "posix" or not has_secret:
        return []
    mode = path.stat().st_mode
    if mode & stat.S_IRWXO:
        raise PacsError(f"{path} holds a password or token, and all users can read it: chmod 600 makes it private.")
    if mode & stat.S_IRWXG:
        return [f"{path} holds a password or token, and its group can read it."]
    return []


def _default(entries: dict[str, Any], path: Path) -> str:
    if "default" in entries:
        return str(entries["default"])
    if len(entries["archives"]) == 1:
        return next(iter(entries["archives"]))
    raise PacsError(f"Say which archive by --archive NAME, or by default = NAME in {path}.")


def _from_entry(name: str, entry: dict[str, Any], path: Path) -> Archive:
    archive_type = DicomWebArchive if "url" in entry else DimseArchive
    if archive_type is DimseArchive and "host" not in entry:
        raise PacsError(f"Archive {name} in {path} has neither url (DICOMweb) nor host (DIMSE).")
    entry = dict(entry)
    for key in _FILES:  # relative paths start at the folder of the configuration
        if isinstance(entry.get(key), str):
            entry[key] = path.parent / Path(entry[key]).expanduser()
    try:
        return archive_type.model_validate(entry)
    except ValidationError as error:
        raise PacsError(f"Archive {name} in {path}: {_first_problem(error)}.") from None


def _first_problem(error: ValidationError) -> str:
    """Return what is wrong with the first invalid field, without its value, which may be a secret."""
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    field = ".".join(map(str, problem["loc"]))
    messages = {"missing": "is missing", "extra_forbidden": "is not a known setting"}
    return f"{field} {messages.get(problem['type'], 'has a value that cannot be used')}"


def _from_address(address: str) -> Archive:
    try:
        parts = urlsplit(address)
        host, port, scheme = parts.hostname, parts.port, parts.scheme
    except ValueError:
        raise PacsError("This is not a valid address of an archive.") from None
    if parts.username or parts.password:
        raise PacsError(f"No name or password in an address: put them into {configuration_file()} or {USERNAME}.")
    if scheme in ("http", "https"):
        return DicomWebArchive(url=address)
    title = parts.path.strip("/")
    if scheme not in ("dicom", "dicoms") or not host or not re.fullmatch(_AE_TITLE, title):
        raise PacsError(
            "An address is https://HOST/PATH or http://HOST/PATH (DICOMweb), or dicom://HOST:PORT/AETITLE (DIMSE)."
        )
    return DimseArchive(host=host, port=port or 104, called_ae_title=title, tls=scheme == "dicoms")


def _complete(archive: Archive, name: str) -> Archive:
    """Add the credentials of the environment, and reject settings that cannot work or would disclose a secret."""
    for key in _FILES:
        file = getattr(archive, key)
        if file is not None and not file.is_file():
            raise PacsError(f"Archive {name}: there is no file {file} ({key}).")
    if isinstance(archive, DimseArchive):
        if archive.tls and archive.retrieve == "move" and archive.client_certificate is None:
            raise PacsError(f"Archive {name}: C-MOVE through TLS requires client_certificate.")
        return archive
    if not archive.url.startswith(("http://", "https://")):
        raise PacsError(f"Archive {name}: url has to begin with https:// or http://.")
    try:
        parts = urlsplit(archive.url)
        _ = parts.port
    except ValueError:
        raise PacsError(f"Archive {name}: url is not a valid address.") from None
    if not parts.hostname or parts.query or parts.fragment:
        raise PacsError(f"Archive {name}: url has to be https://HOST/PATH, without ? and #.")
    if parts.username or parts.password:
        raise PacsError(f"Archive {name}: no name or password in url; use username and password.")
    archive = archive.model_copy(update={"url": archive.url.rstrip("/"), **_from_environment()})
    if archive.token and archive.password:
        raise PacsError(f"Archive {name}: give either a token or a password.")
    if (archive.username is None) != (archive.password is None):
        raise PacsError(f"Archive {name}: username and password belong together.")
    has_secret = archive.token or archive.password
    if has_secret and parts.scheme == "http" and not is_local(parts.hostname) and not archive.allow_unencrypted:
        raise PacsError(
            f"Archive {name}: a password or token over http:// can be read on the way; use https://, or set "
            "allow_unencrypted = true in the configuration."
        )
    return archive


def _from_environment() -> dict[str, Any]:
    """Return the credentials in the environment, and None for those of the file that they replace."""
    username, password, token = (os.environ.get(variable) or None for variable in (USERNAME, PASSWORD, TOKEN))
    credentials: dict[str, Any] = {}
    if token:
        credentials |= {"token": SecretStr(token), "username": None, "password": None}
    if username:
        credentials |= {"username": username}
    if password:
        credentials |= {"password": SecretStr(password)}
    if password and not token:
        credentials |= {"token": None}
    return credentials


def is_local(host: str) -> bool:
    """Return whether a host is this computer itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
