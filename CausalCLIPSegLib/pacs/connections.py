"""HTTP connections that another thread can cut, in whatever phase their request is."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_thread = threading.local()


class Line:
    """The sockets on which a thread waits for answers, so that another thread can end the wait."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._cut = False

    def use(self) -> None:
        """Note the sockets of this thread from now on."""
        _thread.line = self

    def add(self, sock: socket.socket) -> None:
        """Note a socket; cut it at once if the line is cut already."""
        self._sockets.append(sock)
        if self._cut:
            self.cut()

    def cut(self) -> None:
        """End every wait for an answer, now and later."""
        self._cut = True
        for sock in self._sockets:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)


class _Noted:
    sock: socket.socket | None

    def getresponse(self) -> Any:
        line = getattr(_thread, "line", None)
        if line is not None and self.sock is not None:
            line.add(self.sock)
        return super().getresponse()  # type: ignore[misc]


class _Connection(_Noted, HTTPConnection):
    pass


class _SecureConnection(_Noted, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class CuttableAdapter(HTTPAdapter):
    """Makes connections that a `Line` can cut, also those through a proxy."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Set the classes of the connections."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        """Return the manager of connections through a proxy, with the same classes."""
        manager = super().proxy_manager_for(*arguments, **options)
        if "SOCKS" not in type(manager).__name__:  # its connections have a class of their own
            manager.pool_classes_by_scheme = self.poolmanager.pool_classes_by_scheme
        return manager
