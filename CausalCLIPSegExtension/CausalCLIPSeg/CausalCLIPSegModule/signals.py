"""A signal in plain Python; those that Qt defines in Python do not work in Slicer."""

from __future__ import annotations

from collections.abc import Callable


class Signal:
    """Functions without arguments that are called when something has changed."""

    def __init__(self) -> None:
        self._slots: list[Callable[[], None]] = []

    def connect(self, slot: Callable[[], None]) -> None:
        """Call a function from now on."""
        self._slots.append(slot)

    def disconnect(self, slot: Callable[[], None]) -> None:
        """Call it no more; one that is not connected is passed over."""
        if slot in self._slots:
            self._slots.remove(slot)

    def emit(self) -> None:
        """Call all of them, in the order in which they were connected."""
        for slot in list(self._slots):
            slot()
