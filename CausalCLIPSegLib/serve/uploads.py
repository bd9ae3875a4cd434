"""Write the file of a multipart request into a folder while it arrives; nothing else is ever written."""

from __future__ import annotations

import asyncio
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from CausalCLIPSegLib.serve.radiographs import too_large
from CausalCLIPSegLib.serve.refusals import Refusal

_MAX_FIELD_BYTES = 100
_MAX_HEADER_BYTES = 8192
_MAX_PARTS = 10
_NAME_CHARACTERS = 100


class Upload:
    """The parts of a multipart request.

    Attributes:
        name: the client's name of the file, without folders; shown, never used as a path.
        fields: the short text fields.
        is_complete: the file has arrived as a whole.

    Args:
        boundary: as in the content type.
        file: receives the part `file`.
        max_bytes: of the file.
    """

    def __init__(self, boundary: bytes, file: BinaryIO, max_bytes: int) -> None:
        self.name = ""
        self.fields: dict[str, str] = {}
        self.is_complete = False
        self._file, self._max_bytes = file, max_bytes
        self._size = self._parts = 0
        self._header = (bytearray(), bytearray())
        self._disposition: dict[bytes, bytes] = {}
        self._value = bytearray()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._add_header(0, data[start:end]),
                "on_header_value": lambda data, start, end: self._add_header(1, data[start:end]),
                "on_header_end": self._end_header,
                "on_part_data": lambda data, start, end: self._add(data[start:end]),
                "on_part_end": self._end,
            },
        )

    def write(self, data: bytes) -> None:
        """Take the next bytes of the request.

        Raises:
            Refusal: they are not a multipart request, or too large.
        """
        try:
            self._parser.write(data)
        except FormParserError:
            raise _not_multipart() from None

    @property
    def _is_file(self) -> bool:
        return self._disposition.get(b"name") == b"file"

    def _begin(self) -> None:
        self._disposition = {}
        self._value.clear()
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise _not_multipart()

    def _add_header(self, part: int, data: bytes) -> None:
        self._header[part].extend(data)
        if len(self._header[part]) > _MAX_HEADER_BYTES:
            raise _not_multipart()

    def _end_header(self) -> None:
        name, value = (bytes(part) for part in self._header)
        for part in self._header:
            part.clear()
        if name.lower() == b"content-disposition":
            self._disposition = parse_options_header(value)[1]
            if self._is_file:
                if self._size or self.is_complete:
                    raise Refusal(422, "request.invalid", "Send one file at a time.")
                self.name = base_name(self._disposition.get(b"filename", b"").decode("utf-8", "replace"))

    def _add(self, data: bytes) -> None:
        if not self._is_file:
            self._value += data
            if len(self._value) > _MAX_FIELD_BYTES:
                raise _not_multipart()
            return
        self._size += len(data)
        if self._size > self._max_bytes:
            raise too_large(self._max_bytes)
        self._file.write(data)

    def _end(self) -> None:
        if self._is_file:
            self.is_complete = True
        else:
            name = self._disposition.get(b"name", b"").decode("utf-8", "replace")
            self.fields[name] = self._value.decode("utf-8", "replace")


async def receive_upload(request: Request, target: Path, max_bytes: int) -> Upload:
    """Write the file of a multipart request to `target`.

    Raises:
        Refusal: the request is no multipart request with one file, or the file is too large.
    """
    boundary = parse_options_header(request.headers["content-type"])[1].get(b"boundary", b"")
    if not boundary:
        raise _not_multipart()
    with target.open("wb") as file:
        upload = Upload(boundary, file, max_bytes)
        async for data in request.stream():
            await asyncio.to_thread(upload.write, data)
    if not upload.is_complete:
        raise Refusal(422, "request.invalid", "The request holds no complete file in the field “file”.")
    return upload


async def receive_body(request: Request, target: Path) -> None:
    """Write the body of a request to `target` while it arrives; `bodies` limits its size."""
    with target.open("wb") as file:
        async for data in request.stream():
            await asyncio.to_thread(file.write, data)


def base_name(name: str) -> str:
    """Return the last part of a path of any system, short and on one line, to show it."""
    last = PureWindowsPath(PurePosixPath(name).name).name
    printable = "".join(character for character in last if character.isprintable())
    return printable[:_NAME_CHARACTERS] or "radiograph"


def _not_multipart() -> Refusal:
    return Refusal(422, "request.invalid", "The request is not a multipart request with a file.")
