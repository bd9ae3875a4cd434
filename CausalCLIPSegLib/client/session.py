"""A session on a server: one radiograph, and runs on it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from CausalCLIPSegLib.client.connection import Connection
from CausalCLIPSegLib.client.errors import ServerError
from CausalCLIPSegLib.client.run import RemoteRun
from CausalCLIPSegLib.errors import RadiographError, reason_of
from CausalCLIPSegLib.laterality import SideChoice
from CausalCLIPSegLib.regular_files import open_regular


class RemoteSession:
    """A session; at the end of its `with` statement the server deletes everything of it.

    Attributes:
        identifier: of the session.

    Args:
        connection: to the server.
        identifier: as the server returned it.
    """

    def __init__(self, connection: Connection, identifier: str) -> None:
        self.identifier = identifier
        self._connection = connection
        self._path = f"/sessions/{identifier}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ServerError):  # a session that the server no longer knows is deleted already
            self.close()

    def close(self) -> None:
        """Delete everything of the session on the server.

        Raises:
            ServerError: the server cannot be reached, or has deleted the session already.
        """
        self._connection.bytes("DELETE", self._path)

    def open_file(self, path: Path, mirrored: bool | None = None) -> dict[str, Any]:
        """Send a radiograph, and return its description; its name is not sent.

        Args:
            path: of a file that `read_radiograph` reads.
            mirrored: whether the image shows the patient's right on the viewer's right; None: as its header says. If
                the header says so, the server asks with the error `radiograph.mirrored`: ask a person, and send again.

        Raises:
            RadiographError: the file cannot be read.
            ServerError: the server refuses the radiograph, or cannot be used.
        """
        try:
            file = open_regular(path)
        except OSError as error:
            raise RadiographError(f"The image cannot be read: {reason_of(error)}.") from error
        fields = {} if mirrored is None else {"mirrored": str(mirrored).lower()}
        with file:
            return self._open(data=fields, files={"file": ("radiograph", file)})

    def open_sample(self) -> dict[str, Any]:
        """Open the server's sample, and return its description with a note.

        Raises:
            ServerError: the server cannot be used.
        """
        return self._open(json={"sample": True})

    def open_allowed(self, path: str, mirrored: bool | None = None) -> dict[str, Any]:
        """Open a file below a folder that the server may read, and return its description.

        Raises:
            ServerError: there is no such file, or as in `open_file`.
        """
        return self._open(json={"path": path, "mirrored": mirrored})

    def open_image(
        self, archive: str, study: str, series: str, instance: str, mirrored: bool | None = None
    ) -> dict[str, Any]:
        """Open an image of one of the server's archives, and return its description.

        Raises:
            ServerError: there is no such image, or as in `open_file`.
        """
        image = {"archive": archive, "study": study, "series": series, "instance": instance}
        return self._open(json={"pacs": image, "mirrored": mirrored})

    def _open(self, **options: Any) -> dict[str, Any]:
        return self._connection.json("POST", f"{self._path}/radiograph", **options)

    def pixels(self) -> bytes:
        """Return the pixels: uint16, little endian, rows x columns, upright, 0 to 65535 for black to white.

        Raises:
            ServerError: no radiograph was opened, or the server cannot be used.
        """
        return self._connection.bytes("GET", f"{self._path}/radiograph/pixels")

    def run(self, note: str, side: SideChoice | None = None, threshold: float | None = None) -> RemoteRun:
        """Queue a run.

        Args:
            note: what the report says.
            side: the patient's side to segment, if the note contradicts itself.
            threshold: probability from which a pixel is segmented; None: the checkpoint's.

        Raises:
            ServerError: no radiograph was opened, too many requests wait, or the server cannot be used.
        """
        asked = {"note": note, "side": side, "threshold": threshold}
        run = self._connection.json("POST", f"{self._path}/runs", json=asked)["run"]
        return RemoteRun(self._connection, f"{self._path}/runs/{run}", run)
