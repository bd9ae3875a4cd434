"""How a job reports its progress."""

from __future__ import annotations

from collections.abc import Callable

ProgressCallback = Callable[[str, float], None]
"""Called with the name of a phase and the fraction that is done: 1 just before files appear, and nothing stops it."""
