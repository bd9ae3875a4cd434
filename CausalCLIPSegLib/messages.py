"""Find the id of a sentence of this program, so that another program can say the same in another language.

The library writes its sentences in English. `messages.toml` holds all that the worker sends to people; an id is the
name of a table and a key, for instance "note.empty". Standard library only, because Slicer's interpreter reads it too.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NESTED = "sentence"
"""The placeholder that stands for another whole sentence; the others stand for a phrase, a name or a number."""


@dataclass(frozen=True)
class Message:
    """A sentence or a phrase, by its id.

    Attributes:
        id: as in `templates()`.
        arguments: what stands in the placeholders, as text, or as a message if it can be translated, too.
    """

    id: str
    arguments: Mapping[str, str | Message] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the sentence in English."""
        return templates()[self.id].format(**{name: str(value) for name, value in self.arguments.items()})


@cache
def templates() -> dict[str, str]:
    """Return every sentence and phrase by its id, with named placeholders."""
    with Path(__file__).with_suffix(".toml").open("rb") as file:
        return {f"{room}.{key}": text for room, table in tomllib.load(file).items() for key, text in table.items()}


def identify(sentence: str) -> Message | None:
    """Return the message that a sentence in English is; None if the program does not know it."""
    if (phrase := _identify_phrase(sentence)) is not None:
        return phrase
    for identifier, pattern in _patterns():
        if match := pattern.fullmatch(sentence):
            return Message(
                identifier,
                {
                    name: (identify if name == _NESTED else _identify_phrase)(text) or text
                    for name, text in match.groupdict().items()
                },
            )
    return None


def _identify_phrase(text: str) -> Message | None:
    identifier = _identifiers().get(text)
    return None if identifier is None else Message(identifier)


@cache
def _identifiers() -> dict[str, str]:
    return {text: identifier for identifier, text in templates().items() if not _PLACEHOLDER.search(text)}


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Return the pattern of every sentence with placeholders, the one with the longest fixed text first."""
    varying = {identifier: text for identifier, text in templates().items() if _PLACEHOLDER.search(text)}
    ordered = sorted(varying, key=lambda identifier: -len(_PLACEHOLDER.sub("", varying[identifier])))
    return [(identifier, _pattern(varying[identifier])) for identifier in ordered]


def _pattern(template: str) -> re.Pattern[str]:
    parts = _PLACEHOLDER.split(template)  # fixed texts and, between them, names of placeholders
    escaped = (f"(?P<{part}>.+?)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    return re.compile("".join(escaped), re.DOTALL)
