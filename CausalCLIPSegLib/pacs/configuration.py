"""Which archive, and how it is spoken to: pacs.toml, the environment, or an address.

Credentials come from the file or the environment and never from the command line, where every process of the machine
can read them.
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

from CausalCLIPSegLib.errors import PacsError

CONFIGURATION = "CAUSALCLIPSEG_PACS_CONFIG"
USERNAME = "CAUSALCLIPSEG_PACS_USERNAME"
PASSWORD = "CAUSALCLIPSEG_PACS_PASSWORD"
TOKEN = "CAUSALCLIPSEG_PACS_TOKEN"

_SECRETS = ("password", "token")
_FILES = ("ca_bundle", "client_certificate", "client_key")
_AE_TITLE = r"[ -\[\]-~]{1,16}"


class _Spoken(BaseModel):
    """What both ways of speaking share.

    Attributes:
        timeout: seconds to wait for a connection, and for each sign of life on it.
        retries: how often to try again to find and to fetch.
        retry_wait: seconds before the first of these.
        ca_bundle: PEM file with the certificates that vouch for the archive; the system's if None.
        client_certificate, client_key: PEM files by which this program shows who it is; the key may be in the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    timeout: float = Field(default=30.0, gt=0, le=3600)
    retries: int = Field(default=3, ge=0, le=10)
    retry_wait: float = Field(default=1.0, ge=0, le=60)
    ca_bundle: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None


class DicomWebArchive(_Spoken):
    """An archive that speaks DICOMweb.

    Attributes:
        url: the address below which /studies lies.
        username, password: for basic authentication.
        token: for bearer authentication.
        allow_unencrypted: let credentials go over http:// to another machine.
    """

    url: str
    username: str | None = None
    password: SecretStr | None = None
    token: SecretStr | None = None
    allow_unencrypted: bool = False


class DimseArchive(_Spoken):
    """An archive that speaks DIMSE.

    Attributes:
        host, port, called_ae_title: the archive.
        calling_ae_title: this program, as the archive knows it.
        tls: speak through TLS.
        tls_server_name: the name in the archive's certificate where it is not `host`.
        retrieve: fetch by C-GET, or by C-MOVE, for which the archive has to know this program's address.
        listen_host, listen_port: where this program takes what C-MOVE sends; all interfaces if "".
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
    """Return where the configuration lies: CAUSALCLIPSEG_PACS_CONFIG, else pacs.toml in the user's own folder."""
    named = os.environ.get(CONFIGURATION)
    return Path(named).expanduser() if named else Path(typer.get_app_dir("causalclipseg")) / "pacs.toml"


def find_archive(name: str | None) -> tuple[Archive, list[str]]:
    """Return an archive by its name in the configuration, by its address, or the one that the configuration prefers.

    Args:
        name: a name; https://host/path or http://host/path; dicom://host:port/AETITLE; or None.

    Returns:
        The archive with the credentials that it is to be given, and sentences that the user should read.

    Raises:
        PacsError: there is none of that name, or its entry or the file cannot be used.
    """
    if name and "://" in name:
        return _finished(_from_address(name), name), []
    path = configuration_file()
    if not path.exists():
        if name is None:
            raise PacsError(f"Say which archive by --archive ADDRESS, or describe it in {path} (see docs/pacs.md).")
        raise PacsError(f"{_no_such_archive(name)} There is no configuration {path} either.")
    entries, remarks = _read(path)
    if name is None:
        name = _preferred(entries, path)
    archives = entries["archives"]
    if name not in archives:
        known = ", ".join(sorted(archives)) or "none"
        raise PacsError(f"{_no_such_archive(name)} {path} knows: {known}.")
    return _finished(_from_entry(name, archives[name], path), name), remarks


def _no_such_archive(name: str) -> str:
    if re.search(r"[./:@]", name):
        return "An address begins with https:// or http:// (DICOMweb) or dicom:// (DIMSE)."
    return f"There is no archive of the name {name}."


