"""Say the sentences of the worker and of the library in the language of the application."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from slicer.i18n import translate

from CausalCLIPSegLib import messages

CONTEXT = "CausalCLIPSegLib.messages"
"""The context of these texts in the files of translations."""

Text = Mapping[str, Any]
"""The id and the arguments of a sentence (worker.protocol.TextDocument)."""


def say(document: Mapping[str, Any], field: str) -> Any:
    """Return a field of an event, or of a part of one, in the language of the application, in the same shape."""
    return _say(document.get(field, []), document.get("texts", {}).get(field))


def sayReasons(understood: Mapping[str, Any]) -> list[str]:
    """Return why each part of a note was ignored."""
    ignored = understood["ignored"]
    texts = understood.get("texts", {}).get("ignored") or [None] * len(ignored)
    return [_say(each["reason"], text) for each, text in zip(ignored, texts, strict=True)]


def sayError(error: Exception) -> str:
    """Return the message of an error of the library in the language of the application."""
    message = messages.identify(str(error))
    return _say(str(error), None if message is None else asdict(message))


def sayTemplate(identifier: str) -> str:
    """Return a sentence without arguments by its id."""
    return sayText({"id": identifier, "arguments": {}})


def sayText(text: Text) -> str:
    """Return a sentence by its id and arguments.

    Raises:
        KeyError: a newer worker sent an id that this module does not know, or arguments that do not fit.
    """
    template = messages.templates()[text["id"]]
    arguments = {
        name: value if isinstance(value, str) else sayText(value) for name, value in text["arguments"].items()
    }
    english = template.format(**arguments)
    try:
        return translate(CONTEXT, template).format(**arguments)
    except (KeyError, IndexError, ValueError):  # a translation with other placeholders
        return english


def _say(value: Any, text: Any) -> Any:
    if isinstance(value, dict):
        return {key: _say(each, (text or {}).get(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_say(each, one) for each, one in zip(value, text or [None] * len(value), strict=True)]
    try:
        return value if text is None else sayText(text)
    except KeyError:
        return value
