"""Send an HTTP request to an archive that may be broken or hostile: its answer is bounded in size and time."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator

import requests
import urllib3

from CausalCLIPSegLib.errors import PacsError
from CausalCLIPSegLib.pacs.connections import Line
from CausalCLIPSegLib.radiograph.limits import MAX_FILE_BYTES

MAX_LIST_BYTES = 1 << 25
"""Bytes of an answer that is not a file. A page of 200 matches takes 200,000."""
_MIN_BYTES_PER_SECOND = 4096
"""Rate below which an archive counts as not answering. A slow telephone line is faster."""
_CHUNK_BYTES = 1 << 16
_FILE_TYPES = ("multipart/related", "application/dicom")

_TOO_SLOW = "The archive sends its answer too slowly; it was not received completely."
TOO_LARGE = "The archive's answer is larger than any answer of this kind; it was not received."


class SlowError(PacsError):
    """The archive does not send its whole answer in the time that its length allows."""


class Deadline:
    """The time that is left for an answer: it begins with some seconds and grows with every byte.

    Args:
        seconds: time without any byte.
    """

    def __init__(self, seconds: float) -> None:
        self._start = time.monotonic()
        self._seconds = seconds
        self._bytes = 0

    def add(self, count: int) -> None:
        """Count bytes that have arrived.

        Raises:
            SlowError: they are too late.
        """
        self._bytes += count
        if self.seconds_left() <= 0:
            raise SlowError(_TOO_SLOW)

    def seconds_left(self) -> float:
        """Return the seconds until the next byte must have arrived."""
        return self._start + self._seconds + self._bytes / _MIN_BYTES_PER_SECOND - time.monotonic()


def send(request: Callable[[], requests.Response], seconds: float) -> requests.Response:
    """Make a request, and return its response with the whole body.

    The request runs in a thread of its own, so that Ctrl-C and the deadline end the wait in any phase, also while an
    archive sends one header after the other. Then the connection is cut, so that the thread ends too.

    Args:
        request: sends the request with a `CuttableAdapter`, and returns the response before its body is read.
        seconds: time for the headers, and for a pause of the body.

    Raises:
        PacsError: the body is too large, or too slow.
        Exception: whatever `request` raises.
    """
    deadline = Deadline(seconds)
    outcome: list[requests.Response | BaseException] = []
    ended = threading.Event()
    line = Line()

    def run() -> None:
        line.use()
        try:
            response = request()
            response._content = b"".join(_body(response, deadline))
            outcome.append(response)
        except BaseException as error:
            outcome.append(error)
        ended.set()

    threading.Thread(target=run, name="archive", daemon=True).start()
    try:
        while not ended.wait(min(1.0, max(0.01, deadline.seconds_left()))):
            if deadline.seconds_left() <= 0 and not ended.is_set():
                raise SlowError(_TOO_SLOW)
    except BaseException:
        line.cut()
        raise
    (result,) = outcome
    if isinstance(result, BaseException):
        raise result
    return result


def _body(response: requests.Response, deadline: Deadline) -> Iterator[bytes]:
    """Yield the decoded body of a response in pieces, and close the connection if it is too large or too slow."""
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    left = MAX_FILE_BYTES if response.ok and media_type in _FILE_TYPES else MAX_LIST_BYTES
    decode = _decoder(response.headers.get("Content-Encoding", ""))
    try:
        if int(response.headers.get("Content-Length", "0")) > left:
            raise PacsError(TOO_LARGE)
        while piece := _read(response):
            deadline.add(len(piece))
            for plain in decode(piece):
                left -= len(plain)
                if left < 0:
                    raise PacsError(TOO_LARGE)
                yield plain
    except BaseException:
        response.close()
        raise


def _read(response: requests.Response) -> bytes:
    """Return the next bytes of a body as they came; empty at its end."""
    try:
        # read1 bounds the lines between the chunks of a body, which `Response.iter_content` does not
        return response.raw.read1(_CHUNK_BYTES, decode_content=False)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError from error


def _decoder(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    """Return a function that decodes a piece of a body in pieces of at most `_CHUNK_BYTES`.

    Raises:
        PacsError: the encoding is not one that this program reads; it asks for none.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return lambda piece: iter((piece,))
    if name not in ("gzip", "x-gzip", "deflate"):
        raise PacsError("The archive compresses its answer in a way that this program does not read.")
    inflater = zlib.decompressobj(zlib.MAX_WBITS + 32)  # zlib or gzip, by the first bytes

    def decode(piece: bytes) -> Iterator[bytes]:
        while piece and not inflater.eof:
            yield inflater.decompress(piece, _CHUNK_BYTES)
            piece = inflater.unconsumed_tail

    return decode