def _read(path: Path) -> tuple[dict[str, Any], list[str]]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PacsError(f"The configuration {path} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # the cause would quote the file; its line is enough
        line = re.search(r"line (\d+)", str(error))
        place = f", line {line[1]}" if line else ""
        raise PacsError(f"The configuration {path} is not proper TOML{place}.") from None
    archives = entries.get("archives")
    if not isinstance(archives, dict) or not all(isinstance(entry, dict) for entry in archives.values()):
        raise PacsError(f"The configuration {path} has no table [archives.NAME].")
    unknown = sorted(set(entries) - {"archives", "default"})
    if unknown:
        raise PacsError(f"The configuration {path} has an entry that means nothing: {', '.join(unknown)}.")
    return entries, _check_permissions(path, archives)


def _check_permissions(path: Path, archives: dict[str, dict[str, Any]]) -> list[str]:
    """Refuse a file with a secret that everybody can read; Windows has no such bits, its folder is the user's own."""
    secret = any(key in entry for entry in archives.values() for key in _SECRETS)
    if os.name != "posix" or not secret:
        return []
    mode = path.stat().st_mode
    if mode & stat.S_IRWXO:
        raise PacsError(f"{path} holds a password or token and everybody can read it: chmod 600 makes it yours alone.")
    if mode & stat.S_IRWXG:
        return [f"{path} holds a password or token, and its group can read it."]
    return []


def _preferred(entries: dict[str, Any], path: Path) -> str:
    if "default" in entries:
        return str(entries["default"])
    if len(entries["archives"]) == 1:
        return next(iter(entries["archives"]))
    raise PacsError(f"Say which archive by --archive NAME, or by default = NAME in {path}.")


def _from_entry(name: str, entry: dict[str, Any], path: Path) -> Archive:
    kind = DicomWebArchive if "url" in entry else DimseArchive
    if kind is DimseArchive and "host" not in entry:
        raise PacsError(f"Archive {name} in {path} has neither url (DICOMweb) nor host (DIMSE).")
    entry = dict(entry)
    for key in _FILES:  # beside the configuration, where they are not absolute
        if isinstance(entry.get(key), str):
            entry[key] = path.parent / Path(entry[key]).expanduser()
    try:
        return kind.model_validate(entry)
    except ValidationError as error:
        raise PacsError(f"Archive {name} in {path}: {_first(error)}.") from None


def _first(error: ValidationError) -> str:
    """Say what is wrong with one field; never its value, which may be a secret."""
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    field = ".".join(map(str, problem["loc"]))
    said = {"missing": "is missing", "extra_forbidden": "means nothing here"}
    return f"{field} {said.get(problem['type'], 'has a value that cannot be used')}"


def _from_address(address: str) -> Archive:
    try:
        parts = urlsplit(address)
        host, port, scheme = parts.hostname, parts.port, parts.scheme
    except ValueError:
        raise PacsError("This is not a proper address of an archive.") from None
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


def _finished(archive: Archive, name: str) -> Archive:
    """Add what the environment says, and refuse what cannot work or would give a secret away."""
    for key in _FILES:
        file = getattr(archive, key)
        if file is not None and not file.is_file():
            raise PacsError(f"Archive {name}: there is no file {file} ({key}).")
    if isinstance(archive, DimseArchive):
        if archive.tls and archive.retrieve == "move" and archive.client_certificate is None:
            raise PacsError(f"Archive {name}: C-MOVE through TLS wants client_certificate.")
        return archive
    if not archive.url.startswith(("http://", "https://")):
        raise PacsError(f"Archive {name}: url has to begin with https:// or http://.")
    try:
        parts = urlsplit(archive.url)
        _ = parts.port
    except ValueError:
        raise PacsError(f"Archive {name}: url is not a proper address.") from None
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
    if has_secret and parts.scheme == "http" and not _is_local(parts.hostname) and not archive.allow_unencrypted:
        raise PacsError(
            f"Archive {name}: a password or token over http:// can be read on the way; use https://, or say "
            "allow_unencrypted = true in the configuration."
        )
    return archive


def _from_environment() -> dict[str, Any]:
    """Return the credentials that the environment holds, and None for those that they take the place of."""
    username, password, token = (os.environ.get(name) or None for name in (USERNAME, PASSWORD, TOKEN))
    said: dict[str, Any] = {}
    if token:
        said |= {"token": SecretStr(token), "username": None, "password": None}
    if username:
        said |= {"username": username}
    if password:
        said |= {"password": SecretStr(password)}
    if password and not token:
        said |= {"token": None}
    return said


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
