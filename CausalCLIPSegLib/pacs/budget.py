"""Bound what a DIMSE connection reads: pynetdicom reads whatever the other side announces, however long it takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pynetdicom import evt

from CausalCLIPSegLib.pacs.transfer import TOO_LARGE, Deadline, SlowError
from CausalCLIPSegLib.radiograph.limits import MAX_FILE_BYTES

_MAX_PDU_BYTES = 1 << 20
"""Bytes of a PDU (PS3.8). This program announces 16,382; some archives send more."""
_PAUSES = 10
"""An archive may answer only "pending" for this many times the timeout: it may have to fetch a file from a tape."""
_CHUNK_BYTES = 1 << 16


class Budget:
    """What an archive may send in answer to a request.

    Attributes:
        is_exceeded: the archive has sent more.
        timeout: seconds for a part of the answer.
        deadline: the time for the whole answer.

    Args:
        timeout: as in the configuration of the archive.
    """

    def __init__(self, timeout: float) -> None:
        self.is_exceeded = False
        self.timeout = timeout
        self.deadline = Deadline(_PAUSES * timeout)
        self._bytes_left = 2 * MAX_FILE_BYTES

    def spend(self, count: int) -> None:
        """Count bytes that are about to be read.

        Raises:
            OSError: they are too many; pynetdicom then closes the connection.
        """
        self._bytes_left -= count
        if count > _MAX_PDU_BYTES or self._bytes_left < 0:
            self.is_exceeded = True
            raise OSError(TOO_LARGE)


def bound_connection(budget: Callable[[], Budget]) -> tuple[Any, Callable[..., Any]]:
    """Return the event handler that bounds a new connection.

    Args:
        budget: returns the budget of the current request.
    """

    def on_open(event: evt.Event) -> None:
        connection: Any = event.assoc.dul.socket
        connection.recv = lambda count: _receive(connection.socket, count, budget())

    return evt.EVT_CONN_OPEN, on_open


def _receive(socket: Any, count: int, budget: Budget) -> bytearray:
    """Return `count` bytes, fewer if the connection was closed; in place of pynetdicom's `AssociationSocket.recv`.

    Raises:
        OSError: they are too many, or do not come in time.
    """
    budget.spend(count)
    deadline = Deadline(budget.timeout)
    data = bytearray()
    before = socket.gettimeout()
    try:
        while len(data) < count:
            socket.settimeout(max(0.001, deadline.seconds_left()))
            piece = socket.recv(min(_CHUNK_BYTES, count - len(data)))
            if not piece:
                break
            data += piece
            deadline.add(len(piece))
    except SlowError as error:
        raise TimeoutError from error
    finally:
        with suppress(OSError):  # the connection was closed
            socket.settimeout(before)
    return data
