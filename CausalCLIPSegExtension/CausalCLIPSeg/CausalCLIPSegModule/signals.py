"""A signal in plain Python, because Qt signals cannot be defined in Slicer's Python."""

from __future__ import annotations

from collections.abc import Callable


class Signal:
    """Calls the connected functions, without arguments, when it is emitted."""

    def __init__(self) -> None:
        self._slots: list[Callable[[], None]] = []

    def connect(self, slot: Callable[[], None]) -> None:
        """Call a function each time the signal is emitted."""
        self._slots.append(slot)

    def disconnect(self, slot: Callable[[], None]) -> None:
        """Stop calling a function; does nothing if it is not connected."""
        if slot in self._slots:
            self._slots.remove(slot)

    def emit(self) -> None:
        """Call all connected functions, in the order in which they were connected."""
        for slot in list(self._slots):
            slot()
