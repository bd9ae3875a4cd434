"""What the page needs to say a sentence of the library in another language."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from CausalCLIPSegLib import messages


def text_of(sentence: str) -> dict[str, Any] | None:
    """Return id and arguments of a sentence, as in messages.toml; None if it is not there."""
    known = messages.identify(sentence)
    return None if known is None else asdict(known)
