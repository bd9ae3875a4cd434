"""A run on a server: its progress, result, masks and files."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from CausalCLIPSegLib.atomic_files import write_file
from CausalCLIPSegLib.client.connection import Connection, translated
from CausalCLIPSegLib.client.errors import CUT, ServerError
from CausalCLIPSegLib.laterality import Side

_ENDS = frozenset({"done", "failed", "cancelled"})
_RECONNECTIONS = 3


class RemoteRun:
    """A run.

    Attributes:
        identifier: of the run.

    Args:
        connection: to the server.
        path: of the run on the server.
        identifier: as the server returned it.
    """

    def __init__(self, connection: Connection, path: str, identifier: str) -> None:
        self.identifier = identifier
        self._connection = connection
        self._path = path

    def events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the events of the run from its beginning: name and data; "done", "failed" or "cancelled" is the last.

        If the connection is cut, this connects again a few times, and goes on where it was.

        Raises:
            ServerError: the server cannot be used, or no longer knows the run.
        """
        seen = 0
        for attempt in range(_RECONNECTIONS + 1):
            try:
                for number, event in enumerate(self._events()):
                    if number >= seen:
                        seen += 1
                        yield event
                        if event[0] in _ENDS:
                            return
            except ServerError as error:
                if error.kind != "unreachable" or attempt == _RECONNECTIONS:
                    raise
        raise ServerError("unreachable", CUT)

    def _events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        with self._connection.open("GET", f"{self._path}/events") as response, translated():
            name = ""
            for line in response.iter_lines(chunk_size=None):
                field, _, value = line.decode().partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield name, json.loads(value)

    def wait(self, progress: Callable[[str, dict[str, Any]], None] = lambda name, data: None) -> dict[str, Any]:
        """Wait for the end of the run, and return its description; see `describe`.

        Args:
            progress: called with each event before the last one.

        Raises:
            ServerError: the run failed or was canceled, or the server cannot be used.
        """
        for name, data in self.events():
            if name == "failed":
                error = data["error"]
                raise ServerError("refused", error["message"], error["id"], error["arguments"])
            if name == "cancelled":
                raise ServerError("refused", "The run was canceled.", "run.cancelled")
            if name != "done":
                progress(name, data)
        return self.describe()

    def describe(self) -> dict[str, Any]:
        """Return the run: state, result.json, segments and maps as they are now.

        Raises:
            ServerError: the server cannot be used, or no longer knows the run.
        """
        return self._connection.json("GET", self._path)

    def cancel(self) -> None:
        """Cancel the run, unless it has ended.

        Raises:
            ServerError: as in `describe`.
        """
        self._connection.bytes("POST", f"{self._path}/cancel")

    def map(self, name: str) -> bytes:
        """Return a map: uint8, rows x columns; byte 0 is its `low`, 255 its `high`.

        Raises:
            ServerError: there is no such map, or as in `describe`.
        """
        return self._connection.bytes("GET", f"{self._path}/maps/{quote(name, safe='')}")

    def mask(self, segment: str) -> bytes:
        """Return the present mask of a segment: uint8, 0 or 1, rows x columns.

        Raises:
            ServerError: there is no such segment, or as in `describe`.
        """
        return self._connection.bytes("GET", self._mask(segment))

    def put_mask(self, segment: str, mask: bytes, *, corrected: bool = True, threshold: float | None = None) -> None:
        """Send a mask that a person has made; a candidate is accepted by this.

        Args:
            segment: its id.
            mask: uint8, 0 or 1, rows x columns.
            corrected: a person has changed it; false: only another threshold.
            threshold: the threshold that the masks have now; None: as before.

        Raises:
            ServerError: the mask does not fit, or as in `mask`.
        """
        packer = zlib.compressobj(level=1, wbits=31)
        self._connection.bytes(
            "PUT",
            self._mask(segment),
            params={"corrected": str(corrected).lower(), "threshold": threshold},
            data=packer.compress(mask) + packer.flush(),
            headers={"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"},
        )

    def leave_out(self, segment: str) -> None:
        """Leave a segment out of the files, until it gets a mask again.

        Raises:
            ServerError: as in `mask`.
        """
        self._connection.bytes("DELETE", self._mask(segment))

    def add_segment(
        self, name: str, color: tuple[int, int, int], kind: str = "abnormality", side: Side | None = None
    ) -> str:
        """Add a segment that a person draws, and return its id; then put its mask.

        Args:
            name: for people; it becomes part of the files.
            color: red, green, blue, each in [0, 255].
            kind: of the finding, as in the lexicon of notes.
            side: of the patient; None: the side with most of the mask.

        Raises:
            ServerError: as in `describe`.
        """
        asked = {"name": name, "color": color, "kind": kind, "side": side}
        return str(self._connection.json("POST", f"{self._path}/segments", json=asked)["id"])

    def export(self, name: str, path: Path, *, force: bool = False) -> None:
        """Save a file of the run: segmentation.dcm, segmentation.seg.nrrd, overlay.png or result.json.

        Raises:
            OutputError: the file exists without `force`, or cannot be written.
            ServerError: this radiograph or these segments have no such file, or as in `describe`.
        """
        data = self._connection.bytes("GET", f"{self._path}/export/{quote(name, safe='')}")
        write_file(path, lambda hidden: hidden.write_bytes(data), force=force)

    def store(self, archive: str) -> list[dict[str, str]]:
        """Store the DICOM-SEG in one of the server's archives, and return the outcome for each object.

        Raises:
            ServerError: there is no such archive, it does not answer, or as in `export`.
        """
        return list(self._connection.json("POST", f"{self._path}/pacs", json={"archive": archive})["stored"])

    def _mask(self, segment: str) -> str:
        return f"{self._path}/masks/{quote(segment, safe='')}"
