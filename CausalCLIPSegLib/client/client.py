"""A server, from the side of a program that uses it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from CausalCLIPSegLib.client.connection import API_VERSION, Connection
from CausalCLIPSegLib.client.errors import NOT_OUR_SERVER, ServerError
from CausalCLIPSegLib.client.session import RemoteSession
from CausalCLIPSegLib.laterality import SideChoice


class Client:
    """A server.

    Attributes:
        name: host and port of the server, for people and for provenance.

    Args:
        address: https://HOST:PORT, or http:// on this computer; may hold a token, as the server prints it.
        key: of this user; never write it into a scene or a log.
        authority: PEM file with the certificate to trust; None: those of this computer.
        seconds: to wait for each answer.

    Raises:
        ServerError: the address cannot be used, or the key could be read on the way.
    """

    def __init__(self, address: str, key: str = "", authority: Path | None = None, seconds: float = 60) -> None:
        self._connection = Connection(address, key, authority, seconds)
        self.name = self._connection.name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; sessions stay open until they are closed or idle."""
        self._connection.close()

    def check(self) -> dict[str, Any]:
        """Return the server's description: version, checkpoint, limits, archives.

        Raises:
            ServerError: with a kind of its own for a server that cannot be reached, an untrusted certificate, another
                kind of server, another version, a wrong key, and a busy server.
        """
        try:
            server = self._connection.json("GET", "/server")
        except ServerError as error:
            if error.identifier == "not_found":
                raise ServerError("version", _version_message("")) from error
            raise
        if server.get("name") != "CausalCLIPSeg":
            raise ServerError("not_our_server", NOT_OUR_SERVER)
        if server.get("protocol") != API_VERSION:
            raise ServerError("version", _version_message(str(server.get("version", ""))))
        return server

    def understand(self, note: str, side: SideChoice | None = None, mirrored: bool | None = None) -> dict[str, Any]:
        """Return what the server understands of a note, as the worker's field `understood`.

        Args:
            note: what the report says.
            side: the patient's side to segment, if the note contradicts itself.
            mirrored: whether the radiograph shows the patient's right on the viewer's right.

        Raises:
            ServerError: the note cannot be used, or as in `check`.
        """
        return self._connection.json("POST", "/notes", json={"note": note, "side": side, "mirrored": mirrored})

    def open_session(self) -> RemoteSession:
        """Return a new session, to be used in a `with` statement: at its end the server deletes all of it.

        Raises:
            ServerError: as in `check`.
        """
        return RemoteSession(self._connection, self._connection.json("POST", "/sessions")["session"])

    def find_images(
        self,
        archive: str,
        patient: str | None = None,
        accession: str | None = None,
        date: str | None = None,
        study: str | None = None,
    ) -> list[dict[str, Any]]:
        """Return the radiographs in one of the server's archives that match.

        Raises:
            ServerError: there is no such archive, it does not answer, or as in `check`.
        """
        conditions = {"patient": patient, "accession": accession, "date": date, "study": study}
        return list(
            self._connection.json("POST", f"/pacs/{quote(archive, safe='')}/images", json=conditions)["images"]
        )


def _version_message(version: str) -> str:
    return (
        f"The server has another version{f' ({version})' if version else ''} than this program; update the older one."
    )
