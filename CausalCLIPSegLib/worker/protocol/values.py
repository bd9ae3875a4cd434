"""Values that requests and events share."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from CausalCLIPSegLib import messages

PROTOCOL = 1
"""Version of the protocol."""


def is_encodable(text: str) -> bool:
    """Return whether text can be written as UTF-8: it has no lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _absolute(path: Path) -> Path:
    if not path.is_absolute():
        raise ValueError("the path has to be absolute")
    if "\0" in str(path):
        raise ValueError("the path contains a NUL")
    return path


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]
Identifier = Annotated[str, Field(min_length=1, max_length=100)]
Threshold = Annotated[float, Field(gt=0, lt=1)]
Millimeters = Annotated[float, Field(gt=0)]
UnitInterval = Annotated[float, Field(ge=0, le=1)]
Format = Literal["dicom-seg", "seg-nrrd", "picture"]


class Message(BaseModel):
    """Base of all requests, events and their parts: immutable, without unknown fields, NaN or infinity."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class TextDocument(Message):
    """A sentence or a phrase by its id, so that a front end can say it in another language.

    Attributes:
        id: as in CausalCLIPSegLib/messages.toml.
        arguments: what stands in the placeholders, as text, or as a text that can be translated, too.
    """

    id: str
    arguments: dict[str, str | TextDocument] = Field(default_factory=dict)


Texts = TextDocument | None | list[TextDocument | None] | dict[str, TextDocument | None]


class Spoken(Message):
    """Base of messages with sentences for people.

    Attributes:
        texts: for each field with sentences what they are, shaped as the field: one, a list, or one for each key. Null
            stands for a sentence without an id.
    """

    SENTENCES: ClassVar[dict[str, str]]
    """The fields with sentences; each with the key that holds the sentence if the field holds objects, else ""."""

    texts: dict[str, Texts] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _add_texts(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "texts" in values:
            return values
        texts = {name: _texts(values[name], key) for name, key in cls.SENTENCES.items() if name in values}
        return {**values, "texts": texts}


def _texts(value: Any, key: str) -> Any:
    """Return what the sentences in a value are, in the shape of the value."""
    if isinstance(value, list):
        return [_texts(each, key) for each in value]
    if isinstance(value, dict):
        return _texts(value[key], "") if key else {name: _texts(each, "") for name, each in value.items()}
    return _document(messages.identify(str(value)))


def _document(message: messages.Message | None) -> TextDocument | None:
    return None if message is None else TextDocument.model_validate(asdict(message))


class CodeDocument(Message):
    """An entry of a terminology, for instance 39607008, SCT, Lung."""

    value: str
    scheme: str
    meaning: str


class CheckpointUsed(Message):
    """The weights that were used.

    Attributes:
        name, version: as on the card.
        sha256: hash of the weights file, 64 hexadecimal digits.
        architecture: of the network, "causalclipseg" or "reclmis".
    """

    name: str
    version: str
    sha256: str
    architecture: str = "causalclipseg"


class WordDocument(Message):
    """A word of the prompt (docs/maps.md).

    Attributes:
        word: in lower case.
        weight: its share of the network's interest.
        spans: where the note says it: the first character, and the one after the last; empty if only the prompt has
            it.
    """

    word: str
    weight: UnitInterval
    spans: list[tuple[int, int]] = Field(default_factory=list)


class Provenance(Message):
    """The origin of a result, in enough detail to reproduce it.

    Attributes:
        checkpoint: the weights.
        device: "cpu" or "cuda".
        version: version of this program.
        seconds: wall-clock seconds by stage ("text", "image", "resample").
        engine: what ran the network: "onnx" or "torch"; empty for a result of an earlier version.
        server: host and port of the server that ran it; empty: this computer.
    """

    checkpoint: CheckpointUsed
    device: str
    version: str
    seconds: dict[str, float]
    engine: str = ""
    server: str = ""
