"""The bodies of requests and answers of the API, for checks and for the description at /openapi.json."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from CausalCLIPSegLib.export.report import ResultDocument
from CausalCLIPSegLib.laterality import Side, SideChoice

Text = Annotated[str, Field(min_length=1, max_length=200)]
Note = Annotated[str, Field(max_length=20_000)]
"""Longer than any note that is read; in a line to the worker, a character may take 12 bytes."""
Threshold = Annotated[float, Field(gt=0, lt=1)]
Byte = Annotated[int, Field(ge=0, le=255)]
Color = Annotated[list[Byte], Field(min_length=3, max_length=3)]
Uid = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9.]+$")]


class Document(BaseModel):
    """Base of all bodies: without unknown fields, NaN or infinity."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ErrorDetail(Document):
    """An error.

    Attributes:
        id: names the error for programs; docs/serve.md lists all.
        arguments: the values in the message.
        message: one sentence for people.
        text: id and arguments of a sentence that is in CausalCLIPSegLib/messages.toml.
    """

    id: str
    arguments: dict[str, Any]
    message: str
    text: dict[str, Any] | None


class ErrorAnswer(Document):
    """The answer to a request that is refused."""

    error: ErrorDetail


class CheckpointDocument(Document):
    """A checkpoint that the server can use, as its card describes it.

    Attributes:
        name: to choose it by.
        title: its short name, for people.
        finding: what it segments, for people.
        findings: what its prompts can name, for programs.
    """

    name: str
    version: str
    threshold: float
    finding: str
    licence: str
    summary: str
    title: str = ""
    findings: list[str] = []


class LimitsDocument(Document):
    """What a client may use: bytes and pixels of a radiograph, seconds of a run, idle seconds of a session."""

    bytes: int
    pixels: int
    seconds: float
    idle_seconds: float


class ServerDocument(Document):
    """The server.

    Attributes:
        name: "CausalCLIPSeg", so that a client knows that it speaks to the right kind of server.
        version: of the program.
        protocol: version of this API.
        checkpoint: what segments, unless a client chooses another one.
        checkpoints: all that a client can choose, `checkpoint` first.
        limits: what a client may use.
        pacs: names of the archives that the server can use.
        engine: what runs the network.
        research_only: a sentence to show with every result.
    """

    name: Literal["CausalCLIPSeg"]
    version: str
    protocol: int
    checkpoint: CheckpointDocument
    limits: LimitsDocument
    pacs: list[str]
    engine: str
    research_only: str
    checkpoints: list[CheckpointDocument] = []


class SessionDocument(Document):
    """A session, and the idle seconds after which it is deleted."""

    session: str
    expires_in: float


class ArchivedImage(Document):
    """An image in an archive, by its UIDs."""

    archive: Text
    study: Uid
    series: Uid
    instance: Uid


class RadiographRequest(Document):
    """Where a radiograph is, if it is not sent as a multipart request: one of path, sample and pacs.

    Attributes:
        path: of a file below a folder that the server may read.
        sample: the radiograph that is installed with the program.
        pacs: an image in an archive.
        mirrored: whether the image shows the patient's right on the viewer's right; null: as its header says.
    """

    path: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    sample: bool = False
    pacs: ArchivedImage | None = None
    mirrored: bool | None = None


class PixelsDocument(Document):
    """The type of the pixels: uint16, little endian."""

    dtype: Literal["uint16"]


class WindowDocument(Document):
    """The values that are shown from black to white, in the units of `RangeDocument`."""

    center: float
    width: float


class RangeDocument(Document):
    """The values of the pixels 0 and 65535."""

    low: float
    high: float


class RadiographDocument(Document):
    """A radiograph that was opened.

    Attributes:
        name: what the client calls the file.
        rows, columns: its size; all maps and masks have it.
        calibrated: whether areas can be given in square centimeters.
        spacing_mm: distance of rows and of columns; null if it is not calibrated.
        patient_left: where the patient's left is shown.
        window, range: how to show the pixels.
        pixels: the type of the pixels.
        warnings: what a person should check, in sentences.
        note: a note that fits the sample; null for other radiographs.
        texts: for each of the warnings, id and arguments as in CausalCLIPSegLib/messages.toml, or null.
    """

    name: str
    rows: int
    columns: int
    calibrated: bool
    spacing_mm: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    patient_left: Literal["viewer_right", "viewer_left", "unknown"]
    window: WindowDocument
    range: RangeDocument
    pixels: PixelsDocument
    warnings: list[str]
    note: str | None
    texts: dict[Literal["warnings"], list[dict[str, Any] | None]]


