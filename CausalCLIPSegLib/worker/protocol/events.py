"""The events that the worker sends."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from CausalCLIPSegLib.laterality import Laterality, Side
from CausalCLIPSegLib.notes import INFECTION
from CausalCLIPSegLib.worker.protocol.values import (
    PROTOCOL,
    CodeDocument,
    Format,
    Message,
    Provenance,
    Spoken,
    UnitInterval,
    WordDocument,
)


class ReadyEvent(Message):
    """The first line of the process: it now reads requests, although the libraries are still loading."""

    id: None = None
    event: Literal["ready"] = "ready"
    protocol: int = PROTOCOL
    version: str
    pid: int


class ProgressEvent(Spoken):
    """A phase begins.

    Attributes:
        id: id of the request; null while the libraries load, which ends with fraction 1.
        phase: what the worker does now, shown to people.
        fraction: share of the request that is done, in [0, 1]; counted in phases, not in time.
    """

    SENTENCES: ClassVar = {"phase": ""}

    id: str | None
    event: Literal["progress"] = "progress"
    phase: str
    fraction: UnitInterval


class WarningEvent(Spoken):
    """The request continues in another way than requested, for instance because the GPU has too little memory."""

    SENTENCES: ClassVar = {"message": ""}

    id: str | None
    event: Literal["warning"] = "warning"
    message: str


class ErrorEvent(Spoken):
    """The request failed.

    Attributes:
        id: null if the line has no valid id.
        message: one sentence for people.
        kind: "request": the line is not a request of this protocol. "mirrored": the header says that the radiograph is
            mirrored; ask the user, and send the request again with `mirrored`. "side": the note contradicts itself
            about the side; ask the user `message`, and send the request again with `side`. "user": the radiograph, the
            note, the checkpoint, the device or the output cannot be used. "unexpected": a bug in this program or a
            damaged installation.
    """

    SENTENCES: ClassVar = {"message": ""}

    id: str | None
    event: Literal["error"] = "error"
    message: str
    kind: Literal["request", "mirrored", "side", "user", "unexpected"]


class CancelledEvent(Message):
    """The request was canceled. It leaves no files and gives no result."""

    id: str
    event: Literal["cancelled"] = "cancelled"


class CheckpointDocument(Message):
    """An installed checkpoint, as its card describes it.

    Attributes:
        name: to request it by.
        title: its short name, for people.
        architecture: "causalclipseg" or "reclmis".
    """

    name: str
    version: str
    summary: str
    laterality: Laterality
    finding: str
    threshold: float
    intended_use: str
    limits: list[str]
    licence: str
    title: str = ""
    architecture: str = "causalclipseg"


class HelloResult(Message):
    """The answer to "hello".

    Attributes:
        version: version of this program.
        libraries: whether the segmenter's libraries are loaded; "failed": every segmentation will end in an error.
        devices: where the network can run; null while the libraries load.
        checkpoints: the installed checkpoints, the default first; "default" requests it, too.
        formats: the formats that "export" can write.
    """

    id: str
    event: Literal["result"] = "result"
    request: Literal["hello"] = "hello"
    protocol: int = PROTOCOL
    version: str
    libraries: Literal["loading", "loaded", "failed"]
    devices: list[Literal["cpu", "cuda"]] | None
    checkpoints: list[CheckpointDocument]
    formats: list[Format]


class Understood(Spoken):
    """What was understood of a note.

    Attributes:
        sides: sides of the patient; empty if there is nothing to segment.
        sides_viewer: the same sides in the same order, as the viewer of the radiograph sees them.
        zones: "upper", "middle", "lower" for each of `sides`, from the top; empty if the note names no zone.
        whole: the `sides` of which the note names the whole lung.
        weak: the note names no side, so both lungs are searched; or many of its words are not understood, and
            `details` says `poorly_understood`.
        count: number of areas in the note; null if the note does not state it.
        findings: each as `Finding.to_dict` returns it: kind, words, negated, historical and more.
        ignored: words and reason of each part of the note that was not used.
        questions: what a person must decide, in sentences, because the note contradicts itself about the side; empty
            if the request chose a `side`.
        prompt: prompt for the network; null if there is nothing to segment.
        prompt_laterality: whose left and right the prompt means.
        summary: the location that the note names, in words for people.
        details: everything that `ReferringExpression.to_dict` returns.
    """

    SENTENCES: ClassVar = {"questions": "", "ignored": "reason"}

    sides: list[Side]
    sides_viewer: list[Side]
    zones: dict[Side, list[str]]
    whole: list[Side]
    weak: bool
    count: int | None
    findings: list[dict[str, Any]]
    ignored: list[dict[str, Any]]
    questions: list[str]
    prompt: str | None
    prompt_laterality: Laterality
    summary: str
    details: dict[str, Any]


class NoteResult(Message):
    """The answer to "note"."""

    id: str
    event: Literal["result"] = "result"
    request: Literal["note"] = "note"
    understood: Understood


class ServerResult(Message):
    """The answer to "server".

    Attributes:
        name: host and port of the server.
        version: version of its program.
        checkpoint: name of the checkpoint that it uses.
        findings: what this checkpoint can outline.
    """

    id: str
    event: Literal["result"] = "result"
    request: Literal["server"] = "server"
    name: str
    version: str
    checkpoint: str
    findings: list[str] = Field(default_factory=lambda: [INFECTION])


class Terminology(Message):
    """The codes of a segment, from which Slicer's terminology entry is made.

    Attributes:
        context: name of the terminology that holds the category and the type.
        category, type: codes of the finding.
        region, region_modifier: codes of its location, for instance lung and right.
    """

    context: str
    category: CodeDocument
    type: CodeDocument
    region: CodeDocument
    region_modifier: CodeDocument | None


class PossibleSegment(Message):
    """Name, color and codes of the segment of a side, even if the mask does not reach that side at this threshold.

    The fields are those of `SegmentDocument`.
    """

    id: str
    name: str
    kind: str
    side: Side
    side_viewer: Side
    color: tuple[float, float, float]
    terminology: Terminology


class SegmentDocument(PossibleSegment):
    """One segmented finding on one side.

    Attributes:
        id: stable between runs, for instance "infection_right".
        name: shown to people.
        kind: the finding's kind in the lexicon.
        side: the patient's side.
        side_viewer: the same side as the viewer of the radiograph sees it.
        color: red, green, blue, each in [0, 1].
        terminology: codes of the finding and its location.
        area_mm2: in the plane of the detector; null if the radiograph is not calibrated.
        area_fraction: share of the image, in [0, 1].
        components: number of connected areas; pixels that touch at a corner are connected.
        mask: .npy, bool, rows x columns.
    """

    area_mm2: float | None
    area_fraction: float
    components: int
    mask: Path


class PlaceDocument(Spoken):
    """A place that the note names, and whether something is there.

    Attributes:
        place: the place in words, for people.
        side, side_viewer: the side of the patient, and of the viewer of this radiograph.
        zone: the zone of that lung; null for the whole lung.
        present: the highest probability reaches the threshold.
        highest_probability: at the place or in its margin, in [0, 1].
        calibrated_probability: how often a lesion is there if the probability is this high; null if the checkpoint is
            not calibrated.
        sentence: the statement, for people.
    """

    SENTENCES: ClassVar = {"sentence": "", "place": ""}

    place: str
    side: Side
    side_viewer: Side
    zone: Literal["upper", "middle", "lower"] | None
    present: bool
    highest_probability: UnitInterval
    calibrated_probability: UnitInterval | None
    sentence: str


class CandidateDocument(SegmentDocument, Spoken):
    """An area outside the places of the note, and the segment that a person can make of it.

    Attributes:
        place: its place in words, for people.
        zones: the zones of that lung that it lies in, from the top.
        highest_probability: its highest probability, in [0, 1].
        denied: the note says that this place holds no finding.
        sentence: what a person should know about it.
    """

    SENTENCES: ClassVar = {"sentence": "", "place": ""}

    place: str
    zones: list[Literal["upper", "middle", "lower"]]
    highest_probability: UnitInterval
    denied: bool
    sentence: str


class MapDocument(Spoken):
    """A map of a result (docs/maps.md).

    Attributes:
        name: "probability", or the name of a map that the network gives for people.
        file: .npy, float32 or float16, rows x columns.
        low, high: the range to show: 0 and 1 for the probability, and the map's own range for the others.
        title: its name, for people.
        worth: what it shows and what not, in sentences; empty for a map that this version does not know.
    """

    SENTENCES: ClassVar = {"title": "", "worth": ""}

    name: str
    file: Path
    low: float
    high: float
    title: str = ""
    worth: str = ""


class HeardDocument(Message):
    """A piece of the note, or a word that only the prompt has, with its share of the interest (docs/maps.md).

    Attributes:
        text: as it stands in the note or in the prompt; "…" stands for parts of a long note that are left out.
        weight: the share of all words of the prompt that say this; null for the rest of the note.
        words: these words of the prompt.
        in_note: the text is a part of the note.
    """

    text: str
    weight: UnitInterval | None
    words: list[str]
    in_note: bool


class SegmentResult(Spoken):
    """The answer to "segment".

    Attributes:
        understood: what was understood of the note.
        rows, columns: size of the radiograph, and of all arrays.
        spacing: (row mm, column mm), null if the radiograph is not calibrated.
        mirrored: whether the radiograph was treated as mirrored; null if neither request nor header states it.
        segments: one for each finding and side, right before left; a side that does not reach the threshold has none.
        possible: the segments that a mask on both sides would have, right before left.
        threshold: the threshold that was used.
        area_mm2, area_fraction: areas of the whole mask, see `SegmentDocument`.
        probability: .npy, float32 in [0, 1]; the masks are where it reaches the threshold, split by side.
        causal_attention: .npy, float16 in [0, 1]: M of Eq. 2.
        confounder_attention: .npy, float16 in [0, 1]: its complement 1 - M.
        provenance: checkpoint, device, version, seconds.
        warnings: what a person should check, in sentences.
        disagreements: how the position of the mask differs from the note, in sentences (docs/describe.md).
        sop_instance_uid: UID of the DICOM instance; null for other images.
        places: for each place that the note names, whether something is there (docs/places.md).
        not_in_note: areas outside these places; none of them is in `segments` (docs/places.md).
        maps: all maps, the probability first; without those that this network does not give.
        words: the words of the prompt with their weights, in its order; empty if the network gives none.
        heard: the note around the words that the network weighs, then the words that only the prompt has, in the order
            of reading; empty if the network gives no weights.
    """

    SENTENCES: ClassVar = {"warnings": "", "disagreements": ""}

    id: str
    event: Literal["result"] = "result"
    request: Literal["segment"] = "segment"
    understood: Understood
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    mirrored: bool | None
    segments: list[SegmentDocument]
    possible: list[PossibleSegment]
    threshold: float
    area_mm2: float | None
    area_fraction: float
    probability: Path
    causal_attention: Path
    confounder_attention: Path
    provenance: Provenance
    warnings: list[str]
    disagreements: list[str] = Field(default_factory=list)
    sop_instance_uid: str | None
    places: list[PlaceDocument] = Field(default_factory=list)
    not_in_note: list[CandidateDocument] = Field(default_factory=list)
    maps: list[MapDocument] = Field(default_factory=list)
    words: list[WordDocument] = Field(default_factory=list)
    heard: list[HeardDocument] = Field(default_factory=list)


class MaskDocument(Message):
    """The part of a mask on one side of the patient; the fields are those of `SegmentDocument`."""

    side: Side
    area_mm2: float | None
    area_fraction: float
    components: int
    mask: Path


class ThresholdResult(Message):
    """The answer to "threshold": always both sides, right before left, even if a mask is empty."""

    id: str
    event: Literal["result"] = "result"
    request: Literal["threshold"] = "threshold"
    threshold: float
    masks: list[MaskDocument]


class ExportResult(Spoken):
    """The answer to "export".

    Attributes:
        files: the path of the file in each format.
        missing: why a requested format could not be written, in one sentence; the others were.
    """

    SENTENCES: ClassVar = {"missing": ""}

    id: str
    event: Literal["result"] = "result"
    request: Literal["export"] = "export"
    files: dict[Format, Path]
    missing: dict[Format, str]


class CancelResult(Message):
    """The answer to "cancel".

    Attributes:
        target: as in the request.
        found: whether the target was waiting or running, and so ends in "cancelled"; false if it has ended, can no
            longer be canceled, or is unknown.
    """

    id: str
    event: Literal["result"] = "result"
    request: Literal["cancel"] = "cancel"
    target: str
    found: bool


class ShutdownResult(Message):
    """The answer to "shutdown", the last line of the process."""

    id: str
    event: Literal["result"] = "result"
    request: Literal["shutdown"] = "shutdown"


Result = (
    HelloResult
    | NoteResult
    | ServerResult
    | SegmentResult
    | ThresholdResult
    | ExportResult
    | CancelResult
    | ShutdownResult
)
Event = ReadyEvent | ProgressEvent | WarningEvent | ErrorEvent | CancelledEvent | Result
