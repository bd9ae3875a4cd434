"""Values that requests and events share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

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
    """

    name: str
    version: str
    sha256: str


class Provenance(Message):
    """The origin of a result, in enough detail to reproduce it.

    Attributes:
        checkpoint: the weights.
        device: "cpu" or "cuda".
        version: version of this program.
        seconds: wall-clock seconds by stage ("text", "image", "resample").
        engine: what ran the network: "onnx" or "torch"; empty for a result of an earlier version.
    """

    checkpoint: CheckpointUsed
    device: str
    version: str
    seconds: dict[str, float]
    engine: str = ""