class NoteRequest(Document):
    """A note to understand.

    Attributes:
        note: what the report says.
        side: the patient's side to segment, if the note contradicts itself; null: as the note says.
        mirrored: whether the radiograph shows the patient's right on the viewer's right; null: unknown.
        checkpoint: name of the checkpoint that gets the prompt; null: the server's.
    """

    note: Note
    side: SideChoice | None = None
    mirrored: bool | None = None
    checkpoint: Text | None = None


class RunRequest(Document):
    """A note to segment by.

    Attributes:
        note, side, checkpoint: as in `NoteRequest`.
        threshold: probability from which a pixel is segmented; null: the checkpoint's.
    """

    note: Note
    side: SideChoice | None = None
    threshold: Threshold | None = None
    checkpoint: Text | None = None


class QueuedRun(Document):
    """A run that waits, and how many come before it and itself."""

    run: str
    position: int


class SegmentDocument(BaseModel):
    """A segment, a candidate outside the places of the note, or what a person has drawn.

    Attributes:
        id, name, kind, side, side_viewer, color: as in docs/worker.md; color in [0, 255]; the sides are null for a
            drawn segment without a mask.
        area_cm2: null if the radiograph is not calibrated.
        area_fraction, components: as in result.json.
        candidate: the note does not name it.
        corrected: a person has changed its mask.
        exported: it is part of the files.
        statement: a sentence about it; may be empty.
    """

    model_config = ConfigDict(extra="allow")

    id: str
    name: str
    kind: str
    side: Side | None
    side_viewer: Side | None
    color: Color
    area_cm2: float | None
    area_fraction: float
    components: int
    candidate: bool
    corrected: bool
    exported: bool
    statement: str


class MapDocument(Document):
    """A map: byte 0 means `low`, byte 255 means `high`.

    Attributes:
        name, title, worth, texts: as in the worker's answer, docs/worker.md.
        low, high: the range of its values.
    """

    name: str
    title: str
    low: float
    high: float
    worth: str = ""
    texts: dict[str, Any] = {}


class RunDocument(Document):
    """A run.

    Attributes:
        state: "queued", "running", or how it ended.
        position: how many runs come before it and itself; 0 when it runs.
        error: why it failed.
        result: result.json; null until the run is done, as are the following.
        segments: as they are now.
        possible: segments that another threshold can reach.
        maps: the probability first.
        threshold: the threshold of the segments.
        understood, places, warnings, disagreements, texts, words, heard: as in the worker's answer, docs/worker.md.
    """

    state: Literal["queued", "running", "done", "failed", "cancelled"]
    position: int
    error: ErrorDetail | None
    result: ResultDocument | None = None
    segments: list[SegmentDocument] = []
    possible: list[dict[str, Any]] = []
    maps: list[MapDocument] = []
    threshold: float | None = None
    understood: dict[str, Any] | None = None
    places: list[dict[str, Any]] = []
    warnings: list[str] = []
    disagreements: list[str] = []
    texts: dict[str, Any] = {}
    words: list[dict[str, Any]] = []
    heard: list[dict[str, Any]] = []


class NewSegment(Document):
    """A segment that a person draws.

    Attributes:
        name: for people; it becomes part of the files.
        color: red, green, blue.
        kind: of the finding, as in the lexicon of notes; decides the code in DICOM-SEG.
        side: of the patient; null: the side with most of the mask.
    """

    name: Text
    color: Color
    kind: Annotated[str, Field(max_length=100)] = "abnormality"
    side: Side | None = None


class ImagesRequest(Document):
    """What to look for in an archive; at least one field."""

    patient: Text | None = None
    accession: Text | None = None
    date: Text | None = None
    study: Uid | None = None


class ImagesDocument(Document):
    """Images that match, and whether there are more."""

    images: list[dict[str, Any]]
    more: bool


class StoreRequest(Document):
    """The archive that takes the DICOM-SEG."""

    archive: Text


class StoredDocument(Document):
    """The outcome for each object, oldest first."""

    stored: list[dict[str, str]]


class HealthDocument(Document):
    """Whether the server can segment now."""

    status: Literal["ok", "starting"]
